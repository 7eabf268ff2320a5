"""Intervals against their promised coverage, and extrapolation against what it must recover."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from numerics.checks.comparison import Comparison
from numerics.extrapolation import SizeLaw, extrapolate, limits
from numerics.lowering import Array
from numerics.statistics import bootstrap, mean_and_error, means, wilson


def test_bootstrap_of_the_mean_has_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(3, 2, size=(400, 3, 2))
    found = bootstrap(values)
    assert found.value == pytest.approx(values.mean(axis=0))
    assert found.error == pytest.approx(values.std(axis=0, ddof=1) / 20)
    # 95 % of a normal mean: 1.96 standard errors
    assert (found.high - found.low) / found.error == pytest.approx(np.full((3, 2), 2 * 1.966), rel=0.06)


@pytest.mark.parametrize(("count", "skewed"), [(5, False), (12, False), (30, True)])
def test_bootstrap_covers_as_it_promises(count: int, skewed: bool) -> None:
    rng = np.random.default_rng(count)
    shape = (count, 2000)
    values = rng.exponential(1, shape) - 1 if skewed else rng.standard_normal(shape)
    found = bootstrap(values, confidence=0.9, resamples=1000)
    covered = float(np.mean((found.low <= 0) & (found.high >= 0)))
    # binomial error 0.007; a skewed law costs a little more
    assert abs(covered - 0.9) < (0.04 if skewed else 0.025)


def test_bootstrap_of_any_statistic() -> None:
    values = np.random.default_rng(2).normal(0, 3, size=500)
    found = bootstrap(values, np.std, resamples=400)
    assert found.value == np.std(values)
    assert float(found.error) == pytest.approx(3 / np.sqrt(1000), rel=0.15)
    assert found.low < 3 < found.high
    same = bootstrap(values, lambda v: v.mean(axis=0), resamples=4000)
    quick = bootstrap(values)
    assert (same.low, same.high) == pytest.approx((quick.low, quick.high), abs=0.2 * float(quick.error))


def test_bootstrap_is_reproducible_and_exact_where_nothing_varies() -> None:
    values = np.random.default_rng(3).standard_normal((9, 4))
    values[:, 2] = 1 / 3
    one, two, other = bootstrap(values), bootstrap(values), bootstrap(values, seed=1)
    assert np.array_equal(one.low, two.low) and not np.array_equal(one.low, other.low)
    assert one.low[2] == one.high[2] == one.value[2] == 1 / 3
    assert one.error[2] < 1e-15


def test_one_sample_has_no_error() -> None:
    found = bootstrap(np.array([[1.0, 2.0]]))
    assert np.array_equal(found.value, [1, 2])
    assert np.all(np.isnan([found.error, found.low, found.high]))


@pytest.mark.parametrize("values", [[], 1.0, [1.0, np.nan]])
def test_bootstrap_refuses(values: Any) -> None:
    with pytest.raises(ValueError, match="expected at least one along the first axis, all finite"):
        bootstrap(values)
    with pytest.raises(ValueError, match=r"confidence = 95: expected a number within \(0, 1\)"):
        bootstrap([1.0, 2.0], confidence=95)
    with pytest.raises(ValueError, match="resamples = 10"):
        bootstrap([1.0, 2.0], resamples=10)


def test_wilson_against_scipy() -> None:
    k, n = np.array([0, 1, 7, 20, 50]), np.array([20, 20, 20, 20, 1000])
    found = wilson(k, n, confidence=0.9)
    for i in range(k.size):
        expected = binomtest(int(k[i]), int(n[i])).proportion_ci(0.9, method="wilson")
        assert (found.low[i], found.high[i]) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.value == pytest.approx(k / n)
    assert found.error[4] == pytest.approx(np.sqrt(0.05 * 0.95 / 1000), rel=0.01)
    for bad in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match="expected 0 <= successes <= trials"):
            wilson(*bad)


SIZES, PLAIN = np.array([64.0, 128, 256, 512]), SizeLaw((1.0,))


@pytest.mark.parametrize(("exponent", "terms"), [(1.0, 1), (2 / 3, 1), (1.0, 2)])
def test_extrapolation_recovers_what_was_put_in(exponent: float, terms: int) -> None:
    truth = np.array([-1.2, 3.0, -20.0])[: terms + 1]
    values = SIZES[:, None] ** (-exponent * np.arange(terms + 1)) @ truth
    powers = tuple(exponent * k for k in range(1, terms + 1))
    found = extrapolate(SIZES, values, [0.1, 0.01, 0.02, 0.03], SizeLaw(powers))
    assert found.coefficients == pytest.approx(truth, rel=1e-9)
    assert found.value == found.coefficients[0] and found.p_value == pytest.approx(1)
    assert found.shares is not None and np.sum(found.shares) == pytest.approx(1)


def test_extrapolation_error_and_chi_squared_are_those_of_the_noise() -> None:
    errors, rng = np.array([0.01, 0.02, 0.02, 0.03]), np.random.default_rng(4)
    fits = [extrapolate(SIZES, 1 + 5 / SIZES + errors * rng.standard_normal(4), errors, PLAIN) for _ in range(2000)]
    pulls: Array = np.array([(fit.value - 1) / fit.error for fit in fits])
    assert abs(pulls.mean()) < 0.08 and pulls.std() == pytest.approx(1, abs=0.05)
    for share in (0.1, 0.5, 0.9):
        assert np.mean([fit.p_value < share for fit in fits]) == pytest.approx(share, abs=0.04)


def test_extrapolation_notices_the_wrong_exponent() -> None:
    values = 1 + 5 * SIZES ** (-1 / 3)
    assert extrapolate(SIZES, values, np.full(4, 1e-3), PLAIN).p_value < 1e-6


def test_extrapolation_refuses() -> None:
    with pytest.raises(ValueError, match="three lists of one length"):
        extrapolate(SIZES, SIZES, [1, 1, 0, 1])
    with pytest.raises(ValueError, match="expected 2 different ones or more"):
        extrapolate([64, 64], [1, 2], [1, 1])
    assert extrapolate([64, 128], [1, 2], [1, 1], PLAIN).p_value == 1
    with pytest.raises(ValueError, match="three lists of one length"):
        extrapolate(SIZES, SIZES, SIZES, SizeLaw((0.0,)))


def test_means_with_what_is_known_exactly() -> None:
    """Without controls the plain mean; with them what they explain is gone, and the error has its size."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((400, 50, 1))
    y = 2 + 3 * x + 0.1 * rng.standard_normal((400, 50, 1))
    plain, helped = means(8, y[0]), [means(8, *pair) for pair in zip(y, x, strict=True)]
    value, error = mean_and_error(y[0])
    assert plain.value == pytest.approx(value) and plain.error == pytest.approx(error) and plain.degrees == 49
    pulls = np.array([(m.value[0] - 2) / m.error[0] for m in helped])
    assert pulls.std() == pytest.approx(1, abs=0.12) and helped[0].error < 0.1 * plain.error and helped[0].degrees == 48
    assert means(8, np.ones((5, 1))).error == [1e-7]
    with pytest.raises(ValueError, match="samples = 2 of size 8: expected at least 3"):
        means(8, [[1.0], [2.0]], [[0.1], [-0.1]])


@pytest.mark.parametrize("samples", [(24, 18, 10), (110, 32, 12)])
def test_a_limit_from_few_samples_errs_as_it_says(samples: tuple[int, ...]) -> None:
    """Weights that are estimated from ten samples are wrong by a third, of which the error knows."""
    random, z = np.random.default_rng(5), []
    for _ in range(3000):
        groups = [
            means(size, 1 - 0.3 / size + random.standard_normal((count, 1)) / size**0.5)
            for size, count in zip((64, 128, 256), samples, strict=True)
        ]
        found = limits(groups, SizeLaw((1.0,)))
        z.append(Comparison("v", 1.0, 0.0, found.value[0], found.error[0], 1.0, None, found.degrees[0]).z)
    assert abs(np.std(z) - 1) < 0.03 and np.mean(np.abs(z) > 3) < 0.0065
