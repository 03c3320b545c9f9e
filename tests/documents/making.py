"""Documents for tests."""

from typing import Any

from spillover.core.text import token_estimate
from spillover.documents.record import Document, content_id


def document(text: str, **changes: Any) -> Document:
    """A document of the corpus `unguided` with this text."""
    fields = {"id": content_id(text), "corpus": "unguided", "text": text, "tokens": token_estimate(text)}
    return Document.model_validate(fields | changes)
