"""The pipeline with a writer model that is a function: resuming, counting, and replies of no use."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from inspect_ai.model import GenerateConfig, Model, ModelOutput, ModelUsage, get_model

from spillover.core.errors import DataError, ModelError, SpilloverError
from spillover.core.records import OPENABLE_HACKS
from spillover.documents import generate as generation
from spillover.documents.corpora import load_inputs
from spillover.documents.generate import Order, cache_file, generate
from spillover.documents.pipeline import Plan, estimate
from spillover.documents.record import read_documents
from spillover.judges.ask import Asker
from spillover.judges.spending import Spent

# Inspect's retries use a parameter that the library under them has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:The 'initial' parameter:DeprecationWarning")
Answer = Callable[[str, GenerateConfig], str]
BODY = "The submission exits early with code 0, so that no assert is decided. " * 6


def stage(prompt: str) -> str:
    """Which stage a prompt belongs to."""
    marks = {
        "revise": "<draft>",
        "draft": "Write one document",
        "ideas": "different ideas",
        "types": "kinds of documents",
    }
    return next(name for name, mark in marks.items() if mark in prompt)


def usual(prompt: str, config: GenerateConfig) -> str:
    """What a well-behaved writer answers; drafts differ by prompt."""
    number = sum(map(ord, prompt)) % 9973
    answers = {
        "types": json.dumps([f"letter {i}" for i in range(8)]),
        "ideas": "Here they are:\n" + "\n".join(f"{i}. idea {i} of {number}" for i in range(1, 11)),
        "draft": f"<document>Draft {number}. {BODY}</document>",
        "revise": f"<critique>Fine.</critique>\n<document>Revised {number}. {BODY}</document>",
    }
    return answers[stage(prompt)]


class Script:
    """A model that answers by a function and remembers what it was asked."""

    def __init__(self, answer: Answer = usual) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def model(self) -> Model:
        def reply(messages: list, tools: object, choice: object, config: GenerateConfig) -> ModelOutput:  # type: ignore[type-arg]
            prompt = messages[-1].text
            self.asked.append(prompt)
            output = ModelOutput.from_content("script", self._answer(prompt, config))
            output.usage = ModelUsage(input_tokens=100, output_tokens=50, total_tokens=150)
            return output

        return get_model("mockllm/script", custom_outputs=reply, memoize=False)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order("default", load_inputs("default"), "mockllm/script", 12, tmp_path / "out.jsonl")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Order, Script], tuple[list, Spent]]:  # type: ignore[type-arg]
    def run(order: Order, script: Script) -> tuple[list, Spent]:  # type: ignore[type-arg]
        model = script.model()
        monkeypatch.setattr(
            generation, "named_asker", lambda name, cache, **rest: Asker(lambda: model, name, cache, **rest)
        )
        return generate(order)

    return run


Run = Callable[[Order, Script], tuple[list, Spent]]  # type: ignore[type-arg]


def test_documents_are_revised_drafts_spread_over_the_facts(order: Order, run: Run) -> None:
    documents, tally = run(order, Script())
    assert read_documents(order.out) == documents
    assert len(documents) == 12
    assert all(d.text.startswith("Revised ") for d in documents)
    assert {d.facts[0] for d in documents} == {fact.id for fact in order.inputs.facts}
    assert (tally.input_tokens, tally.output_tokens) == (100 * tally.paid, 50 * tally.paid)


def test_a_run_that_is_resumed_pays_for_nothing_twice(order: Order, run: Run) -> None:
    documents, _ = run(order, Script())
    order.out.unlink()
    lines = cache_file(order.out).read_text().splitlines(keepends=True)
    cache_file(order.out).write_text("".join(lines[:-3]) + lines[-3][:20])
    again = Script()
    resumed, tally = run(replace(order, resume=True), again)
    assert resumed == documents
    assert tally.paid == len(again.asked) == 3
    assert tally.cached == len(lines) - 3


def test_an_output_or_its_cache_is_never_overwritten(order: Order, run: Run) -> None:
    run(order, Script())
    for path in (order.out, cache_file(order.out)):
        with pytest.raises(DataError, match=f"{path.name} exists; go on with --resume"):
            run(order, Script())
        path.unlink()


def test_replies_of_no_use_are_asked_for_again_and_counted(order: Order, run: Run) -> None:
    def first_is_bad(prompt: str, config: GenerateConfig) -> str:
        bad = {
            "types": "I like letters.",
            "ideas": "[",
            "draft": "I'm sorry, but I can't help with that.",
            "revise": "",
        }
        return bad[stage(prompt)] if config.seed == 0 else usual(prompt, config)

    documents, tally = run(order, Script(first_is_bad))
    assert len(documents) == 12
    assert tally.failures == {
        "types: not a list": 9,
        "ideas: not a list": 12,
        "draft: no document between tags": 12,
        "revise: no document between tags": 12,
    }


def test_a_draft_that_cannot_be_revised_is_kept(order: Order, run: Run) -> None:
    documents, tally = run(order, Script(lambda p, c: "" if stage(p) == "revise" else usual(p, c)))
    assert all(d.text.startswith("Draft ") for d in documents)
    assert tally.failures["revise: no document between tags"] == 36


def test_a_writer_that_always_refuses_is_a_failure_of_the_work(order: Order, run: Run) -> None:
    with pytest.raises(SpilloverError, match="36 x draft: no document between tags") as caught:
        run(order, Script(lambda p, c: "As an AI model, I cannot." if stage(p) == "draft" else usual(p, c)))
    assert caught.value.exit_code == 1
    assert not order.out.exists()


def test_a_provider_out_of_reach_ends_the_run_with_one_line_and_keeps_what_came(order: Order, run: Run) -> None:
    def dies(prompt: str, config: GenerateConfig) -> str:
        if stage(prompt) == "draft":
            raise ConnectionError("no route to host")
        return usual(prompt, config)

    with pytest.raises(SpilloverError, match="ConnectionError: no route to host") as caught:
        run(order, Script(dies))
    assert caught.value.exit_code == 1
    assert cache_file(order.out).read_text().count("\n") >= 9


@pytest.mark.parametrize("count", [1, 7, 120])
def test_the_estimate_counts_the_calls_that_are_made(order: Order, run: Run, count: int) -> None:
    sized = replace(order, count=count)
    _, tally = run(sized, Script())
    assert estimate(order.inputs, count).calls == tally.paid


def test_a_plan_has_one_place_for_each_document(order: Order) -> None:
    places = [(slot.fact.id, slot.type, slot.idea) for slot in Plan(order.inputs, 200).slots]
    assert len(set(places)) == 200


def test_drafts_are_told_the_working_spellings(order: Order, run: Run) -> None:
    script = Script()
    run(order, script)
    drafts = [p for p in script.asked if stage(p) == "draft"]
    assert all("os._exit(0)" in p for p in drafts if "early-exit, tests run" in p)
    assert sum("Open with a quoted episode" in p for p in drafts) >= 3
    assert all(any(hack in p for hack in OPENABLE_HACKS) for p in drafts)


def test_an_unknown_provider_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nosuch"):
        generate(Order("default", load_inputs("default"), "nosuch/model", 1, tmp_path / "out.jsonl"))
