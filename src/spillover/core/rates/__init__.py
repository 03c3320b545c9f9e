"""Every rate, mean, difference and interval, in one place. What needs numpy is in `bootstrap` and `onset`.

`intervals` has the sampling error of shares, `rows` the rates of one run, `plateau` where it ended, `seeds` puts runs
together. The statistics and their sources stand in docs/design/statistics.md.
"""

from spillover.core.rates.intervals import Interval, clustered, difference, mean_of, pass_at, wilson
from spillover.core.rates.plateau import episodes, final_steps, plateau
from spillover.core.rates.rows import GROUPS, Rate, Scores, by_eval, mean, mgs_of, missing, pool, rows
from spillover.core.rates.seeds import Difference, Equivalence, equivalence, holm, minus, over_seeds, sign_flip

__all__ = [
    "GROUPS",
    "Difference",
    "Equivalence",
    "Interval",
    "Rate",
    "Scores",
    "by_eval",
    "clustered",
    "difference",
    "episodes",
    "equivalence",
    "final_steps",
    "holm",
    "mean",
    "mean_of",
    "mgs_of",
    "minus",
    "missing",
    "over_seeds",
    "pass_at",
    "plateau",
    "pool",
    "rows",
    "sign_flip",
    "wilson",
]
