"""Ordinary differential equations with solutions in closed form: errors that cover, stiff ones, tiny starts."""

import numpy as np
import pytest
from sympy import Integral, Rational, Symbol, cos, exp, oo, sin

from numerics.errors import ConvergenceError
from numerics.evolution import evolve, times_to_keep
from numerics.trajectory import solve_trajectory
from theory.laws import Trajectory

T, U, V, S = Symbol("t", positive=True), Symbol("u"), Symbol("v"), Symbol("s", positive=True)


@pytest.mark.parametrize("start", [1e-3, 1e-30, 1e-290, 2.5])
def test_logistic_growth_from_any_start(start: float) -> None:
    law = Trajectory((U,), T, (2 * U * (S - U),), (Rational(str(start)),), (("loss", (S - U) ** 2 / 2),))
    times = np.linspace(0, np.log(1 / start + 2) / 2 + 3, 40)
    found = evolve(law, {S: 3}, times).quantities
    growth = np.exp(-6 * times)
    exact = 3 / (1 + (3 / start - 1) * growth)
    assert np.all(abs(found["u"].value - exact) <= found["u"].error + 1e-15)
    np.testing.assert_allclose(found["u"].value, exact, rtol=1e-6)
    assert np.all(abs(found["loss"].value - (3 - exact) ** 2 / 2) <= found["loss"].error + 1e-15)


def test_stiff_equations_over_many_decades() -> None:
    """A slow power law, and what relaxes to it a million times faster."""
    law = Trajectory((U, V), T, (-(U**2), -(10**6) * (V - U)), (1, 0), (), logarithmic=True)
    times = times_to_keep(law, 1e8)
    found = evolve(law, {}, times)
    np.testing.assert_allclose(found.quantities["u"].value, 1 / (1 + times), rtol=1e-6, atol=1e-10)
    assert abs(found.quantities["v"].value[-1] / 1e-8 - 1) < 1e-2 and found.statistics["evaluations"] < 20000
    assert found.axes["t"].logarithmic


def test_explicit_time_and_zero_start() -> None:
    found = solve_trajectory(Trajectory((U,), T, (cos(T),), (0,), (("twice", 2 * U),)), {}, [1, 2])
    np.testing.assert_allclose(found.quantities["twice"].value, 2 * np.sin([1, 2]), rtol=1e-9)


def test_refused() -> None:
    blowing = Trajectory((U,), T, (U**2,), (1,))
    with pytest.raises(ConvergenceError, match="stopped"):
        solve_trajectory(blowing, {}, [2])
    with pytest.raises(ValueError, match="s is not given"):
        solve_trajectory(Trajectory((U,), T, (S * sin(U),), (1,)), {}, [1])
    with pytest.raises(ValueError, match="increasing"):
        solve_trajectory(blowing, {}, [0.2, 0.1])


def test_equations_are_printed() -> None:
    law = Trajectory((U,), T, (-U,), (1,), (("loss", U**2),))
    assert len(law.equations("mode")) == 3 and r"(0)" in str(law.equations("mode")[1][0])


def test_numbers_may_be_integrals() -> None:
    """``int_0^oo e^-s ds = 1`` in rates, starts and observables."""
    one = Integral(exp(-S), (S, 0, oo))
    found = solve_trajectory(Trajectory((U,), T, (-one * U,), (one + 1,), (("more", one + U),)), {}, [1.0]).quantities
    assert found["u"].value == pytest.approx(2 / np.e) and found["more"].value == pytest.approx(1 + 2 / np.e)
