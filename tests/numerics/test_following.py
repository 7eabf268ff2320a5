"""States of equilibrium followed in temperature: identities, the dynamics from there, where they end, the command."""

import json

import pytest
from mpmath import mp
from pytest import approx

from numerics.dynamics import Equilibrium, solve_dynamics
from numerics.statics.following import followed
from numerics.tap import Tap
from theory.kac_rice.tap import TAPStates
from theory.landscape import GaussianLandscape
from theory.statics.ansatz import Ansatz
from theory.statics.following import SELF_OVERLAP, Followed, M
from theory.statics.restricted import at_overlap, entropy_of_overlap
from theory.symbols import INVERSE_TEMPERATURE as START
from theory.symbols import OVERLAP as Q
from theory.symbols import TEMPERATURE as T

PURE, MIXED = GaussianLandscape(Q**3 / 2), GaussianLandscape((Q**3 + Q**4) / 2)


def number(found, key):
    return float(found.numbers[key].value)


def test_free_energy_is_that_of_one_overlap_on_part_of_the_sphere():
    across = Ansatz(at_overlap(PURE, M), ("atom",), temperature=T)
    inside = across.free_energy.subs(across.unknowns[0], (SELF_OVERLAP - M**2) / (1 - M**2))
    expected = inside - START * PURE.f(0, M) - T * entropy_of_overlap(M)
    for place in ({M: 0.5, SELF_OVERLAP: 0.6, T: 0.3, START: 1.2}, {M: 0.2, SELF_OVERLAP: 0.9, T: 0.7, START: 0.4}):
        assert float((expected - Followed(PURE).free_energy).subs(place)) == approx(0, abs=1e-14)


@pytest.mark.parametrize("landscape, start", [(PURE, 0.6), (MIXED, 0.77)], ids=str)
def test_at_its_own_temperature_it_is_the_state_of_equilibrium(landscape, start):
    found = followed(landscape, 1 / start, start)
    assert number(found, "energy") == approx(-float(landscape.f(0)) / start, abs=1e-14)
    assert number(found, "overlap_with_start") == approx(number(found, "self_overlap"), abs=1e-14)


def test_a_pure_state_stays_the_same_state():
    """y does not change with temperature, so that ``E = -(y + 1/y)/sqrt(3)`` at T = 0 for ``f = q^3/2``."""
    with mp.workdps(30):
        tap = Tap(TAPStates(PURE), mp.mpf("0.6"))
        depth = float(tap.exact(tap.find("equilibrium"))["depth"])
    assert number(followed(PURE, 1 / 0.6), "energy") == approx(-(depth + 1 / depth) / 3**0.5, abs=1e-14)


def test_where_a_state_is_lost_there_is_no_number_but_the_reason():
    for landscape, start, end, told in (
        (PURE, 0.6, 0.75, "the state ends on the way"),
        (MIXED, 0.8, 0.0, "loses its stability on the way, at T = 0.1945788"),
    ):
        energy = followed(landscape, 1 / start, end).numbers["energy"]
        assert energy.value is None
        assert told in energy.reason
    assert followed(MIXED, 1 / 0.8, 0.195).numbers["energy"].value is not None
    for beta in (1.5, 1.8):
        with pytest.raises(ValueError, match="states to follow between"):
            followed(PURE, beta)
    with pytest.raises(ValueError, match="no states above its static temperature"):
        followed(GaussianLandscape(Q**2 / 2 + Q**4 / 32), 1.5)


@pytest.mark.slow
def test_gradient_flow_from_equilibrium_ends_in_the_state():
    solution = solve_dynamics(PURE, 100, start=Equilibrium(1 / 0.6), rtol=1e-8)
    last, found = solution.at([100.0]), followed(PURE, 1 / 0.6)
    assert float(last["energy"][0]) == approx(number(found, "energy"), abs=1e-6)
    assert float(last["correlation"][0]) == approx(number(found, "overlap_with_start"), abs=1e-3)


def test_command(run):
    words = ["statics", "landscape", "--covariance", "q**3/2", "--beta-initial"]
    record = json.loads(run(*words, "1.65", "--json")[1])
    assert record["self_overlap"] == 1
    assert record["overlap_with_start"] < 1
    assert record["energy"] == number(followed(PURE, 1.65), "energy")
    status, _, error = run(*words, "1.65", "--plot", "x.png")
    assert status == 2
    assert "leave --plot out" in error
