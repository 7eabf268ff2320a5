"""Overlaps of a state of equilibrium against Parisi's functional, closed forms and Bayes' rule."""

from typing import Any

import numpy as np
import pytest
from sympy import Rational, diff, log, simplify

from numerics.statics.replica_symmetric import equilibrium, informed, overlaps
from numerics.statics.solve import statics
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.statics import Ansatz
from theory.statics.replica_symmetric import ReplicaSymmetric
from theory.statics.restricted import at_overlap, entropy_of_overlap
from theory.symbols import INVERSE_TEMPERATURE

Q, M, BETA = OVERLAP, SIGNAL_OVERLAP, INVERSE_TEMPERATURE
FIELD = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q / 5)
SIGNAL = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q / 5, Rational(3, 4) * M**2 + M**4 / 5)
CUBE = GaussianLandscape(Q**3 / 2, Rational(9, 10) * M**3)


def test_the_free_energy_is_parisis_functional() -> None:
    """With one atom, at a fixed overlap with the signal, and the volume of the sphere there."""
    values = {Q: Rational(2, 5), M: Rational(3, 10), BETA: Rational(7, 5)}
    across = Ansatz(at_overlap(SIGNAL, values[M]), ("atom",), temperature=1 / values[BETA])
    (place,) = across.unknowns
    noise = across.free_energy.subs(place, (values[Q] - values[M] ** 2) / (1 - values[M] ** 2))
    expected = noise - SIGNAL.g(0, values[M]) - entropy_of_overlap(values[M]) / values[BETA]
    assert float(ReplicaSymmetric(SIGNAL).free_energy.subs(values)) == pytest.approx(float(expected), rel=1e-14)


def test_the_conditions_are_where_it_is_stationary() -> None:
    state = ReplicaSymmetric(SIGNAL)
    along, across = (condition.lhs - condition.rhs for condition in state.conditions)
    assert simplify(diff(state.free_energy, M) - along / (BETA * (1 - Q))) == 0
    assert simplify(diff(state.free_energy, Q) + across / (2 * BETA * (1 - Q) ** 2)) == 0
    assert state.free_energy.has(log)


@pytest.mark.parametrize("landscape", [FIELD, SIGNAL, CUBE], ids=["field", "signal", "cube"])
@pytest.mark.parametrize("beta", [0.5, 1.4])
def test_equilibrium_has_the_certified_free_energy(landscape: GaussianLandscape, beta: float) -> None:
    """No overlap with the signal has a lower one, and the energy is the derivative of ``beta F``."""
    found = equilibrium(landscape, beta)
    formula = ReplicaSymmetric(landscape).free_energy.subs({Q: found.q, M: found.m, BETA: beta})
    assert found.free_energy == pytest.approx(float(formula), rel=1e-13)
    for m in np.linspace(-0.9, 0.9, 7) if landscape.mean != 0 else [0.0]:
        assert statics(landscape, temperature=1 / beta, overlap=m).free_energy > found.free_energy - 1e-13


def test_the_spiked_matrix() -> None:
    """``q = 1 - 1/(beta lambda)``, ``m^2 = q - beta^2 (1 - q)^2 q`` where ``lambda > 1`` is the signal's strength."""
    strength, beta = 1.8, 0.9
    found = equilibrium(GaussianLandscape(Q**2 / 2, Rational("1.8") * M**2 / 2), beta)
    q = 1 - 1 / (beta * strength)
    assert found.q == pytest.approx(q, rel=1e-13)
    assert found.m == pytest.approx(np.sqrt(q - (beta * (1 - q)) ** 2 * q), rel=1e-12)


def test_bayes_rule_makes_the_signal_a_replica() -> None:
    """With ``g = beta f`` the signal is one of the configurations of equilibrium: ``m = q``."""
    found = informed(GaussianLandscape(Q**3 / 2, Rational(5, 2) * M**3 / 2), 2.5)
    assert found.m == pytest.approx(found.q, rel=1e-12) and found.q > 0.5


def test_a_metastable_signal_is_informed_but_no_equilibrium() -> None:
    found, zero = informed(CUBE, 1.3), statics(CUBE, temperature=1 / 1.3).free_energy
    assert found.m > 0.6 and zero < found.free_energy and equilibrium(CUBE, 1.3).m == 0
    assert len(overlaps(CUBE, 1.3)) == 3  # zero, the signal, and the maximum between them


@pytest.mark.parametrize("beta", [1e-300, 1e-100, 1e-25, 1e-9, 1e-5])
def test_at_high_temperature_overlaps_are_those_of_first_order(beta: float) -> None:
    """``m = beta g'(0)``, ``q = beta^2 [f'(0) + g'(0)^2]``."""
    found = equilibrium(GaussianLandscape(Q**3 / 2 + Q / 5, M / 2), beta)
    assert found.m == pytest.approx(beta / 2, rel=1e-4, abs=1e-15)
    assert found.q == pytest.approx(beta**2 * (0.2 + 0.25), rel=1e-4, abs=1e-15)


def test_a_state_against_the_signal() -> None:
    along, against = (informed(GaussianLandscape(Q**3 / 2, sign * M**3), 2.0) for sign in (1, -1))
    assert along.m > 0.5 and against.m == pytest.approx(-along.m, rel=1e-12)


@pytest.mark.parametrize(
    ("find", "landscape", "beta", "words"),
    [
        (equilibrium, GaussianLandscape(Q**2 / 2 + Q**3 / 2 + Q / 5), 1.2, "1RSB"),
        (equilibrium, GaussianLandscape(Q**2 / 2 + Q**3 / 2, M / 2), 1.4, "with the signal it is 1RSB"),
        (informed, FIELD, 1.0, "no state overlaps with the signal"),
        (informed, CUBE, 0.3, "use a larger beta"),
        (equilibrium, FIELD, 1e100, "too cold for a certificate of that start; use at most"),
    ],
)
def test_what_is_not_one_state_is_refused(find: Any, landscape: GaussianLandscape, beta: float, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        find(landscape, beta)
    assert "\n" not in str(caught.value)
