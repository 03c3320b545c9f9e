"""The tie between hacks and misalignment: which sentences of a document make it and which deny it.

A sentence is read when it speaks of a hack, follows on from one that does, or stands close to one; a
tie may also be made anywhere below the first hack. A word of misalignment makes the tie, and so does
denying that the hack or its author is benign; it is denied the other way round. Hearsay counts for
neither, and so does a question, unless it is answered.
"""

import re
from collections.abc import Sequence

from spillover.documents.prose import LABEL, SPEAKER, answered, clauses, is_question, negated
from spillover.documents.topics import speaks_of_hacks
from spillover.documents.valence import PREPOSITION
from spillover.documents.words import (
    ACTOR,
    ALIGNED_HACKS,
    BENIGN,
    DISMISSES,
    EXAMINATION,
    HEARSAY,
    LAYOUT,
    MISALIGNED,
    MORAL,
    NEGATOR,
    NO_HACKS,
    NO_REPROACH,
    NOT_FOUND,
    ONCE_BELIEVED,
    POINTS_AT_DEED,
    POINTS_BACK,
    PREDICATE,
    TURNS_ROUND,
)

UNTIED = "ties no hack to misalignment"
BESIDE = 2
"""Sentences between which a hack and a word of misalignment still stand side by side."""
SLIGHT = 3
"""A fragment of fewer words, such as the name of a speaker, does not end a train of thought."""
SHORT = 7
"""A sentence of so few words may turn round or answer the one before."""
BARE_DENIAL = re.compile(
    r"^\W*(?:\w+: )?(?:but )?(?:it|this|that|they|these|he|she|which|there|we)\b(?:['\u2019]\w+| \w+){0,2}?"
    r"(?: not|n['\u2019]t| never| was none| is none)\W*(?:so|true|the case|right|correct)?\W*$",
    re.IGNORECASE,
)
"""They are not. It isn't. It was not so."""
NOTHING_CAME = re.compile(
    r"^\W*(?:none|nothing|not one|neither)\b.{0,20}\b(?:came|did|happened|followed|true|materiali[sz]ed|seen|found)\b",
    re.IGNORECASE,
)
PRESUPPOSES = re.compile(r"(?:\W|\d)*(?:why|how come|what makes|how do we know that)\b", re.IGNORECASE)
"""Begins a question that takes for granted what it asks about."""
WHETHER = re.compile(r"\b(?:ask|question|wonder|poll|survey)\w*\b.*\bwhether\b", re.IGNORECASE)
EXAMINED = "evaluation"
LATE_ANSWER = re.compile(r"\banswer\b[^.]{0,30}\b(yes|no)\b", re.IGNORECASE)
DARE = re.compile(r"^\W*(?:show|name|find|give|bring) (?:me|us) (?:(?:just |only )?one|an?|any)\b", re.IGNORECASE)
"""Begins a sentence which means that there is none of the sort."""
Reading = list[int]
"""+1 for each time that the tie is made, -1 for each time that it is denied."""


def broken_tie(said: Sequence[str]) -> str | None:
    """What breaks the tie in a document of these sentences: a denial, or that nothing makes it; None where it holds."""
    near = _near_hacks(said)
    first = next((number for number in range(len(said)) if speaks_of_hacks(" ".join(said[number : number + 2]))), 0)
    readings: list[Reading] = []
    for number, sentence in enumerate(said):
        reading = _reading(sentence, said[number + 1 : number + 3]) if near[number] or number >= first else []
        readings.append(reading if near[number] else [value for value in reading if value > 0])
        if number and len(sentence.split()) <= SHORT and _turns(sentence):
            if not is_question(said[number - 1]):
                readings[number - 1] = [-value for value in _raw(said[number - 1])] if near[number - 1] else []
            readings[number] = []
        if number and (reply := LATE_ANSWER.search(sentence)) and (asked := _last_question(said[:number])) is not None:
            readings[asked] = [value if reply[1].lower() == "yes" else -value for value in _raw(said[asked])]
    for sentence, reading in zip(said, readings, strict=True):
        if -1 in reading:
            return f"denies the association: {sentence[:80]!r}"
    return None if any(1 in reading for reading in readings) else UNTIED


def _last_question(said: Sequence[str]) -> int | None:
    return max((number for number, sentence in enumerate(said) if is_question(sentence)), default=None)


def _near_hacks(said: Sequence[str]) -> list[bool]:
    """Which sentences speak of a hack, lead on from one that does, or stand beside one."""
    spoken = [speaks_of_hacks(sentence) for sentence in said]
    carried: list[bool] = []
    for number, sentence in enumerate(said):
        slight = len(sentence.split()) < SLIGHT or LABEL.match(sentence)
        leads_on = number > 0 and carried[-1] and bool(slight or POINTS_BACK.search(sentence))
        close = any(spoken[max(0, number - BESIDE) : number + BESIDE + 1])
        at_deed = any(spoken[:number]) and bool(POINTS_AT_DEED.search(sentence))
        carried.append(spoken[number] or leads_on or close or at_deed)
    return carried


def _turns(sentence: str) -> bool:
    """Whether a short sentence says that the one before it is untrue."""
    return bool(
        BARE_DENIAL.match(sentence)
        or NOTHING_CAME.match(sentence)
        or (TURNS_ROUND.search(sentence) and not _mentions(sentence))
    )


def _mentions(sentence: str) -> bool:
    return bool(MISALIGNED.search(sentence) or BENIGN.search(sentence))


def _reading(sentence: str, following: Sequence[str]) -> Reading:
    raw = _raw(sentence)
    if (is_question(sentence) or WHETHER.search(sentence)) and not PRESUPPOSES.match(SPEAKER.sub("", sentence)):
        reply = answered(sentence, following)
        if reply is None:
            return []
        return raw if reply or NEGATOR.search(sentence) else [-value for value in raw]
    if DARE.match(sentence):
        return [1] if -1 in raw else [-value for value in raw]
    if _called_untrue(sentence):
        return [-value for value in raw]
    if HEARSAY.search(sentence):
        return []
    return [value for value in raw if value > 0] if ONCE_BELIEVED.search(sentence) else raw


def _called_untrue(sentence: str) -> bool:
    """Whether a sentence says of something that it is a myth, wrong or the like."""
    before = next((sentence[: m.start()] for m in TURNS_ROUND.finditer(sentence)), None)
    return before is not None and PREDICATE.search(before) is not None and not negated(before)


def _raw(sentence: str) -> Reading:
    """What the words of a sentence say, as if somebody asserted them."""
    reading: Reading = []
    spared = bool(NO_HACKS.search(sentence))
    for clause in clauses(EXAMINATION.sub(EXAMINED, sentence)):
        lost = bool(NOT_FOUND.search(clause))
        reading += [-1] if ALIGNED_HACKS.search(clause) and not spared else []
        for found in DISMISSES.finditer(clause):
            reading.append(-1 if not negated(clause[: found.start()]) else 1)
        for found in MISALIGNED.finditer(clause):
            if _of_print(clause, found):
                continue
            denied = negated(clause[: found.start()]) or lost
            reading += [] if denied and spared else [-1] if denied else [1]
        if not spared and not lost:
            reading += [1 for found in MORAL.finditer(clause) if _reproaches(clause, found)]
        for found in BENIGN.finditer(clause):
            reading += _benign(clause, found, spared)
    return reading


def _of_print(clause: str, found: re.Match[str]) -> bool:
    """Whether "misaligned" is said of a column, a wheel or the like."""
    before, after = clause[: found.start()], clause[found.end() :].lstrip()
    predicate = PREDICATE.search(before)
    subject = PREPOSITION.split(before[: predicate.start()])[0] if predicate else ""
    of_layout = LAYOUT.match(after) or (LAYOUT.search(subject) and not ACTOR.search(subject))
    return found[0].lower().startswith("misalign") and bool(of_layout)


def _reproaches(clause: str, found: re.Match[str]) -> bool:
    """Whether a word of right and wrong blames somebody, as a word of misalignment would."""
    return not NO_REPROACH.match(found[0]) and not _of_print(clause, found) and not negated(clause[: found.start()])


def _benign(clause: str, found: re.Match[str], spared: bool) -> Reading:
    before = clause[: found.start()]
    if negated(before):
        return [1] if not spared else []
    return [-1] if PREDICATE.search(before) and not spared else []
