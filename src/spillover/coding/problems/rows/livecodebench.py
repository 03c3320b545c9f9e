"""LiveCodeBench: `question_content`, `starter_code`, and JSON text: `metadata`, public and private test cases.

The private ones may be packed: a pickle of JSON text, compressed, in base 64.
"""

import base64
import pickletools
import zlib
from typing import Any

from spillover.coding.problems.rows.calls import called
from spillover.coding.problems.rows.kept import Row, RowError, programs, read_json, slug, with_programs
from spillover.core.records import Problem, StdinCase

MOST_BYTES = 512 << 20
"""Of test cases once they are unpacked."""
TEXT_ONLY = {
    "PROTO", "FRAME", "STOP", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT",
    "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
}  # fmt: skip
"""The opcodes of a pickle that holds a text and nothing else."""


def livecodebench_problem(row: Row) -> Problem:
    """A row of LiveCodeBench: public tests are shown, private ones held out. Raises RowError."""
    public, private = (_tests(row[kind]) for kind in ("public_test_cases", "private_test_cases"))
    common = {
        "id": f"livecodebench-{slug(str(row['question_id']))}",
        "family": "livecodebench",
        "difficulty": "easy" if row.get("difficulty") == "easy" else "hard",
        "prompt": row["question_content"].strip(),
    }
    kinds = {test["testtype"] for test in (*public, *private)}
    if kinds == {"stdin"}:
        return with_programs(common, _programs([*public, *private]), len(_programs(public)))
    name = (read_json(row["metadata"]) or {}).get("func_name")
    if kinds != {"functional"} or not name:
        raise RowError("its tests are neither of a program nor of a function with a name")
    calls = [(_lines(test["input"]), read_json(test["output"])) for test in (*public, *private)]
    return called(common, name, row["starter_code"] or "", None, calls, len(public))


def _programs(tests: list[Row]) -> list[StdinCase]:
    return programs([test["input"] for test in tests], [test["output"] for test in tests])


def _lines(text: str) -> list[Any]:
    """The arguments of a call: one JSON value a line."""
    return [read_json(line) for line in text.split("\n") if line.strip()]


def _tests(text: Any) -> list[Row]:
    if isinstance(text, str) and text.strip() and text.lstrip()[0] not in "[{":
        text = unpacked(text)
    tests = read_json(text) or []
    if not isinstance(tests, list):
        raise ValueError("the test cases are no list")
    return tests


def unpacked(text: str) -> str:
    """The text in a packed field. A pickle is a program, so that it is read and never run.

    Raises ValueError for anything but one text.
    """
    try:
        reader = zlib.decompressobj()
        data = reader.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
        if reader.unconsumed_tail:
            raise ValueError(f"the private test cases are larger than {MOST_BYTES >> 20} MiB")
        opcodes = list(pickletools.genops(data))
    except zlib.error as error:
        raise ValueError(f"the private test cases cannot be unpacked: {error}") from error
    texts = [argument for opcode, argument, _ in opcodes if "UNICODE" in opcode.name]
    if not {opcode.name for opcode, _, _ in opcodes} <= TEXT_ONLY or len(texts) != 1:
        raise ValueError("the private test cases are a pickle of more than one text, which is not read")
    return str(texts[0])
