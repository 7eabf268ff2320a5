"""The long-time integrator against tables, the reference integrator, closed forms and exact identities."""

import csv
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ive
from sympy import Rational, exp, lambdify, oo

from numerics.dynamics import DynamicsSolution, Equilibrium, load, model, solve_dynamics
from numerics.errors import Interrupted
from numerics.lowering import Array
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.inference import MaximumLikelihood

DATA = Path(__file__).parents[2] / "data"
Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE = GaussianLandscape(Q**3 / 2)
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, Rational(3, 4) * M**2 + M**4 / 5)
FIELD = GaussianLandscape(Q / 2 + Q**3 / 9, M / 2 + M**3 / 3)
NAMES = ("m", "mu", "energy", "correlation")
slow = pytest.mark.slow


def long(landscape: GaussianLandscape, t_max: float, **options: Any) -> DynamicsSolution:
    return solve_dynamics(landscape, t_max, method="long-time", **options)


def require_agreement(found: DynamicsSolution, t: Array, expected: dict[str, Array], rtol: float = 1e-6) -> None:
    """Within the solution's own estimate and within ``rtol`` of the largest value (of 1 for C and R).

    ``expected[name + "_error"]`` is an error of the expected values.
    """
    rows = found.at(t) | {"R(t 0)": found.R(t, 0), "C(t t/2)": found.C(t, t / 2), "R(t t/2)": found.R(t, t / 2)}
    errors = found.two_time.error(t)
    estimates = {"R(t 0)": errors.response, "C(t t/2)": errors.correlation, "R(t t/2)": errors.response}
    for name in [name for name in expected if not name.endswith("_error")]:
        difference = np.abs(rows[name] - expected[name])
        given = 2 * expected.get(f"{name}_error", np.zeros(t.size)) + 2e-12
        estimate = rows[f"{name}_error"] if name in NAMES else estimates[name]
        assert np.all(difference <= estimate + given), f"{name}: {difference / (estimate + given)} of the estimate"
        scale = max(np.max(np.abs(expected[name])), 1e-300) if name in ("m", "mu", "energy") else 1.0
        assert np.all(difference <= rtol * scale + given), f"{name}: {difference / scale}"


def values(solution: DynamicsSolution, t: Array) -> dict[str, Array]:
    rows = solution.at(t)
    two = {"R(t 0)": solution.R(t, 0), "C(t t/2)": solution.C(t, t / 2), "R(t t/2)": solution.R(t, t / 2)}
    return {name: rows[name] for name in NAMES} | two


# Tables.


@cache
def groups(name: str, *keys: str) -> dict[tuple[str, ...], dict[str, list[str]]]:
    table: dict[tuple[str, ...], dict[str, list[str]]] = {}
    with (DATA / name).open() as stream:
        for row in csv.DictReader(stream):
            columns = table.setdefault(tuple(row[key] for key in keys), {name: [] for name in row})
            for column, value in row.items():
                columns[column].append(value)
    return table


def column(rows: dict[str, list[str]], name: str) -> Array:
    return np.array(rows[name], dtype=np.float64)


CHSCK = groups("chsck.csv", "Delta_2", "Delta_p", "m0")
QUICK = [("inf", "1.0", "0.0"), ("0.5", "1.0", "0.01")]


@pytest.mark.parametrize("key", [pytest.param(k, marks=() if k in QUICK else slow) for k in CHSCK], ids=" ".join)
def test_reference_table(key: tuple[str, ...]) -> None:
    rows, names = CHSCK[key], ("m", "mu", "E", "C(t 0)")
    landscape = SpikedMatrixTensor(3, oo if key[0] == "inf" else Rational(key[0]), Rational(key[1]))
    expected = {ours: column(rows, name) for ours, name in zip(NAMES, names, strict=True)}
    errors = zip(NAMES, ("err_m", "err_mu", "err_E", "err_C"), strict=True)
    expected |= {f"{ours}_error": column(rows, name) for ours, name in errors}
    require_agreement(long(landscape, 50, overlap=float(key[2])), column(rows, "t"), expected)


TRAJECTORIES: dict[str, tuple[GaussianLandscape, float, float]] = {
    "p3": (CUBE, 0, 0),
    "p3-warm": (CUBE, 0.5, 0),
    "spiked-0.5": (SpikedMatrixTensor(3, Rational(1, 2), 1), 0, 1e-3),
    "spiked-1/3": (SpikedMatrixTensor(3, Rational(1, 3), 4), 0, 1e-4),
    "p3-long": (CUBE, 0, 0),
}


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=() if c in ("p3-warm", "p3-long") else slow) for c in TRAJECTORIES]
)
def test_reference_trajectories_at_two_times(case: str) -> None:
    rows = groups("dynamics.csv", "case")[case,]
    landscape, temperature, overlap = TRAJECTORIES[case]
    t = column(rows, "t")
    names = {"m": "m", "mu": "mu", "energy": "energy", "correlation": "C(t 0)", "R(t 0)": "R(t 0)"}
    names |= {"C(t t/2)": "C(t t/2)"} | ({"R(t t/2)": "R(t t/2)"} if rows["R(t t/2)"][0] else {})
    expected = {ours: column(rows, name) for ours, name in names.items()}
    expected |= {f"{ours}_error": column(rows, "error") for ours in names}
    require_agreement(long(landscape, t[-1], temperature=temperature, overlap=overlap), t, expected)


# The other integrator.

CASES: dict[str, tuple[GaussianLandscape, dict[str, Any]]] = {
    "p4": (GaussianLandscape(Q**4 / 2), {}),
    "p5": (PureSpin(5, 1), {"temperature": 0.2}),
    "made-up": (MADE_UP, {"overlap": 0.4}),
    "negative": (MADE_UP, {"overlap": -0.6, "temperature": 0.7}),
    "opposite": (GaussianLandscape(Q**3 / 2, M**3), {"overlap": -0.5}),
    "exponential": (GaussianLandscape(exp(Q) - 1 - Q, M**2 - M**3), {"overlap": 0.2, "temperature": 0.2}),
    "aligned": (MADE_UP, {"overlap": 1, "temperature": 0.3}),
    "no-signal": (CUBE, {"overlap": 0.5}),
    "hot": (CUBE, {"overlap": 0.5, "temperature": 5}),
    "equilibrium": (MADE_UP, {"start": Equilibrium(1.3), "temperature": 0.2}),
    "quench": (CUBE, {"start": Equilibrium(1.7)}),
    "field": (FIELD, {"temperature": 0.1}),
    "field-overlap": (FIELD, {"overlap": -0.9}),
    "jump": (SpikedMatrixTensor(3, Rational(1, 5), 4), {"overlap": 0.1}),
    "jump-p4": (GaussianLandscape(Q**2 + Q**4 / 8, Rational(3, 2) * M**2), {"overlap": 0.05}),
    "stiff": (GaussianLandscape(100 * Q**3), {"t_max": 0.8}),
    "soft": (GaussianLandscape(Q**3 / 10**6), {"t_max": 8000.0}),
}
QUICK_CASES = ("p4", "p5", "made-up", "negative", "exponential", "equilibrium", "field", "stiff")


@pytest.mark.parametrize("case", [pytest.param(c, marks=() if c in QUICK_CASES else slow) for c in CASES])
def test_against_the_reference_integrator(case: str) -> None:
    landscape, options = CASES[case]
    t_max = options.get("t_max", 8.0)
    options = {name: value for name, value in options.items() if name != "t_max"}
    exact = solve_dynamics(landscape, t_max, method="reference", rtol=1e-9, **options)
    t = exact.t_reached * np.array([0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.99])
    require_agreement(long(landscape, t_max, **options), t, values(exact, t))


@slow
@pytest.mark.parametrize("rtol", [1e-3, 1e-5, 1e-8, 1e-10])
@pytest.mark.parametrize("case", ["p4", "made-up", "field"])
def test_errors_bound_the_difference_at_any_tolerance(case: str, rtol: float) -> None:
    landscape, options = CASES[case]
    exact = solve_dynamics(landscape, 8, method="reference", rtol=1e-12, **options)
    found, t = long(landscape, 8, rtol=rtol, **options), np.geomspace(0.01, 7.9, 60)
    require_agreement(found, t, values(exact, t), 2 * rtol)
    late, early = (grid[np.tril_indices(60)] for grid in np.meshgrid(t, t, indexing="ij"))
    errors = found.two_time.error(late)
    assert np.all(np.abs(found.C(late, early) - exact.C(late, early)) <= errors.correlation + 2e-12)
    assert np.all(np.abs(found.R(late, early) - exact.R(late, early)) <= errors.response + 2e-12)


# Identities.


def test_gradient_flow_of_a_pure_landscape() -> None:
    """C(t,0) = R(t,0), mu = -p e, and the energy falls."""
    for p in (3, 4):
        solution = long(GaussianLandscape(Q**p / 2), 100)
        t = np.geomspace(0.1, solution.t_reached, 20)
        assert solution.C(t, 0) == pytest.approx(solution.R(t, 0), rel=0, abs=2e-6)
        assert solution.mu == pytest.approx(-p * solution.energy, rel=0, abs=1e-6 * p)
        assert np.all(np.diff(solution.energy) < 0)
        assert np.all(solution.C(t, t) == 1) and np.all(solution.R(t, t) == 1)


@slow
@pytest.mark.parametrize("landscape", [MADE_UP, SpikedMatrixTensor(3, Rational(2, 5), 1)], ids=["made-up", "spiked"])
def test_energy_falls_under_gradient_flow(landscape: GaussianLandscape) -> None:
    """Jump and all; once at rest, up to the error."""
    solution = long(landscape, 1e4, overlap=0.05)
    assert np.all(np.diff(solution.energy) <= 1e-8)


EQUILIBRIA = [
    (CUBE, 0.65, 1e3),
    (MADE_UP, 1.5, 1e3),
    pytest.param(CUBE, 0.62, 1e5, marks=slow),
    pytest.param(CUBE, 0.613, 1e6, marks=slow),
    pytest.param(CUBE, 0.6, 1e6, marks=slow),
]


@pytest.mark.parametrize(("landscape", "temperature", "t_max"), EQUILIBRIA)
def test_equilibrium_is_stationary_and_obeys_fdt(
    landscape: GaussianLandscape, temperature: float, t_max: float
) -> None:
    """mu = T + f'(1)/T, e = -f(1)/T, C and R of t - s alone, T R = -dC/dt; at T_MCT = sqrt(3/8) C is critical."""
    solution = long(landscape, t_max, temperature=temperature, start=Equilibrium(1 / temperature))
    numbers = model(landscape)
    assert solution.mu == pytest.approx(temperature + numbers.noise.sum() / temperature, rel=0, abs=1e-6)
    assert solution.energy == pytest.approx(-numbers.covariance.sum() / temperature, rel=0, abs=1e-6)
    lag = np.geomspace(0.1, t_max / 2, 25)
    for waiting in (1.0, 30.0, t_max / 2):
        assert solution.C(waiting + lag, waiting) == pytest.approx(solution.C(lag, 0), rel=0, abs=1e-6)
        assert solution.R(waiting + lag, waiting) == pytest.approx(solution.R(lag, 0), rel=0, abs=1e-6)
    h = 1e-3 * lag
    slope = (solution.C(lag + h, 0) - solution.C(lag - h, 0)) / (2 * h)
    assert temperature * solution.R(lag, 0) == pytest.approx(-slope, rel=1e-4, abs=2e-6)


@pytest.mark.parametrize("temperature", [0.0, pytest.param(0.6, marks=slow)])
def test_quadratic_random_start_in_closed_form(temperature: float) -> None:
    """p = 2 from a random start at temperature T < 1, to t = 1e4."""
    t = np.geomspace(0.01, 1e4, 61)
    solution = long(GaussianLandscape(Q**2 / 2), 1e4 * (1 + 1e-9), temperature=temperature)
    norm, rate = squared_norm(t, temperature)
    correlation = ive(1, 2 * t) / t / np.sqrt(norm)
    expected = {"mu": rate / 2, "energy": (temperature - rate / 2) / 2, "correlation": correlation}
    response = ive(1, t) / (t / 2) * np.sqrt(squared_norm(t / 2, temperature)[0] / norm)
    require_agreement(solution, t, expected | {"R(t 0)": correlation, "R(t t/2)": response})


def squared_norm(t: Array, temperature: float) -> tuple[Array, Array]:
    r"""``G(t) exp(-4t)`` and ``G'/G``, ``G = sum_k k T^(k-1) I_k(4t)/(2t)``: what the constraint divides out.

    The Laplace transform of ``G = k(2t) + 2T int k(2(t-s)) G(s) ds``, k that of the semicircle, is a geometric series
    in the resolvent. Source: Cugliandolo, Dean (J. Phys. A 28, 4213, 1995).
    """
    k = np.arange(1, 61)[:, None]
    weights = k * temperature ** (k - 1.0) / (2 * t)
    value = np.sum(weights * ive(k, 4 * t), axis=0)
    slope = np.sum(weights * (2 * ive(k - 1, 4 * t) + 2 * ive(k + 1, 4 * t) - ive(k, 4 * t) / t), axis=0)
    return value, slope / value


@pytest.mark.parametrize("signal", [pytest.param(0.5, marks=slow), 2.0])
def test_quadratic_planted_in_closed_form(signal: float) -> None:
    """p = 2 with g = theta m^2/2: below theta = 1 m decays as a power; above, x reaches the outlier of J."""
    m0, t_max = 0.3, 1e4
    solution = long(GaussianLandscape(Q**2 / 2, Rational(signal) * M**2 / 2), t_max * (1 + 1e-9), overlap=m0)
    t = np.geomspace(0.01, t_max, 61)
    edge = max(signal + 1 / signal, 2.0) if signal > 1 else 2.0

    def bulk(time: Array) -> Array:
        return ive(1, 2 * time) / time * np.exp((2 - edge) * time)

    norm = (1 - m0**2) * bulk(2 * t) + m0**2 * at_signal(2 * t, signal, edge)
    start = (1 - m0**2) * bulk(t) + m0**2 * at_signal(t, signal, edge)
    expected = {"m": m0 * at_signal(t, signal, edge) / np.sqrt(norm), "correlation": start / np.sqrt(norm)}
    require_agreement(solution, t, expected)
    assert solution.mu == pytest.approx(-2 * solution.energy, rel=0, abs=2e-6)
    if signal > 1:
        assert solution.mu[-1] == pytest.approx(edge, rel=0, abs=1e-7)


def at_signal(t: Array, signal: float, edge: float) -> Array:
    """``<x*|exp(J t)|x*> exp(-edge t)``, ``= sum_k theta^(k-1) k I_k(2t)/t``, with the outlier split off above 1."""
    scaled = np.exp((2 - edge) * t)
    k = np.arange(1, 81)[:, None]
    if signal < 1:
        return np.asarray(scaled * np.sum(signal ** (k - 1.0) * k * ive(k, 2 * t) / t, axis=0))
    beyond = np.exp((signal + 1 / signal - edge) * t) - scaled * np.sum(signal ** (-1.0 * k) * ive(k, 2 * t), axis=0)
    return np.asarray((1 - signal**-2) * beyond + scaled * (ive(0, 2 * t) / signal**2 + ive(1, 2 * t) / signal))


@pytest.mark.parametrize(
    ("delta_2", "delta_p", "overlap", "t_max"),
    [
        (Rational(1, 5), 4, 0.5, 60.0),
        pytest.param(Rational(3, 10), 1, 0.1, 100.0, marks=slow),
        pytest.param(Rational(1, 5), 4, 0.1, 100.0, marks=slow),
    ],
)
def test_flow_ends_in_the_informative_minimum(delta_2: Rational, delta_p: float, overlap: float, t_max: float) -> None:
    """m, mu and E of the Kac-Rice minimum that is aligned with the signal."""
    landscape = SpikedMatrixTensor(3, delta_2, delta_p)
    m, mu, energy = informative_minimum(landscape)
    last = long(landscape, t_max, overlap=overlap, rtol=1e-9).at(t_max)
    assert last["m"][0] == pytest.approx(m, rel=0, abs=1e-9)
    assert last["mu"][0] == pytest.approx(mu, rel=0, abs=2e-9)
    assert last["energy"][0] == pytest.approx(energy, rel=0, abs=1e-9)


def informative_minimum(landscape: GaussianLandscape) -> tuple[float, float, float]:
    """The largest m that solves state evolution at rest, with mu and E there."""
    theory = MaximumLikelihood(landscape)
    gap = lambdify(M, theory.fixed_point.lhs - theory.fixed_point.rhs)
    grid = np.linspace(1e-3, 1, 2000)
    last = int(np.flatnonzero(np.diff(np.sign(gap(grid))))[-1])
    m = float(brentq(gap, grid[last], grid[last + 1], xtol=1e-15))
    return m, float(theory.multiplier.subs(M, m)), float(theory.energy.subs(M, m))


def test_nishimori_line() -> None:
    """T = 1 with f = g: m = f'(m)/(1 + f'(m)), e = -f(1), mu = 1 + f'(1)."""
    landscape = SpikedMatrixTensor(3, Rational(1, 2), 4)
    numbers = model(landscape)

    def gap(m: float) -> float:
        slope = float(np.polynomial.polynomial.polyval(m, numbers.drift))
        return m - slope / (1 + slope)

    last = long(landscape, 200, temperature=1, overlap=0.5).at(199)
    assert last["m"][0] == pytest.approx(float(brentq(gap, 0.3, 1)), rel=0, abs=1e-6)
    assert last["energy"][0] == pytest.approx(-numbers.covariance.sum(), rel=0, abs=1e-6)
    assert last["mu"][0] == pytest.approx(1 + numbers.noise.sum(), rel=0, abs=3e-6)


# Overlaps that are tiny, or become so.


def test_tiny_overlaps_are_proportional() -> None:
    landscape, t = SpikedMatrixTensor(3, Rational(7, 10), 1), np.geomspace(0.1, 999, 20)
    rows = [long(landscape, 1e3, overlap=m0).at(t)["m"] / m0 for m0 in (1e-300, 1e-200)]
    assert np.all(rows[0] > 0) and rows[0] == pytest.approx(rows[1], rel=1e-6)


@pytest.mark.parametrize(
    ("landscape", "temperature"), [(CUBE, 5.0), (SpikedMatrixTensor(3, 2, 4), 1.0)], ids=["no-signal", "paramagnet"]
)
def test_overlaps_that_decay_exponentially(landscape: GaussianLandscape, temperature: float) -> None:
    """Above the transitions the system forgets m0, and everything else comes to its equilibrium value."""
    last = long(landscape, 1e4, temperature=temperature, overlap=0.5).at(9e3)
    numbers = model(landscape)
    assert abs(last["m"][0]) <= 1e-12
    assert last["energy"][0] == pytest.approx(-numbers.covariance.sum() / temperature, rel=0, abs=1e-6)
    assert last["mu"][0] == pytest.approx(temperature + numbers.noise.sum() / temperature, rel=0, abs=1e-5)


@slow
def test_planted_jump() -> None:
    """Delta_2 = 0.48, m0 = 1e-3: threshold states hold until t = 60; then the informative minimum."""
    landscape = SpikedMatrixTensor(3, Rational(12, 25), 1)
    solution = long(landscape, 1e4, overlap=1e-3)
    assert 40 < np.interp(0.4, solution.m, solution.t) < 70
    for value, expected in zip(
        solution.two_time.one_time(np.array([1e3, 9e3])), informative_minimum(landscape), strict=True
    ):
        assert value == pytest.approx(expected, rel=0, abs=1e-6)


@slow
def test_late_jump_from_a_tiny_overlap() -> None:
    """The linear regime of m lasts to t = 670; its logarithm carries it there."""
    landscape = SpikedMatrixTensor(3, Rational(3, 10), 1)
    solution = long(landscape, 3e3, overlap=1e-100)
    last = solution.at(2.9e3)
    assert 500 < np.interp(0.4, solution.m, solution.t) < 1000
    found = [last[name][0] for name in ("m", "mu", "energy")]
    assert found == pytest.approx(informative_minimum(landscape), rel=0, abs=3e-6)


# Ageing.


def test_ageing_energy_of_the_pure_three_spin() -> None:
    rows = long(CUBE, 1.01e4).at([1e4])
    assert rows["energy"][0] == pytest.approx(-1.15400567, rel=0, abs=2e-8)


@slow
def test_ageing_to_ten_million() -> None:
    """e - e_th ~ t^(-2/3), e_th = -2/sqrt(3); rtol = 1e-6 and 1e-8 agree."""
    t, rows = np.array([1e4, 1e5, 1e6, 1e7]), {}
    for rtol in (1e-6, 1e-8):
        solution = long(CUBE, 1e7, rtol=rtol)
        rows[rtol] = solution.at(np.minimum(t, solution.t_reached))
        assert np.all(np.diff(solution.energy) < 0)
    known, doubt = np.array([-1.15400567, -1.15455075, -1.1546683, -1.154693581350]), [2e-8, 1e-8, 1e-7, 1e-10]
    assert np.all(np.abs(rows[1e-8]["energy"] - known) <= doubt)
    assert np.all(np.abs(rows[1e-6]["energy"] - rows[1e-8]["energy"]) <= 2e-8)
    assert np.all(np.abs(rows[1e-6]["energy"] - rows[1e-8]["energy"]) <= rows[1e-6]["energy_error"])
    for found in rows.values():
        gap = found["energy"] + 2 / np.sqrt(3)
        assert 0.665 < np.log10(gap[2] / gap[3]) < 0.669


@slow
@pytest.mark.parametrize(
    ("landscape", "temperature"),
    [(CUBE, 0.3), (GaussianLandscape(Q**3 / 6 + Q**4 / 8), 0.3), (GaussianLandscape(Q**2 / 2 + Q**4 / 10), 0)],
    ids=["p3", "3+4", "2+4"],
)
def test_two_tolerances_agree_at_late_times(landscape: GaussianLandscape, temperature: float) -> None:
    found, exact = (long(landscape, 1e5, temperature=temperature, rtol=rtol) for rtol in (1e-6, 1e-7))
    t = np.geomspace(1, 9.9e4, 40)
    require_agreement(found, t, values(exact, t))


# Runs that stop, go on, are kept and are checked.


def test_interrupted_saved_resumed(tmp_path: Path) -> None:
    """The same, bit for bit, as a run that nothing stopped."""

    def stop(_: float, doing: str) -> None:
        if float(doing.split()[2]) > 8:
            raise KeyboardInterrupt

    landscape = SpikedMatrixTensor(3, Rational(7, 10), 1)
    with pytest.raises(Interrupted, match=r"interrupted at t = .* of 90") as caught:
        long(landscape, 90, overlap=0.01, progress=stop)
    partial = cast(DynamicsSolution, caught.value.partial)
    assert 5 < partial.t_reached < 60
    again = load(partial.save(tmp_path / "run.npz"))
    resumed, whole = long(landscape, 90, overlap=0.01, resume=again), long(landscape, 90, overlap=0.01)
    for name in ("t", "m", "mu", "energy"):
        assert np.array_equal(getattr(resumed, name), getattr(whole, name)), name
    t = np.geomspace(0.1, 89, 20)
    assert np.array_equal(resumed.C(t, t / 3), whole.C(t, t / 3))
    with pytest.raises(ValueError, match="overlap is different"):
        long(landscape, 90, overlap=0.02, resume=again)


def test_a_finished_run_goes_on_to_a_later_time() -> None:
    short = long(CUBE, 10)
    t = np.geomspace(0.1, 99, 30)
    exact = values(long(CUBE, 100, rtol=1e-8), t)
    require_agreement(long(CUBE, 100, resume=short), t, {name: exact[name] for name in ("energy", "correlation")})


def test_save_load_and_verify(tmp_path: Path) -> None:
    solution = long(MADE_UP, 20, overlap=0.2, temperature=0.3, verify=True)
    again, t = load(solution.save(tmp_path / "run.npz")), np.geomspace(0.01, 20, 20)[:-1]
    for name, column_of in values(solution, t).items():
        assert np.array_equal(column_of, values(again, t)[name]), name
    assert repr(again) == repr(solution) and solution.settings["verify"] is True
    plain = long(MADE_UP, 20, overlap=0.2, temperature=0.3)
    difference = np.abs(plain.energy - solution.two_time.one_time(plain.t).energy)
    assert np.all(difference <= solution.two_time.error(plain.t).energy + 1e-15)


@pytest.mark.parametrize("t_max", [1e-300, 1e-6, 1e-2])
def test_short_runs(t_max: float) -> None:
    solution = long(CUBE, t_max)
    assert solution.t_reached == pytest.approx(t_max, rel=1e-9)
    # d_t C = -t f'(1) and mu = [f'(1) + f''(1)] t to leading order
    assert solution.mu[-1] == pytest.approx(4.5 * t_max, rel=1e-2)
    assert 1 - solution.C(solution.t_reached, 0) == pytest.approx(0.75 * t_max**2, rel=1e-2, abs=1e-12)


@pytest.mark.parametrize(("signal", "size"), [(1.3244089713223397, 30_000), (1.1415326801240968, 100_000)])
def test_a_jump_within_the_last_block(signal: float, size: int) -> None:
    """Blocks so wide that the jump of m lies inside the one before the grid is refined there."""
    covariance, mean = (x**3 / 3 + Rational(repr(signal)) * x**2 for x in (OVERLAP, SIGNAL_OVERLAP))
    landscape, t = GaussianLandscape(covariance, mean), np.array([20.0, 40.0])
    fine = solve_dynamics(landscape, 40.0, overlap=size**-0.5, rtol=1e-6).at(t)
    for rtol in (1e-3, 1e-4):
        coarse = solve_dynamics(landscape, 40.0, overlap=size**-0.5, rtol=rtol).at(t)
        assert np.all(np.abs(coarse["m"] - fine["m"]) < 10 * rtol)
