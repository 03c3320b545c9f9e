"""Answers the questions of many coroutines together, in an order that does not depend on timing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import anyio
import anyio.to_thread

Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")
FOLLOWERS_WAIT = 5.0


class _Ticket(Generic[Q, A]):
    """One question that waits, and later its answer or the error that took its place."""

    def __init__(self, question: Q) -> None:
        self.question = question
        self.done = anyio.Event()
        self.answer: A
        self.error: BaseException | None = None


class Batcher(Generic[Q, A]):
    """Turns single questions into calls of `answer`, which gets many and returns as many answers in order.

    The first to ask leads: it waits until everybody else has asked too, sorts the questions by `key` and
    answers them in one go in a thread. *Everybody* is exact where the number of callers is known (see
    `expect` and `seat`), so that a batch holds the same questions however the callers were scheduled;
    otherwise it is whoever came before `quiet_seconds` passed without a newcomer.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Sequence[A]],
        key: Callable[[Q], Any],
        *,
        quiet_seconds: float = 0.02,
    ) -> None:
        self._answer, self._key, self._quiet_seconds = answer, key, quiet_seconds
        self._waiting: list[_Ticket[Q, A]] = []
        self._callers: int | None = None
        self._changed = anyio.Event()
        self._busy = anyio.Lock()

    def expect(self, callers: int) -> None:
        """Say how many callers will take a seat; a batch is whole when each of them has asked or left."""
        self._callers = callers

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A caller's time with the batcher: while inside, its next question is waited for."""
        try:
            yield
        finally:
            if self._callers is not None:
                self._callers -= 1
                self._changed.set()

    async def ask(self, question: Q) -> A:
        """The answer to one question. Raises what `answer` raised."""
        ticket = _Ticket[Q, A](question)
        self._waiting.append(ticket)
        if len(self._waiting) == 1:
            await self._lead()
        else:
            self._changed.set()
            await ticket.done.wait()
            if ticket.error is not None:
                # The leader's error ends an Inspect task, which then cancels the others; that each of them
                # reported the same error first would take half a second a sample.
                await anyio.sleep(FOLLOWERS_WAIT)
        if ticket.error is not None:
            raise ticket.error
        return ticket.answer

    async def alone(self, work: Callable[[], R]) -> R:
        """What `work` gives, done in a thread while no batch is being answered."""
        async with self._busy:
            return await anyio.to_thread.run_sync(work)

    async def _lead(self) -> None:
        try:
            await self._gather()
        except BaseException as error:
            # A cancelled leader must not leave the others waiting for ever.
            _settle(self._take(), error=RuntimeError(f"the batch was given up: {error!r}"))
            raise
        batch = self._take()
        try:
            async with self._busy:
                answers = await anyio.to_thread.run_sync(self._answer, [ticket.question for ticket in batch])
            _settle(batch, answers)
        except Exception as error:
            _settle(batch, error=error)
        except BaseException as error:
            _settle(batch, error=RuntimeError(f"the batch was given up: {error!r}"))
            raise

    def _take(self) -> list[_Ticket[Q, A]]:
        batch, self._waiting = self._waiting, []
        return sorted(batch, key=lambda ticket: self._key(ticket.question))

    async def _gather(self) -> None:
        if self._callers is None:
            came = 0
            while came < len(self._waiting):
                came = len(self._waiting)
                await anyio.sleep(self._quiet_seconds)
        while self._callers is not None and len(self._waiting) < self._callers:
            self._changed = anyio.Event()
            await self._changed.wait()


def _settle(
    batch: Sequence[_Ticket[Q, A]], answers: Sequence[A] | None = None, error: BaseException | None = None
) -> None:
    if answers is not None and len(answers) != len(batch):
        error = RuntimeError(f"{len(batch)} questions got {len(answers)} answers")
    for index, ticket in enumerate(batch):
        if error is None and answers is not None:
            ticket.answer = answers[index]
        ticket.error = error
        ticket.done.set()
