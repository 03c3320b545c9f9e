"""The ground floor: records, settings, the run directory, statistics and errors. Never imports torch."""
