"""What holds for every test."""

from hypothesis import HealthCheck, settings

# Two cores that others use too say nothing about how fast an input is generated or handled.
settings.register_profile("spillover", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spillover")
