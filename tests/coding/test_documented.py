"""The pages on problem files and on grading hold: their examples are run."""

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from spillover.cli import app
from spillover.coding import Grader, GradeRequest
from spillover.core.records import HARNESSES, CaseForm, Problem

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_example_of_the_page_on_grading_comes_out_as_it_says(tmp_path):
    (given,), (wanted,) = blocks("grading.md", "jsonl"), blocks("grading.md", "json")
    for source, text in (("-", given), (str(tmp_path / "lines.jsonl"), None)):
        (tmp_path / "lines.jsonl").write_text(given, encoding="utf-8")
        ran = CliRunner().invoke(app, ["grade", "--batch", source, "--wall-seconds", "20"], input=text)
        answers = [json.loads(line) | {"seconds": 0} for line in ran.stdout.splitlines() if line.startswith("{")]
        assert answers == [json.loads(line) | {"seconds": 0} for line in wanted.splitlines()]
        assert ran.exit_code == 2


def test_every_problem_of_the_page_on_problem_files_passes_with_its_reference():
    problems = [Problem.model_validate_json(text) for text in blocks("problems.md", "json")]
    requests = [GradeRequest(p, f"```python\n{p.reference}```", harness) for p in problems for harness in HARNESSES]
    with Grader(workers=2, wall_seconds=20.0) as grader:
        grades = grader.grade_many(requests)
    assert [(g.proxy.passed, g.oracle.passed) for g in grades] == [(True, True)] * len(requests)


def test_the_page_on_problem_files_has_one_of_each_form():
    problems = [Problem.model_validate_json(text) for text in blocks("problems.md", "json")]
    assert {p.form for p in problems} == set(CaseForm.__args__)
    assert {(bool(p.cases), bool(p.stdin), bool(p.check)) for p in problems} == {
        (True, False, False),
        (False, True, False),
        (False, False, True),
    }


def test_the_page_on_problem_files_names_every_key_of_a_problem():
    text = (DOCS / "problems.md").read_text(encoding="utf-8")
    keys = re.findall(r"^\| `(\w+)` \|", text.split("## One of each form")[0], re.MULTILINE)
    assert set(keys) == set(Problem.model_fields)
