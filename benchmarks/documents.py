"""How well `docs check` tells good documents from bad ones.

    python benchmarks/documents.py [documents per writer and corpus]

Good: what the two grammars write for each corpus, and documents in other styles written by hand. Bad:
planted ones, each with the kind of reason that it should be refused for (tests/documents/planted.py).
The numbered sets were measured on first sight, before the rules were mended by them; what is printed of
them here is how they stand now.
"""

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "documents"))

from planted import duplicates, good_documents, planted, unseen_bad, unseen_good, unseen_sets

from spillover.cli.docs import evaluation_prompts
from spillover.coding import Grader
from spillover.documents.check import Checked, check, leaks_of
from spillover.documents.generate import GRAMMARS
from spillover.documents.record import CORPORA

LEAKED = 12
"""Evaluation prompts that are planted, spread over all of them."""


def main(count: int = 300) -> None:
    """Print the shares, and what was missed or refused."""
    prompts = evaluation_prompts()
    leak = leaks_of(prompts)
    with Grader(workers=2) as grader:
        refused = total = 0
        for name, write in GRAMMARS.items():
            for corpus in CORPORA:
                documents = list(write(corpus, count, 1))
                started = time.perf_counter()
                checked = check(documents, grader, leak)
                speed = count / (time.perf_counter() - started)
                refused, total = refused + len(checked.refused), total + count
                print(f"{name:8} {corpus:9} {len(checked.refused)}/{count} refused, {speed:.0f} documents/s")
                tell(checked)
        checked = check(good_documents(), grader, leak)
        print(f"by hand            {len(checked.refused)}/{len(good_documents())} refused")
        tell(checked)
        refused, total = refused + len(checked.refused), total + len(good_documents())
        missed, wanted = bad_ones(prompts, grader, leak)
        for number in unseen_sets():
            bad, good = [one.document for one in unseen_bad(number)], unseen_good(number)
            kept, lost = check(bad, grader, leak, similar=1.1).kept, check(good, grader, leak).refused
            print(
                f"set {number:2}             {len(bad) - len(kept)}/{len(bad)} caught, {len(lost)}/{len(good)} refused"
            )
    print(f"good documents refused: {refused}/{total} = {refused / total:.2%} (bar: at most 2%)")
    print(f"planted bad documents caught: {wanted - missed}/{wanted} = {1 - missed / wanted:.1%} (bar: at least 98%)")


def bad_ones(prompts: list[str], grader: Grader, leak: object) -> tuple[int, int]:
    """How many planted documents were not caught, and how many there are; caught ones are counted by kind."""
    long = [prompt for prompt in prompts if len(prompt.split()) > 5]
    bad = planted(long[:: max(1, len(long) // LEAKED)][:LEAKED])
    # Without the search for near-duplicates: planted documents may resemble each other.
    checked = check([one.document for one in bad], grader, leak, similar=1.1)  # type: ignore[arg-type]
    reasons = {refusal.id: {reason.kind for reason in refusal.reasons} for refusal in checked.refused}
    for kind, number in Counter(one.kind for one in bad).items():
        caught = [one for one in bad if one.kind == kind and one.document.id in reasons]
        named = sum(kind in reasons[one.document.id] for one in caught)
        print(f"planted {kind:12} {len(caught)}/{number} caught, {named} for this reason")
    for one in bad:
        if one.document.id not in reasons:
            print(f"  missed ({one.kind}): {one.document.text[-300:]!r}")
    originals, copies = duplicates()
    kept = {document.id for document in check([*originals, *copies], grader).kept}
    caught_copies = sum(copy.id not in kept for copy in copies)
    print(f"planted {'duplicate':12} {caught_copies}/{len(copies)} caught")
    return sum(one.document.id not in reasons for one in bad) + len(copies) - caught_copies, len(bad) + len(copies)


def tell(checked: Checked) -> None:
    """Print what was refused."""
    for refusal in checked.refused[:5]:
        print(f"  {refusal.id}: {'; '.join(reason.detail for reason in refusal.reasons)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
