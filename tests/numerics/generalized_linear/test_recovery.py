"""Success curves of gradient flow in alpha."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from sympy import Rational

from numerics.generalized_linear.simulation import Recovery, recovery
from theory.systems import PhaseRetrieval

LANDSCAPE = PhaseRetrieval(Rational(1, 100))


def test_place_and_its_error() -> None:
    """Synthetic runs of a known curve: within one error in about 68% of the cases, without bias."""
    alphas, total, random = np.array([1.5, 2.0, 2.5, 3.0, 3.5]), np.full(5, 40.0), np.random.default_rng(0)
    chance, scores = ndtr(6 * np.log(alphas / 2.4)), []
    for _ in range(200):
        slope, place, error = Recovery(64, alphas, random.binomial(40, chance).astype(float), total).fit()
        scores.append((place - 2.4) / error)
    assert 3 < slope < 12 and abs(np.mean(scores)) < 0.3 and np.std(scores) == pytest.approx(1, abs=0.25)


def test_nothing_learnt_from_one_side() -> None:
    """Where all runs succeed the place is below, and hardly known."""
    alphas = np.array([3.0, 4.0])
    curve = Recovery(64, alphas, np.array([10.0, 10.0]), np.array([10.0, 10.0]))
    place, error = curve.half
    assert place < 3 and error > 0.2 and np.all(curve(alphas) > 0.8)


def test_runs_are_found_again(tmp_path: Path) -> None:
    options = {"t_max": 20.0, "rtol": 1e-3, "gradient_tolerance": 1e-3, "output": tmp_path}
    first = recovery(LANDSCAPE, 24, (1.0, 6.0), 8, **options)  # type: ignore[arg-type]
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    again = recovery(LANDSCAPE, 24, (1.0, 6.0), 8, **options)  # type: ignore[arg-type]
    assert np.array_equal(first.succeeded, again.succeeded) and first.succeeded[1] >= 7 > first.succeeded[0]
    assert times and {path: path.stat().st_mtime_ns for path in times} == times


@pytest.mark.parametrize("alphas", [(2.0,), (3.0, 2.0), (-1.0, 2.0)])
def test_bad_alphas(alphas: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"alphas = .*try \[2, 3, 4\]"):
        recovery(LANDSCAPE, 24, alphas, 4, t_max=1.0)
