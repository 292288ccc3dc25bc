"""Reading in rounds: generators that ask, driven in step.

A resource or a check is a generator. It yields the requests it needs, receives the answers, and may yield again when
a read depends on one before. All of a phase's generators are driven in step: what a round asks for is gathered, the
doubles are dropped, the rest goes to `send` in one go, and the answers are dealt out. So a phase costs a few round
trips however many resources it has, and a resource is a pure function of the answers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from cnxlib.errors import CnxError

T = TypeVar("T")
Request = Any
"""What a generator asks for; a read must be hashable. `Pause` and `Progress` are answered here, all else by `send`."""

Asking = Generator[Sequence[Request], list[Any], T]
"""A generator that yields requests, receives their answers in the same order, and returns a T.
The first answer that is a `CnxError` is raised at the yield."""

Send = Callable[[Sequence[Request]], list[Any]]
"""Sends requests and returns their answers in the same order; a refusal is returned, not raised."""

Emit = Callable[[str, Mapping[str, Any]], None]
"""Takes the name of an event and its data: progress for people, evidence for the record."""


def together(*generators: Asking[Any]) -> Asking[list[Any]]:
    """Drive generators in step inside another one, so that what they ask goes out in the same rounds.

    Returns their values in order. A refusal ends them all, as the one among them tells it that has more to say.
    """
    values: dict[int, Any] = {}
    dealt: dict[int, list[Any] | None] = dict.fromkeys(range(len(generators)))
    while dealt:
        asked: dict[int, Sequence[Request]] = {}
        for index, answers in dealt.items():
            try:
                asked[index] = next(generators[index]) if answers is None else generators[index].send(answers)
            except StopIteration as stop:
                values[index] = stop.value
        requests = [request for one in asked.values() for request in one]
        try:
            answered = iter((yield requests) if requests else [])
        except CnxError as error:
            raise _best_told([generators[index] for index in asked], error) from None
        dealt = {index: [next(answered) for _ in one] for index, one in asked.items()}
    return [values[index] for index in range(len(generators))]


def _best_told(generators: Sequence[Asking[Any]], error: CnxError) -> CnxError:
    for generator in generators:
        try:
            generator.throw(error)
        except CnxError as told:
            if told is not error:
                return told
        except StopIteration:
            pass
    return error


@dataclass(frozen=True)
class Pause:
    """Wait. The answer is the time on a steady clock, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Progress:
    """Tell people how far a long step has come; `fraction` is 0-1, or None where it is unknown."""

    message: str
    fraction: float | None = None


class Rounds:
    """Drives generators against one door.

    Parameters
    ----------
    send:
        The door.
    emit:
        Receives progress.
    sleep, clock:
        Stand in for time's in tests.
    """

    def __init__(
        self,
        send: Send,
        emit: Emit,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send, self._emit, self._sleep, self._clock = send, emit, sleep, clock

    def perform(self, generator: Asking[T]) -> T:
        """Drive one generator, never answering from memory: what it asks twice is sent twice."""
        try:
            requests = next(generator)
            while True:
                answers = self._answer(requests)
                error = next((answer for answer in answers if isinstance(answer, CnxError)), None)
                requests = generator.send(answers) if error is None else generator.throw(error)
        except StopIteration as stop:
            value: T = stop.value
            return value

    def drive(self, generators: Sequence[Asking[T]], known: dict[Request, Any] | None = None) -> list[T | CnxError]:
        """Drive generators in step, one `send` a round; each ends with its value or its error.

        Parameters
        ----------
        generators:
            What only reads, so that what two of them ask is sent once.
        known:
            Answers that still hold; what is read beside them is added, save refusals, which may pass.
        """
        results: dict[int, T | CnxError] = {}
        waiting: dict[int, Sequence[Request]] = {}
        answers: dict[Request, Any] = dict(known or {})

        def go_on(index: int, dealt: list[Any] | None) -> None:
            """Hand a generator its answers, or the first refusal among them; None starts it."""
            generator = generators[index]
            error = next((answer for answer in dealt or () if isinstance(answer, CnxError)), None)
            try:
                if error is not None:
                    waiting[index] = generator.throw(error)
                else:
                    waiting[index] = next(generator) if dealt is None else generator.send(dealt)
            except StopIteration as stop:
                results[index] = stop.value
            except CnxError as error:
                results[index] = error

        for index in range(len(generators)):
            go_on(index, None)
        while waiting:
            asked = dict.fromkeys(request for requests in waiting.values() for request in requests)
            fresh = [request for request in asked if request not in answers or isinstance(request, Pause | Progress)]
            answers.update(zip(fresh, self._answer(fresh), strict=True))
            for index, requests in list(waiting.items()):
                del waiting[index]
                go_on(index, [answers[request] for request in requests])
        if known is not None:
            known.update({asked: answer for asked, answer in answers.items() if not isinstance(answer, CnxError)})
        return [results[index] for index in range(len(generators))]

    def _answer(self, requests: Sequence[Request]) -> list[Any]:
        own: dict[int, Any] = {}
        for index, request in enumerate(requests):
            if isinstance(request, Pause):
                self._sleep(request.seconds)
                own[index] = self._clock()
            elif isinstance(request, Progress):
                self._emit(
                    "progress",
                    {"message": request.message, "fraction": request.fraction},
                )
                own[index] = None
        rest = [request for index, request in enumerate(requests) if index not in own]
        sent = iter(self._send(rest) if rest else [])
        return [own[index] if index in own else next(sent) for index in range(len(requests))]
