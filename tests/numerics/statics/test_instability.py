"""The line of de Almeida and Thouless: closed forms, its end at zero temperature, the statics on both sides."""

import numpy as np
import pytest
from sympy import Rational, Symbol, sqrt

from numerics.diagram.of_system import Range, lines_of
from numerics.statics import statics
from numerics.thresholds import Locator, evaluate_thresholds
from theory.landscape import GaussianLandscape
from theory.statics.instability import almeida_thouless, temperature_family
from theory.symbols import OVERLAP
from theory.systems import Landscape

q, FIELD = OVERLAP, Symbol("h", positive=True)


def found(covariance, digits=15):
    family = temperature_family(GaussianLandscape(covariance))
    return evaluate_thresholds(family, {}, digits)["de_almeida_thouless"]


def test_without_field_it_is_the_curvature_at_zero() -> None:
    assert almeida_thouless(GaussianLandscape(9 * q**2 / 2 + q**3 + q**7)).closed_form == 3
    assert "f''(0) = 0" in found(q**3 / 2).reason
    assert "f''(1) - f'(1)" in found(q + q**2 / 2).reason


@pytest.mark.parametrize("h", [Rational(1, 100), Rational(1, 2), Rational(7, 5)])
def test_three_spins_in_a_field(h: Rational) -> None:
    """``q_0 = sqrt(2 h/3)``, ``T^2 = 3 q_0 (1 - q_0)^2``, until ``h = 3/2``."""
    state = sqrt(2 * h / 3)
    exact = ((1 - state) * sqrt(3 * state)).evalf(40)
    value = found(h * q + q**3 / 2, 30)
    assert abs(float((value.value - exact) / value.error)) < 1 and value.error < 1e-29


def test_a_line_over_fields_ends_at_zero_temperature() -> None:
    h = np.array([0.01, 0.5, 1.4, 1.6])
    located = Locator(temperature_family(GaussianLandscape(FIELD * q + q**3 / 2)), h)("de_almeida_thouless")
    state = np.sqrt(2 * h / 3)
    assert located.exists.tolist() == [True, True, True, False]
    exact = (1 - state) * np.sqrt(3 * state)
    assert np.all(np.abs(located.value - exact)[:3] < located.error[:3]) and np.all(located.error[:3] < 1e-13)


def test_it_is_a_line_of_a_diagram() -> None:
    source, y = lines_of(Landscape(FIELD * q + q**3 / 2), Range("h", 0.1, 2), "T")
    assert (y, list(source.meanings)) == ("T", ["de_almeida_thouless"])
    equations, place = source.equations("de_almeida_thouless", 0.5)
    assert place[:2] == pytest.approx([0.5, (1 - 3**-0.5) * np.sqrt(3**0.5)]) and len(equations.unknowns) == 3


SLOW = [pytest.param(f, marks=pytest.mark.slow) for f in (q / 2 + q**3 / 2, q / 10 + q**2 / 2 + q**4 / 4)]


@pytest.mark.parametrize("covariance", [q**2 / 2 + q**4 / 20, *SLOW], ids=str)
def test_symmetry_breaks_below(covariance) -> None:
    """Where equilibrium breaks it continuously."""
    landscape, line = GaussianLandscape(covariance), float(found(covariance).value)
    assert statics(landscape, temperature=1.02 * line).breaking == "RS"
    assert statics(landscape, temperature=0.95 * line).breaking != "RS"
