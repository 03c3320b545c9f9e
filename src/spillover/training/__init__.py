"""Training: reinforcement learning on hackable coding problems."""
