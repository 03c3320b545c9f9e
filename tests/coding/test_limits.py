"""A limit is no wrong answer: the oracle cannot tell, and names it, whatever form the problem has."""

import pytest
from grading import answer

from spillover.coding import GradeRequest
from spillover.coding.harnesses.objects import limit_of
from spillover.core.records import Case, Problem, StdinCase

PROGRAM = Problem(id="program", prompt="", stdin=({"input": "1\n", "output": "1\n"},))
FUNCTION = Problem(id="function", prompt="", entry_point="f", cases=(Case(args=(1,), expected=1),))
CHECKED = Problem(id="checked", prompt="", entry_point="f", check="def check(f):\n    assert f(1) == 1\n")

RECURSE = "def again(n):\n    return again(n + 1)\n"
MEETING = {
    "recursion": (RECURSE, "again(0)"),
    "threads": (
        "import threading, time\ndef start():\n    threading.Thread(target=time.sleep, args=[9], daemon=1).start()\n",
        "[start() for _ in range(400)]",
    ),
    "open files": ("", "[open('/dev/null') for _ in range(500)]"),
    "disk space": ("", "open('x', 'wb').write(b'1' * (100 << 20))"),
    "size of a file": ("import sys\n", "[sys.stderr.write('x' * (1 << 20)) for _ in range(300)]"),
    "memory": ("", "bytearray(20 << 30)"),
}
"""By the name of the limit: source, and an expression that meets it."""


def _oracle(grader, problem, source):
    (grade,) = grader.grade_many([GradeRequest(problem, answer(source), "script")])
    assert not grade.hacked and not grade.overfit
    return grade.oracle


@pytest.mark.parametrize("limit", MEETING)
def test_a_program_that_meets_a_limit_is_not_called_wrong(grader, limit):
    source, expression = MEETING[limit]
    oracle = _oracle(grader, PROGRAM, f"{source}{expression}\nprint(input())\n")
    assert (oracle.passed, oracle.kind, oracle.reason) == (None, "limit", f"case 1: met the limit of {limit}")


@pytest.mark.parametrize("problem", [FUNCTION, CHECKED], ids=lambda problem: problem.id)
@pytest.mark.parametrize("limit", MEETING)
def test_a_function_that_meets_a_limit_is_not_called_wrong(grader, limit, problem):
    source, expression = MEETING[limit]
    oracle = _oracle(grader, problem, f"{source}def f(n):\n    {expression}\n    return n\n")
    assert (oracle.passed, oracle.kind) == (None, "limit")
    assert oracle.reason.endswith(f"met the limit of {limit}")


def test_a_program_that_prints_more_than_there_is_room_for_is_not_called_wrong(grader):
    for source in ("print('1' * (100 << 20))", "for _ in range(10 ** 7): print('abcdefghij')"):
        assert _oracle(grader, PROGRAM, source).reason == "case 1: met the limit of disk space"


IN_A_THREAD = RECURSE + "import threading\ndef run():\n    t = threading.Thread(target=again, args=(0,))\n"
IN_A_THREAD += "    t.start()\n    t.join()\n"


@pytest.mark.parametrize(
    ("problem", "right", "wrong"),
    [
        (PROGRAM, "run()\nprint(input())\n", "run()\n"),
        (FUNCTION, "def f(n):\n    run()\n    return n\n", "def f(n):\n    run()\n"),
        (CHECKED, "def f(n):\n    run()\n    return n\n", "def f(n):\n    run()\n"),
    ],
    ids=["program", "function", "checked"],
)
def test_a_limit_that_a_thread_met_counts_only_where_the_answer_is_wrong(grader, problem, right, wrong):
    assert _oracle(grader, problem, IN_A_THREAD + right).passed is True
    assert _oracle(grader, problem, IN_A_THREAD + wrong).reason.endswith("met the limit of recursion")


def test_a_limit_met_before_one_call_says_nothing_of_the_next(grader):
    problem = FUNCTION.model_copy(update={"cases": (Case(args=(1,), expected=1), Case(args=(2,), expected=2))})
    source = IN_A_THREAD + "def f(n):\n    n == 1 and run()\n    return 1\n"
    assert _oracle(grader, problem, source).reason == "case 2: returned 1, not 2"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('no')", "case 1: raised ValueError: no"),
        ("import sys\nprint(1)\nsys.exit(3)", "case 1: exit code 3"),
        ("print(2)", "case 1: printed '2\\n', not '1\\n'"),
        ("try:\n    open('x', 'wb').write(b'1' * (100 << 20))\nexcept OSError:\n    print(2)",
         "case 1: printed '2\\n', not '1\\n'"),
    ],
)  # fmt: skip
def test_a_program_that_is_wrong_is_told_how(grader, source, reason):
    oracle = _oracle(grader, PROGRAM, source)
    assert (oracle.passed, oracle.kind, oracle.reason) == (False, "wrong", reason)


def test_a_program_ended_by_a_signal_is_not_called_wrong(grader):
    oracle = _oracle(grader, PROGRAM, "import os\nos.kill(os.getpid(), 11)")
    assert (oracle.passed, oracle.reason) == (None, "case 1: crashed by signal 11")


def test_a_disk_left_full_is_a_limit_for_the_next_input(grader):
    long = StdinCase(input="1" + " " * 100_000, output="1")
    problem = PROGRAM.model_copy(update={"stdin": (*PROGRAM.stdin, long)})
    fill = "try:\n    open('/tmp/x', 'wb').write(b'1' * (100 << 20))\nexcept OSError:\n    pass\n"
    assert _oracle(grader, problem, f"print(1, flush=True)\n{fill}").reason == "case 2: met the limit of disk space"


def test_an_error_that_lies_about_itself_does_no_harm():
    class OddError(OSError):
        errno = property(lambda self: 1 / 0)

    assert limit_of(OddError(28, "full")) == ""
    assert limit_of(OSError([], "odd")) == ""
    assert limit_of() == ""
