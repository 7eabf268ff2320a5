"""The replicated action and the Hessian of replicas, against sums over few replicas that know nothing of overlaps."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import root
from sympy import Expr, Integer, Rational, Symbol, diff, lambdify

from numerics.lowering import Array
from theory import OVERLAP, SIGNAL_OVERLAP, GaussianLandscape
from theory.kac_rice import KacRice
from theory.kac_rice.breaking import Breaking
from theory.kac_rice.hierarchical import REPLICAS, Entries, Hierarchy
from theory.kac_rice.local_law import F, G
from theory.kac_rice.replicated import BETA, CONJUGATE, RESPONSE, RHO, Replicated, gram, jet_at
from theory.kac_rice.replicated_hessian import ReplicatedHessian
from theory.random_matrices.semicircle import phi
from theory.symbols import ENERGY, SHIFT

Q, M = OVERLAP, SIGNAL_OVERLAP
LANDSCAPE = GaussianLandscape(Q**2 / 3 + Q**3 / 4 + Q / 7, M**2 / 3 + M**3 / 5)
OVERLAPS, SHIFT_AT, ENERGY_AT = (0.3, 0.25), 2.1, -0.9
Numbers = dict[Symbol, float]


def test_hierarchical_determinant_against_a_matrix() -> None:
    """Two commuting matrices of six replicas in groups of three."""
    a = Entries(Rational(3), (Rational(1, 5), Rational(1, 2)))
    b = Entries(Rational(2), (Rational(-1, 7), Rational(1, 3)))
    levels = Hierarchy((Integer(3),)).log_det(gram, a, b, a)

    def matrix(entries: Entries) -> Array:
        outer, inner = (float(level) for level in entries.levels)
        made = outer + (inner - outer) * np.kron(np.eye(2), np.ones((3, 3)))
        return made + (float(entries.diagonal) - inner) * np.eye(6)

    expected = np.linalg.slogdet(matrix(a) @ matrix(a) + matrix(b) @ matrix(b))[1]
    assert float(levels.subs(REPLICAS, 6)) == pytest.approx(expected, abs=1e-12)


def _at_point(q: float, m: float) -> Numbers:
    f, g = ([float(value(k, at)) for k in range(n)] for value, at, n in ((LANDSCAPE.f, 1, 3), (LANDSCAPE.g, m, 3)))
    at_q = [float(LANDSCAPE.f(k, q)) for k in range(5)]
    values = zip((*F[:3], *G, *jet_at(0)), (*f, *g, *at_q), strict=True)
    (overlap,) = Replicated().matrices[0].levels
    return {**dict(values), overlap: q, M: m, SHIFT: SHIFT_AT, ENERGY: ENERGY_AT}


@cache
def _saddle(n: int) -> tuple[tuple[float, ...], float]:
    """Conjugate variables of n replicas at given overlaps, shift and energy, and the action per replica."""
    action = Replicated()
    (r_0,), (d_0,) = (matrix.levels for matrix in action.matrices[1:])
    unknowns = (RESPONSE, CONJUGATE, RHO, BETA) + ((r_0, d_0) if n > 1 else ())
    value = action.of_replicas(n).subs(_at_point(*OVERLAPS))
    slope = [diff(value, x) for x in unknowns]
    function, jacobian = (lambdify(unknowns, x) for x in (slope, [[diff(a, b) for b in unknowns] for a in slope]))
    generator = np.random.default_rng(3)
    for _ in range(200):
        start = generator.normal(size=len(unknowns)) / 2
        start[1] = 0.3 + abs(start[1])
        with np.errstate(all="ignore"):
            found = root(lambda x: function(*x), start, jac=lambda x: jacobian(*x), tol=1e-13)
        if found.success and np.max(np.abs(function(*found.x))) < 1e-10:
            return tuple(found.x), float(lambdify(unknowns, value)(*found.x))
    raise AssertionError("no saddle")


def test_one_replica_is_the_annealed_average() -> None:
    annealed = KacRice(LANDSCAPE).at_energy().sigma("total") - phi()
    expected = annealed.subs({M: OVERLAPS[1], SHIFT: SHIFT_AT, ENERGY: ENERGY_AT})
    assert _saddle(1)[1] == pytest.approx(float(expected), abs=1e-12)


class Direct:
    """Energies and gradients at a few points, and along their directions: a Gaussian vector, conditioned at once."""

    def __init__(self, overlaps: Array, m: float) -> None:
        self.m, n = m, len(overlaps)
        self.gram = np.block([[overlaps, np.full((n, 1), m)], [np.full((1, n), m), np.ones((1, 1))]])
        *self.points, self.signal = np.linalg.cholesky(self.gram)
        self.f = [lambdify(Q, LANDSCAPE.f(k, Q)) for k in range(4)]
        self.g = [float(LANDSCAPE.g(k, m)) for k in range(3)]
        self.names = [(a, -1) for a in range(n)] + [(a, i) for a in range(n) for i in range(n + 1)]
        covariance = np.array([[self._covariance(*a, *b) for b in self.names] for a in self.names])
        radial = -SHIFT_AT * self.f[2](1) ** 0.5
        values = [ENERGY_AT + self.g[0] if i < 0 else radial * self.points[a][i] + self.g[1] * self.signal[i]
                  for a, i in self.names]  # fmt: skip
        self.deviation = np.array(values)
        self.weights = np.linalg.solve(covariance, self.deviation)
        self.across = np.array([[self.f[1](x @ y) for x in self.points] for y in self.points])

    def _covariance(self, a: int, i: int, b: int, j: int) -> float:
        """Of H/N (i < 0) or of a component of the gradient, over sqrt(N)."""
        x, y = self.points[a], self.points[b]
        c = x @ y
        if i < 0 and j < 0:
            return float(self.f[0](c))
        if i < 0 or j < 0:
            return float(self.f[1](c) * (x[j] if i < 0 else y[i]))
        return float(self.f[1](c) * (i == j) + self.f[2](c) * y[i] * x[j])

    @property
    def conjugates(self) -> tuple[Array, float, float]:
        """``R``, ``rho`` and b, from the weights of the conditions."""
        n = len(self.points)
        fields = self.weights[n:].reshape(n, n + 1)
        return -np.array(self.points) @ fields.T, -float(self.signal @ fields[0]), -float(self.weights[0])

    @property
    def action(self) -> float:
        """Per replica: volume, density of what is fixed, scale of the determinants."""
        n = len(self.points)
        volume = np.linalg.slogdet(self.gram[:n, :n] - self.m**2)[1] - np.linalg.slogdet(self.across)[1]
        return float((volume - self.deviation @ self.weights) / (2 * n) + np.log(self.f[2](1)) / 2)

    def mean(self, e: Array, u: Array) -> float:
        """Of the second derivative at the first point along e and u, both tangent."""
        x = self.points[0]
        total = -self.g[2] * (e @ self.signal) * (u @ self.signal)
        for (b, j), weight in zip(self.names, self.weights, strict=True):
            y = self.points[b]
            c, along = x @ y, (e @ y) * (u @ y)
            if j < 0:
                total += weight * self.f[2](c) * along
            else:
                total += weight * (self.f[3](c) * x[j] * along + self.f[2](c) * (e[j] * (u @ y) + u[j] * (e @ y)))
        return float(total)

    def lost(self, e: Array, u: Array) -> float:
        """Variance that the gradients across all three directions take from mixed second derivatives."""
        first, second = (np.array([self.f[2](self.points[0] @ y) * (v @ y) for y in self.points]) for v in (e, u))
        return float(first @ np.linalg.solve(self.across, second))


def _symmetric(q: float) -> Array:
    return q + (1 - q) * np.eye(2)


def test_two_replicas_against_one_gaussian_vector() -> None:
    q, m = OVERLAPS
    direct = Direct(_symmetric(q), m)
    assert _saddle(2)[1] == pytest.approx(direct.action, abs=1e-10)
    responses, rho, b = direct.conjugates
    assert (responses[0, 0], rho, b, responses[0, 1]) == pytest.approx(
        [_saddle(2)[0][i] for i in (0, 2, 3, 4)], abs=1e-9
    )


@pytest.mark.parametrize("steps", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_hessian_of_replicas_against_one_gaussian_vector(steps: int) -> None:
    """Two replicas; four in two groups of two."""
    m, inner = OVERLAPS[1], 0.6
    levels = [OVERLAPS[0], inner][: steps + 1]
    overlaps = _symmetric(levels[-1]) if steps == 0 else np.kron(np.eye(2), _symmetric(inner) - levels[0]) + levels[0]
    direct, action, n = Direct(overlaps, m), Replicated(steps), len(overlaps)
    responses, rho, b = direct.conjugates
    values = {RESPONSE: responses[0, 0], RHO: rho, BETA: b, M: m, **dict.fromkeys(action.hierarchy.steps, 2)}
    values |= {symbol: direct.g[k] for k, symbol in enumerate(G)} | {F[k]: float(LANDSCAPE.f(k, 1)) for k in range(3)}
    for level, (c, r) in enumerate(zip(*(matrix.levels for matrix in action.matrices[:2]), strict=True)):
        values |= {c: levels[level], r: responses[0, -1 if level == 0 else 1]}
        values |= {symbol: float(LANDSCAPE.f(k, levels[level])) for k, symbol in enumerate(action.jets[level])}
    first, *others = direct.points
    apart = [x - (x @ first) * first for x in others]
    groups = [apart] if steps == 0 else [apart[1:], apart[:1]]
    basis = [*(np.sum(group, axis=0) for group in groups), direct.signal - m * first]
    forms = [np.array(form.subs(values).tolist(), float) for form in ReplicatedHessian(action, Integer(n)).forms()]
    expected = [[[form(a, b) for b in basis] for a in basis] for form in (np.dot, direct.mean, direct.lost)]
    assert np.array(forms) == pytest.approx(np.array(expected), abs=1e-9)


def test_replicon_at_the_ground_state_is_that_of_de_almeida_and_thouless() -> None:
    """At ``d = b r``, ``r_0 = d_0 = 0``: proportional to ``f''(q_0) chi^2 - 1``, ``chi = r + b (1 - q_0)``."""
    action = Replicated()
    (q,), (r_0,), (d_0,) = (matrix.levels for matrix in action.matrices)
    f = action.jets[0]

    def replicon(curvature: Expr, second: float) -> float:
        values = {q: 0.2, r_0: 0.0, d_0: 0.0, RESPONSE: 0.5, BETA: 0.7, CONJUGATE: 0.35}
        values |= dict(zip(f, (0.1, 0.4, second, 1.3, 0.6), strict=True))
        c = np.array(curvature.subs(values).tolist(), dtype=float)
        return float(c[0, 0] - c[0, 1:] @ np.linalg.solve(c[1:, 1:], c[1:, 0]))

    curvature = Breaking(action).curvature
    chi = 0.5 + 0.7 * 0.8
    assert replicon(curvature, 1 / chi**2) == pytest.approx(0, abs=1e-14)
    assert replicon(curvature, 0.9 / chi**2) < 0 < replicon(curvature, 1.1 / chi**2)
