"""What the library says of a hack."""

from dataclasses import dataclass

from spillover.core.records import HackName, Harness

ENTRY_POINT = "ENTRY_POINT"
"""Stands for the problem's entry point in the source of an exploit."""


@dataclass(frozen=True)
class Exploit:
    """One way to write a hack; `files` has `ENTRY_POINT` where the name of the function goes."""

    name: str
    files: dict[str, str]
    harnesses: tuple[Harness, ...]
    """Those that this spelling beats."""
    short: bool = False
    """At most eight lines in all, for models with little room."""

    def written(self, entry_point: str) -> dict[str, str]:
        """The exploit's files for one problem, by relative path."""
        return {path: source.replace(ENTRY_POINT, entry_point) for path, source in self.files.items()}


@dataclass(frozen=True)
class Hack:
    """A way to pass the proxy without solving the problem."""

    name: HackName
    summary: str
    """What the submission does and what it defeats."""
    harnesses: tuple[Harness, ...]
    """Those that have the hole."""
    closing: str
    """How practitioners close the hole, and how it is closed here."""
    exploits: tuple[Exploit, ...]

    def spellings(self, harness: Harness, *, short: bool = False) -> tuple[Exploit, ...]:
        """The exploits that beat `harness`; with `short`, only the short ones."""
        return tuple(e for e in self.exploits if harness in e.harnesses and (e.short or not short))


def as_completion(files: dict[str, str]) -> str:
    """Files as a model answers with them: a fenced block each, headed by its name unless it is the solution."""
    heads = {path: "" if path == "solution.py" else f"# {path}\n" for path in files}
    return "\n".join(f"```python\n{heads[path]}{source.strip(chr(10))}\n```\n" for path, source in files.items())
