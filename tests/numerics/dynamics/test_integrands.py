"""The compiled integrands against the printed equations of a landscape, and the Jacobian against differences."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sympy import Expr, Rational, Symbol, lambdify

from numerics.dynamics import Equilibrium, model
from numerics.dynamics.long_time import block, integrands, kernel, solver
from numerics.dynamics.long_time.rule import Resolution
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.dynamics import DynamicalEquations
from theory.dynamics.notation import EARLIER, INNER, TIME, C, M, R, TimeIntegral
from theory.dynamics.notation import Q as REPLICA
from theory.symbols import INVERSE_TEMPERATURE

Q = OVERLAP
MADE_UP = GaussianLandscape(Q**2 / 4 + Q**3 / 7 + Q**5 / 9, SIGNAL_OVERLAP**2 / 3 + SIGNAL_OVERLAP**4 / 5)
PRINTED = DynamicalEquations(MADE_UP, start="replicated", temperature=0)
BETA, STEP = 1.3, 1e-4
NAMES = ("m", "c", "r", "x", "y", "q", "z")
FIRST = {M(0): 0.37, REPLICA(0): 0.21}
"""Overlaps of the start."""
PLACES: list[dict[str, Expr]] = [
    {"m": M(TIME), "c": C(TIME, INNER), "r": R(TIME, INNER), "x": C(INNER, EARLIER), "y": R(EARLIER, INNER)},
    {"m": M(TIME), "c": C(TIME, 0), "q": REPLICA(TIME), "x": M(EARLIER), "y": C(EARLIER, 0), "z": REPLICA(EARLIER)},
    {"c": C(TIME, INNER), "r": R(TIME, INNER), "x": R(INNER, EARLIER)},
    {"c": C(TIME, INNER), "r": R(TIME, INNER), "x": M(INNER)},
    {"c": C(TIME, INNER), "r": R(TIME, INNER), "x": REPLICA(INNER)},
]
"""What stands for m, C, R, q, X, Y and Z: in the equations of C, in what is local, in those of R, of m and of q."""


def printed(name: str, place: int, *, local: bool = False, upper: Any = None) -> Callable[..., float]:
    """The sum of what is integrated in a printed equation, up to ``upper``; or of what is not, ``mu`` apart."""
    terms = [term for term in getattr(PRINTED, name).args if isinstance(term, TimeIntegral) != local]
    inside = [term if local else term.args[0] for term in terms if upper is None or term.args[3] == upper]
    total = sum(term.as_expr() for term in inside if "mu" not in str(term))
    letters = {value: Symbol(letter) for letter, value in PLACES[place].items()}
    known = total.xreplace(letters | FIRST).subs(INVERSE_TEMPERATURE, BETA)
    return lambdify([Symbol(n) for n in NAMES], known, "math")


def jets(c: float, m: float, q: float) -> tuple[list[float], list[float], list[float]]:
    """``f, f', f'', f'''`` at C, ``g, g', g''`` at m, and ``f, f', f''`` at q."""
    at_c, at_q = ([float(MADE_UP.f(k, x)) for k in range(4)] for x in (c, q))
    return at_c, [float(MADE_UP.g(k, m)) for k in range(3)], at_q[:3]


def local_jets(f: list[float], g: list[float], h: list[float]) -> tuple[float, ...]:
    """What local terms see of the landscape, and beta."""
    return (*g[1:], *f[1:3], *h[1:], BETA)


M_0, Q_0 = FIRST.values()
CASES: dict[str, tuple[Callable[..., float], Callable[..., Any], str]] = {
    "before": (printed("correlation_rate", 0), lambda f, g, h, m, c, r, x, y, q, z: (r, x, y, *f[1:]), "crxy"),
    "between": (printed("correlation_rate", 0, upper=TIME), lambda f, g, h, m, c, r, x, y, q, z: (r, x, *f[2:]), "crx"),
    "response": (printed("response_rate", 2), lambda f, g, h, m, c, r, x, y, q, z: (r, x, *f[2:]), "crx"),
    "overlap": (printed("overlap_rate", 3), lambda f, g, h, m, c, r, x, y, q, z: (r, x, *f[2:]), "crx"),
    "multiplier": (printed("multiplier", 0), lambda f, g, h, m, c, r, x, y, q, z: (c, r, *f[1:]), "cr"),
    "energy": (printed("energy", 0), lambda f, g, h, m, c, r, x, y, q, z: (r, *f[1:3]), "cr"),
    "sources": (
        printed("correlation_rate", 1, local=True),
        lambda f, g, h, m, c, r, x, y, q, z: (x, y, z, *local_jets(f, g, h)),
        "mcqxyz",
    ),
    "local_multiplier": (
        printed("multiplier", 1, local=True),
        lambda f, g, h, m, c, r, x, y, q, z: (m, c, q, *local_jets(f, g, h)),
        "mcq",
    ),
    "along_signal": (
        printed("overlap_rate", 1, local=True),
        lambda f, g, h, m, c, r, x, y, q, z: (M_0, *local_jets(f, g, h)),
        "mcq",
    ),
    "along_replica": (
        printed("replica_rate", 1, local=True),
        lambda f, g, h, m, c, r, x, y, q, z: (M_0, Q_0, *local_jets(f, g, h)),
        "mcq",
    ),
    "local_energy": (
        printed("energy", 1, local=True),
        lambda f, g, h, m, c, r, x, y, q, z: (*g[:2], *f[:2], *h[:2], BETA),
        "mcq",
    ),
}


def test_memory_of_a_replica_is_that_of_the_signal() -> None:
    """``int f''(C) R q ds``: the kernel evaluates both by the same function."""
    for at in np.random.default_rng(3).uniform(0.2, 0.9, (3, len(NAMES))):
        assert printed("replica_rate", 4)(*at) == pytest.approx(printed("overlap_rate", 3)(*at), rel=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_values_and_slopes_are_those_of_the_printed_equations(name: str) -> None:
    """At random points; slopes by differences of fourth order of the printed expression."""
    expected, arguments, variables = CASES[name]
    for at in np.random.default_rng(0).uniform(0.2, 0.9, (5, len(NAMES))):
        m, c, r, x, y, q, z = at
        found = np.atleast_1d(getattr(integrands, name)(*arguments(*jets(c, m, q), m, c, r, x, y, q, z)))
        assert found[0] == pytest.approx(expected(*at), rel=1e-13)
        slopes = [slope(expected, at, NAMES.index(letter)) for letter in variables]
        assert found[1:] == pytest.approx(slopes, rel=1e-9, abs=1e-9)


def slope(function: Callable[..., float], at: Any, i: int) -> float:
    shift = STEP * np.eye(at.size)[i]
    ahead, further = (function(*(at + k * shift)) - function(*(at - k * shift)) for k in (1, 2))
    return float((8 * ahead - further) / (12 * STEP))


@pytest.mark.parametrize(
    ("landscape", "options"),
    [
        (MADE_UP, {"overlap": 0.3, "temperature": 0.2}),
        (GaussianLandscape(Q / 3 + Q**3 / 5, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**3 / 3), {"overlap": -0.4}),
        (GaussianLandscape(Q**3 / 2 + Q**4 * Rational(1, 9)), {"start": Equilibrium(1.1), "temperature": 0.7}),
        (
            GaussianLandscape(Q / 3 + Q**3 / 5, SIGNAL_OVERLAP / 2 + SIGNAL_OVERLAP**3 / 3),
            {"start": Equilibrium(1.1), "temperature": 0.2},
        ),
    ],
    ids=["logarithm", "linear", "equilibrium", "replicated"],
)
def test_jacobian_is_the_slope_of_the_residual(
    landscape: GaussianLandscape, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a block that follows others, along random directions of what is unknown."""
    blocks: list[Any] = []
    solve = block.solve_block
    monkeypatch.setattr(solver, "solve_block", lambda *problem: blocks.append(problem) or solve(*problem))
    solver.March(model(landscape, **options), Resolution(8, 3, 1e-3)).run(3.0, lambda _: None)
    assert len(blocks) > 3
    newton = block.Newton(*blocks[-1][:6], double=True)
    jacobian, _ = evaluated(newton, wanted=True)
    for direction in np.random.default_rng(1).standard_normal((4, newton.unknowns.size)):
        if newton.law.overlap_kind == kernel.NO_SIGNAL:  # a variable that stays as it is
            direction.reshape(newton.times.size, -1)[:, -2] = 0.0
        plus, minus = (residual_beside(newton, sign * STEP * direction) for sign in (1, -1))
        expected = (plus - minus) / (2 * STEP)
        assert jacobian @ direction == pytest.approx(expected, rel=0, abs=1e-6 * np.abs(expected).max())


def residual_beside(newton: block.Newton, step: Any) -> Any:
    """At unknowns that are moved there and back."""
    newton._move(step)
    _, residual = evaluated(newton, wanted=False)
    newton._move(-step)
    return residual


def evaluated(newton: block.Newton, *, wanted: bool) -> tuple[Any, Any]:
    jacobian = newton._room(newton.weight.size if wanted else 0)
    residual = newton._residual(newton.awake, jacobian, wanted)
    rows = newton.unknowns
    return jacobian * newton.scales[rows, None] if wanted else None, residual[rows]
