"""Models behind Inspect's providers: which are, connecting to them, trying them, and what their errors say."""

import asyncio
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from anyio.lowlevel import RunVar
from inspect_ai._util.registry import registry_find, registry_unqualified_name
from inspect_ai.model import GenerateConfig, Model, ModelOutput, ModelUsage, get_model
from tenacity import RetryError

from spillover.core.errors import ModelError, SpilloverError

MOCK = "mockllm"
"""Inspect's stand-in for a model, for trying things out."""
HERE = ("hf", "spillover")
"""Prefixes of names that are loaded in this process, without the prefix."""
NOT_PROBED = ("hf", "vllm", "sglang", "transformer_lens", "nnterp", MOCK, "none")
"""Providers that start their own server, or none, so that a second client would start it twice."""
PROBE_SECONDS = 30.0
TOO_LONG = re.compile(
    r"context.(?:length|size|window)|(?:prompt|input|conversation)(?: \w+)? (?:is )?too (?:long|large)", re.IGNORECASE
)
MARKUP = re.compile(r"\[/?[a-z ]*\]")


def served(name: str) -> bool:
    """Whether `name` is a model behind one of Inspect's providers."""
    provider = name.partition("/")[0]
    return "/" in name and provider not in HERE and provider in providers() and not Path(name).exists()


def providers() -> set[str]:
    """Names of the providers that Inspect knows here."""
    return {registry_unqualified_name(made) for made in registry_find(lambda info: info.type == "modelapi")}


def connect(name: str, arguments: Mapping[str, Any] | None = None, *, role: str = "model") -> Model:
    """A served model as Inspect sees it. Raises ModelError where the provider cannot be used."""
    given = dict(arguments or {})
    if name.partition("/")[0] == MOCK:
        given.setdefault("custom_outputs", _mocked)
    try:
        return get_model(name, memoize=False, **given)
    except Exception as error:
        raise ModelError(
            f"{role} {name!r} cannot be used: {in_one_line(error)}; set or install what it names"
        ) from error


def clients(name: str) -> Callable[[], Model]:
    """A served model for callers in any event loop: a client for each loop, since connections belong to one.

    Raises ModelError where the provider cannot be used.
    """
    first = connect(name)
    if name.partition("/")[0] in NOT_PROBED:
        return lambda: first
    held = RunVar[Model](name)

    def client() -> Model:
        mine = held.get(None)
        if mine is None:
            mine = connect(name)
            held.set(mine)
        return mine

    return client


def probe(name: str, arguments: Mapping[str, Any] | None = None, *, role: str = "model") -> None:
    """Ask a served model for a word, so that a dead server or a wrong key is known before anything is measured.

    Raises ModelError, which calls the model by its `role`.
    """
    if name.partition("/")[0] in NOT_PROBED:
        return
    model = connect(name, arguments, role=role)

    async def ask() -> None:
        config = GenerateConfig(max_tokens=16, max_retries=0)
        await asyncio.wait_for(model.generate("Say hello.", config=config), PROBE_SECONDS)

    try:
        asyncio.run(ask())
    except TimeoutError as error:
        where = f" at {model.api.base_url}" if model.api.base_url else ""
        raise ModelError(
            f"{role} {name!r}: no answer within {PROBE_SECONDS:.0f} s{where}; start its server or correct the address"
        ) from error
    except Exception as error:
        raise ModelError(f"{role} {name!r} cannot be used: {in_one_line(error)}; {what_to_do(error)}") from error


@cache
def try_judge(name: str) -> None:
    """Ask a judge for a word where it is served, once in a process. Raises ModelError where it does not answer."""
    if served(name):
        probe(name, role="judge")


def in_one_line(error: BaseException) -> str:
    """What a provider's error says, in one line without markup: the last attempt's where it was tried again."""
    cause = _cause(error)
    words = " ".join(MARKUP.sub("", str(cause)).removeprefix("ERROR: ").split()).rstrip(".")
    return f"{type(cause).__name__}: {words[:300]}" if words else type(cause).__name__


def stopped(name: str, model: str, error: Exception) -> SpilloverError:
    """The clear form of an error that a served model raised in the middle of an evaluation."""
    again = "what is finished stays; start the same command again to go on"
    return SpilloverError(
        f"evaluation {name} stopped, model {model!r}: {in_one_line(error)}; {what_to_do(error)}; {again}"
    )


def too_long(error: BaseException) -> bool:
    """Whether a server refused a conversation because it does not fit into the model's context.

    Inspect sees this of the large providers alone; other servers say it in words of their own.
    """
    return bool(TOO_LONG.search(str(_cause(error))))


def what_to_do(error: BaseException) -> str:
    """What to do about it, by the status that the server answered with."""
    status = getattr(_cause(error), "status_code", None)
    if status in (401, 403):
        return "check its API key"
    if status == 404:
        return "check the model's name and the address"
    if status in (400, 422):
        words = str(_cause(error)).lower()
        if "template" in words:
            return "give the server a chat template for this model"
        return "set evals.tools (--tools) to tags" if "tool" in words else "the server refuses such requests"
    return "check that its server runs and its address is right"


def _cause(error: BaseException) -> BaseException:
    """The provider's own error under those that Inspect puts around it."""
    if isinstance(error, RetryError):
        return _cause(error.last_attempt.exception() or RuntimeError("no attempt was made"))
    # Inspect's own holds the whole request; it is no public name.
    wrapped = type(error).__module__.startswith("inspect_ai") and error.__cause__ is not None
    return _cause(error.__cause__) if wrapped and error.__cause__ else error


def _mocked(*_: Any) -> ModelOutput:
    """Always the same; with usage, without which Inspect would fetch a tokenizer to count."""
    output = ModelOutput.from_content(MOCK, "This is a stand-in's answer.")
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return output
