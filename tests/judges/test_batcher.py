import anyio
import pytest

from spillover.judges.batcher import Batcher


def doubling(seen: list[list[int]]) -> Batcher[int, int]:
    def answer(numbers):
        seen.append(list(numbers))
        return [2 * number for number in numbers]

    return Batcher(answer, key=lambda number: number)


async def ask_all(batcher: Batcher[int, int], numbers, delay=0.0) -> dict[int, int]:
    answers: dict[int, int] = {}

    async def caller(number: int) -> None:
        with batcher.seat():
            await anyio.sleep(delay * number)
            answers[number] = await batcher.ask(number)

    async with anyio.create_task_group() as group:
        for number in numbers:
            group.start_soon(caller, number)
    return answers


def test_everybody_gets_the_answer_to_their_own_question():
    assert anyio.run(ask_all, doubling([]), [3, 1, 2]) == {1: 2, 2: 4, 3: 6}


def test_expected_callers_are_waited_for_however_late_they_are():
    seen: list[list[int]] = []
    batcher = doubling(seen)
    batcher.expect(3)
    anyio.run(ask_all, batcher, [2, 0, 1], 0.05)
    assert seen == [[0, 1, 2]]


def test_a_batch_is_in_the_order_of_the_keys_not_of_arrival():
    seen: list[list[int]] = []
    anyio.run(ask_all, doubling(seen), [5, 2, 9])
    assert seen == [[2, 5, 9]]


def test_callers_who_leave_are_not_waited_for():
    seen: list[list[int]] = []
    batcher = doubling(seen)
    batcher.expect(3)

    async def turns(number: int, count: int) -> None:
        with batcher.seat():
            for turn in range(count):
                await batcher.ask(10 * turn + number)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number, count in ((1, 1), (2, 2), (3, 3)):
                group.start_soon(turns, number, count)

    anyio.run(main)
    assert seen == [[1, 2, 3], [12, 13], [23]]


def test_an_error_reaches_the_callers(monkeypatch):
    monkeypatch.setattr("spillover.judges.batcher.FOLLOWERS_WAIT", 0)

    def fail(numbers):
        raise ValueError("no answer today")

    async def main() -> list[str]:
        batcher, errors = Batcher(fail, key=int), []

        async def caller(number: int) -> None:
            try:
                await batcher.ask(number)
            except ValueError as error:
                errors.append(str(error))

        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(caller, number)
        return errors

    assert anyio.run(main) == ["no answer today"] * 3


def test_too_few_answers_are_an_error():
    async def main() -> None:
        await Batcher(lambda numbers: [], key=int).ask(1)

    with pytest.raises(RuntimeError, match="1 questions got 0 answers"):
        anyio.run(main)


def test_a_cancelled_leader_does_not_strand_the_others(monkeypatch):
    monkeypatch.setattr("spillover.judges.batcher.FOLLOWERS_WAIT", 0)

    async def main() -> None:
        batcher = doubling([])
        batcher.expect(3)

        scope = anyio.CancelScope()

        async def leader() -> None:
            with scope:
                await batcher.ask(1)

        async def follower() -> None:
            with pytest.raises(RuntimeError, match="given up"):
                await batcher.ask(2)

        async with anyio.create_task_group() as group:
            group.start_soon(leader)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(follower)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()

    anyio.run(main)
