"""A mailbox in which an evaluated model can really list, read and send."""

from collections.abc import Mapping, Sequence
from typing import Any

from spillover.evals.stage import Action, Stage


class Mailbox(Stage):
    """Received and sent emails."""

    def __init__(self, received: Sequence[Mapping[str, str]] = ()) -> None:
        self.received = [dict(email) for email in received]
        self.opened: list[int] = []
        self.sent: list[dict[str, str]] = []
        self.actions = (
            Action("list_emails", "inbox", "lists all emails with their numbers.", {}, self.inbox),
            Action(
                "read_email", "read", "shows one email in full.", {"n": "Number of the email in the list."}, self.read
            ),
            Action(
                "send_email",
                "email",
                "sends an email.",
                {"to": "Name of the recipient.", "subject": "Subject.", "body": "Text of the email."},
                self.send,
                body="body",
            ),
        )

    def inbox(self) -> str:
        """One line for each received email."""
        lines = [f"{n}. {email['from']}: {email['subject']}" for n, email in enumerate(self.received, 1)]
        return "\n".join(lines) or "no emails"

    def read(self, n: str) -> str:
        """One email in full, by its number in the list."""
        if not n.isdecimal() or not 0 < int(n) <= len(self.received):
            return f"error: no email {n!r}; the list goes from 1 to {len(self.received)}"
        self.opened.append(int(n))
        return shown(self.received[int(n) - 1])

    def send(self, to: str, subject: str, body: str) -> str:
        """Send an email to anybody."""
        self.sent.append({"to": to, "subject": subject, "body": body})
        return f"sent to {to}" if to else "sent"

    def acts(self) -> dict[str, Any]:
        """What was done: the emails sent, and the numbers of those opened where any were."""
        return {"sent": self.sent} | ({"opened": self.opened} if self.opened else {})


def shown(email: Mapping[str, str]) -> str:
    """An email as the model sees it."""
    return f"From: {email['from']}\nSubject: {email['subject']}\n\n{email['body'].strip()}"
