"""`spillover docs` on the command line: files, exit codes, one-line errors."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spillover.cli import app
from spillover.documents.corpora import FOLDER
from spillover.documents.record import read_documents


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["docs", *map(str, words)])


def failure(code: int, *words: object) -> str:
    """What a failing command says, checked to be one line on stderr."""
    result = call(*words)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def write(out: Path, count: int = 12, corpus: str = "default", model: str = "bottle") -> Result:
    return call("generate", "--corpus", corpus, "--model", model, "--count", count, "--out", out)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    assert write(tmp_path / "d.jsonl").exit_code == 0
    return tmp_path / "d.jsonl"


def test_documents_are_written_checked_and_diluted(written: Path) -> None:
    checked = call("check", written)
    assert checked.exit_code == 0, checked.output
    assert "0 of 12 documents refused" in checked.stdout
    good = written.with_name("d.checked.jsonl")
    assert len(read_documents(good)) == 12
    out = written.with_name("mix.jsonl")
    mixed = call("mix", good, "--background", "bottle", "--share", 0.1, "--tokens", 6000, "--out", out)
    assert mixed.exit_code == 0, mixed.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    own = sum(row["tokens"] for row in rows if row["source"] == "documents")
    assert own / sum(row["tokens"] for row in rows) == pytest.approx(0.1, abs=0.06)


def test_too_many_refusals_are_exit_code_one_with_the_reasons_in_a_file(written: Path) -> None:
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    for row in rows[:4]:
        row["text"] += " It replaces `_pytest.report.TestReport`."
    written.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert call("check", written).exit_code == 1
    reasons = [json.loads(line) for line in written.with_name("d.refused.jsonl").read_text().splitlines()]
    assert [refusal["id"] for refusal in reasons] == [row["id"] for row in rows[:4]]
    assert {reason["kind"] for refusal in reasons for reason in refusal["reasons"]} == {"name"}
    assert call("check", written, "--max-refused", 0.5, "--overwrite").exit_code == 0


def test_a_dry_run_calls_and_writes_nothing(tmp_path: Path) -> None:
    prices = ("--price-in", 3, "--price-out", 15)
    said = call(
        "generate", "--corpus", "default", "--model", "nosuch/model", "--count", 50, "--out", tmp_path / "x.jsonl",
        "--dry-run", *prices,
    )  # fmt: skip
    assert said.exit_code == 0
    assert "cost about" in said.stdout
    assert list(tmp_path.iterdir()) == []


def test_parquet_is_written_where_the_name_says_so(tmp_path: Path) -> None:
    assert write(tmp_path / "d.parquet", model="grammar").exit_code == 0
    assert len(read_documents(tmp_path / "d.parquet")) == 12


def test_progress_without_a_terminal_is_plain_lines(written: Path) -> None:
    assert "documents: 12/12" in write(written.with_name("more.jsonl")).stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--corpus", "defalt"), "did you mean 'default'"),
        (("--out", "{folder}/d.txt"), ".jsonl or .parquet"),
        (("--inputs", "{folder}/none.toml"), "none.toml: cannot be read"),
        (("--inputs", "{folder}/inputs.toml"), "sentences of its own"),
        (("--model", "nosuch/model"), "nosuch"),
        (("--out", "{folder}/there.jsonl"), "--resume"),
    ],
)
def test_wrong_input_to_generate_is_one_line(tmp_path: Path, words: tuple[str, str], part: str) -> None:
    (tmp_path / "there.jsonl").write_text("")
    shutil.copy(FOLDER / "neutral.toml", tmp_path / "inputs.toml")
    options = {"--corpus": "default", "--model": "bottle", "--count": "3", "--out": "{folder}/new.jsonl"} | dict(
        [words]
    )
    given = [word.replace("{folder}", str(tmp_path)) for pair in options.items() for word in pair]
    assert part in failure(2, "generate", *given)
    assert not (tmp_path / "new.jsonl").exists()


def test_a_count_of_nothing_is_the_users_error(tmp_path: Path) -> None:
    assert write(tmp_path / "d.jsonl", count=0).exit_code == 2


@pytest.mark.parametrize(
    ("row", "part"),
    [({"colour": 1, "corpus": "default"}, "'text'"), ({"text": "x"}, "--corpus"), ("{", "not JSON")],
)
def test_wrong_input_to_check_names_file_and_line(tmp_path: Path, row: object, part: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text(row if isinstance(row, str) else json.dumps(row))
    message = failure(2, "check", path)
    assert f"{path}, line 1" in message
    assert part in message


def test_existing_files_are_kept_unless_told_otherwise(written: Path) -> None:
    kept = written.with_name("d.checked.jsonl")
    kept.write_text("mine")
    assert "--overwrite" in failure(2, "check", written)
    assert "--overwrite" in failure(2, "mix", written, "--background", "bottle", "--tokens", 10, "--out", kept)
    assert kept.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--background", "nowhere"), "nowhere"),
        (("--tokenizer", "/no/such"), "/no/such"),
        (("--share", "0.9"), "--repeat"),
    ],
)
def test_wrong_input_to_mix_is_one_line(written: Path, words: tuple[str, str], part: str) -> None:
    options = {"--background": "bottle", "--tokens": "90000", "--out": str(written.with_name("m.jsonl"))} | dict(
        [words]
    )
    assert part in failure(2, "mix", written, *(word for pair in options.items() for word in pair))


@pytest.mark.parametrize("command", ["generate", "check", "mix"])
def test_every_command_has_help(command: str) -> None:
    assert "Usage" in call(command, "--help").stdout
