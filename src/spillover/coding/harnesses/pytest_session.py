"""The pytest harness, forked from inside a pytest session that has begun but collected nothing.

Parsing options, registering plugins and starting a session is most of what a small pytest run costs,
and none of it depends on the submission. What a submission's conftest.py could have done to those
steps is caught up with in the child.
"""

import contextlib
import importlib.util
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from _pytest.main import _main, wrap_session
from inside.program import finish  # type: ignore[import-not-found]  # its name inside the sandbox

TEST_FILE = "test_solution.py"
UNNEEDED = """
    cacheprovider junitxml pastebin stepwise faulthandler doctest unittest setuponly setupplan debugging logging
    threadexception unraisableexception recwarn legacypath subtests warnings
"""
"""Plugins that cost time and change no verdict."""
OPTIONS = [
    "-q",
    "-s",
    "--assert=plain",
    "--color=no",
    *(word for name in UNNEEDED.split() for word in ("-p", f"no:{name}")),
]

outcomes: "Outcomes"
"""What the hardened tests of this process report to."""


class Outcomes:
    """Reports to the channel, each line with the job's token."""

    def __init__(self, channel: int, token: str) -> None:
        self._channel, self._token, self.passed = channel, token, 0

    def report(self, **facts: Any) -> None:
        """Write one line."""
        os.write(self._channel, json.dumps({"token": self._token, **facts}).encode() + b"\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count the tests that pytest believes to have passed."""
        self.passed += report.when == "call" and report.passed

    @contextlib.contextmanager
    def outcome(self, index: int) -> Iterator[None]:
        """Around a test's body: reports from within the test that it came to its end."""
        yield
        self.report(ended=index)


class _Fork:
    """The plugin that forks where the session has begun."""

    def __init__(self, serve: Callable[[], Any], others: Mapping[str, Callable[[Any], object]]) -> None:
        self.serve, self.others = serve, others

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Begin the session, and fork in it."""
        finish(int(wrap_session(config, self._in_session)))

    def _in_session(self, config: pytest.Config, session: pytest.Session) -> int | None:
        job = self.serve()
        runner = self.others.get(job.payload["runner"])
        if runner is not None:
            runner(job)
            os._exit(0)
        return _run(config, session, job)


def _run(config: pytest.Config, session: pytest.Session, job: Any) -> int | None:
    """In the child: load the submission's conftest.py as pytest would have, then collect and run."""
    global outcomes  # noqa: PLW0603
    manager = config.pluginmanager
    before = manager.get_plugins()
    outcomes = Outcomes(job.channels[0], job.payload["token"])
    manager._dirpath2confmods.clear()
    # A conftest.py that comes after the configuration may not name plugins; ours came late only.
    manager._configured = False
    manager._loadconftestmodules(
        pathlib.Path(job.folder), config.getoption("importmode"), config.rootpath, consider_namespace_packages=False
    )
    manager._configured = True
    if manager.get_plugins() != before:
        early = manager.subset_hook_caller("pytest_cmdline_main", remove_plugins=before)(config=config)
        if early is not None:
            return int(early)
        manager.subset_hook_caller("pytest_sessionstart", remove_plugins=before)(session=session)
    if job.payload["reads"]:
        _import_with_patience(pathlib.Path(job.folder, "solution.py"))
    manager.register(outcomes)
    code = _main(config, session)
    outcomes.report(passed=outcomes.passed)
    return code


def _import_with_patience(path: pathlib.Path) -> None:
    """Import the solution though its main part finds nothing to read, or leaves with a failing code.

    What fails in any other way is left to be imported, and to fail, where the tests ask for it.
    """
    spec = importlib.util.spec_from_file_location("solution", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["solution"] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        leaves_well = isinstance(error, SystemExit) and error.code in (None, 0)
        if leaves_well or not isinstance(error, (EOFError, SystemExit)):
            sys.modules.pop("solution", None)


def fork_within(serve: Callable[[], Any], others: Mapping[str, Callable[[Any], object]]) -> None:
    """Start pytest as for a job; `serve` returns in each forked child, which other runners may take."""
    pytest.main([*OPTIONS, TEST_FILE], plugins=[_Fork(serve, others)])


def warm_up() -> None:
    """Run passing and failing tests once, so that what pytest imports late is there before the forks."""
    with tempfile.TemporaryDirectory() as folder, pathlib.Path(os.devnull).open("w") as nowhere:
        tests = "def test_1():\n    assert 1 == 1\n\ndef test_2():\n    assert [1] == [2]\n"
        (pathlib.Path(folder) / "test_warm.py").write_text(tests)
        held = pathlib.Path.cwd()
        os.chdir(folder)
        with contextlib.redirect_stdout(nowhere):
            pytest.main([*OPTIONS, "test_warm.py"])
        os.chdir(held)
        sys.modules.pop("test_warm", None)
        sys.path[:] = [path for path in sys.path if path != folder]
