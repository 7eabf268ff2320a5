import re
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics.growth import linear_growth, quadrature
from numerics.dynamics.growth_rate import OverlapGrowth, extrapolated, growth_rate, rate_on
from numerics.dynamics.growth_threshold import dynamical_threshold
from numerics.errors import ConvergenceError
from numerics.lowering import lower
from numerics.thresholds import Locator
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.dynamics import GrowthRate

Q, M = OVERLAP, SIGNAL_OVERLAP


@pytest.fixture(scope="module")
def quadratic() -> DynamicsSolution:
    """Spherical p = 2 without signal: mu = 2 - 3/(4t) + ..."""
    return solve_dynamics(GaussianLandscape(Q**2 / 2), 2e3, method="long-time")


def closed_form(landscape: GaussianLandscape) -> float:
    return float(lower((), [GrowthRate(landscape).threshold_rate])()[0])


@pytest.mark.parametrize("theta", [1.2, 1.6, 3.0])
def test_outlier_of_a_spiked_matrix(quadratic: DynamicsSolution, theta: float) -> None:
    """lambda(t) = theta + 1/theta - mu(t), and theta + 1/theta - 2 at infinite time."""
    rate, exact = rate_on(quadratic, theta), theta + 1 / theta - 2
    late = rate.t > 300
    assert (rate.rate + rate.friction)[late] == pytest.approx(theta + 1 / theta, rel=0, abs=1e-6)
    assert abs(rate.limit.value - exact) < rate.limit.error < 3e-4
    assert abs(rate.marginal.value - exact) < rate.marginal.error < 1e-4
    assert rate.exponential and rate.relaxation_time.value == pytest.approx(1 / exact, rel=1e-3)


@pytest.mark.parametrize(("theta", "exponent"), [(0.3, -3 / 4), (0.6, -3 / 4), (1.0, 1 / 4)])
def test_powers_of_a_spiked_matrix(quadratic: DynamicsSolution, theta: float, exponent: float) -> None:
    """<u|exp(Jt)|u> ~ exp(2t) t^(-3/2), or t^(-1/2) at the transition, over |exp(Jt) x| ~ exp(2t) t^(-3/4)."""
    rate = rate_on(quadratic, theta)
    assert rate.exponent[-1] == pytest.approx(exponent, abs=5e-3)
    assert not rate.exponential and rate.relaxation_time.value == np.inf
    assert "power of t" in repr(rate)


@pytest.mark.parametrize("temperature", [0.0, 0.5])
def test_linear_growth_is_the_limit_of_small_overlaps(temperature: float) -> None:
    landscape = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)
    options: Any = {"temperature": temperature, "rtol": 1e-9, "method": "reference"}
    grown = linear_growth(solve_dynamics(landscape, 6, **options), 1.5)
    m = solve_dynamics(landscape, 6, overlap=1e-200, **options).two_time.one_time(grown.t).m
    assert grown.log_overlap == pytest.approx(np.log(m / 1e-200), rel=0, abs=1e-7)
    slope = np.gradient(grown.log_overlap, grown.t)
    assert grown.rate[20:-20] == pytest.approx(slope[20:-20], rel=0.05)


def test_linear_growth_at_long_times() -> None:
    landscape = SpikedMatrixTensor(3, Rational(1, 2), 1)
    grown = linear_growth(solve_dynamics(landscape, 1e3, method="long-time"), 2)
    logarithm = solve_dynamics(landscape, 1e3, overlap=1e-200, method="long-time").two_time.one_time(grown.t).m
    assert grown.log_overlap == pytest.approx(np.log(logarithm / 1e-200), rel=0, abs=1e-5)


@pytest.mark.parametrize(("p", "inverse_delta_2"), [(3, 3), (4, 4)])
def test_rate_on_threshold_states(p: int, inverse_delta_2: int) -> None:
    """The friction is still far from its limit: lambda(t) itself is not within its error of the closed form."""
    landscape = SpikedMatrixTensor(p, Rational(1, inverse_delta_2), 1)
    rate, exact = growth_rate(landscape, t_max=1e3, rtol=1e-5), closed_form(landscape)
    assert abs(rate.limit.value - exact) < rate.limit.error < 0.01
    assert abs(rate.marginal.value - exact) < rate.marginal.error < 1e-3
    assert rate.rate[-1] - exact > 10 * rate.marginal.error
    assert rate.exponential and "exponentially" in repr(rate)


def test_algebraic_growth_below_the_threshold() -> None:
    rate = growth_rate(SpikedMatrixTensor(3, delta_p=1), t_max=1e3, rtol=1e-5, parameters={"delta_2": Rational(2, 3)})
    assert not rate.exponential and abs(rate.limit.value) < rate.limit.error
    late = rate.t > 30
    assert np.all((rate.exponent[late] > 0.15) & (rate.exponent[late] < 0.17))


def test_powers_are_extrapolated() -> None:
    t = 0.5 * np.expm1(0.5 * np.arange(1, 200) / 9)
    for power in (2 / 3, 0.4):
        found = extrapolated(1.7 - 3 * t**-power)
        assert abs(found.value - 1.7) <= found.error
    assert extrapolated(np.full(200, 2.0)) == (2.0, 0.0)


def test_quadrature() -> None:
    for start, end in ((0.0, 1e-3), (2.0, 5.0), (10.0, 1e6)):
        s, w = quadrature(start, end)
        assert np.sum(w) == pytest.approx(end - start, rel=1e-13)
        assert w @ (1 + end - s) ** -1.5 == pytest.approx(2 - 2 * (1 + end - start) ** -0.5, rel=1e-10)


@pytest.mark.parametrize(
    ("landscape", "options", "message"),
    [
        (SpikedMatrixTensor(3, 1, 1), {"t_max": 10}, "t_max = 10: expected a finite time >= 300"),
        (SpikedMatrixTensor(3, 1, 1), {"t_max": np.nan}, "t_max = nan"),
        (GaussianLandscape(Q**3, M + M**2), {}, "g'(0) = 1"),
        (PureSpin(3, 1), {}, "g''(0) = 0"),
    ],
)
def test_bad_input_is_one_line(landscape: GaussianLandscape, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(message)) as caught:
        growth_rate(landscape, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_threshold_is_not_found_where_nothing_grows(
    quadratic: DynamicsSolution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> OverlapGrowth:
        return rate_on(quadratic, 0.5)

    monkeypatch.setattr("numerics.dynamics.growth_threshold.growth_rate", nothing)
    family = SpikedMatrixTensor.family(3)
    with pytest.raises(ConvergenceError, match="no control up to"):
        dynamical_threshold(family, {family.free[0]: 1})


@pytest.mark.slow
@pytest.mark.parametrize("delta_p", [0.25, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("p", [3, 4])
def test_threshold_of_gradient_flow_from_dynamics(p: int, delta_p: float) -> None:
    family = SpikedMatrixTensor.family(p)
    found = dynamical_threshold(family, {family.free[0]: delta_p}, t_max=1e5)
    exact = float(Locator(family, [delta_p])("gradient_flow").value[0])
    assert abs(found.value - exact) < found.error < 5e-3 * exact
    assert abs(found.marginal.value - exact) < found.marginal.error < 5e-4 * exact
    assert np.all(found.control > exact)
    for rate in found.rates:
        assert abs(rate.limit.value - rate.marginal.value) < rate.limit.error
