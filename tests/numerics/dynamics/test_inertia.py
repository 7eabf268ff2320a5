"""A mass: against exact modes, energies, the equilibrium theorem, first order and samples."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import gamma, jv

from numerics.course import UNIT
from numerics.dynamics import DynamicsSolution, Equilibrium, solve_dynamics
from numerics.lowering import Array
from numerics.simulation import simulate
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.course import Course

Q, M = OVERLAP, SIGNAL_OVERLAP
CUBE, SQUARE = GaussianLandscape(Q**3 / 2), GaussianLandscape(Q**2 / 2)
TIMES = np.array([1.0, 2.0, 4.0, 8.0])
ISOLATED, NESTEROV = Course("0"), Course("3/t")


def modes(friction: float, start: float) -> tuple[Array, Array]:
    """Energy and ``C(t, 0)`` of p = 2 at ``TIMES``: each mode of the semicircle obeys
    ``x'' + gamma x' = (lambda - mu) x``, with ``mu = <x'^2> + <lambda x^2>``; ``gamma = friction``, or ``3/t``."""
    k = np.arange(1, 81) * np.pi / 81
    eigenvalues, weights = 2 * np.cos(k), 2 / 81 * np.sin(k) ** 2

    def rate(t: float, y: Array) -> Array:
        x, v = y.reshape(2, -1)
        mu = weights @ (v**2 + eigenvalues * x**2)
        return np.concatenate([v, (eigenvalues - mu) * x - (friction if friction >= 0 else 3 / t) * v])

    # the first terms at ``start``: with 3/t a quarter of the force's velocity
    share = 1.0 if friction >= 0 else 0.25
    x = 1 + share * eigenvalues * start**2 / 2
    found = (
        solve_ivp(
            rate, (start, 8), np.concatenate([x, share * eigenvalues * start]), "DOP853", TIMES, rtol=1e-12, atol=1e-13
        )
        .y[:80]
        .T
    )
    return -0.5 * found**2 @ (weights * eigenvalues), found @ weights


@pytest.mark.parametrize(
    ("course", "friction", "start"),
    [(ISOLATED, 0, 0.0), pytest.param(UNIT, 1, 0.0, marks=pytest.mark.slow), (NESTEROV, -1, 1e-4)],
)
def test_modes_of_a_quadratic_landscape(course: Course, friction: float, start: float) -> None:
    rtol = 1e-7
    flow = solve_dynamics(SQUARE, 8.0, mass=1, friction=course, rtol=rtol)
    energy, correlation = modes(friction, start)
    rows = flow.at(TIMES)
    assert rows["energy"] == pytest.approx(energy, abs=1e-7)
    assert rows["correlation"] == pytest.approx(correlation, abs=1e-7)
    if course is ISOLATED:
        assert energy == pytest.approx([-0.43066200, -0.48214820, -0.47904164, -0.50672273], abs=1e-8)


def test_descent_of_a_cubic_landscape() -> None:
    flow = solve_dynamics(CUBE, 8.0, mass=1, rtol=1e-5)
    assert flow.at(TIMES)["energy"] == pytest.approx([-0.455947, -0.702642, -0.921910, -1.035635], abs=1e-5)


def test_isolated_ends_microcanonical() -> None:
    """``E = -1/2, K = 1``: half of the energy ``K/2 + e = 0``, where ``e = -f(1)/T`` with ``T = K``."""
    flow = solve_dynamics(CUBE, 14.0, mass=1, friction=ISOLATED, rtol=1e-4)
    late = flow.at(np.linspace(10, 14, 9))
    kinetic = late["mu"] + 3 * late["energy"]
    assert kinetic / 2 + late["energy"] == pytest.approx(0, abs=1e-6)
    assert late["energy"] == pytest.approx(-0.5, abs=2e-3)


@pytest.mark.slow
def test_small_masses_are_first_order() -> None:
    """To an error in proportion to the mass."""
    first = solve_dynamics(CUBE, 2.0).at([1.0, 2.0])["energy"]
    apart = [solve_dynamics(CUBE, 2.0, mass=m, rtol=1e-5).at([1.0, 2.0])["energy"] - first for m in (0.04, 0.02)]
    assert apart[0] / apart[1] == pytest.approx(2, rel=0.08)
    assert np.all(np.abs(apart[1]) < 0.02)


@pytest.mark.parametrize("friction", ["0.3", "2/(1 + t)"])
def test_equilibrium_is_stationary(friction: str) -> None:
    T = 0.8  # noqa: N806
    flow = solve_dynamics(
        CUBE, 5.0, mass=2, friction=Course(friction), temperature=T, start=Equilibrium(1 / T), rtol=1e-6
    )
    rows = flow.at([0.5, 2.0, 5.0])
    assert rows["energy"] == pytest.approx(-0.5 / T, abs=1e-6)
    assert rows["mu"] == pytest.approx(T + 1.5 / T, abs=1e-5)
    slope = (flow.C(3.001, 1) - flow.C(2.999, 1)) / 0.002
    if "t" not in friction:
        assert flow.C(4, 3) == pytest.approx(flow.C(2, 1), abs=1e-5)
        assert flow.R(3, 1) == pytest.approx(-slope / T, abs=1e-5)


@pytest.mark.parametrize("mass", [1.0, 30.0])
def test_friction_that_is_infinite_at_the_start_makes_velocities_thermal(mass: float) -> None:
    """Without forces ``mu = M K = T`` from then on, and ``M C'' + 3/t C' = -T C``: Bessel functions."""
    flow = solve_dynamics(GaussianLandscape(Q**2 / 10**16), 4.0, mass=mass, friction=NESTEROV, temperature=2, rtol=1e-5)
    t = np.geomspace(1e-4, 4, 9)
    rows, z, order = flow.at(t), t * np.sqrt(2 / mass), (3 / mass - 1) / 2
    exact = {"mu": 2.0, "correlation": gamma(order + 1) * (2 / z) ** order * jv(order, z)}
    for name, value in exact.items():
        assert np.all(np.abs(rows[name] - value) <= rows[f"{name}_error"] + 1e-13), name
        assert np.all(rows[f"{name}_error"] <= 2e-5)


@pytest.mark.parametrize(("mass", "friction"), [(0.5, "3/t"), (100.0, "3/t"), (1.0, "1/t**(1/2)")])
def test_errors_see_a_friction_that_is_infinite_at_the_start(mass: float, friction: str) -> None:
    coarse, fine = (solve_dynamics(CUBE, 2.0, mass=mass, friction=Course(friction), rtol=r) for r in (1e-3, 1e-5))
    t = np.geomspace(1e-4, 2, 17)
    found, best = coarse.at(t), fine.at(t)
    for name in ("mu", "energy", "correlation"):
        assert np.all(np.abs(found[name] - best[name]) <= found[f"{name}_error"]), name


@pytest.mark.slow
def test_signal_is_found_sooner_with_a_mass() -> None:
    planted = GaussianLandscape(Q**3 / 20, M**2)
    flow = solve_dynamics(planted, 8.0, mass=1, overlap=0.01, rtol=1e-5)
    assert flow.m[-1] > 0.5
    finer = solve_dynamics(planted, 8.0, mass=1, overlap=0.01, rtol=1e-7)
    assert np.all(np.abs(flow.at(TIMES)["m"] - finer.at(TIMES)["m"]) <= flow.at(TIMES)["m_error"] + 1e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("friction", "temperature"), [(UNIT, 0.0), (ISOLATED, 0.0), (Course("1/2"), 0.5), (NESTEROV, 0)]
)
def test_samples_follow(friction: Course, temperature: float) -> None:
    times = np.array([1.0, 2.0, 4.0])
    theory = solve_dynamics(CUBE, 4.0, mass=1, friction=friction, temperature=temperature, rtol=1e-5).at(times)
    found = simulate(CUBE, 160, 80, 2, t_max=4.0, at=times, mass=1, friction=friction, temperature=temperature)
    places = np.searchsorted(found.t, times)
    for name in ("energy", "mu"):
        mean = found.mean(name)
        allowed = 3 * mean.error[places] + 3 / 160 * np.abs(theory[name])
        assert np.all(np.abs(mean.value[places] - theory[name]) <= allowed)


def test_isolated_samples_keep_their_energy() -> None:
    found = simulate(CUBE, 24, 2, 1, t_max=10.0, mass=1, friction=ISOLATED)
    potential, mu = found["energy"], found["mu"]
    assert (mu + 3 * potential) / 2 + potential == pytest.approx(
        np.broadcast_to(potential[..., :1], mu.shape), abs=2e-3
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"friction": Course("2")}, "give mass = 1 as well"),
        ({"mass": -1.0}, "mass = -1.0"),
        ({"mass": 1.0, "friction": Course("1 - t")}, "friction = 1 - t is"),
        ({"mass": 1.0, "friction": NESTEROV, "method": "long-time"}, "infinite at t = 0; use method = 'reference'"),
    ],
)
def test_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        solve_dynamics(CUBE, 5.0, **options)  # type: ignore[arg-type]


def test_file(tmp_path: object) -> None:
    flow = solve_dynamics(CUBE, 1.0, mass=0.5, friction=NESTEROV, rtol=1e-4)
    again = DynamicsSolution.load(flow.save(f"{tmp_path}/flow.npz"))
    assert (again.model.mass, again.model.friction) == (0.5, NESTEROV)
    assert again.R(0.7, 0.3) == flow.R(0.7, 0.3)
    assert again.R(0.7, 0.7) == 0


@pytest.mark.parametrize("friction", ["10", "100"])
def test_strong_friction_in_simulation(friction: str) -> None:
    """Overdamped, ``C(t, 0) = 1 - T t/gamma`` at first: steps that are long for the velocity diffuse too fast."""
    landscape, gamma_of = GaussianLandscape(Q**3 / 3), Course(friction)
    found = simulate(landscape, 64, 12, 1, t_max=1.0, at=[1.0], mass=1.0, friction=gamma_of, temperature=1.0).at([1.0])
    solution = solve_dynamics(landscape, 1.0, mass=1.0, friction=gamma_of, temperature=1.0)
    value, error = found["correlation"][0], found["correlation_error"][0]
    expected = solution.at([1.0])["correlation"][0]
    assert abs(value - expected) < 4 * error and error < 0.1 * (1 - expected)
