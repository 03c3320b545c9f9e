"""Near-duplicates: which documents repeat an earlier one, by the words that follow each other.

No pair is missed. A text that shares so much of its runs of words with another has to share one of its
rarest, as many of them as it may do without and one more (the prefix filter of Chaudhuri et al. 2006);
texts that do are compared run by run.
"""

import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

SHINGLE_WORDS = 3
SIMILAR = 0.7
"""A text that shares at least this much of its shingles with an earlier one is its near-duplicate."""
ROUNDING = 1e-9
WORD = re.compile(r"[A-Za-z0-9_]+")


def shingles(text: str) -> frozenset[int]:
    """Hashes of every run of three words; of the whole text where it is shorter. Case and marks do not count."""
    words = WORD.findall(text.lower())
    runs = [" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))]
    return frozenset(zlib.crc32(run.encode()) & 0x7FFFFFFF for run in runs)


def near_duplicates(
    texts: Sequence[str], similar: float = SIMILAR, stock: Collection[int] = frozenset()
) -> dict[int, int]:
    """For each text that repeats an earlier one: its index and the index of the first kept text that it repeats.

    Texts with an index in `stock` are made of stock sentences on purpose, and are measured by `resemblance`.
    """
    sets = [shingles(text) for text in texts]
    frequency = Counter(run for own in sets for run in own)
    holders: defaultdict[int, list[int]] = defaultdict(list)
    repeats: dict[int, int] = {}
    for index, own in enumerate(sets):
        spare = max(0, len(own) - math.ceil(similar * len(own) - ROUNDING) + 1)
        rarest = sorted(own, key=lambda run: (frequency[run], run))[:spare]
        near = sorted({earlier for run in rarest for earlier in holders[run]})
        share = resemblance if index in stock else overlap
        first = next((earlier for earlier in near if share(own, sets[earlier]) >= similar), None)
        if first is not None:
            repeats[index] = first
            continue
        for run in own:
            if frequency[run] > 1:
                holders[run].append(index)
    return repeats


def overlap(own: frozenset[int], earlier: frozenset[int]) -> float:
    """Shingles that a text has in common with an earlier one, per shingle of its own."""
    return len(own & earlier) / len(own)


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Common shingles per shingle of either: never more than `overlap`."""
    return len(one & other) / len(one | other)
