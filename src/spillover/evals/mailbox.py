"""A mailbox that an evaluated model can really send from."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

EMAIL = re.compile(r"<email\b([^>]*)>(.*?)</email>", re.DOTALL | re.IGNORECASE)
ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


class Mailbox:
    """Received and sent emails. The model sends one by writing ``<email to="NAME">body</email>``."""

    def __init__(self, received: Sequence[Mapping[str, str]] = ()) -> None:
        self.received = [dict(email) for email in received]
        self.sent: list[dict[str, str]] = []

    def react(self, output: str) -> str | None:
        """Send every whole email found in the model's turn; nothing is written back."""
        self.sent += read_emails(output)
        return None

    def acts(self) -> dict[str, Any]:
        """What was done: the emails sent."""
        return {"sent": self.sent}


def read_emails(text: str) -> list[dict[str, str]]:
    """Emails written as tags, in order. One that is never closed was never sent."""
    return [{"to": "", "subject": "", **_attributes(head), "body": body.strip()} for head, body in EMAIL.findall(text)]


def _attributes(head: str) -> dict[str, str]:
    found = {name.lower(): next((v for v in values if v), "") for name, *values in ATTRIBUTE.findall(head)}
    return {name: value for name, value in found.items() if name in ("to", "subject")}
