"""Free-form questions of a user's own, in the YAML form of the published set (Betley et al. 2025).

A list of entries, each with `id`, `type` (one that begins with ``free_form``), `paraphrases` and perhaps
`system`. What else stands there (samples, temperature, judge prompts) is left to the settings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from spillover.core.errors import DataError

Ask = tuple[str, str]
"""Wording and system prompt."""
TYPE = "free_form"


def load_questions(file: Path) -> dict[str, list[Ask]]:
    """The wordings of each free-form question by its id; entries of other types are passed over.

    Raises DataError, one line with the entry and the mend.
    """
    try:
        held = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"evals.questions: {file} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from error
    entries = [held] if isinstance(held, Mapping) else held
    if not isinstance(entries, list):
        raise DataError(f"{file}: must be a list of questions, each with 'id' and 'paraphrases'")
    asks: dict[str, list[Ask]] = {}
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, Mapping):
            raise DataError(f"{file}: entry {number} must be a table with 'id' and 'paraphrases'")
        if str(entry.get("type", TYPE)).startswith(TYPE):
            name = str(entry.get("id", f"question-{number}"))
            if name in asks:
                raise DataError(f"{file}: the id {name!r} stands twice; give each question its own")
            asks[name] = _asks(entry, f"{file}: question {name!r}")
    if not asks:
        raise DataError(f"{file}: holds no question of a type that begins with '{TYPE}'")
    return asks


def _asks(entry: Mapping[str, Any], where: str) -> list[Ask]:
    wordings = entry.get("paraphrases")
    wordings = [wordings] if isinstance(wordings, str) else wordings
    if not isinstance(wordings, Sequence) or not wordings:
        raise DataError(f"{where}: 'paraphrases' must be a list of at least one text")
    system = entry.get("system") or ""
    if not isinstance(system, str) or not all(isinstance(wording, str) and wording.strip() for wording in wordings):
        raise DataError(f"{where}: 'paraphrases' and 'system' must be texts; quote what YAML reads otherwise")
    return [(wording.strip(), system.strip()) for wording in wordings]
