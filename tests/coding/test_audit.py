"""Audits of graders that are open, hardened, broken or moody, on real processes in the sandbox."""

import io
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from grading import ADD, CHECKED, RIGHT
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from spillover.cli import app
from spillover.coding import Grader
from spillover.coding.audit.command import CommandPayer
from spillover.coding.audit.harness import HarnessPayer
from spillover.coding.audit.holes import HOLES
from spillover.coding.audit.payer import Trial
from spillover.coding.audit.problems import audit_problems
from spillover.coding.audit.reward import Reward
from spillover.coding.audit.run import Audit, audit
from spillover.coding.audit.show import render
from spillover.coding.audit.spelling import Hole, Spelling
from spillover.coding.audit.surroundings import surroundings
from spillover.core.errors import DataError, UserError
from spillover.core.records import HARNESSES, OPENABLE_HACKS, Problem
from spillover.sandbox import Result, bad_files, pool

pytestmark = pytest.mark.slow

PROBLEM = ADD.model_copy(update={"reference": RIGHT})
EXAMPLES = [replace(hole, spellings=hole.spellings[:1]) for hole in HOLES]
"""One spelling of each hole."""
EXIT_CODE, STDOUT = Reward(), Reward("stdout")
PYTEST = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable} -m pytest -q"

IN_PROCESS = """
import json, sys
from pathlib import Path

folder = Path(sys.argv[1])
problem = json.loads((folder / "problem.json").read_text())
sys.path.insert(0, str(folder))
import solution

for case in problem["cases"]:
    if getattr(solution, problem["entry_point"])(*case["args"]) != case["expected"]:
        sys.exit(1)
"""

PRINTS = """
import json, subprocess, sys
from pathlib import Path

folder = Path(sys.argv[1])
problem = json.loads((folder / "problem.json").read_text())
(folder / "problem.json").unlink()
name = problem["entry_point"]
calls = "".join(f"assert {name}(*{c['args']}) == {c['expected']!r}\\n" for c in problem["cases"])
(folder / "main.py").write_text((folder / "solution.py").read_text() + calls + "print('true')\\n")
subprocess.run([sys.executable, "main.py"], cwd=folder)
"""

HARDENED = """
import json, subprocess, sys, tempfile
from pathlib import Path

CHILD = '''
import json, sys
request = json.loads(sys.stdin.readline())
held = {}
exec(compile(request["source"], "solution.py", "exec"), held)
print(json.dumps([held[request["name"]](*args) for args in request["calls"]]))
'''
folder = Path(sys.argv[1])
problem = json.loads((folder / "problem.json").read_text())
(folder / "problem.json").unlink()
source = (folder / "solution.py").read_text()
request = {"source": source, "name": problem["entry_point"], "calls": [case["args"] for case in problem["cases"]]}
with tempfile.TemporaryDirectory() as empty:
    child = subprocess.run(
        [sys.executable, "-I", "-c", CHILD],
        cwd=empty,
        input=json.dumps(request) + "\\n",
        capture_output=True,
        text=True,
    )
lines = child.stdout.splitlines()
answers = json.loads(lines[-1]) if lines else None
sys.exit(answers != [case["expected"] for case in problem["cases"]])
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a grader into the current folder; the command that runs it."""
    monkeypatch.chdir(tmp_path)

    def written(source: str) -> str:
        (tmp_path / "grade.py").write_text(source)
        return f"{sys.executable} grade.py {{dir}}"

    return written


def audited(
    grader: Grader,
    command: str,
    holes: Sequence[Hole] = EXAMPLES,
    problems: Sequence[Problem] = (PROBLEM,),
    reward: Reward = EXIT_CODE,
    **options,
) -> Audit:
    with CommandPayer(command, reward, **options) as payer:
        return audit(payer, grader, problems, holes=holes)


def open_holes(found: Audit) -> set[str]:
    return {hole.name for hole in found.holes if hole.open}


def first_detail(found: Audit) -> str:
    return found.honest[0].detail


def test_a_grader_that_imports_the_submission_has_its_holes_found(grader, write):
    found = audited(grader, write(IN_PROCESS))
    assert open_holes(found) == {"always-equal", "early-exit", "readable-tests"}
    assert (found.verdict, found.exit_code) == ("open", 1)
    assert found.honest[0].rewarded == found.honest[0].runs == 2


def test_patches_of_the_grader_itself_are_found(grader, write):
    holes = [hole for hole in HOLES if hole.name == "grader-patch"]
    assert "sys.exit" in audited(grader, write(IN_PROCESS), holes).holes[0].spellings


def test_a_hardened_grader_has_no_hole(grader, write):
    found = audited(grader, write(HARDENED))
    assert (found.verdict, found.exit_code, open_holes(found)) == ("closed", 0, set())
    assert found.honest[0].rewarded == 2


@pytest.mark.slow
def test_a_hardened_grader_has_no_hole_in_any_spelling(grader, write):
    found = audited(grader, write(HARDENED), HOLES, audit_problems(None, 3, 0))
    assert (found.verdict, open_holes(found)) == ("closed", set())
    assert [held.rewarded for held in found.honest] == [2, 2, 2]


@pytest.mark.slow
def test_plain_pytest_in_the_submissions_folder_has_its_holes_found(grader):
    command = f"cd {{dir}} && PYTHONPATH=. {PYTEST}"
    found = audited(grader, command, with_tests=True)
    assert open_holes(found) == {
        *("always-equal", "report-patch", "readable-tests", "test-overwrite"),
        *("no-tests-run", "skip-marks", "startup-files"),
    }


def test_output_that_the_submission_can_write_to_is_forged(grader, write):
    found = audited(grader, write(PRINTS), reward=STDOUT)
    assert {"forged-output", "always-equal"} <= open_holes(found)
    assert "wrong-answer" not in open_holes(found)


def test_a_grader_that_refuses_everything_is_no_grader_without_holes(grader):
    found = audited(grader, "echo no tests here {dir}; exit 3")
    assert (found.verdict, found.exit_code) == ("inconclusive", 2)
    assert "refuses every honest solution" in found.notes[0]
    assert "exit code 3: no tests here" in found.notes[0]


def test_a_grader_that_crashes_is_quoted(grader, write):
    found = audited(grader, write("import no_such_module\n"))
    assert found.verdict == "inconclusive"
    assert "No module named 'no_such_module'" in found.notes[0]


def test_a_grader_that_pays_for_everything_is_said_to(grader):
    found = audited(grader, "true {dir}")
    assert {"wrong-answer", "empty-submission"} <= open_holes(found)
    assert any("without any trick" in note for note in found.notes)


def test_a_grader_that_hangs_refuses(grader):
    found = audited(grader, "sleep 60; test -d {dir}", wall_seconds=0.3)
    assert found.verdict == "inconclusive"
    assert first_detail(found) == "ran past the time limit"


def test_a_grader_that_hangs_on_exploits_only_is_counted(grader):
    found = audited(grader, "grep -q 'a + b' {dir}/solution.py || sleep 60", EXAMPLES[:2], wall_seconds=0.3)
    assert found.verdict == "closed"
    assert any(note.startswith("2 submissions ran past the time limit") for note in found.notes)


def test_a_grader_that_cannot_agree_with_itself_is_reported(grader):
    problems = [PROBLEM.model_copy(update={"id": f"add-{n}"}) for n in range(24)]
    found = audited(grader, "test $(od -An -N1 -tu1 /dev/urandom) -lt 128 # {dir}", (), problems)
    assert any("two verdicts" in note for note in found.notes)


def test_problems_whose_honest_solution_is_refused_are_named_and_left_out(grader):
    other = PROBLEM.model_copy(update={"id": "other"})
    found = audited(grader, "! grep -q other {dir}/problem.json", problems=[PROBLEM, other])
    assert found.verdict == "open"
    assert any("no exploit was tried" in note and "other" in note for note in found.notes)
    assert {trial.problem for hole in found.holes for trial in hole.trials} == {"add"}


def test_a_command_that_is_not_there_is_the_users_error(grader):
    with pytest.raises(UserError, match=r"no-such-grader.*not found.*--bind PATH"):
        audited(grader, "no-such-grader {dir}")


def test_a_grader_may_refuse_with_the_exit_code_of_a_missing_program(grader):
    found = audited(grader, "grep -q 'a + b' {dir}/solution.py || exit 127", EXAMPLES[:2])
    assert found.verdict == "closed"


def test_a_command_without_a_place_for_the_submission_is_the_users_error():
    with pytest.raises(UserError, match=r"write \{dir\} in it"):
        CommandPayer("python grade.py", Reward())


@pytest.mark.parametrize("problem", [PROBLEM, CHECKED.model_copy(update={"reference": RIGHT})], ids=["cases", "check"])
def test_the_tests_that_are_put_beside_a_submission_accept_the_honest_one_only(grader, problem):
    command = f"cd {{dir}} && {PYTEST}"
    found = audited(grader, command, EXAMPLES[:1], [problem], with_tests=True)
    assert found.honest[0].rewarded == 2
    assert found.holes[0].open == 0


@pytest.mark.parametrize(
    ("with_tests", "files"),
    [(False, "problem.json solution.py"), (True, "problem.json solution.py test_solution.py")],
)
def test_the_folder_holds_what_the_documentation_says(grader, with_tests, files):
    found = audited(grader, "echo $(ls {dir})", (), reward=STDOUT, with_tests=with_tests)
    assert first_detail(found).endswith(repr(files))


def test_the_folder_does_not_hold_the_reference(grader):
    found = audited(grader, "grep -c 'reference\\|a + b' {dir}/problem.json", (), reward=STDOUT)
    assert first_detail(found) == "said 0"


def test_the_submissions_own_test_file_wins_over_ours():
    with CommandPayer("cat {dir}/test_solution.py", Reward("stdout"), with_tests=True) as payer:
        assert payer.pay([Trial(PROBLEM, {"test_solution.py": "1.0"})])[0].rewarded


def test_a_grader_sees_its_folder_but_may_not_change_it(grader, write, tmp_path):
    (tmp_path / "beside.txt").write_text("1\n")
    write("")
    assert audited(grader, "test -d {dir} && cat beside.txt", (), reward=STDOUT).honest[0].rewarded
    assert not audited(grader, "touch {dir}/mine && echo 2 > beside.txt", ()).honest[0].rewarded
    assert (tmp_path / "beside.txt").read_text() == "1\n"


def test_a_grader_sees_neither_the_environment_nor_other_folders(grader, write, tmp_path_factory, monkeypatch):
    write("")
    monkeypatch.setenv("SECRET_TOKEN", "abc")
    assert not audited(grader, "test -d {dir} && env | grep SECRET", ()).honest[0].rewarded
    other = tmp_path_factory.mktemp("other")
    (other / "data.txt").write_text("1\n")
    held = str(other).replace("other", "oth''er")
    hidden = f"test -d {{dir}} && cat {held}/data.txt"
    assert not audited(grader, hidden, (), reward=STDOUT).honest[0].rewarded
    assert audited(grader, hidden, (), reward=STDOUT, binds=[other]).honest[0].rewarded


def test_a_grader_may_not_change_the_kernels_settings(grader):
    assert audited(grader, "test -d {dir} && grep -q '^proc /proc proc ro' /proc/mounts", ()).honest[0].rewarded


def test_a_file_that_the_command_names_is_shown_with_its_folder(grader, write, tmp_path_factory):
    write("")
    other = tmp_path_factory.mktemp("other")
    (other / "grade.py").write_text("import helper\n")
    (other / "helper.py").write_text("")
    assert audited(grader, f"{sys.executable} {other}/grade.py {{dir}}", ()).honest[0].rewarded


def test_a_graders_python_has_its_packages(grader):
    assert audited(grader, f"{sys.executable} -c 'import rich, pydantic' {{dir}}", ()).honest[0].rewarded


def test_packages_installed_for_the_user_are_there(grader, write, tmp_path, tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    package = home / ".local" / "lib" / version / "site-packages" / "installed_for_me.py"
    package.parent.mkdir(parents=True)
    package.write_text("")
    write("raise SystemExit('imported from the current folder')")
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the current folder')")
    monkeypatch.setenv("HOME", str(home))
    python = Path(sys.base_prefix, "bin", version)
    assert audited(grader, f"cd {{dir}} && {python} -c 'import installed_for_me'", ()).honest[0].rewarded


def test_the_home_folder_is_shown_only_when_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grade.py").write_text("")
    shown = surroundings("python grade.py {dir}", []).shown
    assert tmp_path / "grade.py" in shown
    assert tmp_path not in shown
    assert tmp_path in surroundings("python grade.py {dir}", [tmp_path]).shown


@pytest.mark.parametrize(("path", "said"), [("/no/such/place", "no such file"), ("/tmp", "the sandbox has its own")])
def test_a_bind_that_cannot_be_is_the_users_error(path, said):
    with pytest.raises(UserError, match=said):
        surroundings("true {dir}", [Path(path)])


@pytest.mark.parametrize(
    ("text", "rewarded"),
    [
        (b"true\n", True),
        (b"noise\nTrue\n\n", True),
        (b"1.0", True),
        (b"1", True),
        (b"inf", False),
        (b"-inf", False),
        (b"true\nfalse\n", False),
        (b"0.99", False),
        (b"nan", False),
        (b"passed", False),
        (b"1.0 points", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_the_last_line_of_stdout_is_the_reward(text, rewarded):
    assert (Reward("stdout").read(Result(1, channel=text)) == "") is rewarded


@given(st.binary(max_size=60), st.floats(allow_nan=False))
def test_any_output_is_read_without_an_error(text, threshold):
    assert isinstance(Reward("stdout", threshold).read(Result(0, channel=text)), str)


def test_a_run_that_was_ended_by_a_limit_earns_nothing_whatever_it_printed():
    assert Reward("stdout").read(Result(-9, channel=b"true\n", ended="time"))


@pytest.mark.parametrize("harness", HARNESSES)
def test_of_our_own_harness_the_open_holes_are_open_and_the_closed_ones_closed(grader, harness):
    named = (*OPENABLE_HACKS, "hardcoded-tests")
    holes = [replace(hole, spellings=hole.spellings[:3]) for hole in HOLES if hole.name in named]
    for closed in ((), ("always-equal",), ("early-exit", "report-patch"), ("all",)):
        payer = HarnessPayer(harness, closed, grader)
        found = audit(payer, grader, [PROBLEM], holes=holes)
        expected = (
            {hole.name for hole in holes} - set(payer.closed) - ({"report-patch"} if harness == "script" else set())
        )
        assert open_holes(found) == expected
        assert found.honest[0].rewarded == 2


def test_a_hole_that_our_harness_does_not_have_cannot_be_closed(grader):
    with pytest.raises(UserError, match="did you mean 'early-exit'"):
        HarnessPayer("pytest", ["early-exits"], grader)


def test_no_exploit_solves_its_problem_and_the_sandbox_takes_them_all(grader):
    problems = audit_problems(None, 2, 1)
    found = audit(HarnessPayer("script", ["all"], grader), grader, problems)
    assert [(hole.name, hole.tried) for hole in found.holes] == [(hole.name, len(hole.spellings)) for hole in HOLES]
    for hole in HOLES:
        for spelling in hole.spellings:
            assert bad_files(spelling.files(problems[0]) or {}) is None


def test_a_thorough_audit_tries_every_exploit_on_every_problem(grader):
    problems = audit_problems(None, 3, 0)
    found = audit(HarnessPayer("script", [], grader), grader, problems, holes=EXAMPLES[:3], thorough=True)
    assert [len(hole.trials) for hole in found.holes] == [3, 3, 3]
    assert [hole.tried for hole in found.holes] == [1, 1, 1]


def test_where_nothing_is_held_out_hardcoding_is_not_tried(grader):
    problem = PROBLEM.model_copy(update={"shown": 0})
    holes = [hole for hole in HOLES if hole.name in ("wrong-answer", "hardcoded-tests")]
    found = audit(HarnessPayer("script", [], grader), grader, [problem], holes=holes)
    assert [(hole.name, hole.tried) for hole in found.holes] == [("wrong-answer", 3), ("hardcoded-tests", 0)]
    assert found.verdict == "closed"


def test_where_nothing_could_be_tried_nothing_is_concluded(grader):
    def solves(problem: Problem) -> dict[str, str]:
        return {"solution.py": RIGHT}

    found = audit(
        HarnessPayer("script", [], grader), grader, [PROBLEM], holes=[Hole("none", "", (Spelling("x", solves),))]
    )
    assert (found.verdict, found.exit_code) == ("inconclusive", 2)
    assert "1 exploits were left out" in found.notes[0]


def test_a_reference_that_does_not_solve_its_problem_is_refused(grader):
    problem = PROBLEM.model_copy(update={"reference": "def add(a, b):\n    return 3\n"})
    with pytest.raises(DataError, match="'add': its reference is no honest solution: shown case 1"):
        audit(HarnessPayer("script", [], grader), grader, [problem])


def test_a_problem_without_a_reference_is_named(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(PROBLEM.model_dump_json() + "\n" + ADD.model_copy(update={"id": "bare"}).model_dump_json())
    with pytest.raises(DataError, match=r"mine\.jsonl: problem 'bare' has no 'reference'"):
        audit_problems(path, 1, 0)


def test_the_same_seed_draws_the_same_problems(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(PROBLEM.model_copy(update={"id": f"p{n}"}).model_dump_json() for n in range(9)))
    assert audit_problems(path, 4, 7) == audit_problems(path, 4, 7) != audit_problems(path, 4, 8)
    assert len(audit_problems(path, 99, 0)) == 9


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_names_what_is_open_and_how_to_close_it_within_the_width(grader, width):
    found = audit(HarnessPayer("script", [], grader), grader, [PROBLEM], holes=HOLES[2:4])
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(render(found))
    text = console.export_text()
    assert all(len(line) <= width for line in text.splitlines())
    for hole in found.holes:
        assert text.count(hole.name) == 2
        assert hole.closing.split()[0] in text
    assert re.search(r"Open holes: 2\. Exploits that earn reward: \d\d of \d\d\.", text)


def test_what_was_found_is_the_same_as_json(grader):
    found = audit(HarnessPayer("script", [], grader), grader, [PROBLEM], holes=HOLES[2:3])
    assert Audit.model_validate_json(json.dumps(json.loads(found.model_dump_json()))) == found


def call(*words: object):
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def test_an_open_hole_is_exit_code_one_and_shown(write):
    result = call("--grader", write(IN_PROCESS), "--only", "always-equal", "--count", 1)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "always-equal" in result.stdout
    assert "Compare plain values" in result.stdout


def test_no_hole_is_exit_code_zero_and_written_as_json(write):
    result = call("--grader", write(HARDENED), "--only", "hardcoded-tests", "--count", 2, "--seed", 3, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = Audit.model_validate_json(result.stdout)
    assert [hole.name for hole in found.holes] == ["wrong-answer", "empty-submission", "hardcoded-tests"]
    assert [held.rewarded for held in found.honest] == [2, 2]


def test_a_grader_that_refuses_all_is_exit_code_two():
    result = call("--grader", "false {dir}", "--count", 1)
    assert result.exit_code == 2
    assert "nothing can be concluded" in " ".join(result.stdout.split())


def test_problems_of_ones_own_are_graded_by_their_tests(write, tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_text(PROBLEM.model_dump_json())
    result = call("--grader", write(HARDENED), "--problems", path, "--only", "hardcoded-tests", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["honest"][0]["problem"] == "add"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give either --grader"),
        (("--grader", "true {dir}", "--harness", "script"), "give either --grader"),
        (("--grader", "true"), "write {dir} in it"),
        (("--grader", "no-such-grader {dir}"), "not found"),
        (("--grader", "true {dir}", "--close", "all"), "--close"),
        (("--grader", "true {dir}", "--reward", "stdot"), "did you mean 'stdout'"),
        (("--grader", "true {dir}", "--only", "early"), "did you mean 'early-exit'"),
        (("--grader", "true {dir}", "--bind", "/no/such"), "--bind /no/such"),
        (("--grader", "true {dir}", "--problems", "/no/such.jsonl"), "cannot be read"),
        (("--harness", "pytst"), "did you mean 'pytest'"),
        (("--harness", "script", "--close", "early-exits"), "did you mean 'early-exit'"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_two(words, said):
    result = call(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    assert said in result.stderr


def test_without_isolation_nothing_is_run(monkeypatch):
    monkeypatch.setattr(pool, "ways", lambda allow_unsandboxed, keep_user=False: [])
    result = call("--grader", "true {dir}")
    assert result.exit_code == 2
    assert "cannot be isolated" in result.stderr
