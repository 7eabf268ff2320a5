"""The two checks around the gradient-flow threshold: they agree, and they can fail."""

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import ndtr

from numerics.checks import Point
from numerics.checks import bbp_threshold_states as states
from numerics.checks import gradient_flow_threshold as success
from numerics.checks.planted import spiked, with_signal_at, without_signal
from numerics.checks.threshold_states import end_of_flow, landscape_at, laws_of, observed
from numerics.checks.threshold_states import states as end_states
from numerics.dynamics import solve_dynamics
from numerics.errors import ConvergenceError
from numerics.extrapolation import Limit, limits
from numerics.lowering import Array
from numerics.recovery import (
    SpikedLine,
    deadline,
    first_overlap,
    fit_success,
    predicted_crossing,
    relative_need,
    success_points,
)
from numerics.simulation import lowest, random_starts, sample
from numerics.simulation.hessian import spectrum
from numerics.statistics import means
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP

SMALL = states.Settings(
    signals=(5.0,), sizes=(16, 32, 64), samples=(20, 16, 16), starts=(8, 8, 4), directions=12, resolution=0.2
)
TWIN = GaussianLandscape(OVERLAP**3 / 3)
"""Pure: its states are marginal, in theory as in the landscapes of the check."""
MODEL = SpikedLine(3, 1)


def across(x: Array, random: np.random.Generator) -> Array:
    """A signal uniform among those orthogonal to x (N,)."""
    vector = random.standard_normal(x.size)
    vector -= (vector @ x / x.size) * x
    return np.asarray(vector * math.sqrt(x.size) / np.linalg.norm(vector))


def test_signal_planted_elsewhere() -> None:
    drawn, random = sample(landscape_at(3.0), 20, 1), np.random.default_rng(0)
    x = random_starts(20, 1, random)
    vector = across(x[0], random)
    assert abs(vector @ x[0]) < 1e-12 and vector @ vector == pytest.approx(20)
    lit, noise = with_signal_at(drawn, vector), without_signal(drawn)
    # at m = 0 it exerts no force, and its Hessian is -g''(0) x* x*^T/N
    assert lit.gradient(x)[1] == pytest.approx(noise.gradient(x)[1], abs=1e-12)
    assert lit.hessian(x[0]) - noise.hessian(x[0]) == pytest.approx(-3 * np.outer(vector, vector) / 20, abs=1e-12)
    assert without_signal(drawn).gradient(x)[0] == pytest.approx(drawn.gradient(x)[0] + _mean(drawn, x), abs=1e-12)


def _mean(drawn: object, x: np.ndarray) -> np.ndarray:
    m = x @ drawn.signal / 20  # type: ignore[attr-defined]
    return 3 * m**2 / 2 + m**3 / 3


@pytest.mark.parametrize("strength", [0.5, 3.0, 5.0])
def test_secular_equation(strength: float) -> None:
    """The same as diagonalising the Hessian of the landscape with its signal there."""
    random = np.random.default_rng(3)
    drawn, x = sample(landscape_at(strength), 20, 1), random_starts(20, 1, random)[0]
    vector, modes = across(x, random), spectrum(without_signal(drawn), x, vectors=True)
    lit = lowest(with_signal_at(drawn, vector), x)
    assert modes.vectors is not None
    found = spiked(modes.values, modes.vectors @ vector / math.sqrt(20), strength)
    assert found == pytest.approx((lit.values[0], lit.overlaps[0]), rel=1e-10)


def test_predictions_of_threshold_states() -> None:
    below, above = states.predicted(1.0), states.predicted(3.0)
    assert below["width"] == pytest.approx(2 * math.sqrt(3)) and below["overlap"] == 0
    theta = 3 / math.sqrt(5)
    assert above["width"] == pytest.approx(math.sqrt(5) * (theta + 1 / theta))
    assert above["overlap"] == pytest.approx(1 - 5 / 9) and above["mu"] == pytest.approx(2 * math.sqrt(5))
    # PHYSICS: (p, Delta_2, Delta_p) = (3, .3, 1): lambda_min = -.3145, overlap .5200
    third = states.predicted(1 / 0.3)
    assert third["mu"] - third["width"] == pytest.approx(-0.3145, abs=1e-4)
    assert third["overlap"] == pytest.approx(0.52, abs=1e-4)
    assert states.detachment(1.0) == pytest.approx(2, abs=1e-9)


def test_end_of_flow_is_a_minimum() -> None:
    noise = without_signal(sample(landscape_at(1.0), 30, 3))
    for x in end_of_flow(noise, random_starts(30, 3, np.random.default_rng(0))):
        assert lowest(noise, x).values[0] > 0


def test_detachment_is_found_again() -> None:
    """From the overlaps of the theory itself; and from those of a theta that is 10% larger, 2/1.1 at large theta."""
    signals = (3.0, 5.0)
    exact = [Limit(states.predicted(s)["overlap"], 0.01, np.zeros(1), np.zeros(1)) for s in signals]
    found = states.detached(signals, exact, 1.0, 0.05, 100)
    assert found.measured == pytest.approx(2, abs=1e-9) and found.z == pytest.approx(0, abs=1e-6)
    larger = [Limit(states.predicted(s, 1.1)["overlap"], 0.01, np.zeros(1), np.zeros(1)) for s in signals]
    moved = states.detached(signals, larger, 1.1, 0.05, 100)
    assert moved.measured == pytest.approx(moved.predicted, rel=0.02) and moved.predicted < 1.8


SIMULATED: dict[str, Array] = {}


def remembered(point: Point[states.Settings]) -> Array:
    """Predictions that differ share their simulations."""
    if str(point) not in SIMULATED:
        SIMULATED[str(point)] = states.measured(point)
    return SIMULATED[str(point)]


@pytest.mark.parametrize(
    ("perturb", "verdicts"),
    [
        ({}, {"agree", "undecided"}),
        ({"theta": 1.25}, {"disagree"}),
        pytest.param({"signal": 0.7}, {"disagree"}, marks=pytest.mark.slow),
    ],
)
def test_threshold_states(perturb: dict[str, float], verdicts: set[str]) -> None:
    """A small run does not disagree; theta that is far too large, or a wrong signal in the runs, is noticed."""
    report = replace(states.CHECK, measure=remembered).run(plan=SMALL, seed=1, perturb=perturb)
    assert report.verdict in verdicts, report.message


@pytest.mark.slow
def test_same_states_for_any_number_of_workers() -> None:
    tiny = states.Settings((1.0, 3.0, 5.0), sizes=(12, 16, 20, 24), samples=(3,) * 4, starts=(2,) * 4, directions=2)
    alone, shared = (states.CHECK.run(plan=tiny, workers=workers) for workers in (1, 2))
    assert alone.record() == shared.record() and alone.verdict != "disagree" and len(alone.panels) == 4
    assert alone.comparisons[-1].label == "1/Delta_2 where the outlier detaches"


def test_unknown_perturbation() -> None:
    for module in (states, success):
        with pytest.raises(ValueError, match="perturb = 'mass'"):
            module.CHECK.run(quick=True, perturb={"mass": 2.0})


def test_criterion() -> None:
    assert MODEL.threshold == pytest.approx(2) and deadline(100) == pytest.approx(math.log(100) ** 2 / 4)
    m = 2 * MODEL.goal
    assert (2 * m + m**2) ** 2 * (1 - m**2) == pytest.approx(3 * m**2, rel=1e-9)


def test_prediction_is_consistent() -> None:
    """At the predicted crossing a start needs what it has; further up, less."""
    crossing = predicted_crossing(MODEL, 64)
    assert relative_need(MODEL.landscape(crossing), 64, MODEL.goal) == pytest.approx(1, abs=0.02)
    assert relative_need(MODEL.landscape(1.2 * crossing), 64, MODEL.goal) < 0.8


def test_success_curve() -> None:
    """Place and error bar from synthetic runs whose success is known: within two errors in 95% of the cases."""
    signals, needed, random = np.array([1.0, 1.3, 1.6, 2.0]), np.array([1.6, 1.1, 0.8, 0.5]), np.random.default_rng(0)
    chance, scores = ndtr(0.8 * (1.2 - needed)), []
    for _ in range(100):
        runs = (random.random((4, 60, 2)) < chance[:, None, None]).sum(axis=2)
        curve = fit_success(signals, needed, runs, 2)
        scores.append((curve.place - 1.2) / curve.error)
    assert np.std(scores) == pytest.approx(1, abs=0.25) and abs(np.mean(scores)) < 0.3
    assert curve.crossing[0] == pytest.approx(1.24, abs=0.1) and curve.predicted == pytest.approx(1.38, abs=0.05)
    every = fit_success(signals, needed, np.ones((4, 5), dtype=np.int64))
    assert every.error > 0.3
    with pytest.raises(ValueError, match="increasing and decreasing"):
        fit_success(signals, needed[::-1], runs, 2)


def test_pairs_of_runs_have_opposite_noise() -> None:
    """Far from the goal, m - M(t) N^(-1/2) has opposite signs in a pair."""
    ends = []
    for seed in range(12):
        drawn = sample(MODEL.landscape(0.2), 64, seed)
        ends.append(success.overlaps_reached(drawn, np.random.default_rng(seed)))
    assert np.corrcoef(np.transpose(ends))[0, 1] < -0.6


@pytest.mark.slow
@pytest.mark.parametrize(("theta", "verdict"), [(1.0, "agree"), (1.3, "disagree")])
def test_success_that_is_drawn_from_the_theory(theta: float, verdict: str) -> None:
    """The verdict when the outcomes follow the prediction, with its theta right or 30% too large."""
    chosen = success.Signals(signals=(1.2, 1.5, 2.0), sizes=(32, 64), pairs=(600, 600), resolution=0.4)
    need = cache(lambda signal, size: success.needed_at((signal, size, 1.0)))

    def outcome(point: Point[success.Signals]) -> Array:
        signal = point.plan.signals[point.case]
        random = np.random.default_rng((point.seed, point.size, point.number, round(1e3 * signal)))
        return np.array([np.sum(random.random(2) < ndtr(0.7 * (1 - need(signal, point.size))))])

    report = replace(success.CHECK, measure=outcome).run(plan=chosen, perturb={"theta": theta})
    assert report.verdict == verdict, report.message


def test_a_few_runs_never_disagree() -> None:
    tiny = success.Signals(signals=(1.2, 2.0), sizes=(24, 48), pairs=(6, 4))
    report = success.CHECK.run(plan=tiny, seed=2)
    assert report.verdict != "disagree" and len(report.panels) == 2
    assert "its drift is no power of N" in " ".join(report.remarks)


@pytest.mark.slow
@pytest.mark.parametrize("theta", [0.6, 1.5, 1.9])
def test_the_laws_of_extrapolation_on_a_twin(theta: float) -> None:
    """2 sigma for mu and the edge; outlier and overlap of a rotation-invariant matrix with a spike of that strength."""
    sigma, groups = math.sqrt(2), []
    for size, samples, starts in ((32, 48, 8), (64, 48, 8), (128, 30, 4), (256, 20, 2)):
        ends = [end_states(TWIN, size, starts, np.random.SeedSequence((9, size, k))) for k in range(samples)]
        rows = [[observed(modes, theta * sigma, 32, random) for modes, random in each] for each in ends]
        groups.append(means(size, np.mean(rows, axis=1) / (sigma, sigma, sigma, 1)))
    found, above = limits(groups, laws_of(theta)), max(theta, 1.0)
    z = (found.value - (2, 2, above + 1 / above, 1 - above**-2)) / found.error
    assert np.all(np.abs(z) < 3.5), f"z = {z}"
    assert np.all(found.error < (0.025, 0.025, 0.025, 0.02))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3])
def test_quick_checks_agree(seed: int) -> None:
    for module in (states, success):
        report = module.CHECK.run(quick=True, seed=seed, workers=2)
        assert report.verdict == "agree", report.message


@pytest.mark.slow
def test_wrong_signal_is_noticed_by_its_success() -> None:
    chosen = success.Signals(sizes=(32, 64, 128), pairs=(150, 150, 60))
    assert success.CHECK.run(plan=chosen, workers=2, perturb={"signal": 2.0}).verdict == "disagree"
    assert success.CHECK.run(plan=chosen, workers=2, perturb={"theta": 1.3}).verdict == "disagree"


@pytest.mark.parametrize("delta_p", [0.25, 4.0])
def test_need_where_the_growth_is_far_from_linear(delta_p: float) -> None:
    """A start with the overlap that is needed ends with the goal, whether the tensor is strong or weak."""
    model = SpikedLine(3, delta_p)
    landscape = model.landscape(0.4 * model.threshold)
    needed = relative_need(landscape, 64, model.goal) * first_overlap(64)
    found = solve_dynamics(landscape, deadline(64), overlap=needed, rtol=1e-6).at(deadline(64))
    assert found["m"][0] == pytest.approx(model.goal, rel=0.02)


def test_a_place_without_a_crossing_is_left_out() -> None:
    """So strong a tensor takes the start to the signal by itself."""
    model, reasons = SpikedLine(3, 1e-3), list[str]()
    with pytest.raises(ConvergenceError, match="no crossing at N = 64"):
        success_points([model], [64], 2)
    assert success_points([model], [64], 2, absent=reasons.append) == []
    assert len(reasons) == 1 and "no crossing at N = 64, p = 3, delta_p = 0.001" in reasons[0]
    with pytest.raises(ConvergenceError, match="no start with an overlap"):
        relative_need(MODEL.landscape(0.01), 64, 0.999)
