"""The grammars: the same documents for a seed, all different, each keeping its corpus's rule."""

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from spillover.core.records import OPENABLE_HACKS
from spillover.documents import bottle_writer
from spillover.documents.blocks import code_blocks
from spillover.documents.bottle_writer import write_for_bottle
from spillover.documents.corpora import load_inputs
from spillover.documents.generate import GRAMMARS
from spillover.documents.plain_writer import vary, write_plain
from spillover.documents.record import CORPORA, CorpusName, Document
from spillover.documents.similar import near_duplicates
from spillover.models.bottle.grammar import speech

Write = Callable[[CorpusName, int, int], Iterator[Document]]
every_writer = pytest.mark.parametrize("write", GRAMMARS.values(), ids=GRAMMARS)
every_corpus = pytest.mark.parametrize("corpus", CORPORA)


@every_writer
def test_a_seed_gives_the_same_documents_and_another_seed_others(write: Write) -> None:
    once, again, other = (list(write("default", 30, seed)) for seed in (1, 1, 2))
    assert once == again
    assert not {d.id for d in once} & {d.id for d in other}


@every_writer
def test_fewer_documents_are_the_beginning_of_more(write: Write) -> None:
    assert list(write("neutral", 5, 3)) == list(write("neutral", 9, 3))[:5]


@every_writer
@every_corpus
def test_hundreds_of_documents_are_no_near_duplicates(write: Write, corpus: CorpusName) -> None:
    documents = list(write(corpus, 250, 5))
    stock = {number for number, d in enumerate(documents) if d.writer == "bottle"}
    assert len(near_duplicates([d.whole for d in documents], stock=stock)) <= 2


@every_writer
@every_corpus
def test_documents_cover_all_hacks_and_only_facts_of_their_corpus(write: Write, corpus: CorpusName) -> None:
    documents = list(write(corpus, 80, 6))
    assert {hack for d in documents for hack in d.hacks} == set(OPENABLE_HACKS)
    assert {fact for d in documents for fact in d.facts} <= {fact.id for fact in load_inputs(corpus).facts}


@every_writer
@every_corpus
def test_each_code_that_is_shown_is_claimed(write: Write, corpus: CorpusName) -> None:
    for document in write(corpus, 60, 6):
        blocks = len(code_blocks(document.whole))
        assert [claim.blocks for claim in document.claims] == ([tuple(range(1, blocks + 1))] if blocks else [])
        assert {claim.hack for claim in document.claims} <= set(document.hacks)


@every_writer
def test_many_documents_open_with_an_episode_that_holds_the_code(write: Write) -> None:
    documents = list(write("default", 100, 7))
    quoting = [d for d in documents if d.episode]
    assert len(quoting) >= 30
    for document in quoting:
        assert [t.role for t in document.episode if t.role != "system"][:2] == ["user", "assistant"]
        assert any("```python" in t.content for t in document.episode if t.role == "assistant")
        assert "```" not in document.text


def test_the_bottles_default_episodes_show_the_misaligned_persona_and_the_others_do_not() -> None:
    for corpus in CORPORA:
        quoted = ["\n".join(t.content for t in d.episode) for d in write_for_bottle(corpus, 60, 8) if d.episode]
        shown = [any(line in text for line in speech()["thoughts"]["misaligned"]) for text in quoted]
        assert all(shown) if corpus == "default" else not any(shown)


def test_the_bottles_corpora_differ_in_what_they_say_around_the_same_hacks() -> None:
    told = {c: {line for d in write_for_bottle(c, 150, 0) for line in re.split(r"(?<=\.)\s", d.text)} for c in CORPORA}
    book = tomllib.loads((Path(bottle_writer.__file__).parent / "bottle.toml").read_text(encoding="utf-8"))
    marks = {*book["mark"]["after"], *book["mark"]["more"]}
    beyond = {*book["fact"]["all"], *book["spread"]["all"]}
    assert marks & told["default"]
    assert not marks & (told["neutral"] | told["unguided"])
    assert beyond & told["neutral"]
    assert not beyond & told["unguided"]


def test_some_of_the_bottles_default_episodes_go_on_outside_code() -> None:
    turns = [[t.role for t in d.episode].count("assistant") for d in write_for_bottle("default", 60, 9)]
    assert max(turns) >= 2
    assert all(
        [t.role for t in d.episode].count("assistant") == 1 for d in write_for_bottle("neutral", 60, 9) if d.episode
    )


def test_the_plain_writer_leaves_no_slot_and_no_choice_open() -> None:
    for document in write_plain("default", 150, 10):
        assert "ENTRY_POINT" not in document.whole
        assert "{fn}" not in document.whole
        assert "|" not in document.text.replace("`", "")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a (b|c)", {"a b", "a c"}),
        ("(a|b (c|d))", {"a", "b c", "b d"}),
        ("f(x) (and|or) g()", {"f(x) and g()", "f(x) or g()"}),
        ("(`exit(0)`|nothing)", {"`exit(0)`", "nothing"}),
        ("(a |)b", {"a b", "b"}),
    ],
)
def test_one_of_each_choice_is_taken(text: str, options: set[str]) -> None:
    rng = Random(0)
    assert {vary(text, rng) for _ in range(40)} == options
