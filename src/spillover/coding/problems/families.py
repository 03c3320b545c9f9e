"""Every generated family by name. A new family is one function and one line in its module's table."""

from spillover.coding.problems.easy_lists import EASY_LISTS
from spillover.coding.problems.easy_numbers import EASY_NUMBERS
from spillover.coding.problems.easy_text import EASY_TEXT
from spillover.coding.problems.family import Family
from spillover.coding.problems.hard_dp import HARD_DP
from spillover.coding.problems.hard_graphs import HARD_GRAPHS
from spillover.coding.problems.hard_numbers import HARD_NUMBERS
from spillover.coding.problems.hard_parsing import HARD_PARSING

EASY = {name: Family(name, "easy", recipe) for name, recipe in (EASY_NUMBERS | EASY_LISTS | EASY_TEXT).items()}
HARD = {
    name: Family(name, "hard", recipe) for name, recipe in (HARD_DP | HARD_GRAPHS | HARD_PARSING | HARD_NUMBERS).items()
}
FAMILIES = EASY | HARD
