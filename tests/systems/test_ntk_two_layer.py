"""Wide networks of two layers: the spectrum of their kernel, the loss, networks of finite width, and the check."""

import json
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from sympy import Rational, diff, lambdify

from numerics.checks.check import Measured
from numerics.checks.plan import Point
from numerics.evolution import evolve
from numerics.experiments.ntk_two_layer import (
    CHECK,
    Networks,
    WideNetwork,
    kernel,
    lesson,
    linear_flow,
    measured,
)
from numerics.lowering import Array, lower
from numerics.solve import solve_prediction
from theory.networks.kernels import ACTIVATIONS, RHO, X, dual
from theory.networks.smoothness import Trainable
from theory.random_matrices.marchenko_pastur import GAMMA, Z, density
from theory.systems.ntk_two_layer import IDENTITY, LINEAR, SLOPES, NtkTwoLayer, first_layer, smallest_eigenvalue


def least(run: Any, gamma: str, activation: str, *more: str) -> dict[str, Any]:
    words = ("thresholds", "ntk-two-layer", "--gamma", gamma, "--activation", activation, *more, "--json")
    found: dict[str, Any] = json.loads(run(*words)[1])["thresholds"]["smallest_eigenvalue"]
    return found


@pytest.mark.parametrize("gamma", ["1e-6", "1/4", "1", "1e6"])
def test_rectified_linear_units(run: Any, gamma: str) -> None:
    """``1/4 + (1 - sqrt(gamma))^2/4`` below ``gamma = 1``, 1/4 beyond."""
    found, g = least(run, gamma, "relu"), float(Rational(gamma))
    exact = 0.25 + 0.25 * (1 - g**0.5) ** 2 * (g < 1)
    assert found["control"] == "lambda_min"
    assert abs(float(found["lambda_min"]) - exact) <= float(found["error"]) + 1e-16


def test_digits(run: Any) -> None:
    """Of ``erf``: ``E phi'(u) phi'(v) = 4/(pi sqrt(9 - 4 rho^2))``."""
    with mpmath.workdps(40):
        part = 4 / (3 * mpmath.pi)
        for activation, c_0, c_1 in (
            ("erf", 4 / mpmath.sqrt(5) / mpmath.pi - part, part),
            ("relu", mpf(1) / 4, mpf(1) / 4),
        ):
            found = least(run, "1/3", activation, "--digits", "30")
            exact = c_0 + c_1 * (1 - mpmath.sqrt(mpf(1) / 3)) ** 2
            assert abs(mpf(found["lambda_min"]) - exact) <= mpf(found["error"]) < 1e-29
        slope = [mpmath.quad(lambda u, k=k: mpmath.sech(u) ** (2 * k) * mpmath.npdf(u), [-8, 0, 8]) for k in (1, 2)]
        found = least(run, "1/4", "tanh", "--digits", "25")
        assert abs(mpf(found["lambda_min"]) - (slope[1] - slope[0] ** 2 * mpf(3) / 4)) < 1e-13


@pytest.mark.parametrize("activation", ["0.55*x + 0.45*abs(x)", "relu(x) - relu(x - 1)/2", "x", "1", "x**3 - 3*x"])
def test_made_up_activations(run: Any, activation: str) -> None:
    """``c_0 + c_1 (1 - sqrt(gamma))^2`` from slopes by a sum."""
    slope = lambdify(X, diff(Trainable().accept("activation", activation), X), "numpy")
    x = np.linspace(-12, 12, 2_000_001) + 1e-9
    weight = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * (x[1] - x[0])
    square, mean = weight @ (slope(x) ** 2 * np.ones_like(x)), weight @ (slope(x) * np.ones_like(x))
    for gamma, edge in (("1/4", 0.25), ("3", 0.0)):
        found = float(least(run, gamma, activation)["lambda_min"])
        assert found == pytest.approx(square - mean**2 * (1 - edge), abs=3e-5)


def test_derivation_ends_in_the_known_formulas() -> None:
    """``H = x.x' (pi - arccos)/(2 pi)``, and its smallest eigenvalue."""
    relu, rho = NtkTwoLayer(gamma="1/9", activation="relu"), np.linspace(-1, 1, 21)
    slopes = dual(diff(relu.activation, X))
    value = lower([RHO], [first_layer().xreplace({SLOPES(RHO): slopes})])(rho)[0]
    assert value == pytest.approx(rho * (np.pi - np.arccos(rho)) / (2 * np.pi), abs=1e-15)
    assert relu.valued(smallest_eigenvalue()) == Rational(1, 4) + Rational(1, 4) * (1 - Rational(1, 3)) ** 2


@pytest.fixture(scope="module")
def inputs() -> Array:
    return lesson(500, 2000, np.random.default_rng(0))[0]


def test_smallest_eigenvalue_of_a_large_matrix(inputs: Array) -> None:
    """0.3127 seen against 0.3125."""
    assert np.linalg.eigvalsh(kernel(ACTIVATIONS["relu"], inputs))[0] == pytest.approx(0.3125, abs=1.5e-3)


@pytest.mark.parametrize("activation", ["abs", "x + x**2", "relu", "tanh"])
def test_ends_of_the_spectrum(inputs: Array, activation: str) -> None:
    """Of the bulk, and of what is taken out of it."""
    system = NtkTwoLayer(gamma="1/4", activation=activation)
    spectrum = np.linalg.eigvalsh(kernel(system.activation, inputs))
    edge, apart = (solve_prediction(system.prediction(name), {}) for name in ("upper_edge", "outlier"))
    if apart.value is None:
        assert "too small" in apart.note
    else:
        assert spectrum[-1] == pytest.approx(float(apart.value), rel=0.03)
    assert spectrum[-1 if apart.value is None else -2] == pytest.approx(float(edge.value), rel=0.07)
    assert spectrum[0] == pytest.approx(
        float(solve_prediction(system.prediction("smallest_eigenvalue"), {}).value), abs=0.05
    )


@pytest.mark.parametrize(("gamma", "activation"), [("1/4", "relu"), ("3", "erf"), ("1", "abs")])
def test_loss_is_the_average_over_the_spectrum(gamma: str, activation: str) -> None:
    system, times = NtkTwoLayer(gamma=gamma, activation=activation), np.array([0, 0.01, 1.0, 5.0])
    found = evolve(system.loss, {}, times).quantities["loss"]
    c_0, c_1, g = (float(part) for part in (system.valued(IDENTITY), system.valued(LINEAR), system.gamma))
    turn = (np.arange(20000) + 0.5) * np.pi / 20000
    z = 1 + g - 2 * np.sqrt(g) * np.cos(turn)
    weight = lower((Z,), [density().subs(GAMMA, system.gamma)])(z)[0] * 2 * np.sqrt(g) * np.sin(turn) * np.pi / 20000
    exact = np.exp(-2 * np.outer(times, c_0 + c_1 * z)) @ weight + max(0.0, 1 - 1 / g) * np.exp(-2 * times * c_0)
    assert np.all(abs(found.value - exact) <= found.error + 1e-7)


def test_flow_of_fields_is_that_of_weights() -> None:
    """By small steps of every weight, along a gradient seen by differences."""
    random, d = np.random.default_rng(3), 3
    task = lesson(4, d, random)
    network = WideNetwork.random(ACTIVATIONS["tanh"], task, 20, random)
    first = np.linalg.lstsq(task[0], network.fields.T)[0].T
    start = network.signs @ np.tanh(first @ task[0].T) / 20**0.5

    def residuals(weights: Array) -> Array:
        return np.asarray(task[1] + start - network.signs @ np.tanh(weights @ task[0].T) / 20**0.5)

    def rate(weights: Array) -> Array:
        slopes = 1 - np.tanh(weights @ task[0].T) ** 2
        return np.asarray((network.signs[:, None] * slopes * residuals(weights)) @ task[0] / 20**0.5)

    moved = np.zeros((20, d))
    moved[7, 1] = 1e-5
    ends = [np.sum(residuals(first + s * moved) ** 2) / 2 for s in (1, -1)]
    assert rate(first)[7, 1] == pytest.approx(-(ends[0] - ends[1]) / 2e-5, rel=1e-6)
    weights = first
    for _ in range(400):
        half = weights + rate(weights) / 400
        weights = weights + rate(half) / 200
    assert network.flow(np.array([2.0]))[0] == pytest.approx(residuals(weights), abs=2e-5)


def test_kernel_of_a_wide_network() -> None:
    random = np.random.default_rng(4)
    for name in ("relu", "tanh"):
        task = lesson(5, 3, random)
        network = WideNetwork.random(ACTIVATIONS[name], task, 200_000, random)
        assert network.tangent_kernel() == pytest.approx(kernel(ACTIVATIONS[name], task[0]), abs=5e-3)


def deviations(name: str, width: int, samples: int, time: float = 2.0) -> tuple[float, Array, tuple[Array, Array]]:
    """Mean square over networks on the same inputs; H; inputs and residuals."""
    random = np.random.default_rng(5)
    task = lesson(8, 32, random)
    exact, t = kernel(ACTIVATIONS[name], task[0]), np.array([time])
    linear = linear_flow(exact, task[1], t)
    networks = (WideNetwork.random(ACTIVATIONS[name], task, width, random) for _ in range(samples))
    return float(np.mean([np.mean((one.flow(t) - linear) ** 2) for one in networks])), exact, task


def test_deviations_from_the_linear_flow() -> None:
    """.0075 and .0028 seen at these widths."""
    for width, seen, samples in ((1024, 0.0075, 30), (16384, 0.0028, 4)):
        assert seen / 2 < deviations("relu", width, samples)[0] ** 0.5 < 2 * seen


def test_deviations_are_those_of_the_kernel_at_the_start() -> None:
    """To leading order, of smooth units: ``int_0^t e^(-H (t - s)) G e^(-H s) r ds``, G of single units over m."""
    square, exact, (inputs, residuals) = deviations("tanh", 256, 200)
    values, vectors = np.linalg.eigh(exact)
    slopes = 1 - np.tanh(np.random.default_rng(6).standard_normal((4000, 32)) @ inputs.T) ** 2
    units = vectors.T @ (slopes[:, :, None] * (inputs @ inputs.T) * slopes[:, None, :]) @ vectors
    decay = np.exp(-2.0 * values)
    with np.errstate(invalid="ignore"):
        between = (decay[None, :] - decay[:, None]) / (values[:, None] - values)
    np.fill_diagonal(between, 2.0 * decay)
    moved = (units - np.diag(values)) * between @ (vectors.T @ residuals)
    assert 256 * square == pytest.approx(np.mean(moved**2), rel=0.15)


def test_command_line(run: Any) -> None:
    words = ("ntk-two-layer", "--gamma", "1/2", "--activation", "tanh")
    status, out, _ = run("simulate", *words, "-N", "20", "--samples", "3", "--json")
    assert status == 0 and 0 < json.loads(out)["numbers"]["smallest_eigenvalue"]["value"] < 1
    assert run("dynamics", *words, "--t-max", "3")[0] == run("statics", *words)[0] == 0
    assert all(run("derive", "ntk-two-layer", topic, "--latex")[0] == 0 for topic in ("kernel", "loss"))
    status, _, err = run("simulate", "ntk-two-layer", "--gamma", "1/8", "--activation", "relu", "-N", "3")
    assert status == 2 and err == "ruggedflow: --size 3 leaves no inputs at this gamma; try --size 8\n"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("gamma", "0", "--gamma 0 must be a positive number"),
        ("gamma", "-1", "must be a positive number"),
        ("activation", "1/x", "--activation 1/x: not continuous at x = 0; try --activation relu"),
        ("activation", "exp(x**2)", "it grows like exp(x^2/4) or faster"),
        ("activation", "selu(x)", "got 'selu(x)'"),
    ],
)
def test_bad_input_is_one_line(run: Any, option: str, value: str, message: str) -> None:
    given = {"gamma": "1/4", "activation": "relu"} | {option: value}
    status, _, err = run("thresholds", "ntk-two-layer", *(word for key, v in given.items() for word in (f"--{key}", v)))
    assert status == 2 and message in err and err.count("\n") == 1


def test_what_quadrature_does_not_reach_is_absent() -> None:
    found = solve_prediction(NtkTwoLayer(gamma=1, activation="tanh(1000*x)").prediction("smallest_eigenvalue"), {})
    assert found.value is None and "not computed" in found.note


WIDTHS = ((64, 120), (512, 60), (4096, 16))
SMALL = Networks((WIDTHS, WIDTHS, ((40, 40), (80, 20), (160, 6)), ((12, 60), (24, 24), (48, 8))), 0.8)
FEW = Networks((((64, 30), (512, 12), (4096, 4)),) * 2 + (((20, 4), (40, 4), (80, 4)),) * 2, 0.8)
KNOWN: dict[tuple[int, int, int], Measured] = {}


def remembered(point: Point[Networks]) -> Measured:
    """Mistakes of theory need no other measurement."""
    place = (point.case, point.size, point.number)
    if place not in KNOWN:
        KNOWN[place] = measured(point)
    return KNOWN[place]


@pytest.mark.slow
def test_check_agrees_and_sees_mistakes_of_theory() -> None:
    check = replace(CHECK, measure=remembered)
    assert check.run(plan=SMALL).verdict == "agree"
    for name, size in (("exponent", 2.0), ("eigenvalue", -0.2), ("loss", 0.2)):
        assert check.run(plan=SMALL, perturb={name: size * SMALL.resolution}).verdict == "disagree"


def test_check_sees_weights_of_another_size() -> None:
    assert CHECK.run(plan=FEW, perturb={"spread": 2.0}).verdict == "disagree"
