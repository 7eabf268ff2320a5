"""Temperatures and the algorithmic energy against published and independent values, and against their definitions."""

from itertools import pairwise

import numpy as np
import pytest
from sympy import Rational, Symbol

from numerics.lowering import lower
from numerics.quantity import Quantity
from numerics.statics.transitions import algorithmic_energy, dynamic_temperature, static_temperature
from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.dynamics.stationary import StationaryDynamics
from theory.statics.transitions import (
    SQUARED,
    STATE,
    dynamic_transition,
    gap,
    gap_of_residual,
    residual,
    state_temperature_squared,
)
from theory.symbols import TEMPERATURE

Q = OVERLAP
FIELDS = [Q**3 / 6 + Q / 10, Q**3 / 2 + Q / 10, Q**3 / 2 + Q / 100]


def value(number: Quantity) -> float:
    assert number.value is not None and number.error is not None
    assert number.error < 1e-13 * abs(number.value)
    return number.value


@pytest.mark.parametrize(
    ("covariance", "dynamic", "static", "algorithmic"),
    [
        (Q**3 / 2, 0.6123724357, 0.5860539724, -1.1547005384),
        ((Q**3 + Q**4) / 2, 0.8051659215, 0.7621386529, -1.6995222544),
        (Q**3 / 2 + Q**16 / 32, None, None, -1.2751401278),
        ((Q**2 + Q**4 / 16) / 2, 1, 1, -1.0593843186),
        (Q**2 / 2, 1, 1, -1),
    ],
)
def test_independent_table(covariance: object, dynamic: float | None, static: float | None, algorithmic: float) -> None:
    landscape = GaussianLandscape(covariance)
    assert value(algorithmic_energy(landscape)) == pytest.approx(algorithmic, abs=0.51e-10)
    if dynamic is not None:
        assert value(dynamic_temperature(landscape)) == pytest.approx(dynamic, abs=0.51e-10)
        assert value(static_temperature(landscape)) == pytest.approx(static, abs=0.51e-10)


@pytest.mark.parametrize("p", [3, 4, 10, 40])
def test_pure_spin_arrest_has_a_closed_form(p: int) -> None:
    """``T_d^2 = p a (p - 2)^(p-2)/(p - 1)^(p-1)`` for ``f = a q^p``; ``E_alg = -2 sqrt((p - 1) a/p)``."""
    landscape = PureSpin(p, Rational(2, p))
    squared = Rational(p, 2) * Rational(p - 2) ** (p - 2) / Rational(p - 1) ** (p - 1)
    assert value(dynamic_temperature(landscape)) == pytest.approx(float(squared) ** 0.5, rel=1e-14)
    assert value(algorithmic_energy(landscape)) == pytest.approx(-2 * ((p - 1) / p / 2) ** 0.5, rel=1e-13)


@pytest.mark.parametrize("covariance", [Q**3 / 2, Q**2 / 2 + Q**16 / 2, *FIELDS])
def test_static_temperature_is_where_the_gap_becomes_positive(covariance: object) -> None:
    """On a grid of q, at the q_0 of temperatures just above and below."""
    landscape = GaussianLandscape(covariance)
    found = value(static_temperature(landscape))
    states = np.linspace(1e-9, 0.9, 900001)
    temperatures = np.sqrt(lower((STATE,), [state_temperature_squared(landscape)])(states)[0])
    function = lower((OVERLAP, STATE, SQUARED), [gap(landscape.covariance)])
    for factor, positive in ((1.03, False), (0.97, True)):
        at = 0.0
        if landscape.f(1, 0) != 0:
            at = states[np.argmax(temperatures < factor * found)]
        q = at + (1 - at) * np.linspace(0.001, 0.9999, 20001)
        squared = (factor * found) ** 2
        assert (np.max(function(q, at, squared)[0]) > 1e-9) == positive


def test_residual_has_the_gap_of_the_landscape() -> None:
    landscape = GaussianLandscape(Q**3 / 2 + Q**7 / 5 + Q / 10)
    at = {SQUARED: state_temperature_squared(landscape)}
    whole = gap(landscape.covariance).subs(at).subs(Q, STATE + (1 - STATE) * Q)
    numbers = {STATE: Rational(1, 3), Q: Rational(2, 5)}
    assert abs((whole - gap_of_residual(landscape).subs(at)).subs(numbers).evalf(30)) < 1e-25
    assert residual(GaussianLandscape(Q**3 / 2 + 7)) == Q**3 / 2


def test_arrest_is_the_plateau_of_the_equilibrium_dynamics() -> None:
    landscape = GaussianLandscape(Q**3 / 2 + Q**4 / 9)
    plateau = StationaryDynamics(landscape).plateau
    squared = dynamic_transition(landscape).equation.rhs
    assert (plateau.rhs - plateau.lhs.subs(TEMPERATURE**2, squared)).simplify() == 0


@pytest.mark.parametrize("covariance", [2 * Q + Q**3 / 6, Q, Q + Q**2, Q / 3 + Q**3 / 18])
def test_single_state_has_no_transition(covariance: object) -> None:
    """``f''(1) <= f'(1)`` in a field: no temperature, and the algorithm reaches the ground state ``-sqrt(f'(1))``."""
    landscape = GaussianLandscape(covariance)
    for number in (dynamic_temperature(landscape), static_temperature(landscape)):
        assert not number.exists and "one state at every temperature" in number.reason
    energy = algorithmic_energy(landscape)
    assert energy.note == "one state"
    assert value(energy) == pytest.approx(-(float(landscape.f(1)) ** 0.5), rel=1e-14)


def test_kinds_across_the_tricritical_point() -> None:
    """``f'''(0) = 2 f''(0)``: from there on the overlap jumps."""
    for factor, kind in ((Rational(99, 100), "continuous"), (Rational(101, 100), "random first order")):
        landscape = GaussianLandscape(Q**2 / 2 + factor * Q**3 / 3)
        for number in (static_temperature(landscape), dynamic_temperature(landscape)):
            assert number.note == kind and value(number) == pytest.approx(1, abs=1e-4)
    assert value(static_temperature(landscape)) < value(dynamic_temperature(landscape))


def test_a_weak_field_changes_little() -> None:
    temperatures = [static_temperature(GaussianLandscape(Q**3 / 2 + Q * h)) for h in (0, Rational(1, 10**8))]
    assert value(temperatures[1]) == pytest.approx(value(temperatures[0]), abs=1e-7)
    energies = [value(algorithmic_energy(GaussianLandscape(Q**3 / 2 + Q * Rational(1, 10**k)))) for k in (2, 4, 6, 9)]
    steps = [abs(a - b) for a, b in pairwise(energies)]
    assert steps[0] > steps[1] > steps[2] and energies[-1] == pytest.approx(-2 / 3**0.5, abs=1e-6)


def test_temperatures_scale_with_the_landscape() -> None:
    for scale in (Rational(1, 10**8), 10**8):
        scaled = GaussianLandscape(scale**2 * (Q**3 / 2 + Q / 10))
        for number, of in ((static_temperature, 0.6613831823579124), (algorithmic_energy, -1.2304484961437514)):
            assert value(number(scaled)) == pytest.approx(float(scale) * of, rel=1e-13)


def test_free_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="delta_2 has no value"):
        static_temperature(SpikedMatrixTensor(3, delta_p=1))
    with pytest.raises(ValueError, match="a has no value"):
        algorithmic_energy(GaussianLandscape(Symbol("a", positive=True) * Q**3))
