"""Ctrl-C: the first asks, the second stops at once."""

import os
import signal

import pytest

from spillover.study.stopping import StopRequest


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_press_is_remembered_and_acted_on_where_it_is_safe() -> None:
    with StopRequest() as stop:
        stop.check()
        press()
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            stop.check()


def test_the_second_press_stops_at_once() -> None:
    with StopRequest(), pytest.raises(KeyboardInterrupt):
        press()
        press()


def test_the_way_it_was_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopRequest():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
