"""Flows with solutions in closed form, of systems that nobody has seen."""

from typing import Any

import numpy as np
import pytest
from sympy import Function, Integral, Rational, S, Symbol, exp, sqrt

from numerics.curves import FlowSolution
from numerics.integro_differential import solve_flow
from numerics.loading import load
from numerics.nodes import Nodes
from theory.laws import Flow

X, T, A = Symbol("x", positive=True), Symbol("t", positive=True), Symbol("a", positive=True)
F = Function("f")(X, T)
MASS = Integral(F, (X, 0, 1))
TIMES = np.array([0.0, 0.5, 3.0, 20.0])


def flow(rate: Any, start: Any, *more: Any, interval: Any = (S.Zero, S.One)) -> Flow:
    return Flow(F, X, interval, T, rate, start, (("mass", MASS), *more))


def test_decay_by_collisions() -> None:
    """``df/dt = -a f int f``: ``f = f_0/(1 + a t)`` for mass 1 at the start, with roots at an end."""
    found = solve_flow(flow(-A * F * MASS, Rational(3, 2) * sqrt(X)), {A: Rational(7, 5)}, TIMES)
    exact = 1 / (1 + 1.4 * TIMES)
    mass, density = found.quantities["mass"], found.quantities["f"]
    assert np.all(abs(mass.value - exact) <= mass.error + 1e-13) and mass.error.max() < 1e-7
    expected = 1.5 * np.sqrt(found.axes["x"].values) * exact[:, None]
    assert np.all(abs(density.value - expected) <= density.error + 1e-12)


def test_selection() -> None:
    """``df/dt = (x - <x>) f``: ``f = e^(x t)/int e^(x t)``, whose mean is known; a ratio of integrals is observed."""
    mean = Integral(X * F, (X, 0, 1)) / MASS
    found = solve_flow(flow((X - mean) * F, S.One, ("mean", mean)), {}, TIMES[1:])
    t = TIMES[1:]
    exact = 1 / (1 - np.exp(-t)) - 1 / t
    observed = found.quantities["mean"]
    assert np.all(abs(observed.value - exact) <= observed.error + 1e-12) and observed.error.max() < 1e-6


def test_masses_at_places_stay_where_they_are() -> None:
    """``df/dt = -x f`` from points: each decays at its own rate."""
    places, masses = np.array([0.0, 0.3, 0.99]), np.array([1.0, 2.0, 0.5])
    found = solve_flow(flow(-X * F, S.One), {}, TIMES, (places, masses))
    exact = (masses * np.exp(-TIMES[:, None] * places)).sum(axis=1)
    mass = found.quantities["mass"]
    assert np.all(abs(mass.value - exact) <= mass.error + 1e-12) and mass.error.max() < 1e-6
    assert "f" not in found.quantities


def test_an_error_where_nodes_cannot_resolve() -> None:
    """A peak as narrow as the nodes are apart: the difference between two grids tells."""
    found = solve_flow(flow(-MASS * F, exp(-((X - 1 / sqrt(7)) ** 2) * 10**4)), {}, [1.0])
    exact = np.sqrt(np.pi / 1e4) / (1 + np.sqrt(np.pi / 1e4))
    mass = found.quantities["mass"]
    assert 1e-7 < abs(mass.value[0] - exact) <= mass.error[0]


def test_kept(tmp_path: Any) -> None:
    found = solve_flow(flow(-F, S.One), {}, [1.0, 2.0])
    again = load(found.save(tmp_path / "flow.npz"))
    assert isinstance(again, FlowSolution) and again.at([2.0])["mass"] == pytest.approx(np.exp(-2))


def test_refusals() -> None:
    elsewhere = Integral(F, (X, 0, Rational(1, 2)))
    with pytest.raises(ValueError, match="expected an integral over x from 0 to 1"):
        solve_flow(flow(-F * elsewhere, S.One), {}, [1.0])
    for times in ([2.0, 1.0], [-1.0], []):
        with pytest.raises(ValueError, match="increasing"):
            solve_flow(flow(-F, S.One), {}, times)


def test_nodes_know_powers_at_both_ends() -> None:
    nodes = Nodes.between(-1, 2, 40)
    assert nodes.weights @ (nodes.x + 1) ** -0.5 == pytest.approx(2 * np.sqrt(3), rel=1e-9)
    assert nodes.weights @ (2 - nodes.x) ** 1.5 == pytest.approx(3**2.5 / 2.5, rel=1e-12)
    places = np.linspace(-0.9, 1.9, 7)
    np.testing.assert_allclose(nodes.interpolation(places) @ np.sin(nodes.x), np.sin(places), atol=1e-9)
