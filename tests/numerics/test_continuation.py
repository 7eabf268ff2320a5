"""Curves by pseudo-arclength: circles, folds, cusps, borders, against what is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.optimize import brentq
from sympy import Poly, Rational, Symbol, cos, expand, lambdify, sin, symbols

from numerics.continuation import Box, Equations, trace
from numerics.errors import ConvergenceError
from numerics.thresholds.ageing import slow_sectors
from theory.dynamics.slow_sectors import SlowSectors
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

X, Y, U = symbols("x y u", real=True)


def test_a_circle_closes_and_has_four_places_at_which_it_turns() -> None:
    circle = trace(Equations([X**2 + Y**2 - 1], [X, Y]), np.array([0.6, 0.7]), Box((-2, 2), (-2, 2)))
    assert circle.ends == ("closed", "closed")
    assert np.max(np.abs(np.hypot(*circle.points.T) - 1)) < 1e-14
    found = sorted((s.kind, *np.round(s.z, 7)) for s in circle.special)
    assert found == [("extremum", 0, -1), ("extremum", 0, 1), ("fold", -1, 0), ("fold", 1, 0)]
    assert all(np.max(s.errors) < 1e-9 for s in circle.special)


@pytest.mark.parametrize("a", [0.2, 1.0, 3.0])
def test_folds_of_a_cubic(a: float) -> None:
    """``x = y^3 - a y`` turns back at ``y = +-sqrt(a/3)``."""
    cubic = trace(Equations([X - Y**3 + a * Y], [X, Y]), np.array([0.0, 0.0]), Box((-9, 9), (-2, 2)))
    assert cubic.ends == ("border", "border")
    y = (a / 3) ** 0.5
    folds = {round(float(s.z[1]), 6): s for s in cubic.special if s.kind == "fold"}
    assert sorted(folds) == pytest.approx([-y, y], abs=1e-6)
    for fold in folds.values():
        x = -np.sign(fold.z[1]) * 2 * (a / 3) ** 1.5
        assert abs(fold.z[0] - x) <= fold.errors[0] and abs(abs(fold.z[1]) - y) <= fold.errors[1]
    assert np.all(np.abs(cubic.points[:, 0] - cubic.points[:, 1] ** 3 + a * cubic.points[:, 1]) < 1e-13)


def test_two_spinodals_meet_in_a_cusp() -> None:
    """``y + x u + u^3`` and its derivative: ``4 x^3 + 27 y^2 = 0``."""
    sides = Equations([Y + X * U + U**3, X + 3 * U**2], [X, Y, U])
    spinodals = trace(sides, np.array([-1, 0.4, 0.57]), Box((-1, 1), (-1, 1)))
    (cusp,) = [s for s in spinodals.special if s.kind == "cusp"]
    assert np.max(np.abs(cusp.z[:2])) < 1e-12
    x, y, _ = spinodals.points.T
    assert np.max(np.abs(4 * x**3 + 27 * y**2)) < 1e-12 and y.min() < -0.3 and y.max() > 0.3


def test_ends_lie_on_the_border_in_logarithmic_axes_too() -> None:
    box = Box((1e-3, 1e3), (1e-6, 1e6), (True, True))
    power = trace(Equations([Y - X**1.5], [X, Y]), np.array([1.0, 1.0]), box)
    assert power.ends == ("border", "border")
    assert power.points[[0, -1], 0] == pytest.approx([1e3, 1e-3], rel=1e-12) or power.points[0, 0] < 1
    assert np.max(np.abs(power.points[:, 1] / power.points[:, 0] ** 1.5 - 1)) < 1e-12


def test_errors_cover_what_rounding_does() -> None:
    sides = Equations([sin(3 * X) + cos(2 * Y) - X * Y], [X, Y])
    curve = trace(sides, np.array([0.3, 0.9]), Box((0, 1), (0, 3)))
    for z, errors in zip(curve.points[:: max(curve.points.shape[0] // 7, 1)], curve.errors, strict=False):
        exact = brentq(lambda y, x=z[0]: np.sin(3 * x) + np.cos(2 * y) - x * y, z[1] - 0.01, z[1] + 0.01, xtol=1e-15)
        assert abs(exact - z[1]) <= 10 * errors[1] + 1e-14


def test_what_cannot_be_followed_says_so() -> None:
    with pytest.raises(ConvergenceError):
        trace(Equations([X**2 + Y**2 + 1], [X, Y]), np.array([0.3, 0.2]), Box((-1, 1), (-1, 1)))
    with pytest.raises(ValueError, match="expected one less"):
        Equations([X - Y], [X, Y, Symbol("z")])


def test_the_fold_of_3_16_ageing() -> None:
    """``f = r q^3/2 + (1 - r) q^16/2``: where two steps of ageing can first do in place of one.

    The end q of the first step solves ``f'(1) - f'(q) = (1 - q) sqrt(f''(q) f''(1))``. Squared that is quadratic in r,
    so that r(q) is known, and its least value is the fold.
    """
    r = Symbol("r", positive=True)
    landscape = GaussianLandscape(r * OVERLAP**3 / 2 + (1 - r) * OVERLAP**16 / 2)
    sectors = SlowSectors(landscape, ("step", "step"))
    (condition,), (q,) = sectors.conditions, sectors.unknowns
    squared = (landscape.f(1) - landscape.f(1, q)) ** 2 - (1 - q) ** 2 * landscape.f(2) * landscape.f(2, q)
    a, b, c = (lambdify(q, part, "mpmath") for part in Poly(expand(squared), r).all_coeffs())
    with mp.workdps(30):

        def lower(place: Any) -> Any:
            return (-b(place) - mp.sqrt(b(place) ** 2 - 4 * a(place) * c(place))) / (2 * a(place))

        place = mp.findroot(lambda x: mp.diff(lower, x), 0.4)
        start = np.array([float(lower(mp.mpf("0.5"))), 0.5])
        found = trace(Equations([condition.lhs - condition.rhs], [r, q]), start, Box((0.5, 0.95), (0.2, 0.95)))
        (fold,) = [special for special in found.special if special.kind == "fold"]
        assert abs(fold.z[0] - lower(place)) <= fold.errors[0] < 1e-12
        assert abs(fold.z[1] - place) <= fold.errors[1] < 1e-8
        assert fold.z == pytest.approx([0.67058559903494, 0.36592205], abs=1e-8)
    # further up the flow takes the two steps; next to the fold one is still faster
    upper = found.points[found.points[:, 1] > place]
    ends = slow_sectors(landscape.subs({r: Rational(4, 5)})).ends
    assert np.interp(0.8, *upper[np.argsort(upper[:, 0])].T) == pytest.approx(ends[1], abs=1e-4) and len(ends) == 3
    assert slow_sectors(landscape.subs({r: Rational(7, 10)})).sectors == ("step",)
