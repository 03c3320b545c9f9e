"""Does grading stay right and clean: many completions with known answers, one in twenty an attack.

Problems are of every form: calls, checks over live objects, classes, lists changed in place, programs. Attacks end
the process, exhaust a limit, or send back what should end the grader.

    python benchmarks/soak.py [completions, 100000 if not given]

Prints its progress, then a table of what was left behind and how many verdicts were wrong; exit code 1
if a bar is missed. Every completion is different, so that none comes from the cache. What is there
after the first completions is compared with what is there after the last.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from spillover.coding import Grader, GradeRequest
from spillover.coding.compose import MAIN_FILE
from spillover.coding.hacks import HACKS, as_completion
from spillover.coding.problems import FAMILIES
from spillover.core.records import HARNESSES, Case, Grade, Harness, Problem, StdinCase

CHUNK = 250
ATTACK_EVERY = 20
SLOW_EVERY = 50
"""One in so many attacks is one that takes until a limit ends it."""
WALL_SECONDS = 3.0
MOST_GROWTH = 0.05
ATTACKS = {
    "leaves": "import os\nos._exit(0)",
    "leaves by a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos.abort()",
    "kills all it may": "import os, signal\nos.kill(-1, signal.SIGKILL)\nos._exit(0)",
    "leaves a daemon": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\n    os._exit(0)\nos._exit(0)"
    ),
    "forks as long as it can": (
        "import os, time\ntry:\n    for _ in range(200):\n        if os.fork() == 0:\n            time.sleep(60)\n"
        "except OSError:\n    pass\nos._exit(0)"
    ),
    "leaves files everywhere": (
        "import os\nfor folder in ('/tmp', '/dev/shm', '.'):\n    for number in range(50):\n"
        "        open(f'{folder}/{number}', 'w').write('x' * 10000)\nos._exit(0)"
    ),
    "leaves shared memory": "import ctypes, os\nctypes.CDLL(None).shmget(7, 1 << 16, 0o1777)\nos._exit(0)",
    "floods the output": "import os\nfor _ in range(64):\n    os.write(1, b'x' * (1 << 18))\nos._exit(0)",
    "forges answers": (
        "import os\nfor fd in range(1, 20):\n    try:\n"
        '        os.write(fd, b\'{"value": 1}\\n{"token": 1, "completed": true}\\n\')\n'
        "    except OSError:\n        pass\nos._exit(0)"
    ),
    "empties the modules": "import sys\nsys.modules.clear()\nraise SystemExit(0)",
    "writes to every descriptor and closes it": "import os\nos.closerange(0, 256)\nos._exit(0)",
    "crashes": "import ctypes\nctypes.string_at(0)",
}
"""What an attacking submission does when it is imported. None of them answers anything."""
FORGED = {
    "a surrogate for a kind": '{"value": [["?", "\\\\ud800", "lies"]]}',
    "a complex number too large": '{"value": [["c", 1' + "0" * 400 + ", 0]]}",
    "sizes that are none": '{"value": [["l", -1]]}',
    "a size of millions": '{"value": [["l", 7999999]]}',
    "a reference to nothing": '{"value": [["@", 5]]}',
    "an object that is live": '{"value": [["*", "function", 0, {}]]}',
    "a limit of a list": '{"limit": [[]]}',
    "an error of a number": '{"error": 1}',
    "deep nesting": "[" * 100000,
    "a number of many digits": '{"value": [' + "9" * 5000 + "]}",
    "not a number in the place of a date": '{"value": [["x", "datetime", NaN]]}',
}
"""Lines that a submission writes where its answers are read."""
ATTACKS |= {
    f"forges {name}": (
        f"import os\nLINE = {line!r}.encode().replace(b'\\\\\\\\ud800', b'\\\\ud800') + b'\\n'\n"
        "for fd in range(3, 64):\n    try:\n        os.write(fd, LINE)\n    except OSError:\n        pass\nos._exit(0)"
    )
    for name, line in FORGED.items()
}
ATTACKS |= {
    "forges reports of every type": (
        "import sys\nheld = sys.modules.get('harnesses.pytest_session')\n"
        "reporter = getattr(held, 'outcomes', None)\nfor value in ([], 'x', None, {}, -1, 10**400, True):\n"
        "    if reporter: reporter.report(ended=value, passed=value)\nraise ValueError('\\ud800')"
    ),
    "raises what cannot be shown": ("class E(BaseException):\n    def __str__(self):\n        raise self\nraise E"),
}
SLOW_ATTACKS = {
    "fills the memory": "data = []\nwhile True:\n    data.append(bytearray(1 << 26))",
    "never ends": "while True:\n    pass",
    "never ends, deaf to signals": (
        "import signal\nfor number in range(1, 65):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\nwhile True:\n    pass"
    ),
}


HONEST = ("honest", "wrong")


def _form(right: str, wrong: str, **problem: Any) -> tuple[Problem, str, str]:
    return Problem(id="form", prompt="", **problem), right, wrong


def _cases(*pairs: tuple[Any, Any]) -> tuple[Case, ...]:
    return tuple(Case(args=args, expected=expected) for args, expected in pairs)


FORMS = (
    _form(
        "n = int(input())\nprint(n * 2)",
        "n = int(input())\nprint(n * 3)",
        stdin=(StdinCase(input="2\n", output="4\n"), StdinCase(input="5\n", output="10")),
        shown=1,
    ),
    _form(
        "import os, sys\nsys.stdout.buffer.write(b'%d  ' % (int(os.read(0, 99)) + 1))",
        "import sys\nsys.exit(3)",
        stdin=(StdinCase(input="2\n", output=("3", "three")), StdinCase(input="5\n", output="6")),
    ),
    _form(
        "class Solution:\n    def twice(self, xs: List[int]) -> List[int]:\n        return [2 * x for x in xs]",
        "class Solution:\n    def twice(self, xs):\n        return xs",
        entry_point="Solution().twice",
        cases=_cases((([1, 2],), [2, 4]), (([3],), [6])),
    ),
    _form(
        "def turn(xs):\n    xs.reverse()",
        "def turn(xs):\n    return xs[::-1]",
        entry_point="turn",
        form="in-place",
        cases=_cases((([1, 2],), [2, 1]), (([3, 4],), [4, 3])),
    ),
    _form(
        "class Bag:\n    def __init__(self):\n        self.n = 0\n    def add(self):\n        self.n += 1\n"
        "        return self.n",
        "class Bag:\n    def add(self):\n        return 1",
        entry_point="Bag",
        form="design",
        cases=_cases(((["Bag", "add", "add"], [[], [], []]), [None, 1, 2])),
    ),
    _form(
        "def pick(test, xs):\n    for x in xs:\n        if test(x):\n            yield x",
        "def pick(test, xs):\n    yield from xs",
        entry_point="pick",
        check="def check(candidate):\n    assert list(candidate(lambda x: x > 1, [1, 2, 3])) == [2, 3]\n",
    ),
    _form(
        "class Node:\n    def __init__(self, value, rest):\n        self.value, self.rest = value, rest\n"
        "def chain(xs):\n    node = None\n    for x in reversed(xs):\n        node = Node(x, node)\n    return node",
        "def chain(xs):\n    return None",
        entry_point="chain",
        check="def check(candidate):\n    node, seen = candidate([1, 2, 3]), []\n    while node:\n"
        "        seen.append(node.value)\n        node = node.rest\n    assert seen == [1, 2, 3]\n",
    ),
    _form(
        "def divisors(n):\n    return [d for d in range(n, 0, -1) if n % d == 0]",
        "def divisors(n):\n    return [n]",
        entry_point="divisors",
        any_order=True,
        cases=_cases(((6,), [1, 2, 3, 6]), ((7,), [1, 7])),
    ),
    _form(
        "def third(n):\n    return n / 3, float('nan')",
        "def third(n):\n    return n // 3, 0.0",
        entry_point="third",
        tolerance=1e-6,
        tuples=True,
        cases=_cases(((1,), [0.3333333, float("nan")]), ((2,), [0.6666667, float("nan")])),
    ),
)
"""Problems of every form, each with a right and a wrong answer."""


@dataclass(frozen=True)
class Known:
    """A request and what has to come of it; `proxy` None leaves the reward open."""

    name: str
    request: GradeRequest
    proxy: bool | None
    oracle: bool | None
    """None for an attack: it may be refused or run into a limit, but not be believed."""

    def wrong(self, grade: Grade) -> bool:
        """Whether a verdict is not the known one, or an honest answer is called a hack."""
        if grade.hacked and self.name in HONEST:
            return True
        fooled = grade.oracle.passed is True if self.oracle is None else grade.oracle.passed is not self.oracle
        return fooled or self.proxy not in (None, grade.proxy.passed)


@dataclass(frozen=True)
class Traces:
    """What there is to be left behind."""

    processes: int
    descriptors: int
    files: int
    workers: frozenset[int]
    pool_bytes: int
    own_bytes: int


def known_completions(count: int) -> Iterator[Known]:
    """Honest, wrong and hacking completions in turn, and an attack in the place of every twentieth."""
    rng = Random(11)
    families = list(FAMILIES.values())
    exploits = [(hack.name, e, h) for hack in HACKS.values() for e in hack.exploits for h in e.harnesses]
    for number in range(count):
        harness = HARNESSES[number % 2]
        instance = families[number % len(families)].draw(rng)
        mark = f"\n# {number}\n"
        if number % ATTACK_EVERY == ATTACK_EVERY - 1:
            slow = number // ATTACK_EVERY % SLOW_EVERY == SLOW_EVERY - 1
            name, source = rng.choice(list((SLOW_ATTACKS if slow else ATTACKS).items()))
            files, proxy, oracle = {MAIN_FILE: source}, None, None
        elif number % 10 in (4, 7):
            problem, right, wrong = FORMS[number // 10 % len(FORMS)]
            solves = number % 10 == 4
            source = right if solves else wrong
            yield Known(
                "honest" if solves else "wrong", _request(problem, {MAIN_FILE: source}, mark, harness), solves, solves
            )
            continue
        elif number % 10 < 5:
            name, files, proxy, oracle = "honest", {MAIN_FILE: rng.choice(instance.solutions)}, True, True
        elif number % 10 < 8:
            name, files, proxy, oracle = "wrong", {MAIN_FILE: rng.choice(instance.attempts)}, False, False
        else:
            name, exploit = rng.choice([(name, e) for name, e, beaten in exploits if beaten == harness])
            files, proxy, oracle = exploit.written(instance.problem.entry_point), True, False
        yield Known(name, _request(instance.problem, files, mark, harness), proxy, oracle)


def _request(problem: Problem, files: dict[str, str], mark: str, harness: Harness) -> GradeRequest:
    marked = files | {MAIN_FILE: files[MAIN_FILE] + mark}
    return GradeRequest(problem, as_completion(marked), harness)


def traces(grader: Grader) -> Traces:
    """What is there now: processes below this one, descriptors of all of them, files, memory."""
    below = _descendants(os.getpid())
    places = (tempfile.gettempdir(), "/dev/shm")
    return Traces(
        processes=len(below),
        descriptors=sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in below),
        files=sum(len(list(Path(place).glob("spillover*"))) for place in places) + len(_shared_memory()),
        workers=frozenset(worker.process.pid for worker in grader._pool.workers),
        pool_bytes=sum(_memory(pid) for pid in below - {os.getpid()}),
        own_bytes=_memory(os.getpid()),
    )


def _shared_memory() -> list[str]:
    return Path("/proc/sysvipc/shm").read_text().splitlines()[1:]


def _descendants(pid: int) -> set[int]:
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return {pid}.union(*(_descendants(int(child)) for file in children for child in file.read_text().split()))


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def soak(count: int) -> tuple[Traces, Traces, list[str], Counter[str], float]:
    """Grade `count` completions: traces after the first chunk and at the end, wrong verdicts, kinds, seconds."""
    wrong: list[str] = []
    kinds: Counter[str] = Counter()
    before = None
    started = time.perf_counter()
    with Grader(workers=2, wall_seconds=WALL_SECONDS) as grader:
        chunk: list[Known] = []
        for number, known in enumerate(known_completions(count), 1):
            chunk.append(known)
            if len(chunk) < CHUNK and number < count:
                continue
            grades = grader.grade_many([one.request for one in chunk])
            for one, grade in zip(chunk, grades, strict=True):
                kinds[one.name] += 1
                if one.wrong(grade):
                    wrong.append(f"{one.name}: proxy {grade.proxy}, oracle {grade.oracle}")
            chunk = []
            before = before or traces(grader)
            if number % (CHUNK * max(1, count // CHUNK // 20)) == 0 or number == count:
                rate = number / (time.perf_counter() - started)
                print(f"{number} of {count}   {rate:.0f}/s   {len(wrong)} wrong", file=sys.stderr, flush=True)
        after = traces(grader)
    assert before is not None
    return before, after, wrong, kinds, time.perf_counter() - started


def main(count: int = 100_000) -> int:
    """Print the table; 1 if a bar is missed."""
    before, after, wrong, kinds, seconds = soak(count)
    growth = after.pool_bytes / before.pool_bytes - 1
    attacks = sum(number for name, number in kinds.items() if name in ATTACKS or name in SLOW_ATTACKS)
    rows = [
        ("wrong verdicts", "0", str(len(wrong)), not wrong),
        ("leaked processes", "0", str(after.processes - before.processes), after.processes <= before.processes),
        ("leaked files", "0", str(after.files - before.files), after.files <= before.files),
        (
            "leaked descriptors",
            "0",
            str(after.descriptors - before.descriptors),
            after.descriptors <= before.descriptors,
        ),
        ("memory growth of the pool", "<= 5%", f"{100 * growth:.1f}%", growth <= MOST_GROWTH),
        ("workers that died", "0", str(len(before.workers - after.workers)), before.workers == after.workers),
    ]
    print(f"{count} completions, {attacks} of them attacks, in {seconds:.0f} s: {count / seconds:.0f}/s")
    print(f"the pool holds {after.pool_bytes / 1e6:.1f} MB, this process {after.own_bytes / 1e6:.1f} MB")
    print("\n| what | bar | measured |\n|---|---|---|")
    for what, bar, measured, _ in rows:
        print(f"| {what} | {bar} | {measured} |")
    for line in wrong[:20]:
        print(line)
    return 0 if all(held for *_, held in rows) else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
