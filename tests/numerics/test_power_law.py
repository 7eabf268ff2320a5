"""Exponents of power laws with corrections to scaling, whose errors cover."""

import numpy as np
import pytest

from numerics.power_law import power_law

SIZES = np.array([64, 256, 1024, 4096, 16384])


def test_exact_power() -> None:
    values = 3 * SIZES**-0.75
    found = power_law(SIZES, values, 1e-6 * values, 0.5)
    assert found.exponent == pytest.approx(-0.75, abs=1e-4) and found.at(SIZES) == pytest.approx(values)


@pytest.mark.parametrize("correction", [0.5, 1.0])
def test_errors_cover(correction: float) -> None:
    """Of corrections as large as the prior has them."""
    random, ratios = np.random.default_rng(0), []
    for _ in range(200):
        b, c = random.normal(0, 0.5, 2)
        decay = (SIZES[0] / SIZES) ** correction
        values = SIZES**-0.5 * np.maximum(1 + b * decay + c * decay**2, 0.1)
        noisy = values * (1 + 0.02 * random.standard_normal(SIZES.size))
        found = power_law(SIZES, noisy, 0.02 * values, correction)
        ratios.append((found.exponent + 0.5) / found.error)
    assert 0.4 < np.std(ratios) < 1.2 and abs(np.mean(ratios)) < 0.3


def test_refused() -> None:
    for sizes, values, errors in (([1, 2], [1, 1], [0, 1]), ([2, 2], [1, 1], [1, 1]), ([1, 2], [1, -1], [1, 1])):
        with pytest.raises(ValueError, match="expected three lists"):
            power_law(sizes, values, errors, 1.0)
