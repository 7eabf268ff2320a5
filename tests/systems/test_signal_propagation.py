"""Signals in random networks: exact sums over active units, limits, gradients by differences, and networks."""

import json
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.stats import ks_2samp
from sympy import Rational, acos, pi, simplify, sqrt

from numerics.checks import all_checks
from numerics.experiments.signal_propagation import (
    CHECK,
    Networks,
    draw,
    gain,
    sample_variance,
    shares,
)
from numerics.lowering import Array
from numerics.solve import solve_prediction
from theory.networks.kernels import RHO
from theory.systems.signal_propagation import (
    DEPTH,
    INVERSE,
    LAYER,
    POWER,
    WIDTH,
    SignalPropagation,
    U,
    correlation,
    decay,
    generating,
    transform,
    unit,
)


def predicted(name: str, width: int, depth: int = 1, digits: int = 15) -> Any:
    known = {p.name: p for p in SignalPropagation(width=width, depth=depth).predictions()}
    return solve_prediction(known[name], {WIDTH: width, DEPTH: depth}, digits)


def by_units(n: int, digits: int) -> list[Any]:
    """Mean, variance and third cumulant of ``ln (2/n) chi^2_K``: ``E ln chi^2_K = psi(K/2) + ln 2``, summed over K."""
    with mp.workdps(digits):
        weights = [mp.binomial(n, k) / (mp.mpf(2) ** n - 1) for k in range(1, n + 1)]
        means, second, third = (
            [mp.psi(order, mp.mpf(k) / 2) + (order == 0) * mp.log(mp.mpf(4) / n) for k in range(1, n + 1)]
            for order in range(3)
        )
        mean = mp.fdot(weights, means)
        away = [m - mean for m in means]
        variance = mp.fdot(weights, [v + a**2 for v, a in zip(second, away, strict=True)])
        skew = mp.fdot(weights, [t + 3 * v * a + a**3 for t, v, a in zip(third, second, away, strict=True)])
        return [mean, variance, skew]


def test_derived_forms() -> None:
    assert simplify(unit() - 1 / sqrt(1 + 4 * U / WIDTH)) == 0
    assert transform().subs(WIDTH, 1).simplify() == unit().subs(WIDTH, 1)
    known = (sqrt(1 - RHO**2) + RHO * (pi - acos(RHO))) / pi
    assert all(abs((correlation() - known).subs(RHO, Rational(k, 7)).evalf()) < 1e-14 for k in range(-7, 8))
    assert decay() == 9 * pi**2 / (2 * LAYER**2)
    first, second = (generating(1).diff(POWER, k).subs(POWER, 0) for k in (1, 2))
    assert first == -5 * INVERSE / 2 and second == 5 * INVERSE


@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_gain_against_a_sum_over_active_units(n: int) -> None:
    exact = by_units(n, 50)
    for name, value in zip(("mean_log_gain", "variance_log_gain"), exact, strict=False):
        found = predicted(name, n, digits=30)
        with mp.workdps(50):
            assert abs(found.value - value) <= found.error < 1e-28


@pytest.mark.slow
def test_skewness_against_a_sum_over_active_units() -> None:
    _, variance, third = by_units(5, 30)
    assert abs(predicted("skewness_log_norm", 5, 9).value - third / (3 * mp.sqrt(variance) ** 3)) < 1e-12


def test_gain_of_a_single_unit() -> None:
    """``ln 2 chi^2_1``: mean ``-gamma``, variance ``psi'(1/2)``."""
    assert predicted("mean_log_gain", 1).value == pytest.approx(-np.euler_gamma, abs=1e-15)
    assert predicted("variance_log_gain", 1).value == pytest.approx(np.pi**2 / 2, abs=1e-14)


@pytest.mark.parametrize("n", [300, 10**4, 10**9])
def test_gain_of_many_units(n: int) -> None:
    """Three orders of 1/n; the fourth is bounded by a coefficient that grows no faster than before."""
    orders = generating(3)
    for k, name in enumerate(("mean_log_gain", "variance_log_gain"), 1):
        expected = float(orders.diff(POWER, k).subs({POWER: 0, INVERSE: Rational(1, n)}))
        assert float(predicted(name, n).value) == pytest.approx(expected, abs=1e3 / n**4 + 1e-14 * abs(expected))


@pytest.mark.slow
def test_totals() -> None:
    mean, variance = (float(predicted(f"{name}_log_gain", 9).value) for name in ("mean", "variance"))
    assert float(predicted("mean_log_norm", 9, 50).value) == pytest.approx(50 * mean)
    assert float(predicted("variance_log_norm", 9, 50).value) == pytest.approx(50 * variance)
    assert gain(9) == pytest.approx([mean, variance])


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "near"), [(1, None), (8, None), (10**4, 5e-3)])
def test_angles(depth: int, near: float | None) -> None:
    found = predicted("sample_variance", 10, depth)
    c = mp.mpf(0)
    with mp.workdps(50):
        for _ in range(depth):
            c = (mp.sqrt(1 - c**2) + c * (mp.pi - mp.acos(c))) / mp.pi
        assert abs(found.value - 1 + c) <= found.error
    assert near is None or abs(found.value * depth**2 / (4.5 * mp.pi**2) - 1) < near
    assert shares(8)[-1] == pytest.approx(0.1655836974)


@pytest.fixture(scope="module")
def networks() -> Array:
    """``ln |x|^2`` and ``ln |grad|^2`` per layer, n = 8, L = 16."""
    random = np.random.default_rng(3)
    drawn = [draw(8, 16, 1, random) for _ in range(2500)]
    return np.array([[sum(g for _, g in x.layers()), x.log_gradient()] for x in drawn]) / 16


def test_norms_and_gradients_have_one_law(networks: Array) -> None:
    """Means within four standard errors and variances within ten per cent, both exact at n = 8."""
    mean, variance = gain(8)
    assert np.all(np.abs(networks.mean(axis=0) - mean) < 4 * networks.std(axis=0) / len(networks) ** 0.5)
    assert 16 * networks.var(axis=0) == pytest.approx(variance, rel=0.1)
    assert ks_2samp(*networks.T).pvalue > 1e-3


def test_gradient_against_differences() -> None:
    network = draw(6, 4, 1, np.random.default_rng(4))
    x = network.inputs[0]

    def output(x: Array) -> float:
        for weights in network.weights:
            x = np.maximum(weights @ x, 0)
        return float(network.readout @ x)

    slopes = np.array([(output(x + 1e-6 * e) - output(x - 1e-6 * e)) / 2e-6 for e in np.eye(6)])
    assert np.exp(network.log_gradient()) == pytest.approx(slopes @ slopes / (network.readout @ network.readout))
    last = [*network.layers()][-1][0][0] * np.exp(sum(g for _, g in network.layers()) / 2) * np.linalg.norm(x)
    assert network.readout @ last == pytest.approx(output(x))


@pytest.mark.slow
def test_variance_over_inputs_of_wide_networks() -> None:
    random = np.random.default_rng(5)
    found = [[sample_variance(x) for x, _ in draw(700, 6, 24, random).layers()] for _ in range(16)]
    assert np.mean(found, axis=0) == pytest.approx(shares(6), rel=0.064)


def test_signals_that_survive_a_thousand_narrow_layers() -> None:
    """No underflow, though half of the layers with one unit kill it."""
    network = draw(1, 1000, 3, np.random.default_rng(6))
    total = sum(g for _, g in network.layers())
    assert np.isfinite(total) and abs(total / 1000 + np.euler_gamma) < 5 * (np.pi**2 / 2000) ** 0.5
    assert network.log_gradient() == pytest.approx(total)


@pytest.mark.slow
def test_command_line(run: Any) -> None:
    words = ("signal-propagation", "--width", "10000", "--depth", "3")
    status, out, _ = run("thresholds", *words, "--digits", "30", "--json")
    found = json.loads(out)["thresholds"]
    assert status == 0 and [x["control"] for x in found.values()] == ["log_gain"] * 2
    assert found["mean_log_gain"]["log_gain"] == "-0.000250040845338535502165879062160"
    assert found["variance_log_gain"]["log_gain"].startswith("0.000500185084881366278476042547")
    status, out, _ = run("statics", "signal-propagation", "--width", "2", "--depth", "2", "--json")
    assert status == 0 and json.loads(out)["numbers"]["sample_variance"]["value"] == pytest.approx(0.50626890998)
    status, out, _ = run("simulate", *words[:2], "8", "--depth", "3", "-N", "4", "--samples", "8", "--json")
    assert status == 0 and json.loads(out)["numbers"]["log_gradient"]["error"] > 0
    for topic, expected in {"gain": "E}\\ln Y", "correlation": "9 \\pi^{2}", "predictions": "log"}.items():
        status, out, _ = run("derive", "signal-propagation", topic, "--latex")
        assert status == 0 and expected in out
    for wrong, said in {
        ("thresholds", "signal-propagation", "--width", "0", "--depth", "3"): "--width 0 must be a whole number from 1",
        (
            "thresholds",
            "signal-propagation",
            "--width",
            "5",
        ): "--depth is missing for signal-propagation; try --depth 16",
        ("simulate", *words[:2], "1e6", "--depth", "9", "-N", "4"): "a network of width = 1000000 and depth = 9 needs",
    }.items():
        status, out, err = run(*wrong)
        assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


SMALL = Networks(((8, 16, 1600),), ((24, 400), (48, 300), (96, 100), (192, 60)), 0.35)


def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 7 and all_checks()["signal-propagation"] is CHECK


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"theory": 1.7}, {"variance": 1.3}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
