"""Leaky ReLU networks on nearly orthogonal inputs: derived forms, KKT points, flows by other methods, late laws."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from sympy import Matrix, Rational, Symbol, exp, expand, limit, log, oo, sqrt

from numerics.checks.plan import Sizes
from numerics.errors import ConvergenceError
from numerics.evolution import evolve
from numerics.experiments.leaky_relu_bias import CHECK, INITIAL, Learning, Network
from numerics.lowering import Array
from numerics.solve import solve_prediction
from theory.prediction import Threshold
from theory.systems.leaky_relu_bias import (
    DEGREE,
    LEVEL,
    LOSSES,
    MARGIN,
    SHARE,
    SLOPE,
    TIME,
    LeakyReluBias,
    Q,
    degree,
    directions,
    kernel,
    late_loss,
    late_margin,
    loss_rate,
)


def number(name: str, digits: int = 15, **parameters: Any) -> Any:
    declared = LeakyReluBias(**parameters)
    return solve_prediction(declared.prediction(name), {}, digits)


def network(size: int = 3000, seed: int = 0, **parameters: Any) -> Network:
    return Learning(LeakyReluBias(**parameters)).draw(size, np.random.default_rng(seed))


def margins(at: Network) -> Array:
    return at.margins(at.fields)


def test_derived_forms() -> None:
    g, s = SLOPE, SHARE
    expected = Matrix([[s + g**2 * (1 - s), -g], [-g, g**2 * s + 1 - s]])
    assert directions() == Matrix([[1, -g], [-g, 1]])
    assert (kernel() - expected).applyfunc(expand).is_zero_matrix
    multiplier, n = Symbol("lambda", positive=True), Symbol("n", positive=True)
    assert (late_margin(multiplier) - log(TIME / (n * multiplier))).expand(force=True) == 0


def test_loss_falls_like_one_over_t_and_only_of_degree_one_without_logarithm() -> None:
    assert degree() == 1 and late_loss() == 1 / (MARGIN**2 * TIME + 1)
    for k in (1, 2, 3):
        found = loss_rate().subs({DEGREE: k, LEVEL: exp(-7)})
        known = -(k**2) * MARGIN ** Rational(2, k) * exp(-14) * 7 ** (2 - Rational(2, k))
        assert abs((found / known - 1).evalf()) < 1e-14
    assert all(limit(loss.rewrite(log) * exp(Q), Q, oo) == 1 for loss in LOSSES.values())


@pytest.mark.parametrize("slope", ["1e-6", "0.1", "1/3", "0.5", "0.999999"])
def test_closed_forms_to_thirty_digits(slope: str) -> None:
    g = Rational(slope)
    known = {
        "margin": sqrt((1 + g**2) / 40),
        "loss_prefactor": 40 / (1 + g**2),
        "stable_rank": 2 * (1 + g**2) / (1 + g) ** 2,
        "margin_gap": Rational(0),
    }
    for name, value in known.items():
        found = number(name, 30, slope=slope)
        assert abs(found.value - value.evalf(40)) <= found.error < 1e-27
    sharp = [p for p in LeakyReluBias(slope=slope).predictions() if isinstance(p, Threshold)]
    assert {p.name: int(solve_prediction(p, {}).value) for p in sharp} == {"loss_exponent": -1, "rank": 2}


@pytest.mark.parametrize("parameters", [{}, {"width": 2, "points": 2}, {"width": 7, "points": 9, "norm_ratio": 3}])
def test_theory_is_the_kkt_point_of_orthogonal_inputs(parameters: dict[str, Any]) -> None:
    start = network(40, slope="0.3", **parameters)
    lengths = np.where(start.labels > 0, 1.0, np.sqrt(float(start.of.norm_ratio)))
    start = replace(start, inputs=lengths[:, None] * np.eye(len(start.labels), 40))
    factors, weights = start.end
    ended = replace(start, weights=weights)
    assert np.allclose(margins(ended), 1, atol=1e-13) and np.sum(ended.singular_values > 1e-6) == 2
    assert float(number("loss_prefactor", slope="0.3", **parameters).value) == pytest.approx(factors.sum())
    assert float(number("margin", slope="0.3", **parameters).value) == pytest.approx(1 / np.linalg.norm(weights))
    assert float(number("stable_rank", slope="0.3", **parameters).value) == pytest.approx(ended.stable_rank)
    assert float(number("margin_gap", slope="0.3", **parameters).value) == pytest.approx(np.ptp(np.log(factors)))


def test_kkt_point_of_data() -> None:
    """Stationary: ``W = sum_i lambda_i grad q_i``, by differences; and all constraints hold as equalities."""
    start = network(600, slope="1/2", points=6, width=4)
    factors, weights = start.end
    ended, step = replace(start, weights=weights), 1e-6
    assert np.allclose(margins(ended), 1, atol=1e-12) and np.all(factors > 0)
    assert np.sum(weights**2) == pytest.approx(factors.sum())
    random = np.random.default_rng(1)
    for _ in range(5):
        along = random.standard_normal(weights.shape)
        ahead, behind = (margins(replace(start, weights=weights + sign * step * along)) for sign in (1, -1))
        assert np.sum(weights * along) == pytest.approx(factors @ (ahead - behind) / (2 * step), rel=1e-6)


def test_inputs_that_are_not_nearly_orthogonal_have_no_such_point() -> None:
    with pytest.raises(ConvergenceError, match="not nearly orthogonal"):
        _ = network(40, slope="0.1").end


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_flow_against_all_weights_in_plain_time(loss: str) -> None:
    start = network(300, slope="1/2", points=6, width=4, loss=loss)
    start = replace(start, weights=start.weights * 0.3 / INITIAL)

    def rate(_: float, flat: Array) -> Array:
        now = replace(start, weights=flat.reshape(start.weights.shape))
        q, a, g = margins(now), start.outer[:, None], 0.5
        force = np.exp(-q) / (1 + np.exp(-q) * (loss == "logistic"))
        signs = np.where(now.fields > 0, 1, g)
        change: Array = (a * signs * (start.labels * force / 6)) @ start.inputs
        return change.ravel()

    plain = solve_ivp(rate, (0, 30), start.weights.ravel(), rtol=1e-10, atol=1e-10).y[:, -1]
    (found,) = start.flow([30], 1e-10)
    assert np.allclose(found.weights.ravel(), plain, rtol=0, atol=1e-6)
    descended = [np.max(abs(start.descended(h, round(30 / h)).weights - found.weights)) for h in (0.2, 0.02)]
    assert descended[1] < 0.25 * descended[0] < 0.01


def test_trajectory_against_closed_forms() -> None:
    """``e^q = 1 + t/(n lambda)`` of the exponential loss, ``q + e^q = 1 + t/(n lambda)`` of the logistic one."""
    times = np.array([0.0, 1e-3, 1.0, 1e3, 1e8, 1e16])
    for loss in LOSSES:
        declared = LeakyReluBias(slope="1/2", norm_ratio=4, points=9, width=3, loss=loss)
        found = evolve(declared.flow(), {}, times).quantities
        kernel_plus, kernel_minus = 2 / 3 + 1 / 12, 1 / 6 + 1 / 3
        for name, rate in {"q_plus": kernel_plus / 9, "q_minus": 4 * kernel_minus / 9}.items():
            ends = 1 + rate * times
            known = (
                np.log(ends)
                if loss == "exponential"
                else [brentq(lambda q, e=e: q + np.exp(q) - e, 0, 50) for e in ends]
            )
            assert np.all(abs(found[name].value - known) <= found[name].error + 1e-12)
        assert np.max(found["margin_ratio"].error) < 1e-5 and found["margin_ratio"].value[0] == pytest.approx(0.375)
        assert found["exponent"].value[-1] == pytest.approx(-1, abs=1e-7)


def test_late_times_far_beyond_small_steps() -> None:
    """``1 - min q/max q = ln(lambda_max/lambda_min)/ln t``, with its constant, to t = 1e100."""
    times = 10.0 ** np.array([8, 16, 32, 64, 100])
    start = network(slope="1/2", norm_ratio=2, loss="exponential")
    shift, ends = np.log(20 * start.end[0]), start.flow(times)
    for t, now in zip(times, ends, strict=True):
        q, late = margins(now), np.log(t) - shift
        assert np.allclose(q, late, rtol=0, atol=1e-5)
        assert q.min() / q.max() == pytest.approx(late.min() / late.max(), abs=1e-6)
        seen = now.observed(t, start.end)
        assert seen["exponent"] == pytest.approx(-1, abs=1e-5) and seen["rank"] == 2
        assert seen["loss_times_t"] == pytest.approx(start.end[0].sum(), rel=1e-5)
    assert q.min() / q.max() > 0.995


def test_seen() -> None:
    """n = 20, d = 3000: stable rank 17.5 -> 1.23 in one step; at t = 2e5 cosine .9989, exponent -1.008, ratio .851."""
    ranks = [(at := network(seed=seed, slope="1/3")).stable_rank for seed in range(5)]
    after = [network(seed=seed, slope="1/3").descended(20.0).stable_rank for seed in range(5)]
    assert np.mean(ranks) == pytest.approx(17.5, abs=0.5) and np.mean(after) == pytest.approx(1.23, abs=0.03)
    seen = at.flow([2e5])[0].observed(2e5, at.end)
    assert seen["cosine"] > 0.9989 and abs(seen["exponent"] + 1) < 0.008 and seen["margin_ratio"] > 0.851
    unequal = network(10000, slope="1/3", norm_ratio=6)
    slow, late = unequal.flow([2e5, 1e64])
    assert slow.observed(2e5, unequal.end)["margin_ratio"] == pytest.approx(0.83, abs=0.03)
    assert late.observed(1e64, unequal.end)["margin_ratio"] > 0.98


@pytest.mark.parametrize(
    "parameters",
    [{"slope": "0.1"}, {"slope": "0.9"}, {"slope": "0.5", "norm_ratio": "1/10"}, {"slope": "0.4", "width": 3}],
)
def test_least_dimension_is_enough(parameters: dict[str, Any]) -> None:
    size = int(number("least_dimension", **parameters).value)
    for seed in range(3):
        start = network(size, seed, **parameters)
        seen = start.flow([1e10])[0].observed(1e10, start.end)
        assert seen["rank"] == 2 and seen["gap"] == pytest.approx(1, abs=1e-3)


def test_command_line(run: Any) -> None:
    status, out, _ = run("thresholds", "leaky-relu-bias", "--slope", "0.3", "--json")
    found = json.loads(out)["thresholds"]
    assert status == 0 and {key: entry["control"] for key, entry in found.items()} == {
        "loss_exponent": "exponent",
        "rank": "rank",
    }
    assert float(found["loss_exponent"]["exponent"]) == -1 and float(found["rank"]["rank"]) == 2
    status, out, _ = run("statics", "leaky-relu-bias", "--slope", "1/2", "--json")
    assert status == 0 and json.loads(out)["numbers"]["stable_rank"]["value"] == pytest.approx(10 / 9)
    words = ("dynamics", "leaky-relu-bias", "--slope", "1/2", "--norm-ratio", "4", "--t-max", "1e8", "--at", "0,1e8")
    status, out, _ = run(*words, "--json")
    assert status == 0 and json.loads(out)["rows"][1]["margin_ratio"] == pytest.approx(1 - np.log(4) / 16.3, abs=2e-3)
    status, out, _ = run("simulate", "leaky-relu-bias", "--slope", "1/2", "-N", "1250", "--samples", "2", "--json")
    assert status == 0 and json.loads(out)["rows"][-1]["rank"] == 2
    for topic in ("margins", "late", "predictions"):
        status, out, _ = run("derive", "leaky-relu-bias", topic, "--slope", "1/2", "--latex")
        assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 1
    for words, said in {
        ("thresholds", "leaky-relu-bias", "--slope", "1"): "--slope 1 must lie strictly between 1e-09 and 1; try",
        ("thresholds", "leaky-relu-bias", "--slope", "x"): "--slope x must lie strictly between 1e-09 and 1; try",
        ("thresholds", "leaky-relu-bias"): "--slope is missing",
        (
            "simulate",
            "leaky-relu-bias",
            "--slope",
            "0.1",
            "-N",
            "3000",
        ): "--size 3000: inputs are not nearly orthogonal",
    }.items():
        status, out, err = run(*words)
        assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


SMALL = Sizes((4000, 16000), (12, 12), 0.04)


@pytest.mark.slow
def test_check_agrees_and_sees_mistakes() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 16
    for mistake in ({"theory": 1.08}, {"slope": 1.3}):
        assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
