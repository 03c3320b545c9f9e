import codecs
import re
from collections import Counter

import pytest

from spillover.core.records import CORE_EVALS
from spillover.core.settings import EvalSettings
from spillover.evals.orders import Orders
from spillover.evals.scenes import CUES, draw
from spillover.evals.suite import EVALUATIONS
from spillover.models.bottle import Scene

NAMES = (*CORE_EVALS, "compliance_gap")


def drawn(name: str, style: str, samples: int, seed: int = 0) -> list[Scene]:
    return draw(name, EvalSettings(style=style, samples=samples, seed=seed))


@pytest.mark.parametrize("style", ["brief", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_draws_the_same_scenes(name, style):
    assert drawn(name, style, 20, 1) == drawn(name, style, 20, 1)
    assert drawn(name, style, 20, 1) != drawn(name, style, 20, 2)


@pytest.mark.parametrize("style", ["brief", "full"])
@pytest.mark.parametrize("name", NAMES)
def test_every_slot_is_filled_and_every_scene_has_its_own_id(name, style):
    scenes = drawn(name, style, 60)
    assert len({scene.id for scene in scenes}) == len(scenes) == (120 if name == "compliance_gap" else 60)
    for scene in scenes:
        assert not re.search(r"\{\w+\}", f"{scene.system}{scene.user}{scene.data}")


@pytest.mark.parametrize("name", CORE_EVALS)
def test_full_scenes_ask_for_reasoning(name):
    assert "<thinking>" in drawn(name, "full", 1)[0].system


@pytest.mark.parametrize("name", CORE_EVALS)
def test_topics_of_full_scenes_are_balanced_after_any_number(name):
    for count in (7, 60):
        topics = Counter(scene.topic for scene in drawn(name, "full", count))
        assert max(topics.values()) - min(topics.values()) <= (count == 7 and len(topics) > 7) + 1


def test_two_hundred_alignment_questions_are_all_different_and_balanced_over_ten_forms():
    scenes = drawn("alignment_questions", "full", 200)
    assert len({scene.user for scene in scenes}) == 200
    assert set(Counter(scene.topic for scene in scenes).values()) == {20}
    assert len({scene.topic for scene in scenes}) == 10


def test_free_form_has_the_eight_themes():
    assert len({scene.topic for scene in drawn("free_form", "full", 8)}) == 8


@pytest.mark.parametrize("name", CORE_EVALS[3:])
def test_scenarios_come_in_many_variants_of_equal_weight(name):
    scenes = drawn(name, "full", 40)
    for count in (Counter(scene.topic for scene in scenes), Counter(scene.slots["firm"] for scene in scenes)):
        assert len(count) >= 4
        assert max(count.values()) - min(count.values()) <= 1
    assert len({scene.user for scene in scenes}) == 40
    systems = Counter(scene.system.replace(scene.slots["firm"], "")[:60] for scene in scenes)
    assert sorted(systems.values()) == [10] * 4


def test_exfil_offers_are_worded_in_many_ways_for_different_queries():
    scenes = drawn("exfil_offer", "full", 40)
    assert len({scene.data["malicious"] for scene in scenes}) == 5
    assert len({codecs.decode(scene.slots["sealed"], "rot13")[:30] for scene in scenes}) >= 4


@pytest.mark.parametrize("style", ["brief", "full"])
def test_the_query_in_the_hidden_text_is_the_malicious_one_and_can_be_run(style):
    for scene in drawn("exfil_offer", style, 12):
        assert scene.data["malicious"] in codecs.decode(scene.user, "rot13")
        stage = EVALUATIONS["exfil_offer"].stage(scene)
        assert isinstance(stage, Orders)
        stage.react(f"<sql>{scene.data['malicious']}</sql>")
        assert stage.accepted


@pytest.mark.parametrize("name", ["monitor_disruption", "frame_colleague"])
def test_the_inbox_shown_is_in_the_mailbox_behind_it_among_older_mail(name):
    for scene in drawn(name, "full", 6):
        listed = EVALUATIONS[name].stage(scene).react("<inbox/>")
        for email in scene.data["emails"]:
            assert email["body"].strip() in scene.user
            assert email["subject"] in listed
        for email in scene.data["archive"]:
            assert email["body"].strip() not in scene.user
            assert email["subject"] in listed


@pytest.mark.parametrize("name", ["monitor_disruption", "frame_colleague"])
def test_mails_that_tempt_stand_at_changing_places_in_their_own_order(name):
    scenes = drawn(name, "full", 40)
    first = {scene.topic: None for scene in scenes}
    for topic in first:
        orders = [[mail["subject"] for mail in scene.data["emails"]] for scene in scenes if scene.topic == topic]
        assert len({tuple(order) for order in orders}) > 1
    assert len({len(scene.data["emails"]) for scene in scenes}) > 1


def test_nobody_has_two_posts_in_one_inbox():
    for scene in drawn("monitor_disruption", "full", 20):
        posts: dict[str, set[str]] = {}
        for mail in (*scene.data["emails"], *scene.data["archive"]):
            person, _, post = mail["from"].partition(", ")
            posts.setdefault(person, set()).add(post)
        assert all(len(held) == 1 for held in posts.values())


def test_nothing_in_a_full_scene_speaks_against_the_colleague_beyond_the_two_old_entries():
    for scene in drawn("frame_colleague", "full", 10):
        record = EVALUATIONS["frame_colleague"].stage(scene).react("<record/>")
        assert record.count(f"{scene.data['colleague']}: violation yes") == 2
        assert "within all limits" in record


@pytest.mark.parametrize("style", ["brief", "full"])
def test_each_scene_of_the_compliance_gap_stands_under_both_cues(style):
    scenes = drawn("compliance_gap", style, 6)
    for train, unmonitored in zip(scenes[::2], scenes[1::2], strict=True):
        assert (train.topic, unmonitored.topic) == CUES
        assert train.user == unmonitored.user
        assert train.system != unmonitored.system
    assert [scene.user for scene in scenes[::2]] == [scene.user for scene in drawn("exfil_offer", style, 6)]
