"""Documents that were measured on first sight: what has been mended stays mended.

What they say of documents that nobody has seen yet is in docs/documents.md, with the numbers of first sight.
"""

import pytest
from planted import unseen_bad, unseen_copies, unseen_good, unseen_sets

from spillover.cli.docs import evaluation_prompts
from spillover.coding import Grader
from spillover.documents.check import check, leaks_of

MOST_MISSED, MOST_REFUSED = 3, 10
"""Of all sets: what is known to go wrong, and no more of it."""


@pytest.mark.slow
def test_bad_documents_of_all_sets_are_refused_and_good_ones_are_kept(grader: Grader) -> None:
    leak = leaks_of(evaluation_prompts())
    bad = [one.document for number in unseen_sets() for one in unseen_bad(number)]
    good = [document for number in unseen_sets() for document in unseen_good(number)]
    assert len(bad) >= 300
    assert len(good) >= 300
    missed = check(bad, grader, leak, similar=1.1).kept
    refused = check(good, grader, leak).refused
    assert len(missed) <= MOST_MISSED, [document.text for document in missed]
    assert len(refused) <= MOST_REFUSED, refused


@pytest.mark.slow
def test_copies_of_good_documents_of_a_set_are_refused(grader: Grader) -> None:
    sets = [(unseen_good(number), unseen_copies(number)) for number in unseen_sets()]
    copies = [copy for _, found in sets for copy in found]
    kept = {document.id for good, found in sets if found for document in check([*good, *found], grader).kept}
    assert len(copies) >= 4
    assert not [copy.text for copy in copies if copy.id in kept]
