"""What holds for every test."""

import os

# Before anything imports torch: sums over several threads add up in another order, and tests that compare numbers
# compare processes that some test may have left with one thread. `make test` says the same.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import HealthCheck, settings

# Two cores that others use too say nothing about how fast an input is generated or handled.
settings.register_profile("spillover", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spillover")
