"""Records as lines of JSON, whatever a model wrote in them.

Half of a surrogate pair (`"\\ud83d"`) is no character and UTF-8 cannot hold it; pydantic writes and reads UTF-8 only.
It is kept, escaped. The two halves of one pair side by side come back as the character that they stand for.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from spillover.core.errors import RunDirError
from spillover.core.source import parse_long_int

R = TypeVar("R", bound=BaseModel)
HALF_PAIR = re.compile("[\ud800-\udfff]")


def to_line(record: BaseModel) -> str:
    """A record as one line of JSON that UTF-8 can hold, its end of line included."""
    try:
        return record.model_dump_json() + "\n"
    except PydanticSerializationError:
        # As Python's values: pydantic's own JSON form would lose half pairs in the keys of a dictionary.
        return json.dumps(record.model_dump(), default=str) + "\n"


def to_lines(records: Iterable[BaseModel]) -> str:
    """Records as lines of JSON."""
    return "".join(map(to_line, records))


def from_line(kind: type[R], line: str | bytes) -> R:
    """The record of a line. Raises ValueError, pydantic's included, where it is none."""
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        if error.errors()[0]["type"] != "json_invalid":
            raise
    # Half pairs and numbers of thousands of digits are JSON that pydantic's reader refuses.
    return kind.model_validate(json.loads(line, parse_int=parse_long_int))


def read_lines(path: Path, kind: type[R], unread: list[str] | None = None) -> Iterator[R]:
    """All whole records of a file of JSON lines, oldest first; a line torn by a kill is dropped.

    Raises RunDirError, naming file and line, where a line cannot be read; with `unread` it is left out and noted there.
    """
    whole = path.read_bytes().rpartition(b"\n")[0]
    for number, line in enumerate(whole.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield from_line(kind, line)
        except (ValueError, RecursionError) as error:
            problem = f"{path}, line {number}: not a whole {kind.__name__} ({_told(error)})"
            if unread is None:
                raise RunDirError(f"{problem}; put the line right, or remove it") from error
            unread.append(problem)


def visible(text: str) -> str:
    """The text with half pairs spelled out, for where it has to be shown or sent as UTF-8."""
    return HALF_PAIR.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _told(error: ValueError | RecursionError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
    return str(error).split("\n")[0][:200]
