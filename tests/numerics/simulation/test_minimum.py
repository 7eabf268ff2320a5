"""Descent into minima."""

import numpy as np
import pytest
from sympy import Rational

from numerics.errors import ConvergenceError
from numerics.simulation import random_starts, sample
from numerics.simulation.minimum import descend
from theory import OVERLAP as Q
from theory import GaussianLandscape, SpikedMatrixTensor


def test_the_end_is_a_minimum_below_the_start() -> None:
    drawn = sample(SpikedMatrixTensor(3, Rational(3, 10), 1), 60, 0)
    for start in (drawn.signal, *random_starts(60, 3, np.random.default_rng(1))):
        end = descend(drawn, start)
        energy, gradient = drawn.gradient(end.x[None])
        assert np.linalg.norm(gradient[0] + end.modes.mu * end.x) < 1e-7
        assert energy[0] == pytest.approx(end.modes.energy)
        assert end.modes.energy < drawn.gradient(np.asarray(start)[None])[0][0]
        assert end.modes.values[0] > 0 and end.modes.values.size == 59
        assert end.x @ end.x == pytest.approx(60)
        assert end.overlap == pytest.approx(end.x @ drawn.signal / 60)


def test_the_lowest_eigenvector_of_a_matrix() -> None:
    drawn = sample(GaussianLandscape(Q**2 / 2), 30, 0)
    matrix = drawn.hessian(drawn.signal)
    end = descend(drawn, random_starts(30, 1, np.random.default_rng(0))[0])
    values = np.linalg.eigvalsh(matrix)
    assert end.modes.energy == pytest.approx(values[0] / 2, rel=1e-9)
    assert end.modes.values == pytest.approx(values[1:] - values[0], abs=1e-6)


def test_a_saddle_is_not_a_minimum() -> None:
    drawn = sample(GaussianLandscape(Q**2 / 2), 10, 0)
    middle = np.linalg.eigh(drawn.hessian(drawn.signal))[1][:, 4]
    with pytest.raises(ConvergenceError, match="ended on a saddle"):
        descend(drawn, middle)
