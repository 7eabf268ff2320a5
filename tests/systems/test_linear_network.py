"""Modes of deep linear networks: closed forms, quadrature, networks with every weight a variable, random starts."""

import json
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import quad
from scipy.special import digamma
from sympy import Integer, Rational, diff, polygamma, simplify, sqrt

from numerics.checks import all_checks
from numerics.evolution import evolve
from numerics.experiments.linear_network import (
    CHECK,
    Starts,
    balanced,
    critical_step,
    deviated,
    random_start,
    slowest,
)
from numerics.lowering import Array
from numerics.networks.deep_linear import Network, Target, at_random, in_random_bases
from numerics.solve import solve_prediction
from theory.networks.deep_linear import (
    AMPLITUDE,
    CHARGE,
    DEPTH,
    DEVIATION,
    LAYER,
    NEXT,
    STRENGTH,
    VALUE,
    amplitude_rate,
    charge_rate,
    curvature_bound,
    deviation,
    deviation_rate,
    layer_rate,
    mode_rate,
)
from theory.systems.linear_network import FREEDOM, HELD, LinearNetwork, growth, log_strength

VALUES = (3, 2, 1)


def system(depth: int, start: Any = "1e-3", values: Any = VALUES, **more: Any) -> LinearNetwork:
    return LinearNetwork(depth=depth, singular_values=values, start=start, **more)


def predicted(of: LinearNetwork, name: str, digits: int = 15) -> Any:
    return solve_prediction(of.prediction(name), {}, digits)


def test_derived_forms() -> None:
    u, s = STRENGTH, VALUE
    assert simplify(mode_rate(DEPTH) - DEPTH * u ** (2 - 2 / DEPTH) * (s - u)) == 0
    assert simplify(mode_rate(Integer(2), True) - sqrt(CHARGE**2 + 4 * u**2) * (s - u)) == 0
    assert charge_rate().is_ZeroMatrix
    assert log_strength() == (polygamma(0, FREEDOM / 2), polygamma(1, FREEDOM / 2))
    assert set(growth()) == {VALUE - HELD, -VALUE - HELD}


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_deviation_solves_its_equation(depth: int) -> None:
    """``de/dt = r' (e - r/2)``, along ``da/dt = r``."""
    r, first = amplitude_rate(Integer(depth)), Rational(1, 7)
    e = deviation(r, first)
    assert simplify(diff(e, AMPLITUDE) * r - deviation_rate(Integer(depth)).subs(DEVIATION, e)) == 0


@pytest.mark.parametrize("digits", [15, 60])
def test_half_time_of_two_layers(digits: int) -> None:
    of = system(2)
    for k, s in enumerate(VALUES, 1):
        found = predicted(of, f"half_time_{k}", digits)
        with mp.workdps(digits + 10):
            assert abs(found.value - mp.log(s * 1000 - 1) / (2 * s)) <= found.error < mp.mpf(10) ** (1 - digits)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7, 50])
@pytest.mark.parametrize(("value", "start"), [(3, "1e-3"), ("0.01", "0.0049"), ("1e4", "1"), (2, "1e-9")])
def test_half_time_is_the_integral(depth: int, value: Any, start: str) -> None:
    """In ``y = u^(1/L)``, ``du/(L u^(2-2/L))`` is ``dy y^(1-L)``."""
    found, low, high = predicted(system(depth, start, [value]), "half_time_1"), float(start), float(value) / 2
    exact = quad(
        lambda v: np.exp(v * (2 - depth)) / (float(value) - np.exp(v * depth)),
        np.log(low) / depth,
        np.log(high) / depth,
        epsabs=0,
        epsrel=1e-11,
        limit=500,
    )[0]
    assert float(found.value) == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("charge", ["1e-9", "0.1", "30"])
def test_half_time_with_a_charge(charge: str) -> None:
    found = float(predicted(system(2, "1e-3", charge=charge), "half_time_1").value)
    rate = lambda u: np.hypot(float(charge), 2 * u) * (3 - u)  # noqa: E731
    exact = quad(lambda v: np.exp(v) / rate(np.exp(v)), np.log(1e-3), np.log(1.5), epsrel=1e-12)[0]
    assert found == pytest.approx(exact, rel=1e-10)
    neutral = float(predicted(system(2), "half_time_1").value)
    assert found < neutral and (charge != "1e-9" or found == pytest.approx(neutral, rel=1e-8))


def test_dynamics_of_two_layers_in_closed_form() -> None:
    times, start = np.linspace(0, 5, 41), 1e-3
    found = evolve(system(2).flow(), {}, times).quantities
    for k, s in enumerate(VALUES, 1):
        exact = s * np.exp(2 * s * times) / (np.expm1(2 * s * times) + s / start)
        assert np.all(abs(found[f"u_{k}"].value - exact) <= found[f"u_{k}"].error + 1e-9)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_networks_follow_the_equations(depth: int) -> None:
    """Of 20 hidden units, from a balanced start in random bases; nothing else moves."""
    of = system(depth)
    times = np.linspace(0, 1.5 * slowest(of), 30)
    network = balanced(of, 20, np.random.default_rng(depth))
    theory = evolve(of.flow(), {}, times).quantities
    states = [network.at(weights) for weights in network.flow(times[-1], times).y.T]
    strengths = np.array([theory[f"u_{k}"].value for k in (1, 2, 3)])
    np.testing.assert_allclose(np.array([state.strengths for state in states]).T, strengths, rtol=0, atol=1e-6)
    target = network.target
    whole = [(target.outputs * u) @ target.inputs.T for u in strengths.T]
    np.testing.assert_allclose([state.product for state in states], whole, rtol=0, atol=1e-6)
    expected = [float(predicted(of, f"half_time_{k}").value) for k in (1, 2, 3)]
    np.testing.assert_allclose(network.half_times(times[-1]), expected, rtol=1e-8)


def test_two_layers_with_a_charge() -> None:
    of = system(2, charge="0.5")
    network = balanced(of, 5, np.random.default_rng(0))
    expected = [float(predicted(of, f"half_time_{k}").value) for k in (1, 2, 3)]
    np.testing.assert_allclose(network.half_times(2.0), expected, rtol=1e-8)
    first, second = network.layers
    assert np.linalg.eigvalsh(second.T @ second - first @ first.T)[-3:] == pytest.approx([0.5] * 3)
    assert "dynamics without it" in predicted(of, "descent_1").reason


def test_the_flow_conserves_charges() -> None:
    start = random_start(system(3, "1"), 6, np.random.default_rng(1))
    end = start.at(start.flow(5.0).y[:, -1])

    def charges(network: Network) -> list[Array]:
        pairs = zip(network.layers[1:], network.layers[:-1], strict=True)
        return [upper.T @ upper - lower @ lower.T for upper, lower in pairs]

    assert np.linalg.norm(end.weights - start.weights) > 1
    for before, after in zip(charges(start), charges(end), strict=True):
        np.testing.assert_allclose(after, before, rtol=0, atol=1e-8)


def test_gradient_is_that_of_theory() -> None:
    """The matrices of ``layer_rate``, and differences."""
    network = random_start(system(2, "1"), 4, np.random.default_rng(2))
    first, second = network.layers
    residual = second @ first - network.target.matrix
    np.testing.assert_allclose(network.gradient, np.append((second.T @ residual).ravel(), (residual @ first.T).ravel()))
    assert str(layer_rate(LAYER)) == "-W_2.T*B.T*(B*W_2*W_1*A - S)*A.T" and layer_rate(NEXT).shape == NEXT.shape
    direction = np.random.default_rng(3).standard_normal(network.weights.size)
    ends = [network.at(network.weights + h * direction).gradient for h in (1e-5, -1e-5)]
    np.testing.assert_allclose(network.curvature(direction), (ends[0] - ends[1]) / 2e-5, rtol=1e-6, atol=1e-7)


def random_rises(values: tuple[int, ...], start: float, width: int, seed: int) -> tuple[Array, Array, Array]:
    """Half times; ``ln(s/u)/(2 s)`` with u of all components of z, and of those orthogonal to earlier modes."""
    network = random_start(system(2, start, values), width, np.random.default_rng(seed))
    first, second = network.layers
    z = (first @ network.target.inputs + second.T @ network.target.outputs) / 2
    kept = np.diag(np.linalg.qr(z, mode="r")) ** 2
    s = np.array(values, dtype=np.float64)
    return network.half_times(1e4), np.log(s / np.sum(z**2, axis=0)) / (2 * s), np.log(s / kept) / (2 * s)


def test_random_starts_one_by_one() -> None:
    """A mode that has risen takes a component from later ones: with all of them, they would rise too early."""
    times, early, late = np.mean([random_rises((3, 2, 1), 1e-6, 4, seed) for seed in range(12)], axis=0)
    np.testing.assert_allclose(times, late, rtol=0.0022)
    assert abs(early[0] / times[0] - 1) < 0.0022 and np.all(early[1:] / times[1:] < 0.985)


def test_mean_and_spread_of_random_starts() -> None:
    of = system(2, "1e-6", width=4)
    for k, s in enumerate(VALUES, 1):
        mean, spread = (float(predicted(of, f"random_{name}_{k}").value) for name in ("half_time", "spread"))
        drawn = np.random.default_rng(k).gamma((4 - k + 1) / 2, size=200_000) * 1e-6 / 4
        times = np.log(s / drawn) / (2 * s)
        assert mean == pytest.approx((np.log(s * 4e6) - digamma((5 - k) / 2)) / (2 * s), rel=1e-12)
        assert times.mean() == pytest.approx(mean, abs=5 * spread / 400)
        assert times.std() == pytest.approx(spread, rel=0.01)


@pytest.mark.slow
def test_spread_of_networks() -> None:
    of, random = system(2, "1e-6", width=4), np.random.default_rng(0)
    times = np.array([random_start(of, 4, random).half_times(1e4) for _ in range(1500)])
    for k in (1, 2, 3):
        spread = float(predicted(of, f"random_spread_{k}").value)
        assert times[:, k - 1].std() == pytest.approx(spread, rel=0.1)


def test_random_starts_that_theory_does_not_know() -> None:
    reasons = {
        "two layers": system(3, width=20),
        "one by one": system(2, "1e-3", (3, "2.9"), width=20),
        "fewer hidden": system(2, "1e-6", width=2),
    }
    for reason, of in reasons.items():
        assert reason in predicted(of, "random_half_time_2").reason
    assert "one by one" in predicted(system(2, "1e-6", (3, 3), width=20), "random_half_time_1").reason
    assert "width is not given" in predicted(system(2), "random_half_time_1").reason


def test_order_of_the_singular_values_does_not_matter() -> None:
    up, down = system(2, "1e-6", (1, 2, 3), width=5), system(2, "1e-6", (3, 2, 1), width=5)
    for name in ("half_time", "random_half_time", "descent"):
        for k in (1, 2, 3):
            assert predicted(up, f"{name}_{k}").value == predicted(down, f"{name}_{4 - k}").value
    assert [float(predicted(up, f"plateau_{k}").value) for k in range(3)] == [7, 2.5, 0.5]


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_largest_deviation(depth: int) -> None:
    """Of the equations, and of descent with small steps."""
    of = system(depth, "1e-2", [2])
    found, last = float(predicted(of, "descent_1").value), 3 * slowest(of)
    curve = evolve(of.flow(), {}, np.linspace(0, last, 4001)).quantities["distance"].value
    assert found == pytest.approx(curve.max(), rel=1e-4)
    eta, network = critical_step(of) / 200, balanced(of, 3, np.random.default_rng(0))
    assert network.descent(eta, last)[-1].max() == pytest.approx(found, rel=0.02)


def test_descent_less_flow_to_first_order() -> None:
    """What is left over is of the next order: it halves with the step."""
    of = system(3, "0.1")
    left = [deviated(of, fraction, np.random.default_rng(5))[0] - 1 for fraction in (8, 32, 128)]
    assert abs(left[2]) < 0.003 and left[0] / left[1] == pytest.approx(4, rel=0.15)
    assert left[1] / left[2] == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_hessians_are_above_their_bound(depth: int) -> None:
    random, values = np.random.default_rng(depth), np.array([3.0, 2.0])
    for _ in range(70):
        shape = in_random_bases(np.ones((depth, 2)), values, 3, random)
        network = at_random(shape, float(random.uniform(0.01, 3)), 3, random)
        norms = sorted(np.linalg.norm(layer, 2) for layer in network.layers)
        bound = curvature_bound(depth, np.linalg.norm(network.product - network.target.matrix), np.prod(norms[2:]))
        assert np.linalg.eigvalsh(network.hessian)[0] > bound


def test_the_bound_is_reached() -> None:
    """By one mode of balanced layers, for strengths to 0."""
    amplitudes, value = np.full((3, 1), 0.02), np.array([2.0])
    network = in_random_bases(amplitudes, value, 2, np.random.default_rng(0))
    bound = curvature_bound(3, np.linalg.norm(network.product - network.target.matrix), 0.02)
    assert np.linalg.eigvalsh(network.hessian)[0] / bound == pytest.approx(1, abs=1e-3)


def test_target_has_its_singular_values() -> None:
    network = balanced(system(3), 6, np.random.default_rng(0))
    assert isinstance(network.target, Target)
    assert np.linalg.svd(network.target.matrix)[1] == pytest.approx(VALUES)
    assert network.strengths == pytest.approx([1e-3] * 3)


def test_command_line(run: Any) -> None:
    words = ("linear-network", "--depth", "2", "--singular-values", "3,2,1", "--start", "1e-3")
    status, out, _ = run("thresholds", *words, "--json", "--digits", "30")
    found = json.loads(out)["thresholds"]
    assert status == 0 and list(found) == ["half_time_1", "half_time_2", "half_time_3"]
    with mp.workdps(40):
        assert abs(mp.mpf(found["half_time_3"]["t"]) - mp.log(999) / 2) < mp.mpf("1e-28")
    status, out, _ = run("statics", *words, "--width", "20", "--json")
    assert status == 0 and json.loads(out)["numbers"]["plateau_1"]["value"] == 2.5
    status, out, _ = run("dynamics", *words, "--t-max", "4", "--at", "2", "--json")
    row = json.loads(out)["rows"][0]
    assert status == 0 and row["u_1"] == pytest.approx(3 * np.exp(12) / (np.expm1(12) + 3000)) and row["distance"] > 1
    status, out, _ = run("simulate", *words, "-N", "4", "--samples", "2", "--json")
    record = json.loads(out)
    assert status == 0 and record["numbers"]["half_time_1"]["value"] == pytest.approx(1.33433903, abs=1e-8)
    assert record["numbers"]["random_half_time_3"]["value"] > 3 and len(record["rows"]) == 5


@pytest.mark.parametrize("topic", ["charges", "modes", "descent", "random", "predictions"])
def test_equations_are_printed(run: Any, topic: str) -> None:
    status, out, _ = run("derive", "linear-network", topic, "--latex")
    assert status == 0 and out.count(r"\begin{align}") == out.count(r"\end{align}") >= 1


SHORT = ("linear-network", "--depth", "3", "--singular-values", "3,2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("thresholds", "linear-network", "--depth", "51", "--singular-values", "1", "--start", "1"), "--depth 51"),
        (("thresholds", "linear-network", "--depth", "2", "--singular-values", "3,0", "--start", "1"), "positive"),
        (("thresholds", *SHORT, "--start", "-1"), "--start -1"),
        (("thresholds", *SHORT, "--start", "1e-3", "--charge", "0.1"), "--charge 0.1 is one of two layers"),
        (("thresholds", *SHORT), "--start is missing"),
        (("simulate", *SHORT, "--singular-values", "3,2,1", "--start", "1e-3", "-N", "2"), "fewer hidden units"),
        (("simulate", *SHORT, "--start", "1e-3", "--width", "9", "-N", "4"), "--size 4 is not --width 9"),
        (("simulate", *SHORT, "--start", "2", "-N", "4"), "--start 2 is not below half"),
        (("simulate", *SHORT, "--start", "1e-30", "-N", "4"), "too late"),
    ],
)
def test_bad_input(run: Any, words: tuple[str, ...], said: str) -> None:
    status, out, err = run(*words)
    assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


def test_a_mode_that_begins_above_half(run: Any) -> None:
    status, out, _ = run("thresholds", *SHORT, "--start", "1.2", "--json")
    found = json.loads(out)["thresholds"]
    assert status == 0 and found["half_time_1"]["exists"] and not found["half_time_2"]["exists"]
    assert "below half" in found["half_time_2"]["reason"]


SMALL = Starts((8, 16, 32), 60, (3,), 30, 0.02)


@pytest.mark.slow
def test_check_agrees() -> None:
    assert CHECK.run(plan=SMALL).verdict == "agree" and all_checks()["linear-network"] is CHECK


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"theory": 1.04}, {"values": 1.04}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
