"""What a live region depends on, signed: the same on every page for a while, and void some time."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from flask_serveractions import ServerActions
from flask_serveractions.app_state import AppState, state_of
from flask_serveractions.pages.topics import tags_of_topic, topic_of

DAY = 24 * 60 * 60


def state_with(max_age: int | None) -> AppState:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="of the tests", SERVERACTIONS_MAX_AGE=max_age)
    ServerActions(app)
    return state_of(app)


@pytest.mark.parametrize(("max_age", "period"), [(None, 10 * DAY), (DAY, DAY // 10), (60, 6), (5, 1)])
def test_each_page_of_a_period_has_the_same_topic(max_age: int | None, period: int) -> None:
    state = state_with(max_age)
    began = period * 1000.0
    topics = [topic_of(state, ["todos"], "visitor", began + share * period) for share in (0, 0.5, 0.999)]
    assert len(set(topics)) == 1


def test_the_next_period_has_another() -> None:
    state = state_with(DAY)
    assert len({topic_of(state, ["todos"], "visitor", day * DAY) for day in range(3)}) == 3


def test_a_topic_is_good_for_nine_tenths_of_the_age_at_least_and_not_beyond_it() -> None:
    state = state_with(DAY)
    now = time.time()
    young, old = (topic_of(state, ["todos"], "visitor", now - age) for age in (0.89 * DAY, DAY + 1))
    assert tags_of_topic(state, young, "visitor") == ["todos"]
    assert tags_of_topic(state, old, "visitor") is None
