import json

from hypothesis import given
from hypothesis import strategies as st

from spillover.report.html import Markup, el, join, json_script


def test_text_is_escaped_and_markup_is_not_escaped_again() -> None:
    assert el("p", "<b>", el("b", "&")) == "<p>&lt;b&gt;<b>&amp;</b></p>"


def test_attributes_are_escaped() -> None:
    assert el("p", title='"><script>') == '<p title="&quot;&gt;&lt;script&gt;"></p>'


def test_what_separates_parts_is_escaped_too() -> None:
    assert join("a", Markup("<i>"), between="<") == "a&lt;<i>"


@given(st.text(st.characters(min_codepoint=0xD7FE, max_codepoint=0xE001)))
def test_halves_of_surrogate_pairs_can_be_written_wherever_they_stand(text: str) -> None:
    whole = el("p", text, title=text)
    assert whole.encode("utf-8")
    assert json_script({text: text}).encode("utf-8")


def test_half_a_surrogate_pair_is_spelled_out() -> None:
    assert el("p", "a\ud83db") == "<p>a\\ud83db</p>"


@given(st.text())
def test_embedded_json_reads_back_and_no_text_closes_its_script(text: str) -> None:
    script = json_script({"x": text})
    inside = script.removeprefix('<script type="application/json">').removesuffix("</script>")
    assert "<" not in inside
    assert json.loads(inside) == {"x": text}


def test_a_script_end_inside_embedded_json_is_neutralised() -> None:
    assert json_script("</script><script>alert(1)</script>").count("</script>") == 1
