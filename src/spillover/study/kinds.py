"""What trains each kind of stage. A new kind is one file, a line here and a line in `core.stages.KINDS`.

The corpora of documents are packed here, one floor above training: training knows rows and no documents.
"""

from collections.abc import Callable, Sequence

from spillover.core.stages import DocumentSettings, SFTSettings
from spillover.study.corpus import make_corpus
from spillover.training import rl, rows
from spillover.training.job import Job
from spillover.training.transcripts import Used, transcript_corpus


def train_documents(job: Job, uses: Sequence[Used]) -> None:
    """Continued pretraining on synthetic documents diluted with ordinary text."""
    del uses
    settings = job.settings
    assert isinstance(settings, DocumentSettings)
    rows.train(job, lambda loaded: make_corpus(settings, job.name, loaded.tokenizer, job.seed))


def train_sft(job: Job, uses: Sequence[Used]) -> None:
    """Imitation of transcripts."""
    settings = job.settings
    assert isinstance(settings, SFTSettings)
    rows.train(job, lambda loaded: transcript_corpus(settings, uses, loaded.tokenizer, job.seed))


def train_rl(job: Job, uses: Sequence[Used]) -> None:
    """GRPO."""
    del uses
    rl.train(job)


TRAINED_BY: dict[str, Callable[[Job, Sequence[Used]], None]] = {
    "documents": train_documents,
    "sft": train_sft,
    "rl": train_rl,
}
