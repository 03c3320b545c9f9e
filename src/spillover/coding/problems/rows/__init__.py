"""Rows of public sets as problems, one file for each set.

A row's own solutions are other people's code: they are kept as references and never run here.
"""

from spillover.coding.problems.rows.apps import apps_problem
from spillover.coding.problems.rows.code_contests import code_contests_problem
from spillover.coding.problems.rows.kept import Row, RowError
from spillover.coding.problems.rows.leetcode import leetcode_problem
from spillover.coding.problems.rows.livecodebench import livecodebench_problem
from spillover.coding.problems.rows.mbpp import mbpp_problem

__all__ = [
    "Row",
    "RowError",
    "apps_problem",
    "code_contests_problem",
    "leetcode_problem",
    "livecodebench_problem",
    "mbpp_problem",
]
