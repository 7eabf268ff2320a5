"""States at a temperature: against the statics of replicas, critical points at T = 0, exact identities, the command."""

import json

import pytest
from mpmath import mp
from pytest import approx
from sympy import simplify

from numerics.complexity import complexity
from numerics.lowering import lower_exact
from numerics.roots import polish
from numerics.statics import statics
from numerics.statics.transitions import dynamic_temperature, static_temperature
from numerics.tap import BROKEN, Tap, tap_states
from theory.kac_rice.tap import SELF_OVERLAP, TAPStates
from theory.landscape import GaussianLandscape
from theory.symbols import ENERGY, TEMPERATURE
from theory.symbols import OVERLAP as Q

PURE, MIXED = GaussianLandscape(Q**3 / 2), GaussianLandscape((Q**3 + Q**4) / 2)
TWO_STEPS = GaussianLandscape(Q**3 / 2 + Q**16 / 32)
BOTH = (PURE, MIXED)


def number(found, key):
    return float(found.numbers[key].value)


@pytest.mark.parametrize("landscape", BOTH, ids=str)
def test_radial_force_shifts_the_hessian_by_the_depth(landscape):
    states = TAPStates(landscape)
    assert simplify(states.shift - states.depth - 1 / states.depth) == 0


def test_curvature_along_m_of_a_pure_model():
    """``p = 3``: the larger of the two q at one angular energy (Kurchan, Parisi, Virasoro 1993) is the minimum."""
    q, t = SELF_OVERLAP, TEMPERATURE
    expected = q * (3 * q - 1) * (t**2 - 3 * q * (1 - q) ** 2) / (t * (1 - q) ** 2)
    assert simplify(TAPStates(PURE).stiffness - expected) == 0


@pytest.mark.slow
@pytest.mark.parametrize("landscape", BOTH, ids=str)
def test_both_transitions_follow_from_the_states(landscape):
    """Of equilibrium: complexity zero at T_K; along the plateau of the dynamics; marginal at T_d."""
    theory, static = TAPStates(landscape), static_temperature(landscape)
    arguments = SELF_OVERLAP, TEMPERATURE, ENERGY
    stationary = lower_exact(arguments, Tap(theory, 1).conditions("equilibrium", ()))
    sigma, depth = (lower_exact(arguments, [part]) for part in (theory.sigma, theory.depth - 1))
    near = Tap(theory, mp.mpf(static.value)).find("equilibrium")
    start = float(near.q), float(static.value), float(near.energy)
    found = polish(lambda *x: [*stationary(*x), *sigma(*x)], start, 15, slack=1e-2)
    assert float(found.value[1]) == approx(static.value, abs=1e-13)
    last = polish(lambda q, t, e: [*depth(q, t, e), *plateau(landscape, q, t, e)], start, 15, slack=1)
    with mp.workdps(30):
        assert float(last.value[1]) == approx(dynamic_temperature(landscape).value, abs=1e-13)
        assert max(map(abs, stationary(*last.value))) < 1e-13
        for q in (near.q, near.q * 1.1):
            temperature = mp.sqrt((1 - q) / q * lower_exact((Q,), [landscape.f(1, Q)])(q)[0])
            energy = -plateau(landscape, q, temperature, 0)[1]
            assert max(map(abs, stationary(q, temperature, energy))) < 1e-28


def plateau(landscape, q, temperature, energy):
    """``T^2 q = f'(q) (1 - q)``, and ``H(m)/N = -[f(q) + (1 - q) f'(q)]/T`` of equilibrium."""
    f = lower_exact((Q,), [landscape.f(0, Q), landscape.f(1, Q)])(q)
    return [temperature**2 * q - f[1] * (1 - q), energy + (f[0] + (1 - q) * f[1]) / temperature]


@pytest.mark.slow
@pytest.mark.parametrize("landscape", BOTH, ids=str)
def test_equilibrium_states_have_the_free_energy_of_no_order(landscape):
    temperature = float(static_temperature(landscape).value) * 1.02
    found = tap_states(landscape, temperature)
    total = number(found, "free_energy_equilibrium") - temperature * number(found, "sigma_equilibrium")
    variance = float(landscape.f(0))
    assert total == approx(-variance / (2 * temperature), abs=1e-14)
    assert number(found, "energy_equilibrium") == approx(-variance / temperature, abs=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("landscape", BOTH, ids=str)
def test_lowest_states_are_those_of_the_statics_below_the_static_temperature(landscape):
    found, known = tap_states(landscape, 0.3), statics(landscape, temperature=0.3)
    assert number(found, "free_energy_lowest") == approx(known.free_energy, abs=1e-13)
    assert number(found, "energy_lowest") == approx(known.energy, abs=1e-12)
    assert "below T_K" in found.numbers["sigma_equilibrium"].reason


@pytest.mark.slow
def test_pure_states_keep_their_order_and_number_at_any_temperature():
    """Each is a critical point of T = 0 with a shorter m: y and the complexity do not change."""
    depths = []
    for temperature in (0.01, 0.3, 0.6):
        with mp.workdps(30):
            tap = Tap(TAPStates(PURE), mp.mpf(temperature))
            depths += [float(tap.exact(tap.find("lowest"))["depth"])]
    assert depths == approx([depths[0]] * 3, abs=1e-14)
    assert number(tap_states(PURE, 0.5), "sigma_most_numerous") == approx(float(complexity(PURE, 0.0, 0).sigma))


@pytest.mark.slow
def test_states_become_minima_at_zero_temperature():
    """Energies and complexity are those of minima, and marginal states reach the threshold energy of the dynamics."""

    def minima(energy):
        return float(complexity(MIXED, 0.0, 0, energy=energy).sigma)

    found, f = tap_states(MIXED, 1e-3, -1.7), [float(MIXED.f(k)) for k in range(3)]
    assert number(found, "sigma") == approx(minima(number(found, "energy")), abs=1e-3)
    ageing = -(f[1] ** 2 + f[0] * (f[2] - f[1])) / (f[1] * f[2] ** 0.5)
    assert number(found, "energy_threshold") == approx(ageing, abs=1e-3)
    colder = tap_states(MIXED, 5e-4)
    halved = (number(colder, "energy_threshold") - ageing) / (number(found, "energy_threshold") - ageing)
    assert halved == approx(0.5, abs=1e-2)


@pytest.mark.slow
def test_states_whose_replicas_break_their_symmetry_are_refused():
    assert tap_states(TWO_STEPS, 0.1).numbers["free_energy_lowest"].reason == BROKEN
    assert number(tap_states(TWO_STEPS, 0.5), "free_energy_lowest") == approx(
        statics(TWO_STEPS, temperature=0.5).free_energy, abs=1e-13
    )


def test_command(run):
    words = ["complexity", "landscape", "--covariance", "q**3/2", "--temperature"]
    record = json.loads(run(*words, "0.6", "--free-energy", "-0.412", "--json")[1])
    assert record["self_overlap_equilibrium"] == approx(0.6, abs=1e-14)
    no_order = record["free_energy_equilibrium"] - 0.6 * record["sigma_equilibrium"]
    assert no_order == approx(-0.5 / 1.2, abs=1e-14)
    assert 0 < record["sigma"] < record["sigma_most_numerous"]
    for wrong, told in (
        (["0.7"], "end at 0.6667"),
        (["0"], "too close to 0"),
        (["0.5", "--energy", "-1"], "leave --energy out"),
        (["0.5", "--covariance", "q/9+q**3/2"], "random field"),
    ):
        status, _, error = run(*words, *wrong)
        assert status == 2
        assert told in error
