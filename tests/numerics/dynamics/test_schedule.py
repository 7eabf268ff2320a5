"""Temperatures that change: against a Volterra equation, starts in equilibrium, adiabatic cooling, and samples."""

import numpy as np
import pytest
from scipy.special import ive

from numerics.course import value
from numerics.dynamics import DynamicsSolution, Equilibrium, solve_dynamics
from numerics.lowering import Array
from numerics.simulation import simulate
from theory import OVERLAP, GaussianLandscape
from theory.course import Course

Q = OVERLAP
CUBE, SQUARE = GaussianLandscape(Q**3 / 2), GaussianLandscape(Q**2 / 2)


def norm(course: Course, step: float, t_max: float, parts: int) -> tuple[Array, Array]:
    """p = 2: ``G(t) = k(2t) + 2 int_0^t T(s) k(2(t - s)) G(s) ds``, k the semicircle's ``<exp(lambda t)>``; times
    ``exp(-4t)``. The trapezoidal rule on either side of a step, extrapolated from three widths."""
    rows = []
    for refined in (parts, 2 * parts, 4 * parts):
        t = np.concatenate([np.linspace(0, step, refined + 1), np.linspace(step, t_max, refined + 1)])
        before = np.arange(t.size) <= refined
        bath = np.where(before, value(course, t, 0, step), value(course, t, step, t_max))
        width = np.where(before, step, t_max - step) / refined
        ends = np.isin(np.arange(t.size), (0, refined, refined + 1, t.size - 1))
        weights, found = width * np.where(ends, 0.5, 1.0), np.zeros(t.size)
        for i in range(t.size):
            if i == refined + 1:
                found[i] = found[i - 1]
                continue
            w = weights.copy()
            w[i] = 0 if i in (0, refined + 1) else width[i] / 2
            known = kernel(2 * t[i]) + 2 * np.sum((w * bath * found)[:i] * kernel(2 * (t[i] - t[:i])))
            found[i] = known / (1 - 2 * w[i] * bath[i])
        rows.append(
            found[:: refined // parts]
            if refined == parts
            else np.concatenate([found[: refined + 1 : refined // parts], found[refined + 1 :: refined // parts]])
        )
    first, second = (4 * rows[1] - rows[0]) / 3, (4 * rows[2] - rows[1]) / 3
    t = np.concatenate([np.linspace(0, step, parts + 1), np.linspace(step, t_max, parts + 1)])
    return t, (16 * second - first) / 15


def kernel(t: Array) -> Array:
    """``<exp((lambda - 2) t)> = I_1(2t)/t exp(-2t)``."""
    t = np.asarray(t, dtype=np.float64)
    return np.where(t > 0, ive(1, 2 * t) / np.where(t > 0, t, 1), 1.0)


def test_quench_of_a_quadratic_landscape() -> None:
    course, step, t_max = Course("Piecewise((2/(1 + t), t < 2), (0.1, True))"), 2.0, 6.0
    flow = solve_dynamics(SQUARE, t_max, schedule=course, method="reference", rtol=1e-9)
    t, exact = norm(course, step, t_max, 50)
    assert flow.C(t, 0) == pytest.approx(kernel(t) / np.sqrt(exact), abs=1e-8)


@pytest.fixture(scope="module")
def warm() -> DynamicsSolution:
    return solve_dynamics(CUBE, 8.0, temperature=0.7, start=Equilibrium(1.0), method="reference")


@pytest.mark.parametrize("method", ["reference", "long-time"])
def test_step_in_equilibrium_is_a_start_in_equilibrium(warm: DynamicsSolution, method: str) -> None:
    step, t = 5.0, np.array([1e-3, 0.3, 1.0, 4.0, 8.0])
    quenched = solve_dynamics(
        CUBE,
        step + 8,
        schedule=Course("0:1, 5:0.7"),
        start=Equilibrium(1.0),
        method=method,  # type: ignore[arg-type]
    )
    ours, theirs = quenched.at(step + t), warm.at(t)
    for name in ("energy", "mu"):
        assert np.all(np.abs(ours[name] - theirs[name]) <= ours[f"{name}_error"] + theirs[f"{name}_error"])
    for function in ("C", "R"):
        a, b = getattr(quenched, function)(step + t, step + t / 3), getattr(warm, function)(t, t / 3)
        assert a == pytest.approx(b, abs=3e-6)


@pytest.mark.slow
def test_slow_cooling_follows_equilibrium() -> None:
    """Until ``T_d`` is near, and by a distance in proportion to the rate."""
    distances = []
    for t_max in (15.0, 30.0):
        cooled = solve_dynamics(
            CUBE, t_max, schedule=Course(f"1 - t/{10 * t_max}"), start=Equilibrium(1.0), method="reference", rtol=1e-5
        )
        distances.append(cooled.energy[-1] + 0.5 / 0.9)
    assert 0 < distances[1] < 0.01
    assert distances[0] / distances[1] == pytest.approx(2, rel=0.15)


@pytest.mark.parametrize(
    ("text", "rtol"),
    [
        ("0:0, 5:1", 1e-4),
        pytest.param("0:0, 5:1", 1e-6, marks=pytest.mark.slow),
        pytest.param("Piecewise((1 - t/10, t < 5), (0.5, t < 12), (1, True))", 1e-6, marks=pytest.mark.slow),
    ],
)
def test_both_methods_agree_within_errors(text: str, rtol: float) -> None:
    course, t = Course(text), np.array([0.5, 2.0, 4.9, 5.0, 5.001, 5.1, 6.0, 8.0, 12.0, 14.9, 15.0])
    ours = solve_dynamics(CUBE, 15.0, schedule=course, method="long-time", rtol=rtol).at(t)
    theirs = solve_dynamics(CUBE, 15.0, schedule=course, method="reference", rtol=rtol / 10).at(t)
    for name in ("energy", "mu", "correlation"):
        assert np.all(np.abs(ours[name] - theirs[name]) <= ours[f"{name}_error"] + theirs[f"{name}_error"])
        assert np.all(ours[f"{name}_error"] < 10 * rtol * np.max(np.abs(ours[name])))


def test_long_run_goes_on_across_a_step(tmp_path: object) -> None:
    course = Course("0:1, 5:0.5")
    whole = solve_dynamics(CUBE, 8.0, schedule=course, method="long-time", rtol=1e-3)
    part = solve_dynamics(CUBE, 5.0, schedule=course, method="long-time", rtol=1e-3)
    part = DynamicsSolution.load(part.save(f"{tmp_path}/part.npz"))
    again = solve_dynamics(CUBE, 8.0, schedule=course, rtol=1e-3, resume=part)
    assert again.at([4, 6, 8])["energy"] == pytest.approx(whole.at([4, 6, 8])["energy"], abs=1e-4)


@pytest.mark.slow
def test_step_after_rest() -> None:
    """A state at rest notices that the temperature steps."""
    t = 3000.0
    flow = solve_dynamics(CUBE, 2 * t, schedule=Course(f"0:1, {t:g}:0.7"), rtol=1e-5)
    warm = solve_dynamics(CUBE, 10.0, temperature=0.7, start=Equilibrium(1.0), method="reference")
    after = np.array([1e-2, 1.0, 10.0])
    assert flow.statistics["resting"] > 0
    assert flow.at(t + after)["energy"] == pytest.approx(warm.at(after)["energy"], abs=1e-5)


@pytest.mark.slow
def test_slow_cooling_falls_out_of_equilibrium_at_the_dynamic_transition() -> None:
    """``T_d = 0.612`` of ``f = q^3/2``: an energy ``-f(1)/T`` above it, one that is left behind below."""
    flow = solve_dynamics(CUBE, 3000.0, schedule=Course("1 - 0.6*t/3000"), rtol=1e-4)
    warm, cold = flow.at([1500.0, 3000.0])["energy"]
    assert warm == pytest.approx(-0.5 / 0.7, abs=4e-3)
    assert cold > -0.5 / 0.4 + 0.1


@pytest.mark.slow
def test_samples_follow() -> None:
    course, times = Course("Piecewise((1 - t/4, t < 2), (0.1, True))"), (1.0, 2.0, 3.0, 5.0)
    theory = solve_dynamics(CUBE, times[-1], schedule=course)
    found = simulate(CUBE, 192, 160, 1, t_max=times[-1], at=times, schedule=course)
    places = np.searchsorted(found.t, times)
    for name in ("energy", "mu"):
        mean, expected = found.mean(name), theory.at(times)[name]
        allowed = 3 * mean.error[places] + 0.01 * np.abs(expected)
        assert np.all(np.abs(mean.value[places] - expected) <= allowed)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"schedule": Course("1 - t")}, "schedule = 1 - t is"),
        ({"schedule": Course("0:1, 2:0"), "temperature": 1.0}, "give one of them"),
    ],
)
def test_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        solve_dynamics(CUBE, 5.0, **options)  # type: ignore[arg-type]


def test_file(tmp_path: object) -> None:
    flow = solve_dynamics(CUBE, 1.0, schedule=Course("0:1, 0.5:0.2"))
    again = DynamicsSolution.load(flow.save(f"{tmp_path}/flow.npz"))
    assert again.model.schedule == flow.model.schedule
    assert np.array_equal(again.energy, flow.energy)
