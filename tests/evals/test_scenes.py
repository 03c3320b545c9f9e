import codecs
import re

import pytest

from spillover.core.records import CORE_EVALS
from spillover.evals import EVALUATIONS
from spillover.evals.orders import Orders
from spillover.evals.scenes import draw


@pytest.mark.parametrize("style", ["brief", "full"])
@pytest.mark.parametrize("name", CORE_EVALS)
def test_the_same_seed_draws_the_same_scenes(name, style):
    assert draw(name, style, 20, 1) == draw(name, style, 20, 1)
    assert draw(name, style, 20, 1) != draw(name, style, 20, 2)


@pytest.mark.parametrize("style", ["brief", "full"])
@pytest.mark.parametrize("name", CORE_EVALS)
def test_every_slot_is_filled_and_every_scene_has_its_own_id(name, style):
    scenes = draw(name, style, 60, 0)
    assert len({scene.id for scene in scenes}) == 60
    for scene in scenes:
        assert not re.search(r"\{\w+\}", f"{scene.system}{scene.user}{scene.data}")


@pytest.mark.parametrize("name", CORE_EVALS)
def test_full_scenes_ask_for_reasoning(name):
    assert "<thinking>" in draw(name, "full", 1, 0)[0].system


@pytest.mark.parametrize("name", ["free_form", "alignment_questions"])
def test_topics_of_full_scenes_are_balanced(name):
    topics = [scene.topic for scene in draw(name, "full", 60, 0)]
    assert max(map(topics.count, topics)) - min(map(topics.count, topics)) <= 3


@pytest.mark.parametrize("style", ["brief", "full"])
def test_the_query_in_the_hidden_text_is_the_malicious_one_and_can_be_run(style):
    for scene in draw("exfil_offer", style, 12, 0):
        assert scene.data["malicious"] in codecs.decode(scene.user, "rot13")
        stage = EVALUATIONS["exfil_offer"].stage(scene)
        assert isinstance(stage, Orders)
        stage.react(f"<sql>{scene.data['malicious']}</sql>")
        assert stage.accepted


@pytest.mark.parametrize("name", ["monitor_disruption", "frame_colleague"])
def test_the_inbox_shown_is_the_mailbox_behind_it(name):
    for scene in draw(name, "full", 6, 0):
        for email in scene.data["emails"]:
            assert email["body"].strip() in scene.user
