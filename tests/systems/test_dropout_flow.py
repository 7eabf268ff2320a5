"""Dropout in linear networks: masks enumerated, convex problems, networks in flow and at their minima, and noise."""

import itertools
import json
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.linalg import hadamard
from scipy.optimize import minimize
from sympy import Rational, S, Symbol, simplify, symbols

from numerics.checks import all_checks
from numerics.experiment import average
from numerics.experiments.dropout_flow import (
    CHECK,
    Descents,
    DropoutNetwork,
    Network,
    Target,
    frame,
    masked_descent,
    start,
    target,
)
from numerics.lowering import Array
from numerics.solve import solve_prediction, solve_threshold, solve_thresholds
from numerics.trajectory import solve_trajectory
from theory.laws import Trajectory
from theory.prediction import Threshold
from theory.random_matrices.bbp import BBPTransition
from theory.random_matrices.marchenko_pastur import GAMMA
from theory.random_matrices.spiked_rectangle import THETA, alignment, critical, edge, outlier
from theory.systems.dropout_flow import (
    KEEP,
    LAMBDA,
    STRENGTH,
    SUM,
    TAU,
    TOTAL,
    UNITS,
    VALUE,
    DropoutFlow,
    decay_rate,
    equalising_rate,
    kept,
    least_cost,
    loss_of_value,
    mode_rate,
    penalty,
    vanishing,
)
from theory.systems.dropout_flow import LEARNED as NUMBER

LAM, F = LAMBDA, UNITS


def system(values: Any, width: int, lam: Any, **more: Any) -> DropoutFlow:
    """At a lambda."""
    return DropoutFlow(values, width, float(1 / (1 + S(lam))), **more)


def predicted(of: DropoutFlow, name: str) -> Any:
    return solve_prediction(of.prediction(name), {})


def thresholds(of: DropoutFlow, digits: int = 15) -> Any:
    return solve_thresholds([p for p in of.predictions() if isinstance(p, Threshold)], {}, digits)


def shrunk(of: DropoutFlow) -> Array:
    return np.array([float(predicted(of, f"value_{k}").value) for k in range(1, len(of.modes) + 1)])


def values(network: Network, count: int) -> Array:
    return np.append(network.values, np.zeros(count))[:count]


def drawn(of: DropoutFlow, rows: int, columns: int, seed: int = 0) -> Network:
    random = np.random.default_rng(seed)
    return start(of, target(of, rows, columns, random), random)


def test_derived_forms() -> None:
    s, t, x, total = VALUE, TAU, STRENGTH, TOTAL
    forms = {
        penalty("dropout"): (1 - KEEP) / KEEP,
        penalty("dropconnect"): (1 - KEEP**2) / KEEP**2,
        kept("dropout"): 1 / (1 + LAM),
        kept("dropconnect"): 1 / (1 + LAM) ** Rational(1, 2),
        least_cost(): total**2 / F,
        loss_of_value(): LAM * SUM / (F + LAM * NUMBER),
        vanishing(): F * s / (SUM - NUMBER * s),
        mode_rate(): 4 * x * (s - x - LAM * total / F),
        decay_rate(): 2 * (t + x - s),
        equalising_rate(): 4 * LAM * s / (F + LAM),
    }
    assert all(simplify(derived - known) == 0 for derived, known in forms.items())


@pytest.mark.parametrize("mask", ["dropout", "dropconnect"])
def test_mean_over_all_masks(mask: str) -> None:
    random, p = np.random.default_rng(0), 0.7
    second, first, y = (random.standard_normal(shape) for shape in ((2, 3), (3, 2), (2, 2)))
    mean, count = 0.0, 3 if mask == "dropout" else 12
    for bits in itertools.product((0, 1), repeat=count):
        above = np.tile(bits, (2, 1)) if mask == "dropout" else np.reshape(bits[:6], (2, 3))
        below = np.ones((3, 2)) if mask == "dropout" else np.reshape(bits[6:], (3, 2))
        weight = p ** sum(bits) * (1 - p) ** (count - sum(bits))
        mean += weight * np.sum((y - (second * above) @ (first * below)) ** 2)
    layers = (1, 2)[mask == "dropconnect"]
    network = Network(Target(y, y, y), p**layers * second, first, float(penalty(mask).subs(KEEP, Rational(7, 10))))
    assert network.loss(network.weights)[0] == pytest.approx(mean, rel=1e-13)


def test_gradient() -> None:
    network, h = drawn(system("3,2,1", 3, 1), 5, 4), 1e-6
    away = np.random.default_rng(1).standard_normal(network.weights.size)
    up, down = (network.loss(network.weights + sign * h * away)[0] for sign in (1, -1))
    assert (up - down) / (2 * h) == pytest.approx(network.loss(network.weights)[1] @ away, rel=1e-7)


def test_thresholds() -> None:
    found = thresholds(DropoutFlow("1,3,2", 4))
    exact = {"mode_2": 8, "mode_3": Rational(4, 3), "probability_2": Rational(1, 9), "probability_3": Rational(3, 7)}
    for name, value in exact.items():
        assert abs(found[name].value - mp.mpf(value.p) / value.q if name != "mode_2" else found[name].value - 8) < 1e-14
    assert found["mode_2"].control == "lambda" and found["probability_2"].control == "keep_probability"
    assert "no noise" in found["noise"].reason and "mode_1" not in found
    connected = thresholds(DropoutFlow("3,2,1", 4, mask="dropconnect"), 30)
    assert connected["mode_3"].text() == "1.33333333333333333333333333333"
    assert connected["probability_2"].text() == "0.333333333333333333333333333333"


def test_thresholds_that_are_none() -> None:
    equal = thresholds(DropoutFlow("2,2,1,1", 5))
    assert "as strong as the first" in equal["mode_2"].reason and equal["mode_2"].closed_form is None
    assert equal["mode_3"].value == equal["mode_4"].value == 2.5
    narrow = thresholds(DropoutFlow("3,2,1", 2))
    assert float(narrow["mode_2"].value) == 4 and "fewer hidden units" in narrow["mode_3"].reason
    assert list(thresholds(DropoutFlow("3", 1))) == ["noise", "signal_1"]


@pytest.mark.parametrize("spectrum", ["3,2,1", "2.5,1.2,0.9,0.3", "1000,1e-3", "1e9,1e-9,1"])
def test_all_lose_the_same(spectrum: str) -> None:
    exact = [Rational(x) for x in sorted(map(Rational, spectrum.split(",")), reverse=True)]
    for width in (1, 2, 7, 10**6):
        found = thresholds(DropoutFlow(spectrum, width))
        for k in range(2, min(width, len(exact)) + 1):
            s = exact[k - 1]
            value = width * s / sum(stronger - s for stronger in exact[: k - 1])
            assert abs(found[f"mode_{k}"].value / (mp.mpf(value.p) / value.q) - 1) < 1e-14


def test_minimum_is_that_of_the_convex_problem() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        s = np.sort(random.uniform(0.1, 3, random.integers(1, 6)))[::-1]
        width, lam = int(random.integers(1, 8)), float(random.uniform(0.02, 6))
        of = system(s.tolist(), width, lam)
        held = min(width, s.size)
        loss = lambda x, s=s, lam=lam, width=width: np.sum((s[: x.size] - x) ** 2) + lam / width * x.sum() ** 2  # noqa: E731
        found = minimize(loss, s[:held], bounds=[(0, None)] * held, options={"ftol": 1e-15, "gtol": 1e-10})
        np.testing.assert_allclose(shrunk(of)[:held], found.x, atol=1e-6)
        assert float(predicted(of, "loss").value) == pytest.approx(found.fun + np.sum(s[held:] ** 2), abs=1e-9)


@pytest.mark.parametrize(
    ("spectrum", "width", "lam"),
    [("3,2,1", 4, 1), ("3,2,1", 3, 9), ("2,2,1", 3, 0.5), ("5,1", 1, 0.25), ("3,2,1", 2, 4.5)],
)
def test_flow_ends_there(spectrum: str, width: int, lam: float) -> None:
    of = system(spectrum, width, lam)
    end = drawn(of, 4, 3).flow(200)[0]
    np.testing.assert_allclose(values(end, len(of.modes)), shrunk(of), atol=1e-12)
    assert end.shares.std() < 1e-8


@pytest.mark.slow
def test_networks_end_there_from_anywhere() -> None:
    random = np.random.default_rng(1)
    for seed in range(40):
        spectrum = random.uniform(0.1, 3, random.integers(1, 5)).tolist()
        of = system(spectrum, int(random.integers(1, 7)), float(random.uniform(0.05, 5)))
        end = drawn(of, 5, 6, seed).minimised()
        np.testing.assert_allclose(values(end, len(spectrum)), shrunk(of), atol=1e-5)


@pytest.mark.parametrize(("spectrum", "width"), [("2.5,1.2,0.65,0.3", 4), ("3,2,1", 5), ("2,2,1.5", 3)])
def test_thresholds_of_networks(spectrum: str, width: int) -> None:
    for name, threshold in thresholds(DropoutFlow(spectrum, width)).items():
        if name.startswith("mode") and threshold.exists:
            k = int(name.removeprefix("mode_"))
            below, above = (
                drawn(system(spectrum, width, float(threshold.value) * factor), 4, 4).minimised().values[k - 1]
                for factor in (0.99, 1.01)
            )
            assert below > 1e-3 and above < 1e-5


@pytest.mark.parametrize(("y", "width", "lam"), [(1, 5, 1.2), (6, 3, 0.1), (1, 2, 0.5)])
def test_rate_of_equal_shares(y: float, width: int, lam: float) -> None:
    of, away = system(y, width, lam), np.random.default_rng(0).standard_normal(width)
    rate, each = float(predicted(of, "equalising").value), np.sqrt(float(predicted(of, "value_1").value) / width)
    each = each * (1 + 1e-6 * (away - away.mean()))
    network = Network(Target(np.array([[y]]), np.ones((1, 1)), np.ones((1, 1))), each[None], each[:, None], lam)
    before, after = (there.shares.std() for there in network.flow([1, 3]))
    assert rate == pytest.approx(4 * lam * y / (width + lam)) and np.log(before / after) / 2 == pytest.approx(
        rate, rel=1e-4
    )


@pytest.mark.parametrize(
    ("spectrum", "width", "lam", "mode"), [("3,1", 3, 2.5, 2), ("3,2,1", 2, 1, 3), ("3,2,1", 4, 2, 3)]
)
def test_rate_at_which_a_mode_is_forgotten(spectrum: str, width: int, lam: float, mode: int) -> None:
    of = system(spectrum, width, lam)
    end = drawn(of, 3, 3).flow(60)[0]
    balance = np.sqrt(np.linalg.norm(end.first, axis=1) / np.linalg.norm(end.second, axis=0))
    rest = Network(end.target, end.second * balance, end.first / balance[:, None], end.penalty)
    u, v = (side[:, mode - 1] for side in (rest.target.left, rest.target.right))
    away = 1e-3 * np.random.default_rng(0).standard_normal(width)
    nearby = Network(rest.target, rest.second + np.outer(u, away), rest.first + np.outer(away, v), rest.penalty)
    rate = float(predicted(of, f"decay_{mode}").value)
    seen = [np.linalg.norm(u @ there.second) for there in nearby.flow([6 / rate, 8 / rate])]
    assert np.log(seen[0] / seen[1]) * rate / 2 == pytest.approx(rate, rel=5e-3)


def test_rates_that_are_none() -> None:
    assert "single hidden unit" in predicted(system("3", 1, 1), "equalising").reason
    assert "one mode" in predicted(system("3,2", 2, 1), "equalising").reason
    assert "it is learned" in predicted(system("3,2", 2, 1), "decay_2").reason
    assert float(predicted(system("3,2,2", 2, 1), "decay_3").value) == 0


@pytest.mark.parametrize(("spectrum", "width"), [("3,2,1", 4), ("3,2", 2), ("2", 1), ("3,2,2,1", 8)])
def test_trajectory_of_networks(spectrum: str, width: int) -> None:
    of, times = system(spectrum, width, 0.7, start="0.01"), [0.1, 0.5, 1, 3]
    law = next(p.law for p in of.predictions() if isinstance(p.law, Trajectory))
    theory, modes = solve_trajectory(law, {}, times), len(of.modes)
    seen = target(of, 4, 5, np.random.default_rng(0))
    rows = 0.1 * hadamard(width)[:modes] / np.sqrt(width)
    network = Network(seen, seen.left @ rows, rows.T @ seen.right.T, 0.7)
    flowed = network.flow(times)
    for k in range(modes):
        np.testing.assert_allclose([x.learned[k] for x in flowed], theory.quantities[f"x_{k + 1}"].value, rtol=1e-7)
    losses = [there.loss(there.weights)[0] for there in flowed]
    np.testing.assert_allclose(losses, theory.quantities["loss"].value, rtol=1e-7)


def test_outlier_of_a_rectangle() -> None:
    assert simplify(outlier() ** 2 - (THETA**2 + 1) * (THETA**2 + GAMMA) / THETA**2) == 0
    at = {THETA: critical()}
    assert simplify(outlier().subs(at) ** 2 - edge() ** 2) == 0 and simplify(alignment().subs(at)) == 0
    square = BBPTransition(THETA)
    assert simplify(outlier().subs(GAMMA, 1) - square.position) == 0
    assert simplify(alignment().subs(GAMMA, 1) - square.overlap_squared) == 0


@pytest.mark.slow
@pytest.mark.parametrize("gamma", [0.25, 2])
def test_outlier_of_a_sample(gamma: float) -> None:
    random, of = np.random.default_rng(0), DropoutFlow("2.5", 2, sigma="1.2", gamma=gamma)
    found = target(of, 600, round(600 / gamma), random)
    left, s, right = np.linalg.svd(found.matrix, full_matrices=False)
    mode = of.modes[0]
    assert s[0] == pytest.approx(float(mode.value), rel=0.03) and s[1] == pytest.approx(float(of.edge), rel=0.03)
    overlap = (left[:, 0] @ found.left) * (right[0] @ found.right)
    assert overlap.item() == pytest.approx(float(mode.overlap), abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize(("theta", "gamma"), [("3", "0.5"), ("2.5", "2")])
def test_where_noise_ends(theta: str, gamma: str) -> None:
    found = float(thresholds(DropoutFlow(theta, 2, sigma=1, gamma=gamma))["noise"].value)
    t, g = float(theta), float(gamma)
    s, e = np.sqrt((t**2 + 1) * (t**2 + g)) / t, 1 + np.sqrt(g)
    assert found == pytest.approx(2 * e / (s - e), rel=1e-14)
    seconds = []
    for factor in (0.8, 1.2):
        of = system(theta, 2, found * factor, sigma=1, gamma=gamma)
        seconds.append(drawn(of, 300, round(300 / g)).minimised().values[1])
        assert seconds[-1] == pytest.approx(float(predicted(of, "noise_value").value), abs=0.04)
    assert seconds[0] > 0.05 and seconds[1] < 1e-5


@pytest.mark.slow
def test_symmetric_noise_is_as_gamma_one() -> None:
    random, size = np.random.default_rng(3), 400
    v, noise = frame(size, 1, random), random.standard_normal((size, size)) / np.sqrt(2 * size)
    of = system(2, 3, 6, sigma=1, gamma=1)
    seen = Target(2 * v @ v.T + noise + noise.T, v, v)
    end = start(of, seen, random).minimised()
    assert end.values[0] == pytest.approx(float(predicted(of, "value_1").value), abs=0.06)
    assert end.values[1] == pytest.approx(float(predicted(of, "noise_value").value), abs=0.05)
    assert end.learned[0] == pytest.approx(float(predicted(of, "learned_1").value), abs=0.06)
    assert float(thresholds(of)["noise"].value) == pytest.approx(3 * 2 / (2 + 0.5 - 2))


def test_noise_hides_modes() -> None:
    of = system("3,0.5,0.4", 3, 1, sigma=1, gamma=1)
    found = thresholds(of)
    assert "hidden" in found["mode_2"].reason and float(found["signal_2"].value) == 0.5
    assert float(predicted(of, "learned_2").value) == 0 and "hidden" in predicted(of, "value_2").reason
    taken = [10 / 3, 2, 2]  # theta + 1/theta and the edge
    tau = max(sum(taken[:r]) / (3 + r) for r in (1, 2, 3))
    assert float(predicted(of, "tau").value) == pytest.approx(tau)
    assert float(predicted(of, "noise_value").value) == pytest.approx(2 - tau)
    assert "all of the signal is hidden" in thresholds(DropoutFlow("0.9", 2, sigma=1))["noise"].reason
    assert "all hidden units" in thresholds(DropoutFlow("3,2", 2, sigma=1))["noise"].reason
    assert "left to chance" in predicted(system("3,3", 1, 1, sigma=1), "learned_1").reason
    assert "known without noise" in predicted(of, "loss").reason


def test_limits_of_noise() -> None:
    clean, faint = thresholds(DropoutFlow("3,2,1", 4)), thresholds(DropoutFlow("3,2,1", 4, sigma="1e-9"))
    assert float(faint["mode_3"].value) == pytest.approx(float(clean["mode_3"].value), rel=1e-12)
    assert 0 < float(faint["noise"].value) < 1e-8
    near = thresholds(DropoutFlow("1.001", 2, sigma=1))["noise"]
    assert float(near.value) == pytest.approx(4 * 1.001 / 0.001**2, rel=1e-9)  # 2 f theta/(theta - 1)^2


def test_descent_with_masks() -> None:
    random, spectrum = np.random.default_rng(0), np.array([3.0, 2.0, 1.0])
    weights = [random.standard_normal(shape) for shape in ((3, 4), (4, 3))]
    whole = masked_descent(*weights, np.diag(spectrum), 1.0, True, 0.01, 20000, 1, random)
    np.testing.assert_allclose(whole, np.diag(spectrum), atol=1e-10)


def test_experiment() -> None:
    found = average(DropoutNetwork(DropoutFlow("3,2,1", 4, "0.5")), 6, 4).quantities
    assert found["value_2"].value == pytest.approx(8 / 7, abs=1e-6) and found["spread"].value < 1e-5
    assert found["learned_1"].value == pytest.approx(15 / 7, abs=1e-6)
    with pytest.raises(ValueError, match="try size = 30"):
        DropoutNetwork(DropoutFlow("3,2,1", 4, "0.5", gamma=10)).require(20)
    with pytest.raises(ValueError, match="try a smaller one"):
        DropoutNetwork(DropoutFlow("3,2,1", 4, "0.5")).require(10**6)


def test_symbols_stay() -> None:
    s_1, s_2, width = symbols("s_1 s_2 width", positive=True)
    mode = DropoutFlow().prediction("mode_2")
    assert isinstance(mode, Threshold) and simplify(mode.closed_form - width * s_2 / (s_1 - s_2)) == 0
    at = {s_1: 3, s_2: 1, Symbol("width", positive=True): 2}
    assert float(solve_threshold(mode, at).value) == 1


def test_command_line(run: Any) -> None:
    words = ("dropout-flow", "--singular-values", "3,2,1", "--width", "4")
    status, out, _ = run("thresholds", *words, "--digits", "30", "--json")
    found = json.loads(out)
    assert status == 0 and found["thresholds"]["mode_2"]["lambda"] == "8." + "0" * 29
    assert found["parameters"]["singular_values"] == [3, 2, 1]
    status, out, _ = run("statics", *words, "--keep-probability", "0.8", "--json")
    assert status == 0 and json.loads(out)["numbers"]["value_3"]["value"] == pytest.approx(13 / 19)
    status, out, _ = run("dynamics", *words, "--keep-probability", "0.8", "--t-max", "30", "--at", "30", "--json")
    assert status == 0 and json.loads(out)["rows"][-1]["x_1"] == pytest.approx(51 / 19)
    status, out, _ = run("simulate", *words, "--keep-probability", "0.8", "-N", "5", "--samples", "2", "--json")
    assert status == 0 and json.loads(out)["numbers"]["value_1"]["value"] == pytest.approx(51 / 19, abs=1e-5)
    status, out, _ = run("derive", "dropout-flow", "masks", "--latex")
    assert status == 0 and r"\lambda" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("statics", "--keep-probability", "1.5"), "must lie strictly between 0 and 1; try --keep-probability 0.8"),
        (("thresholds", "--sigma", "-1"), "--sigma -1 must be a number >= 0"),
        (("thresholds", "--width", "0"), "--width 0 must be a whole number"),
        (("thresholds", "--singular-values", "3,-1"), "--singular-values -1 must be a positive number"),
        (("dynamics", "--keep-probability", "0.8", "--t-max", "1"), "3 modes cannot have equal shares in each unit"),
        (("dynamics", "--keep-probability", "0.8", "--t-max", "1", "--sigma", "1"), "known without noise"),
        (("simulate", "--keep-probability", "0.8", "-N", "2"), "try --size 3"),
    ],
)
def test_bad_input(run: Any, words: tuple[str, ...], line: str) -> None:
    options = dict(zip(("--singular-values", "--width"), ("3,2,1", "3"), strict=True))
    given = [word for name, value in options.items() if name not in words for word in (name, value)]
    status, _, err = run(words[0], "dropout-flow", *given, *words[1:])
    assert status == 2 and line in err and err.count("\n") == 1


SMALL = Descents(
    (25, 50), 40, (10, 10), ((30, 60, 120), (30, 60), (30, 60)), ((30, 20, 12), (8, 8), (16, 12)), 0.1, 0.25
)


def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 15 and all_checks()["dropout-flow"] is CHECK


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"theory": 1.5}, {"penalty": 1.5}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
