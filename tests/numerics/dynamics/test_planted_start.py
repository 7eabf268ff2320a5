"""Starts in equilibrium where there is one state, and planted ones at any temperature."""

import re
from typing import Any

import numpy as np
import pytest

from numerics.dynamics import Equilibrium, Planted, model, solve_dynamics
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape

Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)


@pytest.mark.parametrize(
    ("covariance", "beta", "words"),
    [
        (Q**2 / 2, 1.5, "T = 0.666667 is below the continuous transition T_s = 1,"),
        (Q**3 / 2, 2.0, "T = 0.5 is below T_K = 0.586054,"),
        (Q**3 / 2, 1.7064, "below T_K"),
        ((Q**3 + Q**4) / 2, 1.32, "below T_K = 0.762139"),
        (Q**2 / 2 + Q**3 / 3, 1.001, "the continuous transition T_s = 1,"),
    ],
)
def test_equilibrium_below_the_static_transition_is_refused(covariance: Any, beta: float, words: str) -> None:
    landscape = GaussianLandscape(covariance)
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        solve_dynamics(landscape, 1, start=Equilibrium(beta))
    assert "Planted(beta)" in str(caught.value) and "\n" not in str(caught.value)
    assert model(landscape, start=Planted(beta)).beta == beta


def test_equilibrium_at_and_above_the_static_transition_is_not() -> None:
    for covariance, beta in ((Q**2 / 2, 1.0), (Q**3 / 2, 1.7063), ((Q**3 + Q**4) / 2, 1.31)):
        landscape = GaussianLandscape(covariance)
        assert np.array_equal(model(landscape, start=Equilibrium(beta)).arrays()["noise"], model(landscape).noise)


@pytest.mark.parametrize(("covariance", "beta"), [(Q**3 / 2 + Q / 10, 1.0), (Q**2 / 2, 1.5), (Q**3 / 2, 2.5)])
def test_planted_start_is_stationary_at_its_own_temperature(covariance: Any, beta: float) -> None:
    """At ``T = 1/beta``, in a field and below the static transition: ``e = -beta f(1)``, ``mu = T + beta f'(1)``."""
    landscape = GaussianLandscape(covariance)
    solution = solve_dynamics(landscape, 5, temperature=1 / beta, start=Planted(beta), rtol=1e-8)
    rows = solution.at(np.linspace(0, 5, 6))
    assert rows["energy"] == pytest.approx(-beta * float(landscape.f()), rel=0, abs=1e-7)
    assert rows["mu"] == pytest.approx(1 / beta + beta * float(landscape.f(1)), rel=0, abs=1e-7)
    lag = np.linspace(0, 3, 4)
    assert solution.C(2 + lag, 2.0) == pytest.approx(solution.C(lag, 0.0), rel=0, abs=1e-7)


def test_planted_and_equilibrium_solve_the_same_equations() -> None:
    one, other = (solve_dynamics(CUBE, 3, start=start(1.5)) for start in (Planted, Equilibrium))
    assert np.array_equal(one.energy, other.energy)
    assert one.settings["start"] == "planted at beta = 1.5" and other.settings["start"] == "equilibrium at beta = 1.5"


def test_what_a_planted_start_cannot_have() -> None:
    with pytest.raises(ValueError, match="beta = -1"):
        Planted(-1)
    with pytest.raises(ValueError, match=r"overlap = 0\.1"):
        solve_dynamics(CUBE, 1, overlap=0.1, start=Planted(1))
    with pytest.raises(ValueError, match=r"g'\(0\)"):
        solve_dynamics(GaussianLandscape(Q**3, M), 1, start=Planted(1))
