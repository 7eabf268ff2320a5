"""Complexity of states: minima of Kac-Rice at T = 0, equilibrium at T > 0, its range, what is refused."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sympy import Rational

import ruggedflow as rf
from numerics.complexity import complexity
from numerics.statics.states import state_complexity
from numerics.statics.transitions import dynamic_temperature, static_temperature
from theory import OVERLAP, GaussianLandscape

Q = OVERLAP
ONE_STEP = [Q**3 / 2, (Q**3 + Q**4) / 2, Q**4 / 2 + Q**6 / 3]


def slow(values: list[Any]) -> list[Any]:
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.mark.parametrize("covariance", ONE_STEP, ids=str)
def test_at_zero_temperature_states_are_minima(covariance: Any) -> None:
    """The annealed complexity of minima by energy, from the Hessian, in place of copies."""
    landscape = GaussianLandscape(covariance)
    found = state_complexity(landscape)
    energy = found.axes["free_energy"].values[1:]
    minima = complexity(landscape, np.zeros_like(energy), 0, energy=energy)
    sigma = found.quantities["sigma"]
    assert np.all(np.abs(minima.sigma - sigma.value[1:]) < minima.error + sigma.error[1:])
    assert np.all(sigma.error < 1e-13)


@pytest.mark.parametrize("covariance", [ONE_STEP[0], *slow(ONE_STEP[1:])], ids=str)
def test_equilibrium_between_the_two_temperatures(covariance: Any) -> None:
    """``f - T Sigma = -f(1)/(2 T)``: all states together have the free energy of the paramagnet."""
    landscape = GaussianLandscape(covariance)
    high, low = (float(find(landscape).value) for find in (dynamic_temperature, static_temperature))
    middle = Rational(str(round((high + low) / 2, 6)))
    found = state_complexity(landscape, middle).numbers
    total = found["equilibrium"].value - float(middle) * found["sigma_equilibrium"].value
    assert total == pytest.approx(-float(landscape.f(0)) / (2 * float(middle)), abs=1e-14)
    above = state_complexity(landscape, Rational(str(round(high + 1e-4, 6)))).numbers
    assert "equilibrium" not in above and above["most"].value > 0


@pytest.mark.slow
def test_the_slope_is_x() -> None:
    found = state_complexity(GaussianLandscape((Q**3 + Q**4) / 2), Rational(3, 4))
    f, sigma, x = (found.axes["free_energy"].values, found.quantities["sigma"].value, found.quantities["x"].value)
    assert_allclose(np.gradient(sigma, f)[1:-1], x[1:-1], rtol=1e-4)


@pytest.mark.parametrize(
    ("covariance", "temperature", "text"),
    [
        (Q**3 / 2 + Q**16 / 32, 0, "2RSB"),
        (Q**2 / 2, 0, "RS"),
        (Q / 10 + Q**3 / 2, 0, "in a field"),
        (Q**3 / 2, 3, "no states are stable"),
    ],
    ids=str,
)
def test_what_has_no_such_states(covariance: Any, temperature: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        state_complexity(GaussianLandscape(covariance), temperature)


def test_on_the_command_line(run: Any, tmp_path: Any) -> None:
    words = ("statics", "pure-spin", "--p", "3", "--delta-p", "2/3", "--states", "--plot", str(tmp_path / "p.png"))
    found = json.loads(run(*words, "--json")[1])
    numbers = found["state_complexity"]["numbers"]
    assert numbers["lowest"]["value"] == pytest.approx(found["energy"], abs=1e-12)
    assert numbers["highest"]["value"] == pytest.approx(found["algorithmic_energy"], abs=1e-12)
    assert len(found["state_complexity"]["rows"]) == 101 and (tmp_path / "p.png").stat().st_size > 5000
    spiked = ("statics", "spiked-tensor", "--p", "3", "--delta-p", "1", "--states", "--overlap", "0.5")
    status, out, err = run(*spiked)
    assert (status, out) == (2, "") and "--states is known at overlap 0 alone" in err


def test_statics_keep_the_states_that_were_asked_for() -> None:
    asked = rf.PureSpin(p=3, delta_p=Rational(2, 3)).statics(states=True)
    assert asked.states is not None and asked.states.numbers["lowest"].value == pytest.approx(asked.energy, abs=1e-12)
    assert rf.PureSpin(p=3, delta_p=Rational(2, 3)).statics().states is None
