"""Power laws next to a plateau: Goetze's parameter, closed forms of pure models, and the equations themselves."""

import mpmath
import pytest
from sympy import Rational, Symbol, simplify, sqrt

from theory.dynamics import Ageing
from theory.dynamics.exponents import critical_exponents, departure
from theory.dynamics.mode_coupling import (
    ModeCoupling,
    ageing_parameter,
    equilibrium_orders,
    exponent_parameter,
    transform,
)
from theory.dynamics.plateau import F1_Q, F2_Q, F3_Q
from theory.dynamics.stationary import StationaryDynamics
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP as Q
from theory.symbols import TEMPERATURE as T
from theory.systems import PureSpin, SpikedMatrixTensor

MIXTURE = GaussianLandscape(Q**3 / 2 + Q**4 / 3)


def test_the_first_orders_are_the_plateau_and_its_marginality() -> None:
    zero, one, _ = equilibrium_orders()
    plateau = StationaryDynamics(MIXTURE).plateau
    at_q = {F1_Q: MIXTURE.f(1, Q), F2_Q: MIXTURE.f(2, Q)}
    assert simplify(zero.subs(at_q) * T - (plateau.rhs - plateau.lhs)) == 0
    slope = simplify(one / Symbol("g", positive=True) * T).subs(F1_Q, T**2 * Q / (1 - Q))
    assert simplify(slope - (F2_Q * (1 - Q) - T**2 / (1 - Q))) == 0


def test_the_parameter_is_that_of_the_literature() -> None:
    """``T f'''/(2 f''^(3/2))`` at ``T = (1 - q) sqrt(f'')``, for both regimes (Cugliandolo, Le Doussal 1996)."""
    known = T * F3_Q / (2 * F2_Q ** Rational(3, 2))
    for made in (exponent_parameter, ageing_parameter):
        assert simplify(made() - known.subs(T, (1 - Q) * sqrt(F2_Q))) == 0


@pytest.mark.parametrize("power", [-0.3, 0.6, 1.0])
def test_transform_of_a_power(power: float) -> None:
    """By quadrature of ``z int e^(-z t) t^n dt`` at ``z = 1``."""
    one, two = (mpmath.quad(lambda t, n=n: mpmath.exp(-t) * t**n, [0, 1, mpmath.inf]) for n in (power, 2 * power))
    assert float(transform(Rational(str(power)))) == pytest.approx(float(one**2 / two), rel=1e-5)


@pytest.mark.parametrize("p", [3, 4, 7])
def test_pure_models_leave_linearly(p: int) -> None:
    """``lambda = 1/2`` at T_d, and ``lambda = X/2`` at every temperature below, so that b = 1."""
    made = PureSpin(p, Rational(1, 3))
    parameter, at_arrest = ModeCoupling(made).parameter, Rational(p - 2, p - 1)
    assert simplify(parameter.subs(Q, at_arrest)) == Rational(1, 2)
    assert simplify((ModeCoupling(made).arrested.lhs - ModeCoupling(made).arrested.rhs).subs(Q, at_arrest)) == 0
    assert simplify(parameter - Ageing(made).law.ratio / 2) == 0
    relation = departure(made).equation
    assert simplify(relation.rhs - Rational(1, 2)) == 0


def test_zero_temperature_is_the_limit() -> None:
    q = 1 - Rational(1, 10**6)
    ratio = (ModeCoupling(MIXTURE).parameter / Ageing(MIXTURE).law.ratio).subs(Q, q)
    assert float(departure(MIXTURE).equation.rhs) == pytest.approx(float(ratio), rel=1e-5)


def test_where_there_is_no_exponent() -> None:
    field = GaussianLandscape(Q + Q**3)
    assert all("random field" in t.excluded for t in critical_exponents(field)) and not departure(field).excluded
    assert "single" not in departure(GaussianLandscape(2 * Q + Q**2 / 2)).excluded
    assert "one state" in departure(GaussianLandscape(2 * Q + Q**2 / 2)).excluded
    assert "f'''(1) = 0" in departure(PureSpin(2, 1)).excluded
    assert "continuum" in departure(MIXTURE, ("continuum",)).excluded
    assert [t.name for t in critical_exponents(PureSpin(2, 1), continuous=True)] == ["exponent_parameter", "exponent_a"]


@pytest.mark.parametrize("landscape", [PureSpin(), SpikedMatrixTensor(), MIXTURE], ids=repr)
def test_it_prints(landscape: GaussianLandscape) -> None:
    assert r"\lambda &=" in ModeCoupling(landscape).latex()
    assert all(t.latex() for t in (*critical_exponents(landscape), departure(landscape)))
