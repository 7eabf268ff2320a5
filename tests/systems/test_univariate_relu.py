"""Univariate ReLU networks: derived flow and kernels, exact small cases, splines, networks against all of them."""

import json
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.interpolate import CubicSpline
from scipy.linalg import expm
from sympy import Symbol, cos, diff, expand, simplify, sin, sqrt

import numerics.experiments.univariate_relu as experiment
from numerics.checks import all_checks
from numerics.checks.plan import Sizes
from numerics.evolution import evolve
from numerics.experiments.univariate_relu import (
    CHECK,
    PROBES,
    STEPS,
    X,
    Y,
    cubic,
    descent,
    direct,
    flow,
    gradient,
    kernel,
    on_circle,
    on_knots,
    output,
    reduced,
    remembered,
    splines,
    starts,
    trained,
    weights_of,
)
from numerics.lowering import Array, lower
from numerics.solve import solve_prediction, solve_threshold
from theory.systems.univariate_relu import (
    CHARGE,
    DELTA,
    G_1,
    G_2,
    GAP,
    KNOT,
    PUSHED,
    RANGE,
    THETA,
    A,
    B,
    C,
    R,
    UnivariateRelu,
    along_flow,
    crossover,
    half_memory,
    knot_speed,
    mobility,
    norm_squared,
    reduced_flow,
    spline_kernel,
    unit_kernel,
)
from theory.systems.univariate_relu import (
    X as PLACE,
)


def networks(size: int, samples: int = 1, seed: int = 0) -> Array:
    return starts(on_knots, size, samples, np.random.default_rng(seed))


def predicted(name: str, delta: Any) -> Any:
    return UnivariateRelu(delta=delta).prediction(name)


def number(name: str, delta: Any) -> float:
    return float(solve_prediction(predicted(name, delta), {}).value)


def test_reduced_flow_is_the_known_one() -> None:
    assert along_flow(CHARGE) == 0
    root = sqrt(DELTA**2 + 4 * R**2)
    size, angle = reduced_flow()
    assert simplify(norm_squared() - (root - DELTA) / 2) == 0
    assert simplify(size + root * (G_1 * cos(THETA) + G_2 * sin(THETA))) == 0
    assert simplify(angle + R / norm_squared() * (G_2 * cos(THETA) - G_1 * sin(THETA))) == 0
    assert simplify(mobility() - R**2 / norm_squared() / root) == 0


def test_kernel_of_splines() -> None:
    """Symmetric in x and x + h: ``|x - y|^3/6 + 2 L x y + 2 L^3/3``, cubic on either side, smooth but for ``|h|^3``."""
    other = PLACE + GAP
    assert expand(spline_kernel() - GAP**3 / 6 - 2 * RANGE * PLACE * other - 2 * RANGE**3 / 3) == 0
    x, y, reach = 0.3, -0.4, 1.5
    both = lambda e: max(x - e, 0) * max(y - e, 0) + max(e - x, 0) * max(e - y, 0)  # noqa: E731
    assert kernel(np.array([x]), np.array([y]))[0, 0] == pytest.approx(quad(both, -reach, reach, points=[x, y])[0])
    mean = lambda e: both(e) / (1 + e**2) * (1 + e**2) / (4 * reach + 4 * reach**3 / 3)  # noqa: E731
    exact = lower((PLACE, GAP, RANGE), [unit_kernel()])(y, x - y, reach)[0]
    assert float(exact) == pytest.approx(quad(mean, -reach, reach, points=[x, y])[0])


def test_wide_knots_make_a_natural_spline(monkeypatch: pytest.MonkeyPatch) -> None:
    natural, gaps = CubicSpline(X, Y, bc_type="natural")(PROBES), []
    for reach in (15.0, 30.0):
        monkeypatch.setattr(experiment, "KNOTS", reach)
        gaps.append(abs(kernel(PROBES, X) @ np.linalg.solve(kernel(X, X), Y) - natural).max())
    assert gaps[1] < 4e-3 and gaps[0] / gaps[1] == pytest.approx(2, abs=0.2)


def test_a_sample_turns_knots_round() -> None:
    speed, jump = knot_speed()
    assert simplify(speed - C / A * (G_1 * KNOT + G_2)) == 0
    residual = Symbol("e", real=True)
    assert simplify(jump - C / A * residual * (1 + KNOT**2)) == 0


def test_gradient_of_a_network() -> None:
    weights = weights_of(networks(16), -1.0)
    loss = lambda w: 16 * np.sum((output(w, X) - Y) ** 2) / 2  # noqa: E731
    exact = -descent(weights)
    for place in np.ndindex(3, 1, 16):
        step = np.zeros_like(weights)
        step[place] = 1e-6
        assert (loss(weights + step) - loss(weights - step)) / 2e-6 == pytest.approx(exact[place], abs=1e-7)
    assert gradient(*weights, X, Y).shape == (2, 1, 16)


@pytest.mark.parametrize("delta", [-1e9, -1.0, 0.0, 1.0, 1e9])
def test_starts_have_their_charge(delta: float) -> None:
    start = networks(32)
    a, b, c = weights = weights_of(start, delta)
    np.testing.assert_allclose(c * np.hypot(a, b), start[0], rtol=1e-12)
    assert abs(c**2 - a**2 - b**2 - delta).max() <= 1e-12 * max(1, abs(delta))
    np.testing.assert_allclose(output(weights, X), output(direct(start), X), atol=1e-15)


def test_charges_drift_with_the_step_only() -> None:
    first = weights_of(networks(32), -10.0)
    ends = [flow(descent, first, 2 / steps, steps) for steps in (500, 1000)]
    drifts = [abs(c**2 - a**2 - b**2 + 10).max() for a, b, c in ends]
    assert drifts[1] < 1e-3 and drifts[0] / drifts[1] == pytest.approx(2, abs=0.5)


@pytest.mark.parametrize(("delta", "within"), [(-1e4, 1e-9), (-10.0, 7e-6), (1.0, 7e-6)])
def test_reduced_flow_against_the_network(delta: float, within: float) -> None:
    start = networks(32)
    full = output(trained(descent, weights_of(start, delta), delta, 10000), PROBES)
    assert abs(output(direct(trained(reduced(delta), start, delta, 10000)), PROBES) - full).max() < within


def test_kernel_regime_over_time() -> None:
    """``f(t) = k(x) K^-1 (1 - e^(-|delta| H t)) y`` for the kernel; it is left by ``O(1/delta^2)``."""
    start, delta = networks(2000), -1e4
    start[0] = 0
    between = 4 * 1.5 + 4 * 1.5**3 / 3
    for duration in (1.0, 30.0, 1000.0):
        weights = flow(descent, weights_of(start, delta), duration / 1500 / -delta, 1500)
        learnt = (np.eye(4) - expm(-kernel(X, X) / between * duration)) @ Y
        assert abs(output(weights, PROBES)[0] - splines()[1] @ learnt).max() < 1.6e-4


def test_adaptive_regime_has_its_knots_on_samples() -> None:
    """99.8 % of the curvature; what is left lies outside, where no sample sees it."""
    a, b, c = weights = trained(descent, weights_of(networks(200), 1.0), 1.0)
    curvature, knots = abs(c * a)[0], (-b / a)[0]
    near = abs(knots[:, None] - X).min(axis=1) < 0.04
    assert curvature @ near / curvature.sum() > 0.9975 and curvature @ (~near & (abs(knots) < 1)) < 1e-3
    assert abs(output(weights, PROBES)[0] - splines()[0] @ output(weights, X)[0]).max() < 1e-5
    assert abs(output(weights, X) - Y).max() < 1e-4


@pytest.mark.parametrize("delta", [-40.0, 1.0])
def test_steps_are_small_enough(delta: float) -> None:
    start = weights_of(networks(32), delta)
    coarse, fine = (cubic(trained(descent, start, delta, steps)) for steps in (STEPS, 2 * STEPS))
    assert abs(coarse - fine)[0] < experiment.STEP / 4


def test_labels_set_the_scale_of_the_charge() -> None:
    """``r, y, delta -> s r, s y, s delta``, ``t -> t/s``."""
    start, delta, scale = networks(16), -20.0, 8.0
    one = flow(lambda w: descent(w, X, Y), weights_of(start, delta), 1e-3, 500)
    start[0] *= scale
    other = flow(lambda w: descent(w, X, scale * Y), weights_of(start, scale * delta), 1e-3 / scale, 500)
    np.testing.assert_allclose(output(other, PROBES), scale * output(one, PROBES), atol=1e-6)


def test_thresholds_in_closed_form() -> None:
    assert float(solve_threshold(crossover(), {}).value) == 0
    found = solve_threshold(half_memory(), {}, 30)
    assert found.text() == "-1.15470053837925152901829756100"
    assert number("memory", "-1.15470053837925") == pytest.approx(0.5)


@pytest.mark.parametrize("delta", ["-1e9", "-1e-9", "0", "1e-9", "1e9"])
def test_numbers_at_the_ends(delta: str) -> None:
    memory, mobility_there, d = number("memory", delta), number("mobility", delta), float(delta)
    exact = np.sqrt(2 * -d / (-d + np.hypot(d, 8))) if d < 0 else 0.0
    assert memory == pytest.approx(exact, rel=1e-9)
    assert mobility_there == pytest.approx(1 / d**2 if d < -1e3 else (1 + d / np.hypot(d, 2)) / 2, rel=1e-9)


@pytest.mark.parametrize("delta", [-30.0, -1.0, -1e-3, 0.5])
def test_memory_of_networks(delta: float) -> None:
    start = starts(on_circle, 64, 1, np.random.default_rng(1))
    assert remembered(start, delta)[0] == pytest.approx(number("memory", delta), abs=1e-8)


def test_means_of_one_sample_close() -> None:
    """A force 1 at x = 0: ``d(b c) = b^2 + c^2``, ``d(b^2 + c^2) = 4 b c``, a stays."""
    product, squares_rate = (along_flow(q).subs(PUSHED) for q in (B * C, B**2 + C**2))
    assert expand(product - B**2 - C**2) == 0 and expand(squares_rate - 4 * B * C) == 0
    assert along_flow(A).subs(PUSHED) == 0 and diff(CHARGE, C) == 2 * C


@pytest.mark.parametrize("delta", [-3.0, 2.0])
def test_output_over_time(delta: float) -> None:
    weights, times = weights_of(starts(on_circle, 256, 1, np.random.default_rng(0)), delta), [0.0, 0.5, 1.0, 2.0]
    found = evolve(predicted("output", delta).law, {}, times).quantities["output"]
    for t, value in zip(times[1:], found.value[1:], strict=True):
        run = flow(lambda w: descent(w, np.zeros(1), np.ones(1)), weights, t / 2000, 2000)
        assert output(run, np.zeros(1))[0, 0] == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("delta", ["-1e9", "-1e-6", "1e-3"])
def test_output_is_as_exact_as_it_says(delta: str) -> None:
    """``d tau/dt = 1 - f`` with ``f = |delta| sinh(2 tau)/8``."""
    size = abs(float(delta))
    t_max = min(9.0, 40 / size)
    run = solve_ivp(lambda _, s: 1 - size * np.sinh(2 * s) / 8, (0, t_max), [0.0], "LSODA", rtol=1e-12, atol=1e-20)
    found = evolve(predicted("output", delta).law, {}, [0, t_max]).quantities["output"]
    assert abs(found.value[1] - size * np.sinh(2 * run.y[0, -1]) / 8) <= found.error[1] + 1e-9


def test_command_line(run: Any) -> None:
    status, out, _ = run("thresholds", "univariate-relu", "--json")
    found = json.loads(out)["thresholds"]
    assert status == 0 and found["crossover"]["control"] == "delta" and float(found["crossover"]["delta"]) == 0
    for topic in ("flow", "kernel", "knots", "sample", "predictions"):
        status, out, _ = run("derive", "univariate-relu", topic, "--latex")
        assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 1
    status, out, _ = run("statics", "univariate-relu", "--delta", "-1", "--json")
    assert status == 0 and json.loads(out)["numbers"]["memory"]["value"] == pytest.approx(0.46978245)
    status, out, _ = run("dynamics", "univariate-relu", "--delta", "0", "--t-max", "9", "--at", "9", "--json")
    assert status == 0 and json.loads(out)["rows"][0]["output"] == 0
    status, out, _ = run("simulate", "univariate-relu", "--delta", "1", "-N", "16", "--samples", "2", "--json")
    assert status == 0 and abs(json.loads(out)["numbers"]["cubic"]["value"]) < 1e-4
    for words, said in {
        ("simulate", "univariate-relu", "--delta", "1", "-N", "8"): "--size 8 must be from 16 to 100000",
        ("statics", "univariate-relu", "--delta", "1e12"): "--delta 1e12 is out of range",
        ("statics", "univariate-relu"): "--delta is missing for univariate-relu; try --delta -1",
    }.items():
        status, out, err = run(*words)
        assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


SMALL = Sizes((64,), (8,), 0.1)


@pytest.mark.slow
def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 7 and all_checks()["univariate-relu"] is CHECK


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"resolutions": 2.0}, {"resolutions": -2.0}, {"charge": 1.3}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
