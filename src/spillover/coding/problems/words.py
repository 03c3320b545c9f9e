"""The small vocabulary that the generated problems share, so that a tiny model can learn their texts."""

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_TEXT = (
    "ant art ball bee book cake cat cold cool deer dog door egg fast fish food game gate good green hat "
    "hello home jam keep lake leaf level little map moon name noon nest oak pool radar rain red rice road "
    "room sea seed sheep ship snow star stats sun tea test tool tree wall water wind wood yes zoo"
)
WORDS = tuple(_TEXT.split())
"""Lower-case words; many with a letter twice, some the same in both directions."""

SHORT_WORDS = tuple(word for word in WORDS if len(word) <= 5)
LETTERS = "aeodrst"
"""Letters that are frequent in the words."""
