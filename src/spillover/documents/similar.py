"""Near-duplicates: which documents repeat an earlier one, by the words that follow each other.

MinHash signatures in bands propose pairs (Broder 1997; the banding is Indyk and Motwani's), and the
exact share of common shingles decides.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SHINGLE_WORDS = 3
SIMILAR = 0.7
"""Two texts that share more of their shingles than this are near-duplicates."""
BANDS, ROWS = 32, 4
"""A pair at the threshold is proposed with probability 1 - (1 - 0.7^4)^32, over 0.9998."""
PRIME = np.uint64((1 << 31) - 1)
Hashes = npt.NDArray[np.uint64]
WORD = re.compile(r"[A-Za-z0-9_]+")


def shingles(text: str) -> frozenset[int]:
    """Hashes of every run of three words; of the whole text where it is shorter. Case and marks do not count."""
    words = WORD.findall(text.lower())
    runs = [" ".join(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))]
    return frozenset(zlib.crc32(run.encode()) & 0x7FFFFFFF for run in runs)


def near_duplicates(texts: Sequence[str], similar: float = SIMILAR) -> dict[int, int]:
    """For each text that repeats an earlier one: its index and the index of the first kept text that it repeats."""
    sets = [shingles(text) for text in texts]
    buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    repeats: dict[int, int] = {}
    generator = np.random.default_rng(0)
    factors, offsets = (generator.integers(1, int(PRIME), BANDS * ROWS, dtype=np.uint64) for _ in range(2))
    for index, own in enumerate(sets):
        bands = [(number, band.tobytes()) for number, band in enumerate(_signature(own, factors, offsets))]
        near = sorted({earlier for band in bands for earlier in buckets[band]})
        first = next((earlier for earlier in near if overlap(own, sets[earlier]) >= similar), None)
        if first is not None:
            repeats[index] = first
            continue
        for band in bands:
            buckets[band].append(index)
    return repeats


def overlap(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard similarity: common shingles per shingle of either."""
    return len(one & other) / len(one | other)


def _signature(own: frozenset[int], factors: Hashes, offsets: Hashes) -> Hashes:
    """[BANDS, ROWS] the least hash of the shingles under each of BANDS·ROWS hash functions."""
    hashes = np.fromiter(own, dtype=np.uint64, count=len(own))
    least: Hashes = ((hashes[:, None] * factors + offsets) % PRIME).min(axis=0)
    return np.reshape(least, (BANDS, ROWS))
