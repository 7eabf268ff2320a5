"""Where the values of a long run are stored."""

import numpy as np
import pytest
from numpy.polynomial import legendre

from numerics.dynamics import solve_dynamics
from numerics.dynamics.long_time import geometry, store
from numerics.dynamics.long_time.geometry import LAG, SPEED, TIME, WEIGHT, History, Rule
from numerics.dynamics.long_time.rule import Resolution
from numerics.dynamics.model import model
from numerics.lowering import Array
from theory import OVERLAP, GaussianLandscape

CUBE = GaussianLandscape(OVERLAP**3 / 2)
RULE = Resolution(12, 6, 1e-6).rule(model(CUBE))


def history_at(t: float, anchors: list[float]) -> tuple[History, int]:
    return store.with_grid(store.empty(), store.Segments.at(t, anchors, RULE), anchors)


def nodes_at(t: float, history: History, grid: int, rule: Rule = RULE) -> Array:
    out = np.empty((4, store.nodes(history, grid, rule)))
    assert geometry.slice_at(grid, t, rule, history, out) == out.shape[1]
    return out


@pytest.mark.parametrize("anchors", [[], [3.0], [0.7, 40.0]])
@pytest.mark.parametrize("t", [50.0, 1e5, 1e12])
def test_nodes_fill_the_past_and_are_found_where_they_lie(t: float, anchors: list[float]) -> None:
    """Weights integrate 1 and ``1/(scale + lag)``; both ends of every interval are nodes; ``locate`` inverts."""
    history, grid = history_at(t, anchors)
    nodes = nodes_at(t, history, grid)
    times, lags, weights = nodes[TIME], nodes[LAG], nodes[WEIGHT]
    assert times[0] == 0 and times[-1] == t and lags[-1] == 0 and np.all(np.diff(times[lags > 1e-15 * t]) > 0)
    assert np.allclose(times + lags, t, rtol=1e-14) and set(anchors) <= set(times)
    assert weights.sum() == pytest.approx(t, rel=1e-9)
    assert weights @ (1 / (RULE.scale + lags)) == pytest.approx(np.log1p(t / RULE.scale), rel=1e-9)
    size = RULE.nodes.size
    for k in range(0, times.size - 1, 5):
        panel, place = geometry.locate(grid, t, times[k], lags[k], RULE, history)
        at_edge = k % (size - 1) == 0
        assert panel * 2 + place == pytest.approx(
            k // (size - 1) * 2 + RULE.nodes[k % (size - 1)], abs=1e-7 if at_edge else 1e-9
        )


def test_speed_is_that_of_a_place_at_a_fixed_time() -> None:
    """Against a difference; where nothing moves there is none."""
    t, step, anchors = 50.0, 1e-5, [3.0]
    history, grid = history_at(t, anchors)
    nodes = nodes_at(t, history, grid)
    for k in range(1, nodes.shape[1] - 1):
        if k % (RULE.nodes.size - 1) == 0:
            continue
        s = nodes[TIME, k]
        places = [geometry.locate(grid, late, s, late - s, RULE, history)[1] for late in (t - step, t + step)]
        assert nodes[SPEED, k] == pytest.approx((places[0] - places[1]) / (2 * step), rel=1e-5, abs=1e-9)
        assert (nodes[SPEED, k] == 0) == (s < anchors[0])


def test_ageing_is_smooth_in_the_places() -> None:
    """Powers of ``s/t`` and ``1 - s/t`` on seventeen nodes a panel, rounding but for a thousandfold: a join at t/2 of
    two logarithms left 1e-9."""
    rule = Resolution(17, 7, 1e-6).rule(model(CUBE))
    t = 1e6
    history, grid = store.with_grid(store.empty(), store.Segments.at(t, [], rule), [])
    nodes = nodes_at(t, history, grid, rule)
    y = (nodes[TIME] + rule.scale) / (t + 2 * rule.scale)
    rest = (nodes[LAG] + rule.scale) / (t + 2 * rule.scale)
    to_coefficients = np.linalg.inv(legendre.legvander(rule.nodes, rule.nodes.size - 1))
    for values in (y**0.4, rest**0.6, y**0.4 * rest**0.6):
        panels = np.lib.stride_tricks.sliding_window_view(values, rule.nodes.size)[:: rule.nodes.size - 1]
        assert np.abs(panels @ to_coefficients.T)[:, -2:].max() < 1e-13


@pytest.mark.slow
def test_energies_at_late_times_at_two_resolutions() -> None:
    """``e - e_th`` of p = 3 goes like ``t^(-2/3)``; runs of other resolution agree to the error that both claim."""
    coarse = solve_dynamics(CUBE, 1e7, method="long-time")
    fine = solve_dynamics(CUBE, 1e7, rtol=1e-8, method="long-time")
    t = np.geomspace(1e2, 1e7, 51)
    found, best = coarse.at(t), fine.at(t)
    assert np.all(np.abs(found["energy"] - best["energy"]) <= found["energy_error"] + best["energy_error"])
    excess = best["energy"] + float(2 / np.sqrt(3))
    exponent = -np.diff(np.log(excess)) / np.diff(np.log(t))
    assert np.all(np.abs(exponent[-10:] - 2 / 3) < 2e-4)
