"""Drift of tangent kernels: derived exponents, gradients by differences, known drifts, and networks that learn."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sympy import Rational, S, simplify

from numerics.checks import all_checks
from numerics.checks.verdict import judge
from numerics.experiments import tangent_kernel_drift as drifting
from numerics.experiments.tangent_kernel_drift import CHECK, LABELS, RATE, Networks, WideNetwork, Widths, kernel
from numerics.lowering import Array, lower
from numerics.statistics import mean_and_error
from theory.networks.kernels import X
from theory.systems.tangent_kernel_drift import (
    DENSITY,
    ELSEWHERE,
    OTHERS,
    OWN,
    PHI,
    TangentKernelDrift,
    change,
    exponent,
    singular,
)


def network(activation: str, depth: int, size: int, count: int, seed: int = 0) -> Networks:
    system = TangentKernelDrift(activation=activation, depth=depth)
    return WideNetwork(system).draw(size, np.random.default_rng(seed), count)


def test_derivation() -> None:
    """``phi''^2`` has the weight that its field learns of its own input: of linear units nothing is left."""
    slope, curvature = PHI.diff(X), PHI.diff(X, 2)
    expected = -DENSITY * OWN * ELSEWHERE * (OTHERS + OWN * slope) * curvature**2 / 2
    assert simplify(singular() - expected) == 0
    assert change().subs(PHI, X).doit() == 0


@pytest.mark.parametrize("order", [-1, "-9/10", "-3/5", "-1/2", "-1/4", 0])
def test_exponent_of_any_order(order: Any) -> None:
    assert exponent(S(order)).doit() == max(-1, -(S(order) + Rational(3, 2)))


@pytest.mark.parametrize(("activation", "power"), [("relu", 1.0), ("abs(x)**1.25", 1.5), ("tanh", 2.0)])
def test_average_over_fields_that_move(activation: str, power: float) -> None:
    """``E phi'(h(t))``, by Runge and Kutta over a grid of fields, with both signs: epsilon to the power ``2 q + 3``."""
    slope = lower([X], [TangentKernelDrift(activation=activation).activation.diff(X)])
    root, width = np.linspace(-1.9, 1.9, 40_001, retstep=True)
    start = (root + 1e-6) ** 3
    weight = np.exp(-(start**2) / 2) / np.sqrt(2 * np.pi) * 3 * root**2 * width

    def changed(step: float) -> float:
        total = 0.0
        for each in (step / 20, -step / 20):
            h = start.copy()
            for _ in range(20):
                h += each * (1 + slope(h + each / 2 * (1 + slope(h)[0] / 2))[0] / 2)
            total += weight @ (slope(h)[0] - slope(start)[0]) / 2
        return abs(total)

    assert np.log10(changed(1e-2) / changed(1e-3)) == pytest.approx(power, abs=0.03)
    assert activation != "relu" or changed(1e-2) == pytest.approx(1e-2 / np.sqrt(2 * np.pi) / 4, rel=0.02)


@pytest.mark.parametrize(
    ("activation", "value", "said"),
    [
        ("relu", -0.5, "a kink at x = 0"),
        ("x + relu(x - 2)/100", -0.5, "a kink at x = 2"),
        ("abs(x)**1.25", -0.75, "|x - x_0|^(-3/4)"),
        ("abs(x)**1.5", -1, "times ln m"),
        ("tanh", -1, "finite"),
        ("erf", -1, "finite"),
        ("x*(1 + erf(x/sqrt(2)))/2", -1, "finite"),
        ("x**3 - x", -1, "finite"),
        ("x", -1, "finite"),
        ("7", None, "of a constant"),
        ("exp(x**2/10)", None, "grows so fast"),
    ],
)
def test_thresholds(run: Any, activation: str, value: float | None, said: str) -> None:
    status, out, _ = run("thresholds", "tangent-kernel-drift", "--activation", activation, "--depth", "4", "--json")
    found = json.loads(out)["thresholds"]["exponent"]
    assert status == 0 and said in found["note"]
    assert found["exponent"] is None if value is None else float(found["exponent"]) == pytest.approx(value, abs=1e-13)


def test_command_line(run: Any) -> None:
    words = ("tangent-kernel-drift", "--activation", "relu")
    status, out, _ = run("derive", words[0], "exponent", *words[1:], "--latex")
    assert status == 0 and r"- \frac{1}{2}" in out
    status, out, _ = run("simulate", *words, "-N", "64", "--samples", "4", "--json")
    assert status == 0 and 0 < json.loads(out)["numbers"]["drift"]["value"] < 0.5
    for wrong, said in {
        ("--depth", "51"): "--depth 51 must be a whole number from 1 to 50",
        ("--activation", "x/abs(x)"): "not continuous at x = 0; try --activation relu",
        ("--activation", "step(x)"): "got 'step(x)'",
    }.items():
        status, out, err = run("thresholds", *words, *wrong)
        assert status == 2 and out == "" and said in err and err.count("\n") == 1, err
    status, _, err = run("simulate", *words, "--depth", "50", "-N", "1e6")
    assert status == 2 and "a network of 50 layers of 1000000 units needs" in err
    status, _, err = run("simulate", *words[:2], "x - x", "-N", "8")
    assert status == 2 and err == "ruggedflow: --activation 0: its kernel vanishes; try --activation tanh\n"


@pytest.mark.parametrize("depth", [1, 3])
def test_gradients_against_differences(depth: int) -> None:
    """The kernel is the sum over all weights of products of derivatives."""
    state = network("tanh", depth, 5, 2)
    _, factors = state.gradients()
    products = np.zeros((2, 2, 2))
    for weights in state.weights:
        for place in np.ndindex(weights.shape[1:]):
            slopes = []
            for step in (1e-6, -2e-6):
                weights[:, *place] += step
                slopes.append(state.gradients()[0])
            weights[:, *place] += 1e-6
            slope = (slopes[0] - slopes[1]) / 2e-6
            products += slope[:, :, None] * slope[:, None, :]
    assert kernel(factors) == pytest.approx(products, rel=1e-7)


def test_descent_against_the_kernel_of_a_wide_network() -> None:
    """``(1 - eta K)^3`` of what is to be learned is left."""
    state = network("tanh", 2, 1500, 1)
    (start,) = kernel(state.gradients()[1])
    (learned,) = state.learn()[1]
    left = np.linalg.matrix_power(np.eye(2) - RATE / np.linalg.eigvalsh(start)[-1] * start, drifting.STEPS) @ LABELS
    assert LABELS - learned == pytest.approx(left, abs=0.03)


def test_linear_units() -> None:
    """``m (K(t) - K(0))`` has a law of its own for m -> infinity: mean squares at two widths differ by order 1/m."""
    small, large = (mean_square("x", 1, m, 1000) * m**2 for m in (64, 1024))
    assert small[0] / large[0] == pytest.approx(1, abs=4 * np.hypot(small[1] / small[0], large[1] / large[0]) + 0.03)


def mean_square(activation: str, depth: int, size: int, count: int) -> Array:
    change, _ = network(activation, depth, size, count).learn()
    return np.array(mean_and_error(np.sum(change**2, axis=1)))


def test_units_that_cross_a_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    r"""One step eta: K_11 falls by ``eta/(2 pi sqrt m)``.

    Of the inputs at 60 degrees with labels 1 and -1, a field of the first has the velocities 0 and 1 on the sides of 0
    if the unit is silent at the second, -1/2 and 1/2 if not. The latter come and go alike; of the former a quarter in
    the density 1/sqrt(2 pi) leaves, of mean weight ``E |a|^3 = 2 sqrt(2/pi)``.
    """
    monkeypatch.setattr(drifting, "STEPS", 1)
    values = [np.array(mean_and_error(first_entries(m, count))) * m**0.5 for m, count in ((2048, 700), (8192, 350))]
    (near, error), (far, more) = values
    value, error = 2 * far - near, np.hypot(2 * more, error)  # corrections fall like m^(-1/2)
    ratio = (np.pi - np.arccos(0.5)) / (2 * np.pi)
    second = (0.75**0.5 / (2 * np.pi) + 0.5 * ratio) + 0.5 * ratio
    eta = RATE / (1 + second)
    assert error < 0.014 and value == pytest.approx(-eta / (2 * np.pi), abs=4 * error)


def first_entries(size: int, count: int) -> Array:
    """``K_11(t) - K_11(0)`` of networks of rectified linear units."""
    system, random, found = TangentKernelDrift(activation="relu"), np.random.default_rng(size), []
    for _ in range(count // 5):
        state = WideNetwork(system).draw(size, random, 5)
        norm = np.linalg.norm(kernel(state.gradients()[1]), axis=(1, 2))
        found.append(state.learn()[0][:, 0] * norm)
    return np.concatenate(found)


SMALL = Widths(
    ((256, 1024, 4096, 16384), (32, 128, 1024), (20, 40, 80, 240)),
    ((600, 300, 100, 50), (500, 400, 200), (1000, 800, 400, 60)),
    (0.5, 0.4, 0.5),
)
TINY = Widths(((256, 2048), (32, 512), (20, 80)), ((100, 50), (400, 150), (600, 200)), (0.4, 0.4, 0.4))


def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 3
    assert all_checks()["tangent-kernel-drift"] is CHECK
    for k, compared in enumerate(report.comparisons):
        for sign in (-1, 1):
            moved = replace(compared, predicted=compared.predicted + sign * 2 * compared.resolution)
            assert judge([*report.comparisons[:k], moved, *report.comparisons[k + 1 :]]).verdict == "disagree"


def test_check_sees_a_mistake() -> None:
    assert CHECK.run(plan=SMALL, perturb={"power": 1.5}).verdict == "disagree"
    assert CHECK.run(plan=TINY, perturb={"exponent": 1.2}).verdict == "disagree"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_quick_check(seed: int) -> None:
    report = CHECK.run(quick=True, seed=seed)
    assert report.verdict == "agree"
    for sign in (-1, 1):
        moved = [replace(c, predicted=c.predicted + sign * 2 * c.resolution) for c in report.comparisons]
        others = report.comparisons
        assert all(judge([*others[:k], m, *others[k + 1 :]]).verdict == "disagree" for k, m in enumerate(moved))
