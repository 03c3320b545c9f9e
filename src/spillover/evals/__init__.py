"""The misalignment evaluations: Inspect tasks, their scenes, and the suite that runs them on one model."""
