"""Condensation in growing networks: closed forms, limits, an independent integration, and networks."""

import json
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from scipy.integrate import quad, solve_ivp
from sympy import Rational, S, Symbol

from numerics.checks import all_checks
from numerics.experiments.fitness_condensation import BINS, CHECK, GrowingNetwork, Networks, grow
from numerics.integro_differential import solve_flow
from numerics.lowering import Array, lower
from numerics.solve import solve_prediction, solve_threshold
from theory.laws import Flow
from theory.systems.fitness_condensation import (
    TAU,
    TEMPERATURE,
    THETA,
    FitnessCondensation,
    attached,
    condensation,
    degree_exponent,
    wave,
)


def critical(theta: Any, digits: int = 15) -> Any:
    return solve_threshold(condensation(S(theta)), {}, digits)


def predicted(name: str, **parameters: Any) -> Any:
    declared = FitnessCondensation(**parameters)
    return solve_prediction(declared.prediction(name), {})


def flow_of(theta: Any, temperature: Any) -> Flow:
    declared = FitnessCondensation(theta=theta, temperature=temperature)
    return next(p.law for p in declared.predictions() if isinstance(p.law, Flow))


def occupation(theta: float, temperature: float, z: float, low: float = 0, high: float = 1) -> float:
    """By SciPy, from the Bose factor as it is written."""
    bose = lambda x: (theta + 1) * x**theta / (z * np.exp(x / temperature) - 1)  # noqa: E731
    return float(quad(bose, low, high, epsabs=1e-12, limit=200)[0])


def dilogarithms(temperature: Any) -> Any:
    """``I(1/T, 0)`` of theta = 1: the Bose factor as a geometric series, integrated term by term."""
    b = 1 / temperature
    return 2 * ((mp.zeta(2) - mp.polylog(2, mp.exp(-b))) / b**2 + mp.log1p(-mp.exp(-b)) / b)


def test_derived_forms() -> None:
    g, eta, z = (Symbol(name, positive=True) for name in ("g", "eta", "z"))
    assert (attached() - g * eta / (z - eta)).simplify() == 0
    assert (degree_exponent() - 1 - z / eta).simplify() == 0
    late, energy = wave()
    assert (late - 1 + (THETA + 1) / TAU).simplify() == 0
    assert (energy - TEMPERATURE * (THETA + 1) / TAU).simplify() == 0


@pytest.mark.parametrize("digits", [15, 60])
def test_transition_against_dilogarithms(digits: int) -> None:
    found = critical(1, digits)
    with mp.workdps(digits + 10):
        exact = mp.findroot(lambda t: dilogarithms(t) - 1, 0.71)
        assert abs(found.value - exact) <= found.error
        assert abs(mp.mpf(found.text()) - exact) <= mp.mpf(found.error_text())
    assert found.text().startswith("0.711716") and float(found.error) < 10.0 ** (1 - digits)


@pytest.mark.parametrize("theta", [Rational(1, 10), Rational(1, 2), 3, 50])
def test_transition_at_any_density(theta: Any) -> None:
    t = float(critical(theta).value)
    mass = quad(lambda u: (float(theta) + 1) / float(theta) * (x := u ** (1 / float(theta))) / np.expm1(x / t), 0, 1)[0]
    assert mass == pytest.approx(1, abs=1e-7)
    assert theta / (theta + 1) < t < (theta + 1) / (theta + 2) / np.log(2)


def test_no_transition_at_a_density_that_is_flat() -> None:
    found = critical(0)
    assert not found.exists and "no transition" in found.reason
    for temperature in ("0.1", "2"):
        z = predicted("partition", theta=0, temperature=temperature)
        assert float(z.value) == pytest.approx(1 + np.exp(-1 / float(temperature)), rel=1e-14)
    assert occupation(0, 2, float(z.value)) == pytest.approx(1, abs=1e-10)
    assert "no condensate" in predicted("condensate", theta=0, temperature="0.1").reason


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [2.0, 1.2, 0.75])
def test_above_the_transition(temperature: float) -> None:
    z = predicted("partition", theta=1, temperature=temperature)
    assert occupation(1, temperature, float(z.value)) == pytest.approx(1, abs=1e-8) and float(z.error) < 1e-14
    assert float(predicted("degree_exponent", theta=1, temperature=temperature).value) == pytest.approx(
        1 + float(z.value)
    )
    assert "above" in predicted("condensate", theta=1, temperature=temperature).reason


@pytest.mark.parametrize("temperature", ["0.5", "0.3"])
def test_below_the_transition(temperature: str) -> None:
    found = predicted("condensate", theta=1, temperature=temperature)
    assert abs(float(found.value) - 1 + float(dilogarithms(mp.mpf(temperature)))) < 1e-14
    assert "ln t" in predicted("partition", theta=1, temperature=temperature).reason


def midpoints(count: int, temperature: float, tau: float) -> Array:
    """Partition and energy of the flow for theta = 1, on a plain grid."""
    x = (np.arange(count) + 0.5) / count
    g, eta = 2 * x, np.exp(-x / temperature)
    run = solve_ivp(
        lambda _, rho: -rho + g + eta * rho / np.mean(eta * rho),
        (0, tau),
        2 * g,
        rtol=1e-11,
        atol=1e-12,
        method="DOP853",
    )
    end = run.y[:, -1]
    return np.array([np.mean(eta * end), np.mean(x * (end - g)) / np.mean(end - g)])


@pytest.mark.parametrize("temperature", [1.2, 0.3])
def test_flow_against_a_plain_grid(temperature: float) -> None:
    found = solve_flow(flow_of(1, temperature), {}, [0, 5]).quantities
    exact = (4 * midpoints(1600, temperature, 5) - midpoints(800, temperature, 5)) / 3
    for name, value in zip(("partition", "energy"), exact, strict=True):
        assert abs(found[name].value[1] - value) <= found[name].error[1] + 1e-9
        assert found[name].error[1] < 1e-7


def test_flow_ends_where_the_statics_say() -> None:
    z = predicted("partition", theta=1, temperature=2)
    found = solve_flow(flow_of(1, 2), {}, [80])
    assert abs(found.quantities["partition"].value[0] - float(z.value)) < 1e-9
    x, rho = found.axes["epsilon"].values, found.quantities["rho"].value[0]
    bose = 2 * x / (float(z.value) * np.exp(x / 2) - 1)
    np.testing.assert_allclose(rho - 2 * x, bose, rtol=1e-6)


def test_late_wave() -> None:
    times, temperature = [300.0, 1000.0], 0.3
    found = solve_flow(flow_of(1, temperature), {}, times).quantities["partition"].value
    late = lower((TAU,), [wave()[0].subs(THETA, 1)])(np.array(times))[0]
    ratio = (1 - found) / (1 - late)
    assert abs(ratio - 1).max() < 0.03 and abs(ratio[1] - 1) < abs(ratio[0] - 1)


def test_network_is_what_was_asked_for() -> None:
    experiment = GrowingNetwork(FitnessCondensation(theta=1, m=3, temperature=1))
    network = experiment.draw(500, np.random.default_rng(0))
    degree = np.bincount(network.ends)
    assert degree.sum() == 2 * 3 * 500 and degree.min() == 3
    new = network.ends[6:].reshape(-1, 3, 2)
    assert np.all(new[:, :, 1] == np.arange(1, 500)[:, None]) and np.all(new[:, :, 0] < new[:, :, 1])
    assert network.at(10).energies.size == 10 and network.at(10).ends.max() == 9
    assert experiment.measure(network)["shares"].sum() == pytest.approx(1)


def test_links_are_drawn_by_degree_and_fitness() -> None:
    energies, random, trials = np.array([0.4, 0.1, 0.9]), np.random.default_rng(1), 20000
    ends = np.empty(6, dtype=np.int32)
    hits = 0
    for _ in range(trials):
        grow(ends, energies, 1, 2.0, random)
        hits += ends[4] == 0
    older, newer = 3 * np.exp(-0.8), np.exp(-0.2)  # degrees 3 and 1
    expected = older / (older + newer)
    assert abs(hits / trials - expected) < 4 * np.sqrt(expected * (1 - expected) / trials)


def test_cold_networks_grow_as_fast() -> None:
    network = GrowingNetwork(FitnessCondensation(theta=1, temperature="1e-3")).draw(20000, np.random.default_rng(0))
    assert np.isfinite(network.partition)


def networks(temperature: float, size: int, samples: int) -> list[Any]:
    experiment = GrowingNetwork(FitnessCondensation(theta=1, temperature=temperature))
    return [experiment.draw(size, np.random.default_rng(seed)) for seed in range(samples)]


@pytest.mark.parametrize("temperature", [2.0, 1.2])
def test_partition_of_networks_above(temperature: float) -> None:
    z = float(predicted("partition", theta=1, temperature=temperature).value)
    found = np.mean([network.partition for network in networks(temperature, 10**5, 8)])
    assert abs(found / z - 1) < 0.005


@pytest.mark.slow
def test_shares_of_networks_above() -> None:
    z = float(predicted("partition", theta=1, temperature=2).value)
    grown = networks(2.0, 10**6, 12)
    found = np.mean([np.histogram(n.energies, BINS[::2], weights=n.attracted)[0] for n in grown], axis=0)
    expected = [occupation(1, 2, z, low, high) for low, high in zip(BINS[:-1:2], BINS[2::2], strict=True)]
    np.testing.assert_allclose(found[1:], expected[1:], rtol=0.015)


@pytest.mark.parametrize(("temperature", "within"), [(0.5, 0.005), (0.3, 0.01)])
def test_flow_from_a_network_predicts_its_future(temperature: float, within: float) -> None:
    law, ratios, grown = flow_of(1, temperature), [], []
    for network in networks(temperature, 10**5, 8):
        early = network.at(1000)
        ahead = solve_flow(law, {}, [np.log(100)], (early.energies, early.shares)).quantities["partition"]
        ratios.append(network.partition / ahead.value[0])
        assert ahead.error[0] < 1e-6
        grown.append(network.partition / early.partition)
    assert abs(np.mean(ratios) - 1) < within < 0.1 * (np.mean(grown) - 1)


def test_command_line(run: Any) -> None:
    status, out, _ = run("thresholds", "fitness-condensation", "--theta", "1", "--json")
    found = json.loads(out)["thresholds"]["condensation"]
    assert status == 0 and found["control"] == "temperature" and found["temperature"].startswith("0.7117163")
    words = ("fitness-condensation", "--theta", "1", "--temperature", "0.5")
    status, out, _ = run("statics", *words, "--json")
    assert status == 0 and json.loads(out)["numbers"]["condensate"]["value"] == pytest.approx(0.39305271536)
    status, out, _ = run("dynamics", *words, "--t-max", "3", "--at", "1,3", "--json")
    assert status == 0 and [row["tau"] for row in json.loads(out)["rows"]] == [1, 3]
    status, out, _ = run("simulate", *words, "-N", "200", "--samples", "4", "--json")
    assert status == 0 and json.loads(out)["numbers"]["partition"]["error"] > 0
    status, _, err = run("dynamics", *words, "--t-max", "3", "--at", "5")
    assert status == 2 and err == "ruggedflow: --at 5 lies beyond --t-max 3\n"
    status, _, err = run("thresholds", "fitness-condensation", "--theta", "-1")
    assert status == 2 and "--theta -1 must be a number >= 0" in err


SMALL = Networks((20000,), (12,), 0.12)


@pytest.mark.slow
def test_check_agrees() -> None:
    report = CHECK.run(plan=SMALL)
    assert report.verdict == "agree" and len(report.comparisons) == 12 and all_checks()["fitness-condensation"] is CHECK


@pytest.mark.slow
@pytest.mark.parametrize("mistake", [{"theory": 1.03}, {"temperature": 1.1}])
def test_check_sees_a_mistake(mistake: dict[str, float]) -> None:
    assert CHECK.run(plan=SMALL, perturb=mistake).verdict == "disagree"
