"""Full replica symmetry breaking where the proximal map jumps."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from numerics.generalized_linear import ground_state_bbp, zero_complexity_bbp
from numerics.generalized_linear.even_fields import EvenFields
from numerics.generalized_linear.recursion import Down
from numerics.lowering import lower
from theory.generalized_linear import FIELD, SIGNAL_FIELD
from theory.systems.phase_retrieval import PhaseRetrieval

RETRIEVAL = PhaseRetrieval(10)
CHI = 0.9


def test_the_outer_branch_minimises_and_the_kink_is_its_jump() -> None:
    grid = EvenFields(RETRIEVAL, 0.05)
    u, (top, jump) = grid.proximal(CHI), grid.kink(CHI)
    loss = lower((FIELD, SIGNAL_FIELD), [RETRIEVAL.loss])
    line = np.linspace(0, 12, 4001)
    for row in (0, len(grid.y) // 2, len(grid.y) - 1):
        value = loss(line, grid.y[row])[0]
        for place in (0, 3, 40):
            best = line[np.argmin(value + (line - grid.h[place]) ** 2 / (2 * CHI))]
            assert abs(u[row, place] - best) < 0.004
        assert_allclose(top[row, 0], -np.min(value + line**2 / (2 * CHI)), atol=1e-5)
    jumping = 2 * grid.y[:, 0] ** 2 * CHI / (10 + grid.y[:, 0] ** 2) > 1
    assert np.array_equal(jump[:, 0] > 0, jumping) and 0 < jumping.sum() < len(jumping)
    assert_allclose(jump[-1, 0], 2 * u[-1, 0] / CHI, rtol=0.05)


def test_curvatures_below_a_kink_are_derivatives_of_slopes() -> None:
    """The kink of ``f_K`` becomes a peak of ``f_(K-1)''``, which the pass down must not lose."""
    grid = EvenFields(RETRIEVAL, 0.0125)
    down = Down(grid.levels(np.array([0.0, 0.5, 0.8, 1.0]), CHI), np.array([0.4, 0.8, 1.2]))
    row = int(np.argmin(np.abs(grid.y[:, 0] - 5)))
    slope, curve = down.slopes[2][row], down.curves[2][row]
    assert_allclose(curve[1:60], np.gradient(slope, grid.h)[1:60], atol=0.01)
    assert curve[0] > 5 > down.curves[3][row].max()


@pytest.mark.slow
def test_the_ground_state_is_solved_where_the_map_jumps() -> None:
    """Its transition lies by that of the lowest minima of Kac-Rice, as where the map is smooth."""
    landscape = PhaseRetrieval(5)
    found, minima = ground_state_bbp(landscape), zero_complexity_bbp(landscape)
    assert found.exists and "jumps" in found.note and found.state["chi"] > 0.5
    assert 0.002 < found.error < 0.03
    assert abs(found.value - minima.value) < 0.03
