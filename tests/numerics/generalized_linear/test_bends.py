"""Losses whose curvature jumps in u, at places that may depend on y: closed forms, other quadratures, smooth losses."""

import itertools
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from sympy import Abs, Max, Piecewise, Rational, asinh, lambdify, sqrt

from numerics.errors import ConvergenceError
from numerics.generalized_linear.bends import meetings, places
from numerics.generalized_linear.complexity import complexity
from numerics.generalized_linear.field_law import independent, tabulate
from numerics.generalized_linear.finite_size import expected_critical_points
from numerics.generalized_linear.full_rsb import ground_state_bbp
from numerics.generalized_linear.ground_state import ground_state
from numerics.generalized_linear.minima import THEORY, Population, Saddle, complexity_of_minima
from numerics.generalized_linear.one_step import marginal_state, one_step_law
from numerics.generalized_linear.saddle_search import rough_minima, search
from numerics.generalized_linear.spectrum import initial_bbp
from numerics.lowering import lower
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape, HessianSpectrum
from theory.generalized_linear.symbols import ALPHA, RESOLVENT

U, Y = FIELD, SIGNAL_FIELD
HALF = Rational(1, 2)


def huber(z: Any) -> Any:
    """``z^2/2`` up to 1 in size, a line beyond."""
    return Piecewise((z**2 / 2, Abs(z) < 1), (Abs(z) - HALF, True))


def softened(z: Any, width: Rational) -> Any:
    """With the jumps of the curvature spread over ``width``."""

    def ramp(x: Any) -> Any:
        return (x * sqrt(x**2 + width**2) + width**2 * asinh(x / width)) / 2

    return (ramp(z + 1) - ramp(z - 1) - 1) / 2


REGRESSION = GeneralizedLinearLandscape(huber(U - Y))
ROBUST = GeneralizedLinearLandscape(huber(U**2 - Y**2))
WELLS = GeneralizedLinearLandscape(huber(U**2 - 1))


def test_where_a_loss_bends_and_where_these_places_meet() -> None:
    y = np.array([0.3, 1.5])
    where, owner = places(ROBUST.loss, y)
    inner, outer = np.sqrt(np.maximum(y**2 - 1, 0)), np.sqrt(y**2 + 1)
    for i, expected in enumerate((sorted([-y[0], y[0], -outer[0], outer[0]]),
                                  sorted([-y[1], y[1], -inner[1], inner[1], -outer[1], outer[1]]))):  # fmt: skip
        found = where[i][np.isfinite(where[i])]
        np.testing.assert_allclose(found, expected, atol=1e-14)
        assert np.all((owner[i] >= 0) == np.isfinite(where[i]))
    assert meetings(ROBUST.loss) == pytest.approx((-1, 0, 1), abs=1e-12)
    assert meetings(REGRESSION.loss) == () == meetings(Max(0, 1 - U * Y) ** 2)


def test_regression_at_a_random_point_in_closed_form() -> None:
    """D is 1 where ``|u - y| < 1``, else 0: ``g/(1 + g) = E[1 - y^2 | there]``, ``1/alpha = E[t^2]``."""
    share = mpmath.erf(HALF)
    spread = mpmath.quad(lambda z: z**2 * mpmath.exp(-(z**2) / 4), [-1, 0, 1]) / mpmath.sqrt(4 * mpmath.pi) / share
    pull = HALF - spread / 4
    found = initial_bbp(REGRESSION)
    assert found.value == pytest.approx(float(1 / (pull**2 * share)), abs=2 * found.error)
    assert found.error < 1e-11


def test_averages_by_another_quadrature() -> None:
    """``E[t^2]`` and b where places meet at ``|y| = 1``; halves of both axes by symmetry."""
    g, spectrum = 0.3, HessianSpectrum()
    spread, pull = independent(tabulate(ROBUST, 0.05)).evaluate(
        (1 - spectrum.stability, spectrum.attraction), {RESOLVENT: g, ALPHA: 1.0}
    )
    fields = lambdify((U, Y), ROBUST.curvature, "math")

    def given(y: float, weight: float) -> tuple[float, float]:
        ends = [0.0, *([np.sqrt(y * y - 1)] if y > 1 else []), np.sqrt(y * y + 1), 9.0]

        def t(u: float, power: int) -> float:
            d = g * fields(u, y)
            return float((d / (1 + d)) ** power * np.exp(-u * u / 2) * np.sqrt(2 / np.pi))

        means = [sum(quad(t, a, b, (n,), epsabs=1e-13)[0] for a, b in itertools.pairwise(ends)) for n in (2, 1)]
        return weight * means[0], weight * (1 - y * y) * means[1]

    nodes, weights = np.polynomial.legendre.leggauss(24)
    totals = np.zeros(2)
    # y = 1 - t^2 and y = 1 + t^2, where the averages are smooth in t; 1.5 to 8 by panels
    for side, reach in ((-1, 1.0), (1, 1.0)):
        s = reach * (nodes + 1) / 2
        for t, w in zip(s, weights * reach / 2, strict=True):
            y = 1 + side * t * t
            totals += given(y, 2 * t * w * 2 * np.exp(-y * y / 2) / np.sqrt(2 * np.pi))
    for low, high in ((2.0, 5.0), (5.0, 8.5)):
        for x, w in zip(nodes, weights, strict=True):
            y = (low + high) / 2 + (high - low) / 2 * x
            totals += given(y, w * (high - low) / 2 * 2 * np.exp(-y * y / 2) / np.sqrt(2 * np.pi))
    assert (spread, pull) == pytest.approx(tuple(totals), abs=1e-10)


def test_the_action_by_another_quadrature() -> None:
    """Minima in two wells that bend at ``u^2 = 0`` and 2: Sigma of the saddle by mpmath."""
    found = complexity_of_minima(WELLS, 3.0)
    at = found.saddle.symbols(0.0)
    tilt = WELLS.at(THEORY.functional.tilt).subs(at).subs(Y, 0)
    explicit = float(THEORY.functional.explicit.subs(at))
    ends = [-9, -mpmath.sqrt(2), -1, 0, 1, mpmath.sqrt(2), 9]
    mass = mpmath.quad(lambdify(U, sqrt(1) * 2.718281828459045**tilt, "mpmath"), ends)
    sigma = explicit + 3 * float(mpmath.log(mass)) + found.saddle.s * found.energy
    assert found.sigma == pytest.approx(sigma, abs=1e-12)
    assert found.sigma > 0.1


def test_parts_are_integrated_across_the_jumps() -> None:
    """``-alpha E[u l'] = 1/chi - alpha E[D/(1 + chi D)]`` of exact 1RSB states, a derivative under the integral."""
    state = marginal_state(ROBUST, 8.0)
    assert abs(state.identity) < 1e-8
    law = one_step_law(ROBUST, state.chi, state.s, 0.05)
    curvature = law.data.fields[4]
    assert np.ptp(curvature[np.abs(curvature) < 2.5]) > 1 and state.alpha == pytest.approx(8)


@pytest.mark.slow
def test_a_matrix_of_data_that_the_jump_keeps_apart() -> None:
    """D jumps from -4 to 4: minima at low energies leave the negative data out, and have a gap for all ``g > 1/4``."""
    landscape, size = GeneralizedLinearLandscape(huber(2 * (U**2 - 1))), 600
    population = Population(landscape, step=0.1)
    rough = rough_minima(landscape, 1.1, 0.0, "quenched")
    for kind, saddle in (("minima", search(population, "minima", rough, 0.012).saddle),
                         ("marginal", search(population, "marginal", rough, 0.012).saddle)):  # fmt: skip
        assert isinstance(saddle, Saddle) and saddle.g > 0.25
        law = population.law(saddle)
        u, probability = np.broadcast_to(law.data.fields[0], law.probability.shape).ravel(), law.probability.ravel()
        rng = np.random.default_rng(2)
        u = rng.choice(u, round(1.1 * size), p=probability / probability.sum())
        force, curvature = lower((U, Y), [landscape.force, landscape.curvature])(u, 0.0)
        x = rng.standard_normal((len(u), size))
        edge = np.linalg.eigvalsh(x.T * curvature @ x / size)[0] - (u * force).sum() / size
        found = complexity(landscape, 1.1, kind, energy=0.012)  # type: ignore[arg-type]
        assert curvature.min() >= 4 and edge == pytest.approx(found.hessian.edge, abs=0.05)
        assert found.hessian.edge == pytest.approx(0.16909 if kind == "minima" else 0, abs=1e-4)


@lru_cache
def soft_numbers(width: Rational) -> tuple[float, ...]:
    """Sigma and energy of minima and of all critical points."""
    return numbers(GeneralizedLinearLandscape(softened(U**2 - Y**2, width)))


def numbers(landscape: GeneralizedLinearLandscape) -> tuple[float, ...]:
    found = [complexity(landscape, 4.0, kind, overlap=0.3) for kind in ("minima", "total")]
    return tuple(value for point in found for value in (point.sigma, point.energy))


@pytest.mark.slow
def test_the_limit_of_smooth_losses() -> None:
    coarse, middle, fine = (np.array(soft_numbers(Rational(1, k))) for k in (5, 10, 20))
    limit, exact = (8 * fine - 6 * middle + coarse) / 3, np.array(numbers(ROBUST))
    assert np.all(np.abs(fine - exact) > 1e-3)
    np.testing.assert_allclose(limit, exact, rtol=0.01)


@pytest.mark.slow
def test_on_the_circle_critical_points_are_counted() -> None:
    """N = 2: maxima and minima of H on many circles, against the Kac-Rice count; w* and -w* are apart."""
    value, error = expected_critical_points(ROBUST, 2, 6, samples=16384, seed=1).estimate()
    rng, found = np.random.default_rng(0), []
    angles = np.linspace(0, np.pi, 2001)
    circle, loss = np.array([np.cos(angles), np.sin(angles)]), lower((U, Y), [ROBUST.loss])
    for _ in range(3000):
        x = rng.standard_normal((6, 2))
        rise = np.diff(loss(x @ circle, x[:, :1])[0].sum(axis=0))
        found.append(2 * int((rise * np.roll(rise, -1) < 0).sum()) - 2)
    assert error < 0.05 * value
    assert abs(value - np.mean(found)) < 4 * np.hypot(error, np.std(found) / np.sqrt(len(found)))


def test_what_is_not_carried_is_named() -> None:
    assert "jumps in u, where cavity fields depend on y" in ground_state_bbp(ROBUST).note
    band = GeneralizedLinearLandscape(Max(0, Abs(U**2 - Y**2) - 1) ** 2)
    with pytest.raises(ValueError, match="critical points are a continuum"):
        expected_critical_points(band, 4, 8)
    with pytest.raises(ValueError, match="their grid is not broken there"):
        ground_state(ROBUST, alpha=3.0)
    with pytest.raises(ValueError, match="has a slope that jumps where"):
        complexity(GeneralizedLinearLandscape(Abs(U - Y)), 3.0)
    with pytest.raises(ConvergenceError, match="the proximal map jumps; not solved where the curvature does"):
        one_step_law(ROBUST, 0.7, 1.0, 0.1)
    assert Population(ROBUST).at_overlap is False
