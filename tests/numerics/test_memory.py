"""As many workers as there are processors and memory for."""

from typing import Any

import pytest

from numerics import sweep
from numerics.running import RUNNING, Running
from numerics.simulation import simulate
from theory.systems import SpikedMatrixTensor


def test_workers_are_those_that_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "processors", lambda: 8)
    monkeypatch.setattr(sweep, "available_memory", lambda: 10 * sweep.PROCESS)
    assert sweep.most_workers() == 8 and sweep.most_workers(4 * sweep.PROCESS) == 2
    assert sweep.most_workers(1e20) == 1
    monkeypatch.setattr(sweep, "available_memory", lambda: float("inf"))
    assert sweep.most_workers(1e20) == 8


def test_all_processors_on_the_command_line_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that is not made to be imported by workers runs all the same."""
    monkeypatch.setattr(sweep, "processors", lambda: 3)
    assert sweep.chosen_workers(None) == 1 and sweep.chosen_workers(5) == 5
    token = RUNNING.set(Running(("simulate",)))
    try:
        assert sweep.chosen_workers(None) == 3 and sweep.chosen_workers(1) == 1
    finally:
        RUNNING.reset(token)


def test_couplings_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap knows what a worker of a simulation holds."""
    asked: list[float] = []

    def chosen(workers: int | None, each: float = 0.0) -> int:
        asked.append(each)
        return workers or 1

    monkeypatch.setattr("numerics.simulation.budget.chosen_workers", chosen)
    options: Any = {"t_max": 0.1, "workers": None}
    simulate(SpikedMatrixTensor(p=3, delta_2=1, delta_p=1), 24, 1, 0, **options)
    assert asked[0] > 4 * 24**3 / 6
