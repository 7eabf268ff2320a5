"""Marginal points, t = 2: where they are most numerous, energies between which there are some, annealed and typical."""

import json
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.complexity import complexity
from numerics.marginal import typical_window, window
from numerics.quenched.complexity import quenched
from numerics.statics import statics
from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor

Q = OVERLAP
THREE_FOUR, TWO_STEPS = GaussianLandscape((Q**3 + Q**4) / 2), GaussianLandscape(Q**3 / 2 + Q**16 / 32)
CUBIC = GaussianLandscape(Q**3 / 2, Rational(5, 6) * Q**3)
SPIKED = SpikedMatrixTensor(p=3, delta_2="1/2", delta_p=1)


def test_three_and_four_spins() -> None:
    most = complexity(THREE_FOUR, 0, marginal=True)
    assert (float(most.sigma), float(most.energy)) == pytest.approx((0.0322308044, -1.68), abs=1e-10)
    low, high = window(THREE_FOUR, 0)
    assert low.value == pytest.approx(-1.7159058794, abs=1e-10)
    assert high.value == pytest.approx(-1.6440941206, abs=1e-10)
    for end in (low, high):
        assert end.error < 1e-13
        assert abs(complexity(THREE_FOUR, 0, energy=end.value, marginal=True).sigma) < 1e-12


def test_minima_at_an_energy_are_at_least_as_many() -> None:
    energy = np.linspace(-1.71, -1.65, 13)
    minima, marginal = (complexity(THREE_FOUR, 0, 0, energy=energy, marginal=held).sigma for held in (False, True))
    assert np.all(minima >= marginal)


@pytest.mark.parametrize(
    ("landscape", "overlap", "annealed", "typical", "pairs"),
    [
        pytest.param(CUBIC, 0.3, 0.002183941, 0.001942902, 0.128217, marks=pytest.mark.slow, id="cubic"),
        pytest.param(SPIKED, 0.1, 0.000650725, 0.000643743, 0.018510, id="spiked"),
    ],
)
def test_away_from_the_equator(landscape: Any, overlap: float, annealed: float, typical: float, pairs: float) -> None:
    found = quenched(landscape, overlap, marginal=True)
    assert float(complexity(landscape, overlap, marginal=True).sigma) == pytest.approx(annealed, abs=1e-9)
    assert (found.sigma, found.t) == pytest.approx((typical, 2), abs=1e-9)
    assert found.overlaps[0] == pytest.approx(pairs, abs=1e-6)


def test_a_pure_model_has_one_energy() -> None:
    low, high = window(PureSpin(3, Rational(2, 3)), 0)
    assert low.value == high.value == pytest.approx(-2 / np.sqrt(3))
    elsewhere = complexity(PureSpin(3, Rational(2, 3)), 0, energy=-1.16, marginal=True)
    assert elsewhere.sigma == -np.inf


def test_a_single_minimum_is_not_marginal() -> None:
    low, high = window(GaussianLandscape(Q + Q**2 / 4), 0)
    assert (low.value, high.value) == (None, None) and "not exponentially many" in low.reason


@pytest.mark.slow
def test_typical_ones_do_not_lie_below_the_ground_state() -> None:
    """Annealed ones do. Where symmetry breaks in two steps the lowest typical ones are the ground state."""
    ground = statics(TWO_STEPS).energy
    assert window(TWO_STEPS, 0)[0].value < ground - 1e-4
    low, high = typical_window(TWO_STEPS, 0)
    assert abs(low.value - ground) < 2 * low.error < 1e-6
    assert high.value == pytest.approx(window(TWO_STEPS, 0)[1].value, abs=1e-6)


def test_on_the_command_line(run: Any) -> None:
    words = ("complexity", "landscape", "--covariance", "(q**3 + q**4)/2", "--marginal", "--json")
    found = json.loads(run(*words)[1])
    assert found["sigma_marginal"] == found["sigma_marginal_minima"] == pytest.approx(0.0322308044, abs=1e-10)
    assert found["window_marginal"] == pytest.approx([-1.7159058794, -1.6440941206], abs=1e-10)
