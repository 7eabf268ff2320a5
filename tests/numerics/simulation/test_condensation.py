"""Diluted runs that condense say so, and the connectivity chosen for a run keeps it from doing so."""

import numpy as np
import pytest
from sympy import Rational

from numerics.simulation import simulate
from numerics.simulation.condensation import condensed, safe_connectivity
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP as Q

QUARTIC, CUBE = GaussianLandscape(Q**4 / 2), GaussianLandscape(Q**3 / 2)


@pytest.mark.parametrize(
    ("landscape", "size", "connectivity", "t_max"),
    [(QUARTIC, 1000, 64, 10.0), (CUBE, 2000, 10, 12.0), (GaussianLandscape(Q**2 / 2 + Q**3 / 6), 4000, 6, 30.0)],
)
def test_a_condensed_run_says_so(landscape: GaussianLandscape, size: int, connectivity: int, t_max: float) -> None:
    found = simulate(landscape, size, 1, 0, t_max=t_max, ensemble="diluted", connectivity=connectivity)
    assert found.condensed.all() and found.mean("energy").value[-1] < -1.5
    assert repr(found).splitlines()[1].startswith("CONDENSED: 1 of 1 runs")


def test_the_connectivity_chosen_keeps_a_run_spread() -> None:
    """Same landscape and time as above; there 64."""
    found = simulate(QUARTIC, 1000, 1, 0, t_max=10.0, ensemble="diluted")
    assert found.settings["connectivity"] == safe_connectivity(QUARTIC, 1000, 10.0) > 300
    assert not found.condensed.any() and found["participation"].max() < 4
    assert found.mean("energy").value[-1] == pytest.approx(-1.13, abs=0.03)
    assert "CONDENSED" not in repr(found)


@pytest.mark.slow
@pytest.mark.parametrize("landscape", [GaussianLandscape(Q**2 / 2), CUBE])
def test_known_runs_are_not_condensed(landscape: GaussianLandscape) -> None:
    found = simulate(landscape, 1536, 4, 0, t_max=50.0, ensemble="diluted")
    assert found.settings["connectivity"] == 128 and not found.condensed.any()


@pytest.mark.slow
def test_the_run_that_was_printed_as_mean_field() -> None:
    """-1.187786 at infinite size; -15.6 at connectivity 128."""
    found = simulate(QUARTIC, 4000, 1, 0, t_max=30.0, ensemble="diluted")
    assert not found.condensed.any()
    assert found.mean("energy").value[-1] == pytest.approx(-1.187786, abs=0.03)


@pytest.mark.parametrize("size", [8, 32, 128, 1024])
def test_chance_alone_is_no_condensation(size: int) -> None:
    x = np.random.default_rng(0).standard_normal((4000, 1, size))
    participation = size * np.sum(x**4, axis=2) / np.sum(x**2, axis=2) ** 2
    assert not condensed(participation, size).any()
    few = np.zeros((1, 1, size))
    few[..., :3] = np.sqrt(size / 3)  # on one coupling of three sites
    assert size < 128 or condensed(size * np.sum(few**4, axis=2) / size**2, size).all()


def test_what_is_not_known_is_not_chosen() -> None:
    assert safe_connectivity(GaussianLandscape(Q**5), 100, 1.0) is None
    with pytest.raises(ValueError, match="was measured for degrees to 4 only; give a number"):
        simulate(GaussianLandscape(Q**2 + Q**5), 100, 1, 0, t_max=1.0, ensemble="diluted")


def test_longer_runs_and_higher_degrees_take_more() -> None:
    short, long, large = (safe_connectivity(QUARTIC, *run) for run in ((1000, 10.0), (1000, 1000.0), (4000, 10.0)))
    assert short and long and large and 128 < short < min(long, large)
    assert safe_connectivity(GaussianLandscape(Q**2), 1000, 1e6) == 128
    fast = GaussianLandscape(Rational(10) ** 24 * Q**4 / 2)
    assert safe_connectivity(fast, 1000, 1e-11) == safe_connectivity(QUARTIC, 1000, 10.0)
    assert safe_connectivity(CUBE, 1536, 50.0) == 128
