"""Descent with momentum, a penalty, a bath and batches: the check agrees, and notices what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from numerics.checks import descent as check
from numerics.generalized_linear.simulation import Motion, descend, sample_risk
from numerics.generalized_linear.simulation.descent import _Batch
from numerics.lowering import Array
from theory.systems.phase_retrieval import LinearRegression

FEW = replace(check.CHECK.quick, sizes=(32, 64), samples=(60, 40), resolution=0.5, walkers=256, sets=4)


def test_least_squares_step_by_step() -> None:
    """``w(t+1) = w + beta (w - w(t-1)) - eta (X^T (X w - y)/N + lambda w)``, by its matrix."""
    drawn, start = sample_risk(LinearRegression(), 12, 2.0, 1, dtype="float64"), np.arange(1.0, 13.0)
    found = descend(drawn, start, Motion(0.1, momentum=0.5, ridge=0.3, sphere=False), 4, np.random.default_rng(0))
    gram, pull = drawn.data.T @ drawn.data / 12, drawn.data.T @ drawn.labels / np.sqrt(12)
    w = before = start
    for t in range(5):
        residual = drawn.data @ w / np.sqrt(12) - drawn.labels
        assert found.energy[t] == pytest.approx((residual @ residual + 0.3 * w @ w) / 24)
        assert found.m[t] == pytest.approx(w @ drawn.signal / 12)
        assert found.correlation[t] == pytest.approx(w @ start / 12)
        before, w = w, w + 0.5 * (w - before) - 0.1 * (gram @ w - pull + 0.3 * w)


def test_the_sphere_is_kept_and_batches_have_their_size() -> None:
    drawn, random = sample_risk(check.CURVED, 40, 50.0, 2), np.random.default_rng(0)
    start = np.full(40, 1.0)
    found = descend(drawn, start, Motion(0.0, temperature=0.3, batch=0.4), 3, random)
    assert found.correlation == pytest.approx(1.0)
    assert np.all(np.abs(descend(drawn, start, Motion(0.2, temperature=0.3), 20, random).correlation) <= 1)
    for persistence in (0.0, 1.0):
        seen = shares(drawn.labels.size, persistence)
        assert seen.mean() == pytest.approx(0.4, abs=0.05)


def shares(count: int, persistence: float) -> Array:

    batch = _Batch(count, Motion(0.2, batch=0.4, persistence=persistence), np.random.default_rng(1))
    return np.array([0.4 * batch.weights() for _ in range(10)])


def test_a_few_runs_never_disagree_and_tell_a_wrong_step() -> None:
    assert check.CHECK.run(plan=FEW, seed=1).verdict != "disagree"
    for wrong in ({"energy": 1.5}, {"eta": 2.0}):
        assert check.CHECK.run(plan=FEW, seed=1, perturb=wrong).verdict == "disagree"
