"""How often a long run keeps what it has."""

import pytest

from numerics import periodically
from numerics.periodically import Periodically


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(periodically, "monotonic", lambda: now[0])
    return now


def saved_at(clock: list[float], seconds: float, cost: float, until: float) -> list[float]:
    times: list[float] = []

    def save(time: float) -> None:
        times.append(time)
        clock[0] += cost

    often = Periodically(save, seconds)
    while clock[0] < until:
        clock[0] += 1
        often(lambda: clock[0])
    return times


def test_soon_at_first_and_then_every_two_minutes(clock: list[float]) -> None:
    assert saved_at(clock, 120, 0, 700) == [8, 24, 56, 120, 240, 360, 480, 600]


def test_saving_takes_a_twentieth_of_the_time(clock: list[float]) -> None:
    times = saved_at(clock, 1, 10, 5000)
    assert len(times) * 10 <= 0.06 * 5000


def test_an_interval_of_ones_own(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(periodically.VARIABLE, "0")
    assert Periodically(print).seconds == 0 and len(saved_at(clock, 0, 0, 5)) == 5
    for text in ("soon", "-1", "nan", "inf", ""):
        monkeypatch.setenv(periodically.VARIABLE, text)
        with pytest.raises(ValueError, match=r"RUGGEDFLOW_SAVE_EVERY = .* must be a number of seconds, 0 or more"):
            Periodically(print)
