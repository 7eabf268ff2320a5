import csv
from collections.abc import Callable
from functools import cache
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from sympy import Rational, exp, oo

from numerics.dynamics import DynamicsSolution, Equilibrium, Model, model, solve_dynamics
from numerics.lowering import Array
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor

DATA = Path(__file__).parents[2] / "data"
Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)


def reference(landscape: GaussianLandscape, t_max: float, **options: object) -> DynamicsSolution:
    return solve_dynamics(landscape, t_max, method="reference", **options)  # type: ignore[arg-type]


@cache
def groups(name: str, *keys: str) -> dict[tuple[str, ...], list[dict[str, str]]]:
    table: dict[tuple[str, ...], list[dict[str, str]]] = {}
    with (DATA / name).open() as stream:
        for row in csv.DictReader(stream):
            table.setdefault(tuple(row[key] for key in keys), []).append(row)
    return table


def column(rows: list[dict[str, str]], name: str) -> Array:
    return np.array([float(row[name]) for row in rows])


def agree_with_chsck(key: tuple[str, ...], t_max: float) -> None:
    rows = [row for row in groups("chsck.csv", "Delta_2", "Delta_p", "m0")[key] if float(row["t"]) <= t_max]
    landscape = SpikedMatrixTensor(3, oo if key[0] == "inf" else Rational(key[0]), Rational(key[1]))
    found = reference(landscape, t_max, overlap=float(key[2]), rtol=1e-8).at(column(rows, "t"))
    names = {"m": ("m", "err_m"), "mu": ("mu", "err_mu"), "energy": ("E", "err_E"), "correlation": ("C(t 0)", "err_C")}
    for name, (expected, error) in names.items():
        difference = np.abs(found[name] - column(rows, expected))
        assert np.all(difference <= found[f"{name}_error"] + 2 * column(rows, error) + 1e-11), name
        assert np.all(difference <= np.maximum(1e-8, 2 * column(rows, error))), name


CHSCK = groups("chsck.csv", "Delta_2", "Delta_p", "m0")


@pytest.mark.parametrize("key", CHSCK, ids=" ".join)
def test_reference_table_to_ten(key: tuple[str, ...]) -> None:
    agree_with_chsck(key, 10.0)


@pytest.mark.slow
@pytest.mark.parametrize("key", CHSCK, ids=" ".join)
def test_reference_table(key: tuple[str, ...]) -> None:
    agree_with_chsck(key, 50.0)


TRAJECTORIES: dict[str, tuple[GaussianLandscape, float, float]] = {
    "p3": (CUBE, 0, 0),
    "p3-warm": (CUBE, 0.5, 0),
    "spiked-0.5": (SpikedMatrixTensor(3, Rational(1, 2), 1), 0, 1e-3),
    "spiked-1/3": (SpikedMatrixTensor(3, Rational(1, 3), 4), 0, 1e-4),
    "p3-long": (CUBE, 0, 0),
}


@pytest.mark.parametrize(
    "case", [pytest.param(name, marks=pytest.mark.slow if name in ("p3", "p3-long") else ()) for name in TRAJECTORIES]
)
def test_reference_trajectories_at_two_times(case: str) -> None:
    rows = groups("dynamics.csv", "case")[case,]
    landscape, temperature, overlap = TRAJECTORIES[case]
    t = column(rows, "t")
    solution = reference(landscape, t[-1], temperature=temperature, overlap=overlap, rtol=1e-9)
    one = solution.at(t)
    found = {"m": one["m"], "mu": one["mu"], "energy": one["energy"], "C(t 0)": one["correlation"]}
    found |= {"R(t 0)": solution.R(t, 0), "C(t t/2)": solution.C(t, t / 2)}
    if rows[0]["R(t t/2)"]:
        found["R(t t/2)"] = solution.R(t, t / 2)
    for name, values in found.items():
        assert values == pytest.approx(column(rows, name), rel=0, abs=1e-8), name


@pytest.mark.parametrize(
    ("landscape", "p"), [(CUBE, 3), (GaussianLandscape(Q**4 / 2), 4), (PureSpin(5, 1), 5), (PureSpin(64, 10), 64)]
)
def test_gradient_flow_of_a_pure_landscape(landscape: GaussianLandscape, p: int) -> None:
    solution = reference(landscape, 6, rtol=1e-8)
    t = np.linspace(0, 6, 61)
    assert solution.C(t, 0) == pytest.approx(solution.R(t, 0), rel=0, abs=1e-8)
    assert solution.mu == pytest.approx(-p * solution.energy, rel=0, abs=2e-8 * p)
    assert np.all(np.diff(solution.energy) < 0)
    assert np.array_equal(solution.C(t, t), np.ones(61)) and np.array_equal(solution.R(t, t), np.ones(61))
    assert np.array_equal(solution.C(t, 2), solution.C(2, t)) and not solution.R(t[t < 2], 2).any()


@pytest.mark.parametrize(("landscape", "beta"), [(CUBE, 1.4), (MADE_UP, 1.0)], ids=["p3", "made-up"])
def test_equilibrium_is_stationary_and_obeys_fdt(landscape: GaussianLandscape, beta: float) -> None:
    """mu = T + f'(1)/T, e = -f(1)/T, and T int_0^tau R = 1 - C(tau)."""
    solution = reference(landscape, 8, temperature=1 / beta, start=Equilibrium(beta), rtol=1e-9)
    numbers = model(landscape)
    assert solution.mu == pytest.approx(1 / beta + beta * numbers.noise.sum(), rel=0, abs=1e-8)
    assert solution.energy == pytest.approx(-beta * numbers.covariance.sum(), rel=0, abs=1e-8)
    tau = np.linspace(0, 4, 9)
    for waiting in (0.7, 4.0):
        assert solution.C(waiting + tau, waiting) == pytest.approx(solution.C(tau, 0), rel=0, abs=1e-8)
        assert solution.R(waiting + tau, waiting) == pytest.approx(solution.R(tau, 0), rel=0, abs=1e-8)
    x, w = leggauss(30)
    integrals = [(w * end / 2) @ solution.R(5, 5 - end * (1 + x) / 2) for end in tau]
    assert np.array(integrals) / beta == pytest.approx(1 - solution.C(tau, 0), rel=0, abs=1e-8)


def test_start_in_equilibrium_is_a_start_at_the_signal() -> None:
    """beta = 1: the planted mean g = f with m(0) = 1 is the disorder that an equilibrium start selects."""
    f = Q**2 / 3 + Q**3 / 4
    planted = reference(GaussianLandscape(f, f), 5, temperature=0.3, overlap=1, rtol=1e-9)
    selected = reference(GaussianLandscape(f), 5, temperature=0.3, start=Equilibrium(1), rtol=1e-9)
    t = np.linspace(0, 5, 11)
    ours, theirs = selected.at(t), planted.at(t)
    assert ours["correlation"] == pytest.approx(theirs["m"], rel=0, abs=1e-8)
    assert ours["energy"] == pytest.approx(theirs["energy"], rel=0, abs=1e-8)
    assert ours["mu"] == pytest.approx(theirs["mu"], rel=0, abs=1e-8)


@pytest.mark.parametrize(
    ("delta", "signal", "overlap", "temperature"), [(1, 0, 0, 0), (0.5, 0, 0, 0.4), (1, 2, 0.3, 0)]
)
def test_quadratic_landscape_against_its_spectrum(
    delta: float, signal: float, overlap: float, temperature: float
) -> None:
    landscape = GaussianLandscape(Q**2 / (2 * Rational(delta)), Rational(signal) * M**2 / 2)
    t_max = 5.0
    solution = reference(landscape, t_max, temperature=temperature, overlap=overlap, rtol=1e-9)
    exact = Quadratic(delta, signal, overlap, temperature)
    t = np.linspace(0, t_max, 11)
    rows, gamma = solution.at(t), np.sqrt(exact.norm(t))
    assert rows["m"] == pytest.approx(overlap * exact.at_signal(t) / gamma, rel=0, abs=1e-9)
    assert rows["mu"] == pytest.approx(exact.norm(t, 1) / (2 * exact.norm(t)), rel=0, abs=1e-8)
    assert rows["correlation"] == pytest.approx(exact.start(t) / gamma, rel=0, abs=1e-9)
    earlier = np.sqrt(exact.norm(t / 3))
    assert solution.R(t, t / 3) == pytest.approx(exact.bulk(2 * t / 3) * earlier / gamma, rel=0, abs=1e-9)
    if temperature == 0:
        correlation = exact.start(4 * t / 3) / (gamma * earlier)
        assert solution.C(t, t / 3) == pytest.approx(correlation, rel=0, abs=1e-9)
        assert rows["mu"] == pytest.approx(-2 * rows["energy"], rel=0, abs=1e-8)


class Quadratic:
    """p = 2: ``x(t) = exp(J t) x(0)`` on the spectrum of ``J``, a semicircle of moments mu_n and a rank-one signal.

    ``<u|J^n|u>`` at the signal u obeys ``nu_n = mu_n + c sum_j mu_j nu_{n-1-j}``. The squared norm that the constraint
    takes out is ``G = k(2t) + 2T int_0^t bulk(2(t - s)) G(s) ds``. All are power series with positive coefficients.
    """

    def __init__(self, delta: float, signal: float, overlap: float, temperature: float, terms: int = 150) -> None:
        catalan = [factorial(n) / factorial(n // 2) / factorial(n // 2 + 1) if n % 2 == 0 else 0 for n in range(terms)]
        bulk = [value * delta ** (-n / 2) for n, value in enumerate(catalan)]
        at_signal: list[float] = []
        for n in range(terms):
            at_signal.append(bulk[n] + signal * sum(bulk[j] * at_signal[n - 1 - j] for j in range(n)))
        start = [overlap**2 * a + (1 - overlap**2) * b for a, b in zip(at_signal, bulk, strict=True)]
        norm: list[float] = []
        for n in range(terms):
            memory = sum(2.0**j * bulk[j] * norm[n - 1 - j] for j in range(n))
            norm.append(2.0**n * start[n] + 2 * temperature * memory)
        self.bulk, self.at_signal, self.start = _function(bulk), _function(at_signal), _function(start)
        self.norm = _function(norm)


def _function(derivatives: list[float]) -> Callable[..., Array]:
    def value(t: Array, order: int = 0) -> Array:
        terms = [d * t**n / factorial(n) for n, d in enumerate(derivatives[order:])]
        return np.sum(terms, axis=0)

    return value


def test_nishimori_line() -> None:
    """T = 1 with f = g: m -> m*, e -> -f(1), mu -> 1 + f'(1), with m* = f'(m*)/(1 + f'(m*))."""
    rows = reference(SpikedMatrixTensor(3, Rational(1, 2), 4), 20, temperature=1, overlap=0.5, rtol=1e-5).at(20)
    assert rows["m"][0] == pytest.approx(0.5311, abs=5e-4)
    assert rows["energy"][0] == pytest.approx(-(1 + 1 / 12), abs=5e-4)
    assert rows["mu"][0] == pytest.approx(1 + 2 + 1 / 4, abs=5e-4)


@pytest.mark.parametrize(
    ("landscape", "options"),
    [
        (MADE_UP, {"overlap": 0.4}),
        (MADE_UP, {"overlap": -0.6, "temperature": 0.7}),
        (GaussianLandscape(exp(Q) - 1 - Q, M**2 - M**3), {"overlap": 0.2, "temperature": 0.2}),
        (MADE_UP, {"start": Equilibrium(1.3), "temperature": 0.2}),
        (GaussianLandscape(Q / 2 + Q**3 / 9, M / 2 + M**3 / 3), {"temperature": 0.1}),
    ],
    ids=["flow", "warm", "exponential", "equilibrium", "field"],
)
def test_against_explicit_euler(landscape: GaussianLandscape, options: dict[str, object]) -> None:
    solution, t = reference(landscape, 1.5, rtol=1e-8, **options), np.array([0.75, 1.5])
    numbers = model(landscape, **options)  # type: ignore[arg-type]
    tables = np.array([euler(numbers, 1.5, steps) for steps in (20, 40, 80, 160, 320)])
    for level in range(1, len(tables)):
        tables = (2**level * tables[1:] - tables[:-1]) / (2**level - 1)
    rows = solution.at(t)
    found = [rows["m"], rows["mu"], rows["energy"], solution.C(t, 0), solution.R(t, 0), solution.C(t, t / 2)]
    assert np.array([*found, solution.R(t, t / 2)]) == pytest.approx(tables[0], rel=0, abs=1e-6)


def euler(numbers: Model, t_max: float, steps: int) -> Array:
    """m, mu, e, C(t,0), R(t,0), C(t,t/2), R(t,t/2) at half time and at the end, to first order in the step."""

    def f(series: Array, x: Array | float) -> Array:
        return np.asarray(np.polynomial.polynomial.polyval(x, series))

    h, size, beta = t_max / steps, steps + 1, numbers.beta
    c, r, m, rows = np.eye(size), np.eye(size), np.full(size, numbers.overlap), np.zeros((size, 7))
    for i in range(size):
        k, noise = f(numbers.memory, c[i, :i]) * r[i, :i], f(numbers.noise, c[i, :i])
        drift, field = f(numbers.drift, m[i]), beta * f(numbers.noise, c[i, 0])
        mu = numbers.temperature + drift * m[i] + h * (r[i, :i] @ noise + k @ c[i, :i]) + field * c[i, 0]
        energy = -f(numbers.planted, m[i]) - h * (noise @ r[i, :i]) - beta * f(numbers.covariance, c[i, 0])
        rows[i] = m[i], mu, energy, c[i, 0], r[i, 0], c[i, i // 2], r[i, i // 2]
        if i + 1 == size:
            break
        before = slice(0, i + 1)
        past = h * np.array([noise[:j] @ r[j, :j] for j in range(i + 1)])
        rate = -mu * c[i, before] + h * (k @ c[:i, before]) + past + drift * m[before] + field * c[before, 0]
        c[i + 1, before] = c[before, i + 1] = c[i, before] + h * rate
        r[i + 1, before] = r[i, before] + h * (-mu * r[i, before] + h * (k @ r[:i, before]))
        m[i + 1] = m[i] + h * (-mu * m[i] + drift + h * (k @ m[:i]))
    return rows[[steps // 2, steps]].T


def test_tiny_overlaps_scale() -> None:
    """m0 -> 0: m(t)/m0 no longer depends on m0."""
    landscape = SpikedMatrixTensor(3, Rational(1, 3), 1)
    tiny, small = (reference(landscape, 4, overlap=m0, rtol=1e-7).at(4)["m"][0] / m0 for m0 in (1e-300, 1e-12))
    assert tiny == pytest.approx(small, rel=1e-9)


@pytest.mark.parametrize("rtol", [1e-3, 1e-6, 1e-9])
def test_errors_bound_the_difference_to_a_finer_run(rtol: float) -> None:
    t = np.linspace(0, 5, 41)
    exact = reference(MADE_UP, 5, overlap=0.5, temperature=0.2, rtol=1e-12)
    coarse = reference(MADE_UP, 5, overlap=0.5, temperature=0.2, rtol=rtol)
    found, best = coarse.at(t), exact.at(t)
    for name in ("m", "mu", "energy", "correlation"):
        assert np.all(np.abs(found[name] - best[name]) <= found[f"{name}_error"] + best[f"{name}_error"]), name
    late, early = np.tril(np.broadcast_to(t[:, None], (41, 41))), np.tril(np.broadcast_to(t, (41, 41)))
    error = coarse.two_time.error(late)
    assert np.all(np.abs(coarse.C(late, early) - exact.C(late, early)) <= error.correlation + 1e-12)
    assert np.all(np.abs(coarse.R(late, early) - exact.R(late, early)) <= error.response + 1e-12)
    assert np.max(error.correlation) <= rtol
