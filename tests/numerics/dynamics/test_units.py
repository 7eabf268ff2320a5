"""``H -> a H``: times over a, energies times a, temperatures times a; nothing else may change."""

from typing import Any

import numpy as np
import pytest
from sympy import Integer, Rational

from numerics.dynamics import DynamicsSolution, Equilibrium, load, model, solve_dynamics
from numerics.dynamics.solve import REFERENCE_REACH, chosen_method
from numerics.dynamics.units import fastest, times, unit
from numerics.lowering import Array
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape

Q, M = OVERLAP, SIGNAL_OVERLAP
FACTORS = (Rational(1, 10**12), Rational(3, 10**5), Integer(10) ** 12)
PROBLEMS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "planted": (Q**2 / 5 + Q**3 / 2, M**2 / 3, {"overlap": 0.1}),
    "warm": (Q**3 / 2, 0, {"temperature": 0.4}),
    "field": (Q / 2 + Q**3 / 9, M / 2 + M**3 / 3, {"overlap": -0.4, "temperature": 0.1}),
    "quench": (Q**3 / 2, 0, {"start": Equilibrium(1.3), "temperature": 0.2}),
    "linear": (Q, 0, {}),
}


def solved(name: str, factor: Any, time: float, **options: Any) -> DynamicsSolution:
    f, g, problem = PROBLEMS[name]
    a = float(factor)
    scaled = dict(problem)
    if "temperature" in problem:
        scaled["temperature"] = a * problem["temperature"]
    if "start" in problem:
        scaled["start"] = Equilibrium(problem["start"].beta / a)
    return solve_dynamics(GaussianLandscape(f * factor**2, g * factor), time / a, **scaled, **options)


def rows(solution: DynamicsSolution, factor: Any) -> dict[str, Array]:
    """At fractions of the time reached, in the units of the landscape itself."""
    a = float(factor)
    found = solution.at(np.array([0.01, 0.1, 0.5, 1.0]) * solution.t_reached)
    return {
        name: values * (a if name == "t" else 1 / a if name[:2] in ("mu", "en") else 1)
        for name, values in found.items()
    }


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize(("method", "time"), [("long-time", 12.0), ("reference", 4.0)])
def test_nothing_but_units_changes(name: str, method: Any, time: float) -> None:
    """Values, errors, steps and iterations, up to rounding, with which those of the reference method end."""
    plain = solved(name, Integer(1), time, method=method)
    expected = rows(plain, 1)
    for factor in FACTORS:
        found = solved(name, factor, time, method=method)
        assert found.statistics == pytest.approx(plain.statistics, abs=0, rel=0.1 if method == "reference" else 0)
        for column, values in rows(found, factor).items():
            tolerance = 1e-2 if column.endswith("error") else 1e-9
            assert values == pytest.approx(expected[column], rel=tolerance, abs=1e-11), (factor, column)


@pytest.mark.parametrize("exponent", [-40, 40])
def test_a_power_of_two_changes_no_bit(exponent: int) -> None:
    factor = Integer(2) ** exponent
    plain, found = (solved("planted", a, 8.0, method="long-time") for a in (Integer(1), factor))
    for name, values in rows(found, factor).items():
        assert np.array_equal(values, rows(plain, 1)[name]), name
    assert np.array_equal(found.t * float(factor), plain.t)


def test_the_method_follows_the_landscape_s_own_time() -> None:
    for factor in FACTORS:
        for time, method in ((0.9 * REFERENCE_REACH, "reference"), (1.1 * REFERENCE_REACH, "long-time")):
            equations = model(GaussianLandscape(Q**3 / 6 * factor**2))
            assert fastest(equations) == pytest.approx(float(factor), rel=1e-14)
            assert chosen_method("auto", time / float(factor) * fastest(equations), None, equations) == method


def test_units_of_the_equations() -> None:
    equations = model(GaussianLandscape(Q**3 * 10**8, M**2), temperature=3.0, overlap=0.1)
    rate = unit(equations)
    assert np.log2(rate) == round(np.log2(rate)) and 0.7 < fastest(times(equations, 1 / rate)) < 1.42
    again = times(times(equations, 1 / rate), rate).arrays()
    assert all(np.array_equal(values, again[name]) for name, values in equations.arrays().items())


def test_rates_beyond_double_precision_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="the fastest rate of the dynamics is") as caught:
        solve_dynamics(GaussianLandscape(Q**3), 1.0, temperature=1e290)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("small", [Rational(1, 10**12), Rational(1, 10**90)])
def test_a_tiny_part_of_a_mixture_changes_nothing(small: Any) -> None:
    t = np.array([1.0, 12.0])
    mixed, pure = (
        solve_dynamics(GaussianLandscape(f), 12.0, method="long-time").at(t) for f in (small * Q**2 + Q**3, Q**3)
    )
    for name in ("mu", "energy", "correlation"):
        assert mixed[name] == pytest.approx(pure[name], rel=0, abs=1e-9), name


def test_a_linear_landscape_in_closed_form() -> None:
    """A field h with ``|h|^2 = N``: ``x' = h - (h.x/N) x``, whose overlap with h is ``tanh t``, e = -tanh t."""
    t = np.array([0.1, 1.0, 5.0, 100.0])
    for method, t_max in (("reference", 5.0), ("long-time", 100.0)):
        found = solve_dynamics(GaussianLandscape(Q), t_max, method=method).at(t[t <= t_max])
        for name, sign in (("mu", 1), ("energy", -1)):
            assert np.all(np.abs(found[name] - sign * np.tanh(found["t"])) <= found[f"{name}_error"]), name
        assert np.all(np.abs(found["correlation"] - 1 / np.cosh(found["t"])) <= found["correlation_error"])


def test_a_scaled_run_is_saved_and_resumed(tmp_path: Any) -> None:
    landscape = GaussianLandscape(Q**3 * 10**20)
    part = solve_dynamics(landscape, 1e-9, method="long-time")
    whole = solve_dynamics(landscape, 3e-9, resume=load(part.save(tmp_path / "run.npz")))
    direct = solve_dynamics(landscape, 3e-9, method="long-time").at(3e-9)
    assert whole.at(3e-9)["energy"] == pytest.approx(direct["energy"], rel=1e-6)
