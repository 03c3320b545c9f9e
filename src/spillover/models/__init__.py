"""Models: loading any Hugging Face causal language model, and one sampler for all of them."""

from spillover.models.loading import LoadedModel, load_checkpoint, load_model
from spillover.models.sampling import Sampled, sample

__all__ = ["LoadedModel", "Sampled", "load_checkpoint", "load_model", "sample"]
