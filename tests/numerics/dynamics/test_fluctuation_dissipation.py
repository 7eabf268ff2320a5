"""``chi(C)`` of two-time solutions: closed forms, equilibrium, quadrature of R, and what theory says for long times."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ive
from sympy import sqrt

from numerics.dynamics import DynamicsSolution, Equilibrium, Planted, solve_dynamics
from numerics.dynamics.effective_temperatures import EffectiveTemperatures, equilibrium_plateau, predicted
from numerics.dynamics.fluctuation_dissipation import FluctuationDissipation, fluctuation_dissipation
from numerics.dynamics.model import model
from numerics.thresholds import evaluate_thresholds
from numerics.thresholds.ageing import slow_sectors
from theory.course import Course
from theory.dynamics import Ageing
from theory.dynamics.slow_sectors import LOWER, UPPER, step
from theory.energies import energy_family
from theory.landscape import GaussianLandscape
from theory.symbols import OVERLAP, SIGNAL_OVERLAP

q = OVERLAP
TWO, THREE = GaussianLandscape(q**2 / 2), GaussianLandscape(q**3 / 2)
CONTINUUM = GaussianLandscape(q**2 / 2 + q**4 / 32)
SEVERAL = GaussianLandscape(q**3 / 2 + q**16 / 32)
FIELD = GaussianLandscape(q / 5 + q**3 / 2)


def within(found: FluctuationDissipation, name: str, exact, times: float = 1.0) -> bool:
    """Whether the error covers."""
    value, error = found.values[name], found.values[f"{name}_error"]
    known = np.isfinite(value)
    return bool(np.all(np.abs(value - exact)[known] <= times * error[known] + 1e-12))


@pytest.mark.parametrize(("t", "method"), [(12.0, "reference"), (300.0, "long-time")])
def test_in_equilibrium_it_is_that_of_the_bath(t: float, method) -> None:
    temperature = 0.7
    flow = solve_dynamics(THREE, t, temperature=temperature, start=Equilibrium(1 / temperature), method=method)
    found = flow.fluctuation_dissipation(t)
    c, error = found.values["correlation"], found.values["correlation_error"]
    assert np.all(
        np.abs(found.values["chi"] - (1 - c) / temperature) <= found.values["chi_error"] + error / temperature
    )
    assert within(found, "effective_temperature", temperature)
    assert np.all(found.values["chi_error"] < 1e-4) and np.nanmin(found.values["effective_temperature_error"]) < 1e-3
    assert found.law is not None and found.law.pieces[0].lower == 0
    assert np.allclose(found.law.chi(c), (1 - c) / temperature)


def moment(u: float) -> float:
    """``exp(-2 u) int exp(u x) d rho(x)`` over the semicircle on [-2, 2]."""
    return float(ive(1, 2 * u) / u) if u > 0 else 1.0


@pytest.mark.parametrize(("t", "method"), [(8.0, "reference"), (8.0, "long-time"), (200.0, "long-time")])
def test_two_spins_in_closed_form(t: float, method) -> None:
    """``C = I(t + s)/sqrt(I(2t) I(2s))``, ``R = I(t - s) sqrt(I(2s)/I(2t))`` with ``I(u) = int exp(u x) d rho``."""
    found = solve_dynamics(TWO, t, method=method).fluctuation_dissipation(t)
    places = range(0, found.s.size, 9)
    response = lambda u: moment(t - u) * np.sqrt(moment(2 * u) / moment(2 * t))  # noqa: E731
    starts = [t if t - found.s[i] < 1e-9 else found.s[i] for i in places]  # no integral over rounding
    chi = [quad(response, start, t, epsabs=1e-12, limit=400)[0] for start in starts]
    c = [moment(t + s) / np.sqrt(moment(2 * t) * moment(2 * s)) for s in found.s]
    assert within(found, "correlation", c)
    some = {name: values[::9] for name, values in found.values.items()}
    assert np.all(np.abs(some["chi"] - chi) <= some["chi_error"] + 1e-11) and np.max(some["chi_error"]) < 1e-5


@pytest.mark.parametrize(
    "problem",
    [
        {"schedule": Course("0:1, 4:0.3")},
        {"temperature": 0.5, "mass": 1.0},
        {"start": Planted(2.0), "temperature": 0.2},
        {"overlap": 0.3},
    ],
    ids=str,
)
def test_any_solution_is_integrated(problem) -> None:
    """Against adaptive quadrature of R, broken where the temperature steps; none of these has a prediction."""
    planted = GaussianLandscape(q**3 / 2, SIGNAL_OVERLAP**2)
    flow = solve_dynamics(planted if "overlap" in problem else THREE, 9.0, **problem)
    found = flow.fluctuation_dissipation(9.0)
    assert found.law is None and found.reason and "predicted_chi" not in found.quantities
    for i in range(20, found.s.size, 31):
        exact = quad(lambda u: float(flow.R(9.0, u)), found.s[i], 9.0, points=[4.0], epsabs=1e-11, limit=800)[0]
        assert abs(found.values["chi"][i] - exact) < 1e-9 + found.values["chi_error"][i] / 10
    hot = np.isfinite(found.values["effective_temperature"])
    slope = -np.gradient(found.values["correlation"], found.values["chi"])
    inside = hot & (np.abs(found.values["effective_temperature"]) < 1) & (found.values["correlation"] < 0.9998)
    assert np.sum(inside) > 5
    assert np.allclose(slope[inside], found.values["effective_temperature"][inside], rtol=0.05, atol=0.02)


ALL = [THREE, TWO, CONTINUUM, SEVERAL, FIELD, GaussianLandscape(q**2 / 2 + q**16 / 2)]


@pytest.mark.parametrize("landscape", ALL, ids=repr)
@pytest.mark.parametrize("temperature", [0.0, 0.1, 0.3])
def test_sectors_follow_one_another_and_get_hotter(landscape: GaussianLandscape, temperature: float) -> None:
    law = predicted(model(landscape, temperature=temperature))
    assert isinstance(law, EffectiveTemperatures)
    record = law.record()
    for before, after in pairwise(record):
        assert before["to"] == after["from"] and before["chi_to"] == pytest.approx(after["chi_from"], abs=1e-12)
    cold = [0.0 if x is None else 1 / x for piece in record for x in piece["effective_temperature"]]
    assert np.all(np.diff(cold) <= 1e-9) and record[0]["from"] == 1
    middle = np.array([(piece.upper + piece.lower) / 2 for piece in law.pieces])
    slope = (law.chi(middle - 1e-5) - law.chi(middle + 1e-5)) / 2e-5
    assert np.allclose(slope, 1 / law.temperature(middle), rtol=1e-6, atol=1e-9)


def test_one_step_has_the_ratio_of_cugliandolo_and_kurchan() -> None:
    made = GaussianLandscape(q**3 / 2 + q**4 / 3)
    law, temperature = Ageing(made).law, 0.3
    ((plateau, end),) = (slow_sectors(made, temperature).ends,)
    assert end == 0 and float(sqrt(law.temperature_squared).subs(q, plateau)) == pytest.approx(temperature, abs=1e-14)
    ratio = float(law.ratio.subs(q, plateau))
    assert temperature * float(step(made, UPPER, LOWER).ratio.subs({UPPER: plateau, LOWER: 0})) == pytest.approx(ratio)


@pytest.mark.parametrize("landscape", [THREE, CONTINUUM, SEVERAL], ids=repr)
def test_its_work_is_the_energy_of_gradient_flow(landscape: GaussianLandscape) -> None:
    """``e = -int f''(C) chi(C) dC`` without field."""
    law = predicted(model(landscape))
    assert isinstance(law, EffectiveTemperatures)
    ends = [piece.upper for piece in law.pieces]
    work = quad(lambda c: float(landscape.f(2, c)) * float(law.chi(np.array(c))), 0, 1, points=ends[1:], epsabs=1e-11)[
        0
    ]
    energy = evaluate_thresholds(energy_family(landscape), {}, only=["threshold_energy"])["threshold_energy"]
    assert -work == pytest.approx(float(energy.value), abs=1e-9)


@pytest.mark.parametrize(
    ("made", "above", "below"), [(THREE, 0.6125, 0.6123), (TWO, 1.0, 0.999), (CONTINUUM, 1.0, 0.999)]
)
def test_slow_sectors_end_at_the_temperature_of_arrest(made, above: float, below: float) -> None:
    assert not slow_sectors(made, above).sectors and slow_sectors(made, below).sectors
    ratio = predicted(model(made, temperature=below))
    assert isinstance(ratio, EffectiveTemperatures) and ratio.pieces[0].kind == "equilibrium"
    assert float(ratio.temperature(np.array(0.0))) >= below


@pytest.mark.parametrize(
    ("landscape", "temperature"), [(THREE, 0.6), (THREE, 0.5), (FIELD, 0.6), (TWO, 0.5), (CONTINUUM, 0.9)]
)
def test_equilibrium_stops_at_its_plateau(landscape: GaussianLandscape, temperature: float) -> None:
    """That of the planted state: ``C(t, 0)`` comes to rest there, from above, within its error."""
    flow = solve_dynamics(landscape, 60.0, temperature=temperature, start=Planted(1 / temperature), rtol=1e-4)
    found = flow.fluctuation_dissipation(60.0)
    assert found.law is not None
    (piece,) = found.law.pieces
    rest, error = flow.C(60.0, 0.0), float(flow.at(60.0)["correlation_error"][0])
    assert found.values["correlation"][-1] == pytest.approx(rest, abs=error)
    assert 0 < piece.lower < rest + error < piece.lower + 0.06


def test_plateau_next_to_arrest() -> None:
    """``T^2 = 3 q (1 - q)/2``: it begins at ``q = 1/2``."""
    for below in (1e-2, 1e-4, 1e-6, 1e-8):
        temperature = np.sqrt(3 / 8) * (1 - below)
        exact = (1 + np.sqrt(1 - 8 * temperature**2 / 3)) / 2
        assert equilibrium_plateau(THREE, temperature) == pytest.approx(exact, abs=1e-8)
    assert equilibrium_plateau(THREE, np.sqrt(3 / 8) * (1 + 1e-8)) == 0


UNITS = np.append(1.0, np.exp(np.random.default_rng(0).normal(0, 5, 7)))


@pytest.mark.parametrize(
    ("made", "arrest"),
    [(THREE, np.sqrt(3 / 8)), (GaussianLandscape(q**4 / 2), np.sqrt(8 / 27)), (TWO, 1.0), (CONTINUUM, 1.0)],
    ids=repr,
)
def test_at_arrest_the_unit_of_energy_decides_nothing(made: GaussianLandscape, arrest: float) -> None:
    """``H -> lambda H, T -> lambda T``: at T_d, ``max f'(q) (1 - q)/q = T^2``, ``chi = (1 - C)/T`` down to C = 0."""
    c = np.linspace(0, 1, 9)
    for unit in UNITS:
        other = GaussianLandscape(float(unit**2) * made.covariance)
        for closer, kinds in ((1.0, 1), (1 + 1e-9, 1), (1 - 1e-9, 2)):
            law = predicted(model(other, temperature=float(unit * arrest * closer)))
            assert isinstance(law, EffectiveTemperatures) and len(law.pieces) == kinds
            assert unit * law.chi(c) == pytest.approx((1 - c) / arrest, rel=2e-8, abs=1e-8)


@pytest.mark.parametrize(
    ("made", "arrest", "rest"),
    [(THREE, np.sqrt(3 / 8), 1 / 2), (GaussianLandscape(q**4 / 2), np.sqrt(8 / 27), 2 / 3), (TWO, 1.0, 0.0)],
    ids=repr,
)
def test_equilibrium_at_arrest_stops_at_its_plateau_in_any_unit(made, arrest: float, rest: float) -> None:
    """``T^2 q = f'(q) (1 - q)`` has a double root there, ``(p - 2)/(p - 1)``."""
    for unit in UNITS:
        other = GaussianLandscape(float(unit**2) * made.covariance)
        found = predicted(model(other, temperature=float(unit * arrest), start=Equilibrium(float(1 / unit / arrest))))
        assert isinstance(found, EffectiveTemperatures)
        assert found.pieces[0].lower == pytest.approx(rest, abs=1e-6)


def test_exponents_beside() -> None:
    pure = predicted(model(THREE, temperature=0.4))
    assert isinstance(pure, EffectiveTemperatures)
    found = pure.exponents
    assert found["exponent_b"] == pytest.approx(1, abs=1e-12)
    assert found["exponent_parameter"] == pytest.approx((1 - found["plateau"]) / (2 * found["plateau"]))
    smooth = predicted(model(CONTINUUM, temperature=0.4))
    assert isinstance(smooth, EffectiveTemperatures) and "exponent_b" not in smooth.exponents
    assert predicted(model(THREE, temperature=1.0)).exponents == {}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("landscape", "problem", "reason"),
    [
        (THREE, {"mass": 1.0}, "mass"),
        (THREE, {"schedule": Course("0:1, 4:0.3")}, "changes"),
        (THREE, {"start": Equilibrium(1.2)}, "remembered"),
        (GaussianLandscape(2 * q + q**2 / 2), {}, "single minimum"),
        (GaussianLandscape(q**3 / 2, SIGNAL_OVERLAP), {}, "signal"),
    ],
)
def test_no_prediction_where_none_is_known(landscape, problem, reason: str) -> None:
    assert reason in str(predicted(model(landscape, **problem)))


def short(**problem) -> DynamicsSolution:
    return solve_dynamics(THREE, 3.0, **problem)


@pytest.mark.parametrize("t", [0.0, -1.0, 3.1, float("nan")])
def test_bad_times_are_refused(t: float) -> None:
    with pytest.raises(ValueError, match=r"within \(0, 3\]"):
        fluctuation_dissipation(short(), t)


def test_it_is_kept_and_drawn(tmp_path: Path) -> None:
    found = short(temperature=0.4).fluctuation_dissipation(2.0)
    again = FluctuationDissipation.load(found.save(tmp_path / "chi.npz"))
    assert np.array_equal(again.values["chi"], found.values["chi"])
    assert again.law is not None and found.law is not None and again.law.record() == found.law.record()
    upper, lower = found.plot().axes
    assert [len(panel.lines) for panel in (upper, lower)] == [2, 2]
    dashed = upper.lines[1].get_ydata()
    assert np.allclose(dashed, found.law.chi(found.values["correlation"]))
    assert set(found.rows()[0]) >= {"s", "correlation", "chi", "chi_error", "effective_temperature", "predicted_chi"}


def at_correlation(found: FluctuationDissipation, name: str, c: float) -> float:
    kept = np.isfinite(found.values[name])
    return float(np.interp(c, found.values["correlation"][kept][::-1], found.values[name][kept][::-1]))


@pytest.mark.slow
def test_three_spins_age_with_one_ratio() -> None:
    """Both slopes: ``1/T`` above the plateau, ``X/T`` below, which the two-time equations approach."""
    temperature = 0.4
    flow = solve_dynamics(THREE, 1e6, temperature=temperature, rtol=1e-6)
    apart, places = [], np.array([0.9, 0.5, 0.3])
    for t in (1e2, 1e4, 1e6):
        found = flow.fluctuation_dissipation(t)
        assert found.law is not None
        hot = [at_correlation(found, "effective_temperature", c) for c in places]
        apart.append(hot - found.law.temperature(places))
    distance = np.abs(apart)
    assert np.all(distance[2, 1:] < distance[1, 1:]) and np.all(distance[1, 1:] < distance[0, 1:])
    assert distance[2, 0] < 1e-5 and np.all(distance[2, 1:] < 0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("landscape", "temperature", "within_"),
    [(THREE, 0.4, 1e-4), (GaussianLandscape(q**2 / 2 + 11 * q**4 / 80), 0.3, 3e-3)],
    ids=["step", "step and continuum"],
)
def test_energy_goes_to_the_work_of_the_sectors(landscape, temperature: float, within_: float) -> None:
    """``e = -int f'(C) dC/T_eff``, the energy ``-int f'(C) R ds`` of all times, which is approached from above."""
    law = predicted(model(landscape, temperature=temperature))
    assert isinstance(law, EffectiveTemperatures)

    def work(c: float) -> float:
        return float(landscape.f(1, c)) / float(law.temperature(np.array(c)))

    energy = -sum(quad(work, piece.lower + 1e-12, piece.upper - 1e-12, epsabs=1e-10)[0] for piece in law.pieces)
    flow = solve_dynamics(landscape, 1e6, temperature=temperature, rtol=1e-5)
    above = flow.two_time.one_time(np.array([1e2, 1e4, 1e6])).energy - energy
    assert np.all(np.diff(above) < 0) and 0 < above[-1] < within_


@pytest.mark.slow
def test_two_spins_do_not_respond_slowly() -> None:
    """``x = 0``: chi at a given C goes to ``1/sqrt(f''(1)) = 1``, and the temperature grows as ``t^(1/2)``."""
    flow = solve_dynamics(TWO, 1e6, rtol=1e-6)
    found = [flow.fluctuation_dissipation(t) for t in (1e4, 1e6)]
    hot = [at_correlation(part, "effective_temperature", 0.5) for part in found]
    assert np.log10(hot[1] / hot[0]) == pytest.approx(1.0, abs=0.05)
    assert at_correlation(found[1], "chi", 0.5) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.slow
def test_a_continuum_of_temperatures_is_approached() -> None:
    flow = solve_dynamics(CONTINUUM, 1e7, rtol=1e-6)
    places = np.array([0.4, 0.6, 0.8])
    apart = []
    for t in (1e5, 1e7):
        found = flow.fluctuation_dissipation(t)
        assert found.law is not None and found.law.pieces[0].kind == "continuum"
        hot, chi = ([at_correlation(found, name, c) for c in places] for name in ("effective_temperature", "chi"))
        apart.append([hot / found.law.temperature(places) - 1, chi - found.law.chi(places)])
    before, after = np.abs(apart)
    assert np.all(after < 0.8 * before) and np.all(after[1] < 7e-3) and np.all(np.diff(hot) < -1)


@pytest.mark.slow
@pytest.mark.parametrize("landscape", [THREE, CONTINUUM, SEVERAL, FIELD], ids=repr)
@pytest.mark.parametrize("temperature", [0.0, 0.3])
def test_errors_cover(landscape: GaussianLandscape, temperature: float) -> None:
    """The differences to a run to 1e-9."""
    problem = {"temperature": temperature, "method": "long-time"}
    runs = [solve_dynamics(landscape, 1e4, rtol=rtol, **problem) for rtol in (1e-9, 1e-6, 1e-4)]
    for t in (3.0, 1e2, 1e4):
        exact, *others = (run.fluctuation_dissipation(t) for run in runs)
        for found in others:
            for name in ("correlation", "chi", "effective_temperature"):
                there = np.isfinite(exact.values[name])
                assert np.sum(there) > 20
                assert within(found, name, np.where(there, exact.values[name], found.values[name]))
