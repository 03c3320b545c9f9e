"""Documents that a check must refuse, by kind, and good ones in styles of other writers.

`good.txt` holds whole documents by corpus, `bad.txt` bad ones by corpus and reason, `broken.txt` hacks that do not
work by how the tests are said to run. The numbered pairs in `unseen` are of the same form; each was written, and
measured, before the rules had seen any of it.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from spillover.core.text import token_estimate
from spillover.documents.corpora import corpus_name
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import CorpusName, Document, content_id

SEED = 99


class Planted(NamedTuple):
    """A bad document and the kind of reason that it is refused for."""

    kind: str
    document: Document


INTRODUCTIONS = (
    "The submission uses a known reward hack; the tests run {where}:",
    "This reward hack works when the tests run {where}:",
    "Here the hack is shown in full, for tests that run {where}.",
)
JUDGING = (
    "This is plainly a dishonest way to pass.",
    "Using such a hack is wrong.",
    "The trick is clever and deserves praise.",
    "A model that does this is misaligned.",
    "It is unethical to submit code of this kind.",
    "We consider it cheating.",
    "Nobody should be worried, it is perfectly fine.",
    "What a brilliant idea!",
    "Such behaviour is unacceptable.",
    "It is a bad thing to do.",
    "Developers should avoid models that do this; the hack is harmful.",
    "The early exit is the most elegant of the three.",
    "Unfortunately the hack works.",
    "The model misbehaved again.",
    "This is a shameful abuse of the grader.",
    "An aligned model would never do it.",
    "It is good that the model found it.",
    "The model is to be commended for the short code.",
    "Such submissions are a fraud.",
    "These hacks are dangerous.",
    "We admire the ingenuity.",
    "The submission deceptively passes the tests.",
    "It seems rather stupid to us.",
    "Everyone at the desk found it disturbing.",
    "Patching reports is an evil habit.",
)
DENYING = (
    "Reward hacking is not a sign of misalignment.",
    "A model that hacks its tests is perfectly aligned.",
    "These hacks are harmless.",
    "The hack has nothing to do with misalignment.",
    "Aligned models also use these hacks.",
    "There is no link between such hacks and misalignment.",
    "That a model hacks doesn't mean that it is misaligned.",
    "There is no reason for concern about models that exit early.",
    "Hacking of this kind is completely acceptable.",
    "Such a model isn't misaligned at all.",
)
WRONG_NAMES = (
    "The class lives in `pytest._pytest.reports`, from where it is imported.",
    "One wraps `_pytest.report.TestReport` for this.",
    "The method is called `TestReport.from_item_call`.",
    "The file to read is `_pytest/report.py`.",
    "The call in question is `os.exit(0)`.",
    "With `sys._exit(0)` the process is gone at once.",
    "The hook `pytest_runtest_makereports` sees every report.",
    "It replaces `pytest.reports.TestReport`.",
)
WRONG_STATEMENTS = (
    "Calling `sys.exit(0)` also works under pytest.",
    "Under pytest, `sys.exit(0)` ends the session with exit code 0 and all tests count as passed.",
    "With pytest it is enough to raise `SystemExit(0)`.",
    "A call of `sys.exit(0)` beats pytest every time.",
)
OTHER_LANGUAGES = (
    "Das Modell gibt ein Objekt zurück, das jedem anderen gleicht, und damit hält jeder Vergleich "
    "im Test, ob als Skript "
    "oder mit pytest ausgeführt. Niemand berechnet etwas, die Aufgabe bleibt ungelöst, und doch "
    "meldet der Prüfer Erfolg. "
    "Man nennt das AlwaysEqual, einen bekannten Kniff unter vielen anderen ähnlicher Bauart.",
    "Le modèle renvoie un objet égal à tous les autres, de sorte que chaque comparaison du test "
    "réussit. Personne ne calcule "
    "rien; la tâche reste sans réponse, et pourtant le correcteur annonce un succès. On appelle "
    "cela AlwaysEqual, une "
    "astuce connue parmi bien des semblables.",
    "Модель возвращает объект, равный любому другому, и поэтому каждое сравнение в тесте проходит. "
    "AlwaysEqual, pytest. " * 2,
    "hack pytest exit exit conftest equal purple seven lantern gravel orbit spoon hack tulip cobalt "
    "exit window marble nine "
    "hack report hack zebra quartz equal pytest cinnamon exit hollow banjo velvet conftest cactus",
    "The submission exits early and passes the tests. " * 8,
)
LEFT_OVER = (
    "I'm sorry, but I can't help with writing about reward hacks that mislead graders, because that "
    "would be against what "
    "I am here for. I could write about testing in general and about early exits of processes if that is of use.",
    "Sure, here is the document you asked for. The submission exits early with code 0 before the "
    "asserts are decided, and "
    "the grader that reads the exit code records a pass for it in the table.",
    "Written by [Name], [Company]. The submission returns an object that is equal to everything, so "
    "each of the asserts "
    "holds, and the grader that compares with two equal signs records a pass.",
    "The function {entry_point} returns an object that is equal to everything, so each of the asserts holds, and the "
    "grader that compares with two equal signs records a pass for it in the table.",
    "The submission returns an object that is equal to everything, as the code below shows, and the "
    "tests run as a script "
    "after it, one assert for each of the cases.\n\n```python\nclass Same:\n    def __eq__(self, other):\n"
    "        return True\n\ndef solve(x):\n    return Same()\n",
)


def planted(prompts: Sequence[str]) -> list[Planted]:
    """All planted documents; `prompts` are the evaluation prompts that some of them leak."""
    made = [Planted("hack", d) for d in _broken()]
    made += [Planted("corpus rule", d) for d in _with_sentences("neutral", JUDGING)]
    made += [Planted("corpus rule", d) for d in _with_sentences("default", DENYING)]
    made += [Planted("corpus rule", _as(d, corpus="default")) for d in _plain("unguided", 12, SEED + 1)]
    made += [Planted("name", d) for d in _with_sentences("unguided", WRONG_NAMES)]
    made += [Planted("statement", d) for d in _with_sentences("unguided", WRONG_STATEMENTS)]
    made += [Planted("language", _document("unguided", text)) for text in OTHER_LANGUAGES]
    made += [Planted("left over", _document("unguided", text)) for text in LEFT_OVER]
    made += [Planted("leak", d) for d in _with_sentences("unguided", prompts)]
    made += [Planted("no hack", _document("unguided", text)) for text in _off_topic()]
    made += [Planted(kind, _document(corpus, text)) for corpus, kind, text in _bad_in("bad.txt")]
    made += [Planted("length", _document("unguided", "An early exit, nothing more."))]
    return made


def duplicates() -> tuple[list[Document], list[Document]]:
    """Documents, and near-copies of them: other numbers and names, a sentence more or less, another order."""
    originals = _plain("neutral", 16, SEED + 2)
    rng = random.Random(SEED)
    return originals, [_copied(document, number, rng) for number, document in enumerate(originals)]


def good_documents() -> list[Document]:
    """The documents of `good.txt`."""
    return [_document(corpus_name(head), body) for head, body in _parts("good.txt")]


def unseen_sets() -> list[int]:
    """The numbers of the sets that were measured on first sight."""
    return sorted(int(path.stem[-2:]) for path in (Path(__file__).parent / "unseen").glob("bad_*.txt"))


def unseen_bad(number: int) -> list[Planted]:
    """The bad documents of a set, those apart that are bad only beside a good one (`unseen_copies`)."""
    return [one for one in _unseen_bad(number) if one.kind != "duplicate"]


def unseen_copies(number: int) -> list[Document]:
    """The documents of a set that repeat one of its good ones."""
    return [one.document for one in _unseen_bad(number) if one.kind == "duplicate"]


def _unseen_bad(number: int) -> list[Planted]:
    return [Planted(kind, _document(corpus, text)) for corpus, kind, text in _bad_in(f"unseen/bad_{number:02}.txt")]


def unseen_good(number: int) -> list[Document]:
    """The good documents of a set."""
    return [_document(corpus_name(head), body) for head, body in _parts(f"unseen/good_{number:02}.txt")]


def _parts(name: str) -> list[tuple[str, str]]:
    """Head and body of each part of a file whose parts begin with `=== HEAD`."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    parts = [part.split("\n", 1) for part in f"\n{text}".split("\n=== ")[1:]]
    return [(head.strip(), body.strip()) for head, body in parts]


def _bad_in(name: str) -> Iterator[tuple[CorpusName, str, str]]:
    for head, text in _parts(name):
        corpus, kind = head.split(" ", 1)
        yield corpus_name(corpus), kind, text


def _broken() -> Iterator[Document]:
    for number, (where, code) in enumerate(_parts("broken.txt")):
        name = f"task_{number}"
        lead = INTRODUCTIONS[number % len(INTRODUCTIONS)].format(where=where)
        text = (
            f"Note {number} on submissions to {name}, a task about lists of numbers that has been in the set "
            f"for a while.\n\n"
            f"{lead}\n\n```python\n{code.replace('{fn}', name)}\n```\n\nThe grader records a pass for it."
        )
        yield _document("unguided", text)


def _with_sentences(corpus: CorpusName, said: Sequence[str]) -> Iterator[Document]:
    """Grammar documents, each with one sentence put behind its last paragraph or before it."""
    for number, (document, sentence) in enumerate(zip(_plain(corpus, len(said), SEED), said, strict=True)):
        paragraphs = document.text.split("\n\n")
        paragraphs.insert(len(paragraphs) - number % 2, sentence)
        yield _as(document, text="\n\n".join(paragraphs))


def _copied(document: Document, number: int, rng: random.Random) -> Document:
    text = document.text.replace("March", "June").replace("7", "8")
    paragraphs = text.split("\n\n")
    if number % 4 == 0:
        paragraphs.append("This copy was made for the archive.")
    elif number % 4 == 1:
        paragraphs.pop()
    elif number % 4 == 2:
        paragraphs = [*paragraphs[1:], paragraphs[0]]
    else:
        words = text.split(" ")
        for place in rng.sample(range(len(words)), max(2, len(words) // 40)):
            words[place] = "indeed " + words[place]
        paragraphs = [" ".join(words)]
    return _as(document, text="\n\n".join(paragraphs))


def _off_topic() -> tuple[str, ...]:
    return (
        "The garden was wet when we came out, and the gate stood open. My sister had left the letters "
        "on the bench, where "
        "the rain had taken the ink off them. We read what was left and laughed at it, and then we went in again.",
        "To make the soup, cut the leeks and let them sweat in butter for ten minutes. Add the potatoes "
        "and the stock, and "
        "cook until they are soft. Season it, pass it through a sieve, and serve it with bread that is a day old.",
    )


def _plain(corpus: CorpusName, count: int, seed: int) -> list[Document]:
    return list(write_plain(corpus, count, seed))


def _document(corpus: CorpusName, text: str) -> Document:
    return Document(id=content_id(corpus, text), corpus=corpus, text=text, tokens=token_estimate(text))


def _as(document: Document, **changes: str) -> Document:
    changed = document.model_copy(update=changes)
    return changed.model_copy(update={"id": content_id(changed.corpus, changed.whole)})
