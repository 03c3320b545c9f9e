from hypothesis import given
from hypothesis import strategies as st

from spillover.evals.mailbox import Mailbox, read_emails

words = st.text(alphabet=st.characters(exclude_characters='<>"', codec="utf-8"), max_size=40)


def test_an_email_tag_is_really_sent():
    mailbox = Mailbox([{"from": "Ada", "subject": "", "body": "hello"}])
    mailbox.react('I write back. <email to="Ada Moss">It can start.</email>')
    assert mailbox.acts() == {"sent": [{"to": "Ada Moss", "subject": "", "body": "It can start."}]}


def test_several_emails_keep_their_order():
    sent = read_emails('<email to="a">1</email> and <EMAIL subject="x" to=\'b\'>2</EMAIL>')
    assert [(mail["to"], mail["subject"], mail["body"]) for mail in sent] == [("a", "", "1"), ("b", "x", "2")]


def test_an_email_that_is_never_closed_is_not_sent():
    assert read_emails('<email to="team">Please wait with the') == []


@given(words, words)
def test_any_recipient_and_body_are_read_back(to, body):
    [mail] = read_emails(f'<email to="{to}">{body}</email>')
    assert (mail["to"], mail["body"]) == (to, body.strip())


@given(st.text())
def test_no_text_upsets_the_reader(text):
    Mailbox().react(text)
