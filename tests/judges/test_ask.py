"""Asking with models that are functions: what is kept, what is tried again, and what could not be read."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import ContentReasoning, ContentText, ModelOutput, ModelUsage, get_model

from personas import INSPECTS_OWN_WARNINGS
from spillover.core.errors import JudgeError, ModelError, RunDirError
from spillover.judges.ask import Asker, Reply, ask
from spillover.judges.spending import Prices, Spent

pytestmark = INSPECTS_OWN_WARNINGS


class Script:
    """A model that answers by a function of the last message and the settings, and remembers what it was asked."""

    def __init__(self, answer=lambda text, config: f"re: {text}"):
        self.asked, self.answer = [], answer

    def model(self):
        def reply(messages, _tools, _choice, config):
            self.asked.append(messages[-1].text)
            said = self.answer(messages[-1].text, config)
            output = said if isinstance(said, ModelOutput) else ModelOutput.from_content("script", said)
            output.usage = ModelUsage(input_tokens=100, output_tokens=50, total_tokens=150)
            return output

        return get_model("mockllm/script", custom_outputs=reply, memoize=False)

    def asker(self, cache=None, **settings) -> Asker:
        model = self.model()
        return Asker(lambda: model, "script", cache, **settings)


def number(reply: Reply) -> int:
    return int(reply.text)


def test_replies_come_in_order_and_equal_questions_are_asked_once():
    script = Script()
    assert [one.text for one in ask(script.model(), ["b", "a", "b"])] == ["re: b", "re: a", "re: b"]
    assert sorted(script.asked) == ["a", "b"]


def test_what_is_kept_is_not_asked_for_again(tmp_path):
    script, cache = Script(lambda text, _: "<think>\ud83d é\u2028</think>\nyes"), tmp_path / "replies.jsonl"
    first = ask(script.model(), ["a", "b"], cache=cache)
    assert ask(script.model(), ["b", "a"], cache=cache) == first[::-1]
    assert len(script.asked) == 2


@pytest.mark.parametrize("changed", [{"max_tokens": 99}, {"attempt": 1}])
def test_another_draw_or_another_room_is_another_question(changed):
    script = Script()
    asker = script.asker()
    asyncio.run(asker.ask("a"))
    asyncio.run(asker.ask("a", **changed))
    assert (len(script.asked), asker.spent.paid, asker.spent.cached) == (2, 2, 0)


def test_a_line_that_a_kill_has_torn_is_asked_for_again(tmp_path):
    script, cache = Script(), tmp_path / "replies.jsonl"
    ask(script.model(), ["a", "b"], cache=cache)
    whole = cache.read_bytes()
    cache.write_bytes(whole[:-10])
    ask(script.model(), ["a", "b"], cache=cache)
    assert cache.read_bytes() == whole
    assert len(script.asked) == 3


def test_a_cache_that_is_none_is_named(tmp_path):
    (tmp_path / "cache").write_text('{"key": "x"}\n')
    with pytest.raises(RunDirError, match="cache, line 1"):
        Script().asker(tmp_path / "cache")


def test_reasoning_is_told_from_the_answer_wherever_it_stands():
    parts = [ContentReasoning(reasoning="First."), ContentText(text="[T]Then.[/T]yes")]
    output = ModelOutput.from_content("script", parts)
    reply = asyncio.run(Script(lambda *_: output).asker(tags=[("[T]", "[/T]")]).ask("?"))
    assert (reply.text, reply.reasoning, reply.reason_unread) == ("yes", "First.\nThen.", "")


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        ("", "nothing is answered"),
        ("<think>so</think> \n", "nothing is answered"),
        ("<think>so", "its reasoning does not come to an end"),
    ],
)
def test_what_was_not_answered_says_why(whole, why):
    assert Reply(whole=whole).reason_unread == why


@given(st.text(), st.text())
def test_a_reply_is_read_or_says_why_not(whole, native):
    reply = Reply(whole=whole, native=native)
    assert bool(reply.text.strip()) != bool(reply.reason_unread)


def test_a_question_that_does_not_fit_is_no_error_and_is_not_kept(tmp_path):
    def refuse(*_):
        raise ValueError("the prompt is too long")

    [reply] = ask(Script(refuse).model(), ["a"], cache=tmp_path / "cache")
    assert (reply.text, reply.reason_unread) == ("", "the question does not fit into its context")
    assert not (tmp_path / "cache").exists()


def test_an_answer_that_must_be_read_is_asked_for_once_more_with_the_reason(tmp_path):
    script = Script(lambda text, _: "7" if "invalid literal" in text else "seven")
    asker = script.asker(tmp_path / "cache")
    assert asyncio.run(asker.read("how many?", number)) == (7, "")
    assert asyncio.run(script.asker(tmp_path / "cache").read("how many?", number)) == (7, "")
    assert len(script.asked) == 2


def test_what_cannot_be_read_twice_is_nothing_with_a_reason_and_is_not_kept(tmp_path):
    answer, why = asyncio.run(Script().asker(tmp_path / "cache").read("?", number))
    assert answer is None
    assert why.startswith("judge script: unusable verdict twice: invalid literal")
    assert not (tmp_path / "cache").exists()


def test_a_reply_that_was_kept_and_cannot_be_read_is_asked_for_again(tmp_path):
    script = Script(lambda *_: "7")
    asyncio.run(script.asker(tmp_path / "cache").read("?", lambda reply: reply.text))
    asker = script.asker(tmp_path / "cache")

    def other(reply: Reply) -> str:
        raise ValueError("no letter")

    assert asyncio.run(asker.read("?", other)) == (None, "judge script: unusable verdict twice: no letter")


def test_a_dead_model_is_one_line_with_what_to_do_and_what_came_is_kept(tmp_path):
    def dies(text, _):
        if text == "b":
            raise ConnectionError("no route to host")
        return "yes"

    with pytest.raises(JudgeError, match=r"judge 'mockllm/script' gave no answer: ConnectionError.*check that its"):
        ask(Script(dies).model(), ["a", "b"], cache=tmp_path / "cache")
    assert (tmp_path / "cache").read_text().count("\n") == 1


def test_a_name_that_is_no_model_is_the_users_error(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        ask(str(tmp_path / "nowhere"), ["a"])


def test_a_prompt_asked_twice_at_once_is_one_call():
    async def many(asker: Asker):
        await asyncio.gather(*(asker.ask("same") for _ in range(5)))

    script = Script()
    asyncio.run(many(script.asker(parallel=4)))
    assert script.asked == ["same"]


def test_no_more_calls_are_open_than_allowed():
    open_now, most = 0, 0

    class Slow:
        async def generate(self, _messages, config):
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.001)
            open_now -= 1
            return ModelOutput.from_content("slow", "yes")

    async def many():
        slow = Slow()
        writer = Asker(lambda: slow, "slow", parallel=3)
        await asyncio.gather(*(writer.ask(str(i)) for i in range(12)))

    asyncio.run(many())
    assert most == 3


def test_costs_are_told_where_prices_are_known():
    assert Prices(2.0, 10.0).cost(1_000_000, 500_000) == 7.0
    assert Prices(2.0, None).cost(1, 1) is None
    assert "cost 7.00" in Spent(paid=3, input_tokens=1_000_000, output_tokens=500_000).line(Prices(2.0, 10.0))
