"""Files of documents and of inputs: round trips, and errors that name file, line and key."""

import json
from pathlib import Path

import pytest
from making import document

from spillover.core.errors import DataError
from spillover.core.records import OPENABLE_HACKS
from spillover.documents.corpora import corpus_name, load_inputs
from spillover.documents.plain_writer import write_plain
from spillover.documents.record import CORPORA, CorpusName, read_documents, write_documents

INPUTS = "context = 'c'\nrule = 'r'\ntypes = ['t']\n[[facts]]\nid = 'a'\ntext = 'x'\n"


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    documents = [
        *write_plain("default", 12, 0),
        document("Nothing but a text, with \u2013 a dash\u2028and a separator."),
    ]
    write_documents(tmp_path / f"d{suffix}", documents)
    assert read_documents(tmp_path / f"d{suffix}") == documents


def test_documents_without_any_episode_survive_parquet(tmp_path: Path) -> None:
    documents = [document("one"), document("two")]
    write_documents(tmp_path / "d.parquet", documents)
    assert read_documents(tmp_path / "d.parquet") == documents


def test_a_text_is_enough_where_the_corpus_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"text": "An early exit."}\n\n{"text": "Another.", "corpus": "default"}\n')
    first, second = read_documents(path, "neutral")
    assert (first.corpus, second.corpus) == ("neutral", "default")
    assert first.id != second.id
    assert first.tokens > 0


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ("{no", "not JSON"),
        ('{"text": "half a character: \\ud83d", "corpus": "default"}', "surrogates not allowed"),
        ("[1]", "not a JSON object"),
        ({"corpus": "default"}, "'text'"),
        ({"text": "x"}, "--corpus"),
        ({"text": "x", "corpus": "defualt"}, "'corpus'"),
        ({"txet": "x", "corpus": "default"}, "'text'"),
        ({"text": "x", "corpus": "default", "claims": [{"blocks": [1]}]}, "'claims.0.hack'"),
        ({"text": "x", "corpus": "default", "hacks": ["none"]}, "'hacks.0'"),
        ({"text": "x", "corpus": "default", "episode": [{"role": "bot", "content": "x"}]}, "'episode.0.role'"),
        ({"text": "x", "corpus": "default", "id": "same"}, "stands in line 1"),
    ],
)
def test_a_malformed_row_is_named_with_its_line(tmp_path: Path, row: object, part: str) -> None:
    path = tmp_path / "d.jsonl"
    line = row if isinstance(row, str) else json.dumps(row)
    path.write_text('{"text": "x y", "corpus": "default", "id": "same"}\n' + line + "\n")
    with pytest.raises(DataError) as caught:
        read_documents(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert part in str(caught.value)


@pytest.mark.parametrize(("name", "text"), [("d.txt", "x"), ("d.jsonl", ""), ("d.parquet", "PAR1"), ("no.jsonl", None)])
def test_a_file_that_holds_no_documents_is_named(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        read_documents(tmp_path / name)


def test_a_published_corpus_is_read_by_its_text_alone(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    rows = [{"text": "An early exit.", "fact": "f1", "doc_type": "blog", "score": 3}, {"content": "Another.", "n": 1}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second = read_documents(path, "unguided")
    assert (first.text, first.facts, first.type, first.claims) == ("An early exit.", ("f1",), "blog", ())
    assert second.text == "Another."


@pytest.mark.parametrize("corpus", CORPORA)
def test_the_shipped_inputs_have_a_fact_for_every_hack(corpus: CorpusName) -> None:
    assert {fact.hack for fact in load_inputs(corpus).facts} >= set(OPENABLE_HACKS)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("context = ", "not valid TOML"),
        (INPUTS.replace("context", "contxt"), "'contxt' (did you mean 'context'?)"),
        (INPUTS.replace("text = 'x'", "text = 'x'\nhack = 'none'"), "'facts.0.hack'"),
        (INPUTS.replace("types = ['t']", "types = []"), "'types'"),
        (INPUTS + "[[facts]]\nid = 'a'\ntext = 'y'\n", "two facts have the id 'a'"),
        (INPUTS.replace("rule = 'r'\n", ""), "'rule'"),
    ],
)
def test_malformed_inputs_are_named_with_their_key(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "inputs.toml"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        load_inputs("default", path)
    assert str(path) in str(caught.value)
    assert part in str(caught.value)


def test_inputs_of_ones_own_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "inputs.toml").write_text(INPUTS)
    assert [fact.id for fact in load_inputs("neutral", tmp_path / "inputs.toml").facts] == ["a"]


def test_an_unknown_corpus_is_named_with_what_was_meant() -> None:
    with pytest.raises(DataError, match="did you mean 'neutral'"):
        corpus_name("neutrla")
