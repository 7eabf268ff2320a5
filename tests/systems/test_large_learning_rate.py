"""The step beyond which descent on deep linear networks converges from no start: Hessians, other minima, descents."""

import json
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from sympy import Integer, simplify

from numerics.checks import all_checks
from numerics.experiments.large_learning_rate import (
    CHECK,
    LargeSteps,
    Networks,
    critical_step,
    descend,
    ends,
    flattest,
    last_stable,
    loss,
    stacked,
    starts,
)
from numerics.lowering import Array
from numerics.networks.deep_linear import Network
from numerics.solve import solve_prediction
from theory.networks.deep_linear import DEPTH, VALUE, curvature, sharpness
from theory.systems.large_learning_rate import LargeLearningRate

VALUES = (3, 2, 1)


def system(depth: int, values: Any = VALUES, **more: Any) -> LargeLearningRate:
    return LargeLearningRate(depth=depth, singular_values=values, **more)


def predicted(of: LargeLearningRate, name: str, digits: int = 15) -> Any:
    return solve_prediction(of.prediction(name), {}, digits)


def test_derived_form() -> None:
    assert simplify(sharpness(DEPTH, VALUE) - DEPTH * VALUE ** (2 - 2 / DEPTH)) == 0
    assert simplify(curvature(DEPTH, VALUE, VALUE).doit() - sharpness(DEPTH, VALUE)) == 0


@pytest.mark.parametrize("depth", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("values", ["3,2,1", "1,3,2", "0.001", "1e9,1e-9", "2,2,2"])
def test_threshold(depth: int, values: str) -> None:
    found = predicted(system(depth, values), "divergence", 40)
    with mp.workdps(60):
        largest = max(mp.mpf(s) for s in values.split(","))
        exact = 2 / (depth * largest ** (2 - mp.mpf(2) / depth))
        assert abs(found.value - exact) <= found.error < exact * mp.mpf(10) ** -38


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_hessian_at_a_flattest_minimum(depth: int) -> None:
    """Its eigenvalues are those of pairs of modes, the others vanish; the largest is the sharpness."""
    minimum = flattest(system(depth), 4 if depth > 1 else 3, np.random.default_rng(depth))
    found = np.linalg.eigvalsh(minimum.hessian)
    exact = [Integer(s) for s in VALUES]
    pairs = sorted(float(curvature(Integer(depth), a, b).doit()) for a in exact for b in exact)
    np.testing.assert_allclose(found[-9:], pairs, rtol=1e-9)
    np.testing.assert_allclose(found[:-9], 0, atol=1e-9)
    assert found[-1] == pytest.approx(float(predicted(system(depth), "sharpness").value))


def moved(minimum: Network, random: np.random.Generator, scale: float) -> Network:
    """Another minimum: layers times matrices that cancel."""
    layers = list(minimum.layers)
    for k in range(len(layers) - 1):
        mix = np.eye(layers[k].shape[0]) + scale * random.standard_normal((layers[k].shape[0],) * 2)
        layers[k], layers[k + 1] = mix @ layers[k], layers[k + 1] @ np.linalg.inv(mix)
    return Network(layers, minimum.target)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_minimum_is_flatter(depth: int) -> None:
    random, least = np.random.default_rng(depth), float(predicted(system(depth), "sharpness").value)
    for scale in np.geomspace(1e-3, 0.3, 25):
        other = moved(flattest(system(depth), 4, random), random, float(scale))
        np.testing.assert_allclose(other.product, other.target.matrix, atol=1e-9)
        assert np.linalg.eigvalsh(other.hessian)[-1] > least * (1 - 1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_last_stable_step(depth: int) -> None:
    random, of = np.random.default_rng(depth), system(depth)
    close = [starts(of, 4, random)[1] for _ in range(6)]
    assert last_stable(*stacked(close), critical_step(of)) == pytest.approx(np.ones(6), abs=3e-4)


@pytest.mark.parametrize(("depth", "seen"), [(2, 0.95), (3, 0.95), (4, 0.8)])
def test_random_starts_on_both_sides(depth: int, seen: float) -> None:
    """Just below most converge, just above none."""
    of, random = system(depth), np.random.default_rng(0)
    away = stacked([starts(of, 8, random)[0] for _ in range(60)])
    assert ends(*away, 0.97 * critical_step(of))[0].mean() > seen
    assert not ends(*away, 1.03 * critical_step(of)).any()


def test_large_steps_end_in_minima_that_are_stable() -> None:
    """From starts that small steps would lead to sharp minima."""
    of, random, ratio = system(2), np.random.default_rng(1), 0.8
    networks = [moved(flattest(of, 4, random), random, 0.3) for _ in range(30)]
    layers, target = stacked(networks)
    layers = [layer + 1e-3 * random.standard_normal(layer.shape) for layer in layers]

    def sharpest(parts: list[Array], which: Any) -> list[float]:
        each = (Network([part[k] for part in parts], networks[k].target) for k in which)
        return [float(np.linalg.eigvalsh(one.hessian)[-1]) for one in each]

    eta = ratio * critical_step(of)
    last = descend(layers, target, eta, 4000)
    there = np.flatnonzero(loss(last, target) < 1e-10)
    assert there.size >= 10 and max(sharpest(last, there)) < 2 / eta < max(sharpest(layers, there)) / 1.1


def test_descents_that_leave_all_bounds() -> None:
    networks = [starts(system(2), 4, np.random.default_rng(0))[0]]
    converged, unbounded = ends(*stacked(networks), 10 * critical_step(system(2)))
    assert unbounded.all() and not converged.any()


def test_one_layer_is_a_parabola() -> None:
    experiment = LargeSteps(system(1, eta="1.99"))
    found = experiment.measure(experiment.draw(4, np.random.default_rng(0)))
    assert found == {"converged": True, "unbounded": False, "returned": True}


def test_command_line(run: Any) -> None:
    words = ("large-learning-rate", "--depth", "3", "--singular-values", "3,2,1")
    status, out, _ = run("thresholds", *words, "--json", "--digits", "30")
    found = json.loads(out)["thresholds"]["divergence"]
    with mp.workdps(40):
        assert status == 0 and abs(mp.mpf(found["eta"]) - 2 / (3 * mp.mpf(3) ** (mp.mpf(4) / 3))) < mp.mpf("1e-29")
    status, out, _ = run("statics", *words, "--eta", "0.1", "--json")
    numbers = json.loads(out)["numbers"]
    assert status == 0 and numbers["multiplier"]["value"] == pytest.approx(abs(1 - 0.9 * 3 ** (1 / 3)))
    status, out, _ = run("simulate", *words, "--eta", "0.15", "-N", "4", "--samples", "3", "--json")
    assert status == 0 and json.loads(out)["numbers"]["converged"]["value"] == 1
    for topic in ("flattest", "predictions"):
        assert run("derive", "large-learning-rate", topic, "--latex")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("thresholds", "--depth", "0"), "--depth 0"),
        (("thresholds", "--depth", "2", "--singular-values", "3,-2"), "--singular-values -2 must be a positive number"),
        (("thresholds", "--depth", "2"), "--singular-values is missing"),
        (("thresholds", "--depth", "2", "--singular-values", "3", "--eta", "1"), "leave it out"),
        (("simulate", "--depth", "2", "--singular-values", "3,2,1", "--eta", "0.3", "-N", "2"), "fewer hidden units"),
        (("simulate", "--depth", "2", "--singular-values", "3,2,1", "-N", "4"), "--eta is missing"),
    ],
)
def test_bad_input(run: Any, words: tuple[str, ...], said: str) -> None:
    status, out, err = run(words[0], "large-learning-rate", *words[1:])
    assert status == 2 and out == "" and said in err and err.count("\n") == 1, err


SMALL = Networks((4,), (30,), 0.01, 0.15)


def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and all_checks()["large-learning-rate"] is CHECK
    assert "converges of" in "".join(report.remarks)


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"theory": 1.02}, {"values": 1.02}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
