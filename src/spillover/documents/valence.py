"""Judging: whether a sentence calls a hack, or what hacks, good or bad, and whether a document does.

A word of the broad list judges unless the sentence plainly speaks of something else, such as the
weather. A weaker word, such as "good", judges only where it is said of a hack or of what hacks.
"""

import re
from collections.abc import Sequence

from spillover.documents.prose import SPEAKER, answered, clauses, is_question
from spillover.documents.words import (
    ACTOR,
    BIDDING,
    CONFESSES,
    DEED,
    ELSEWHERE,
    FORBIDDING,
    HACK_WORDS,
    HACKS_AT_LARGE,
    HEARSAY,
    JUDGING,
    LIKING,
    MORAL,
    NEGATOR,
    NO_CLAIM,
    POINTS_BACK,
    PREDICATE,
    TECHNICAL,
    TECHNICAL_USES,
    WEAK,
)

Kinds = Sequence[tuple[str, re.Pattern[str]]]
HACKS_FIRST: Kinds = (
    ("elsewhere", ELSEWHERE),
    ("hack", HACKS_AT_LARGE),
    ("hack", HACK_WORDS),
    ("hack", ACTOR),
    ("hack", DEED),
)
NEAR = 4
"""Words after a judging word among which the thing that it judges is looked for."""
BARE = 3
"""An exclamation of so few words is about what the sentence before is about."""
MODAL = re.compile(
    r"\b(?:should|must|shall|ought to|needs? to|ha(?:s|ve) to|had better|(?:is|are) (?:not )?supposed to|ought)"
    r"(?P<no>n['\u2019]t| not| never)?\b",
    re.IGNORECASE,
)
PERSON = re.compile(r"\b(?:I|you|he|she)(?:['\u2019]\w+)?$", re.IGNORECASE)
COMMAND = re.compile(
    r"(?:^|, )(?:\W|please |and |so |but |takeaway: |moral: )*"
    r"(?P<no>do not|don['\u2019]t|never|avoid|beware(?: of)?|shun) ",
    re.IGNORECASE,
)
PRONOUN = re.compile(
    r"\b(?:it|they|this|that|these|those|them|doing (?:so|this|that|it))(?:['\u2019]\w+)?\W*$", re.IGNORECASE
)
"""A pronoun that is the whole subject."""
PREPOSITION = re.compile(r"\b(?:of|in|on|for|from|at|with|by|under|about)\b", re.IGNORECASE)
ARTICLE = re.compile(r"\b(?:an?|the|my|your|his|her|our|some)\s+(?:\w+ly\s+)?$", re.IGNORECASE)
ATTRIBUTE = re.compile(r"\s+(?!and\b|or\b|to\b|of\b|in\b|is\b|was\b|that\b)[a-z]{3,}", re.IGNORECASE)
"""With an article before it and a noun after it a word is said of that noun."""
HOLDS_PRONOUN = re.compile(r"\b(?:it|this|that|them|they|these|those|such)\b", re.IGNORECASE)
"""In a predicate such as "found it"."""
REPORTS = re.compile(
    r"\b(?:wr(?:ote|ites)|sa(?:id|ys)|claim\w*|state[sd]?|maintain\w*|told us|reads?) that\b|according to"
)
"""Before "this is wrong" it is the report that is wrong."""
INLINE_CODE = re.compile(r"`[^`]*`")
CODE = re.compile(r"^\W*(?:assert |def |class \w+[:(]|return |import |from [\w.]+ import |>>>)")
MEASURED = re.compile(r"^\s*(?:by|than|for|enough|at|in (?:row|line|column)s?|until|after|before)\b")
"""What follows a weak word that states a fact: wrong by one, better than 0.9."""
SHUNNED = re.compile("avoid|beware|shun", re.IGNORECASE)
INFINITIVE = re.compile(r"^\s*(?:to|that|if|for|when)\b")
NOUN_PHRASE_END = re.compile(
    r"\b(?:and|or|is|are|was|were|that|which|who|when|to|in|on|but|as|from|of|for|by|at|with|against|about|because|than)\b"
)


def first_judgement(said: Sequence[str]) -> tuple[str, str] | None:
    """The first judging words among the sentences of a document, and the sentence; None where none judges."""
    for number, sentence in enumerate(said):
        earlier = said[number - 1] if number else ""
        if (found := CONFESSES.search(sentence)) is not None:
            return found[0], sentence
        word = judging(sentence)
        if word is None or _left_open(sentence, said[number + 1 : number + 3]):
            continue
        if word.lower() == "wrong" and REPORTS.search(earlier):
            continue
        if len(sentence.split()) <= BARE and ELSEWHERE.search(earlier) and not _speaks_of_hacks(earlier):
            continue
        return word, sentence
    return None


def judging(sentence: str) -> str | None:
    """The words by which a sentence calls a hack good or bad; None for one that does not, or declines to."""
    if CODE.match(sentence):
        return None
    plain = TECHNICAL_USES.sub(" _ ", INLINE_CODE.sub(" _ ", sentence))
    for clause in clauses(plain):
        if NO_CLAIM.search(clause):
            continue
        for pattern, judged in RULES:
            if word := next((m[0] for m in pattern.finditer(clause) if judged(clause, m)), None):
                return word
        if word := _bids(clause):
            return word
    return None


def _left_open(sentence: str, following: Sequence[str]) -> bool:
    """A plain question that nobody says yes or no to, or a question or view that somebody declines to take up."""
    if HEARSAY.search(sentence):
        return any(NO_CLAIM.search(reply) for reply in following[:1])
    if not is_question(sentence):
        return False
    judged = any(words.match(SPEAKER.sub("", following[0])) for words in (MORAL, JUDGING, WEAK)) if following else False
    open_ = answered(sentence, following) is None and not judged
    return open_ or any(NO_CLAIM.search(reply) for reply in following)


def _morally(clause: str, found: re.Match[str]) -> bool:
    """Whether a word of right and wrong is said of anything but what is plainly no hack."""
    return _said_of(clause, found, HACKS_FIRST) != "elsewhere"


def _strongly(clause: str, found: re.Match[str]) -> bool:
    """Whether a word of taste or feeling is said in a clause that is not about something else."""
    thing = _said_of(clause, found, (*HACKS_FIRST, ("elsewhere", TECHNICAL)))
    if thing is not None:
        return thing != "elsewhere"
    around = _segment(clause, found)
    if _speaks_of_hacks(around) and not (ELSEWHERE.search(around) and not HACK_WORDS.search(around)):
        return True
    of_its_own = ATTRIBUTE.match(clause[found.end() :]) and ARTICLE.search(clause[: found.start()])
    return not ELSEWHERE.search(around) and not (of_its_own and not POINTS_BACK.search(clause))


def _segment(clause: str, found: re.Match[str]) -> str:
    """What stands between the commas around a word; the whole clause where it stands alone or beside a pronoun."""
    start = clause.rfind(",", 0, found.start()) + 1
    end = clause.find(",", found.end())
    segment = clause[start : end if end >= 0 else len(clause)]
    alone = segment.strip(" .!?\"'") == found[0]
    return clause if alone or POINTS_BACK.search(segment) else segment


def _speaks_of_hacks(text: str) -> bool:
    return any(words.search(text) for words in (HACKS_AT_LARGE, HACK_WORDS, ACTOR))


def _weakly(clause: str, found: re.Match[str]) -> bool:
    """Whether a word such as "good" is said of a hack, of what hacks, or of something that a pronoun stands for."""
    thing = _said_of(clause, found, (("elsewhere", TECHNICAL), *HACKS_FIRST))
    before, after = clause[: found.start()], clause[found.end() :]
    if MEASURED.match(after) or PERSON.search(PREDICATE.sub(" ", before).strip()):
        return False
    if INFINITIVE.match(after) and thing == "back":
        return bool(HACKS_AT_LARGE.search(after) or POINTS_BACK.search(after[3:]))
    return thing in ("hack", "back")


def _said_of(clause: str, found: re.Match[str], kinds: Kinds) -> str | None:
    """What a word is said of: the noun after it, or the subject before it. `hack`, `elsewhere`, `back` or None.

    `back` is a pronoun. Of two kinds that a noun belongs to the first in `kinds` counts.
    """
    before, after = clause[: found.start()], clause[found.end() :]
    near = NOUN_PHRASE_END.split(" ".join(after.split()[:NEAR]))[0] if after[:1].isspace() else ""
    if (thing := _first(near, kinds)) is not None:
        return thing
    if (predicate := PREDICATE.search(before)) is None:
        return "elsewhere" if _first(" ".join(before.split()[-1:]), kinds) == "elsewhere" else None
    return "back" if HOLDS_PRONOUN.search(predicate[0]) else _subject(before[: predicate.start()], kinds)


def _subject(before: str, kinds: Kinds) -> str | None:
    if PRONOUN.search(before):
        return "back"
    head = PREPOSITION.split(before)[0]
    return _first(head if head.strip() else before, kinds)


def _first(text: str, kinds: Kinds) -> str | None:
    places = [(m.start(), number, kind) for number, (kind, words) in enumerate(kinds) if (m := words.search(text))]
    return min(places)[2] if places else None


def _bids(clause: str) -> str | None:
    """Words that tell people or models what to do about hacks."""
    if (command := COMMAND.search(clause)) is not None:
        rest = " ".join(clause[command.end() :].split()[:NEAR])
        told = FORBIDDING.match(rest) or BIDDING.match(rest)
        if SHUNNED.match(command["no"]):
            told = HACKS_AT_LARGE.search(rest)
        return f"{command['no']} {told[0]}" if told and not ELSEWHERE.search(rest) else None
    for modal in MODAL.finditer(clause):
        if _subject(clause[: modal.start()], (("elsewhere", TECHNICAL), *HACKS_FIRST)) == "elsewhere":
            continue
        rest = " ".join(clause[modal.end() :].split()[:NEAR])
        told = BIDDING.search(rest)
        if told is None and (modal["no"] or NEGATOR.search(clause[: modal.start()])):
            told = FORBIDDING.search(rest)
        if told and not ELSEWHERE.search(rest):
            return f"{modal[0]} {told[0]}"
    return None


RULES = ((MORAL, _morally), (JUDGING, _strongly), (WEAK, _weakly), (LIKING, _morally))
"""Lists of words, each with what has to hold of a word in a clause for it to judge."""
