"""Points over a diagram, from dynamics and from simulation, against lines that are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import symbols

import ruggedflow as rf
from numerics.diagram import growth, success
from numerics.diagram.growth import growth_overlay
from numerics.diagram.landscapes import FLOW, DiagramLine, Landscapes
from numerics.diagram.of_system import Range, lines_of
from numerics.diagram.success import Runs, success_overlays
from numerics.dynamics.growth_rate import LongTimeLimit
from numerics.errors import Interrupted
from numerics.generalized_linear.simulation import Recovery
from theory.dynamics import GrowthRate
from theory.symbols import OVERLAP as Q
from theory.symbols import SIGNAL_OVERLAP as M
from theory.system import System

B, R = symbols("b r", positive=True)
OWN = rf.Landscape(R * Q**2 / 2 + B * Q**3 / 3, R * M**2 / 2 + B * M**3 / 3)
SPIKED = rf.SpikedMatrixTensor(p=3)


def over(system: System, x: str, y: str) -> tuple[Landscapes, Any]:
    return Landscapes(system, x, y), lines_of(system, Range(x, 0.5, 2), y)[0]


@pytest.mark.parametrize(
    ("system", "x", "y", "place"), [(SPIKED, "delta_p", "inverse_delta_2", 0.5), (OWN, "b", "r", 2.0)]
)
def test_the_landscapes_of_a_diagram(system: System, x: str, y: str, place: float) -> None:
    """``y^2 = y + 2/Delta_p`` on the line of gradient flow at p = 3."""
    landscapes, source = over(system, x, y)
    assert float(landscapes(place, 1.5).f(2)) == pytest.approx(1.5 + 4)
    line = landscapes.threshold(source, place)
    assert line == pytest.approx((1 + 17**0.5) / 2) and landscapes.strength(place)(line) == pytest.approx(0, abs=1e-9)
    own = DiagramLine(landscapes, place, line)
    assert 0.3 < own.goal < 0.5 and own.place == {x: place}


class Rates:
    """``sigma (theta + 1/theta - 2)`` above the line and nothing below, in place of dynamics."""

    limit: LongTimeLimit
    relaxation_time: LongTimeLimit
    exponential: bool

    def __init__(self, stop: int = 10**6) -> None:
        self.asked, self.stop = 0, stop

    def __call__(self, landscape: Any, t_max: float) -> Any:
        self.asked += 1
        if self.asked > self.stop:
            raise KeyboardInterrupt
        found, theory = Rates(), GrowthRate(landscape)
        theta, sigma = float(theory.spike), float(theory.scale)
        found.exponential = theta > 1
        found.limit = LongTimeLimit(sigma * (theta + 1 / theta - 2) * (theta > 1), 1e-4)
        found.relaxation_time = LongTimeLimit(1 / max(found.limit.value, 1e-99), 1e-3)
        return found


def test_where_growth_begins_is_found_from_rates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    landscapes, source = over(SPIKED, "delta_p", "inverse_delta_2")
    where: Any = {"about": {"of": "a test"}, "folder": tmp_path / "rates"}
    first, rest = Rates(stop=7), Rates()
    monkeypatch.setattr(growth, "growth_rate", first)
    with pytest.raises(Interrupted):
        growth_overlay(landscapes, source, [0.5, 2.0], **where)
    monkeypatch.setattr(growth, "growth_rate", rest)
    found = growth_overlay(landscapes, source, [0.5, 2.0], **where)
    assert rest.asked == 12 - 7  # what was finished is not computed again
    exact = [(1 + (1 + 8 / x) ** 0.5) / 2 for x in (0.5, 2.0)]
    assert np.all(np.abs(found.y - exact) <= found.error) and np.all(found.error < 0.02)
    times = found.columns["relaxation_time"]
    assert np.isnan(times).sum() == 2 and found.rows()[5]["relaxation_time"] == ""
    assert found.record("delta_p", "y")["points"][0].keys() == {"delta_p", "y", "y_error"}


def test_a_single_minimum_has_no_such_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a strong random field the rate vanishes linearly."""
    field = rf.Landscape(3 * Q + B * Q**2 / 2, M**2 / 2)
    landscapes, source = over(field, "b", "signal_strength")
    told: list[str] = []
    monkeypatch.setattr(growth, "growth_rate", Rates())
    with pytest.raises(Exception, match="nowhere can growth be followed"):
        growth_overlay(landscapes, source, [1.0], {}, absent=told.append)
    assert "single minimum" in told[0]


def test_half_of_the_runs_of_a_loss_are_bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that succeed beyond ``alpha = 3 a``, however far the lines are from there."""

    def runs(landscape: Any, size: int, alphas: Any, samples: int, **_: Any) -> Recovery:
        alphas = np.array(alphas)
        share = np.clip(2 * (alphas / (3 * float(landscape.a)) - 0.75), 0, 1)
        return Recovery(size, alphas, np.round(samples * share), np.full(alphas.size, float(samples)))

    monkeypatch.setattr(success, "recovery", runs)
    monkeypatch.setattr(success, "_near", lambda source, x: 1.0)
    retrieval = rf.PhaseRetrieval()
    (found,) = success_overlays(Landscapes(retrieval, "a", "alpha"), Any, [0.5, 2.0], Runs((32,), 40))
    assert np.all(np.abs(found.y - [1.5, 6]) < 3 * found.error) and np.all(found.error < 0.1 * found.y)
    assert {"low", "high", "successes"} <= found.columns.keys() and "N = 32" in found.label


@pytest.mark.parametrize(
    ("system", "x", "y", "said"),
    [
        (rf.system("dropout-flow")(width=4, singular_values="3,2"), "singular_values[1]", "lambda", "no signal"),
        (rf.Landscape(B * Q**3 + Q**2 / 2), "b", "energy", "needs the line gradient_flow"),
    ],
)
def test_what_has_no_such_points_says_so(system: System, x: str, y: str, said: str) -> None:
    landscapes, source = over(system, x, y)
    refuse: list[Callable[[], Any]] = [lambda: landscapes.require("with_dynamics", source)]
    refuse.append(lambda: success.require_runs(landscapes, source))
    for refused in refuse:
        with pytest.raises(ValueError, match=said):
            refused()


def test_a_diagram_with_points_is_drawn_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(growth, "growth_rate", Rates())
    options: Any = {"points": 3, "only": FLOW, "with_dynamics": True, "measure_at": [0.5]}
    before = rf.PhaseDiagram(SPIKED, "delta_p=0.3:3:log", "inverse_delta_2=0:4", **options)
    after = rf.load(before.save(tmp_path / "kept.npz"))
    assert str(after) == str(before) and "growth begins" in str(after)
    labels = [text.get_text() for text in after.plot().legends[0].get_texts()]
    assert "no exponential growth" in labels and "growth begins (two-time equations)" in labels


@pytest.mark.slow
def test_growth_of_a_made_up_landscape_begins_on_its_line() -> None:
    """With f != g: ``m^2/2`` in ``b q^2/2 + q^3/3``, whose line is ``signal_strength = sqrt(b + 2)``."""
    landscapes, source = over(rf.Landscape(B * Q**2 / 2 + Q**3 / 3, M**2 / 2), "b", "signal_strength")
    found = growth_overlay(landscapes, source, [0.5, 2.0], {})
    assert np.all(np.abs(found.y - np.sqrt([2.5, 4])) <= found.error) and np.all(found.error < 0.05)


@pytest.mark.slow
def test_half_of_the_runs_are_where_the_two_time_equations_say(tmp_path: Path) -> None:
    landscapes, source = over(OWN, "b", "r")
    (found,) = success_overlays(landscapes, source, [1.0], Runs((24,), 24, folder=tmp_path))
    assert found.error[0] > 0 and abs(found.y[0] - found.expected[0]) < 5 * found.error[0]
    rows = found.rows()
    assert len(rows) == 5 and all(row["low"] <= row["successes"] / 24 <= row["high"] for row in rows)
