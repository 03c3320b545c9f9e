"""The house's rules: who may import whom, and which rooms never bring in torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import spillover

PACKAGE = Path(spillover.__file__).parent
FLOORS = {
    "core": 0,
    "sandbox": 1,
    "coding": 2,
    "prompts": 2,
    "models": 3,
    "judges": 4,
    "documents": 5,
    "training": 5,
    "evals": 5,
    "study": 6,
    "report": 7,
    "cli": 8,
    "__main__": 9,
}
TORCHLESS = (
    "spillover.judges.ask",
    "spillover.judges.detectors",
    "spillover.core",
    "spillover.sandbox",
    "spillover.coding",
    "spillover.prompts",
    "spillover.cli",
)

RUN_INSIDE = {"inside", "harnesses"}
"""Folders whose modules run in the sandbox under other names."""


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent != PACKAGE or path.stem in FLOORS]


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) of every import of this package, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "spillover":
            names = [node.module] if "." in node.module else [f"spillover.{a.name}" for a in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == "spillover"]
        else:
            continue
        for name in names:
            yield node.lineno, [*name.split("."), ""][1]


def test_every_room_is_on_the_plan() -> None:
    rooms = {room_of(path) for path in modules()}
    assert rooms <= set(FLOORS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_on_floors_below(path: Path) -> None:
    own = room_of(path)
    for line, room in imported_rooms(path):
        if room in FLOORS and room != own:
            assert FLOORS[room] < FLOORS[own], f"{path}:{line}: {own} imports {room}"


def test_the_report_knows_the_run_directory_and_nothing_else() -> None:
    for path in (PACKAGE / "report").rglob("*.py"):
        assert {room for _, room in imported_rooms(path)} <= {"core", "report", "__version__"}, path


@pytest.mark.parametrize("module", TORCHLESS)
def test_grading_and_the_command_line_start_without_torch(module: str) -> None:
    source = f"import {module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], check=False).returncode == 0


def test_no_module_of_the_torchless_rooms_brings_in_torch() -> None:
    names = [
        ".".join(("spillover", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for room in ("core", "sandbox", "coding")
        for path in sorted((PACKAGE / room).rglob("*.py"))
        if not RUN_INSIDE & set(path.parts)
    ]
    source = f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\nsys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
