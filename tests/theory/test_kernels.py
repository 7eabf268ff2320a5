"""Gaussian averages of activations, against quadrature; the law of Marchenko and Pastur, against its moments."""

import numpy as np
import pytest
from mpmath import quad
from sympy import Abs, Expr, Integral, Rational, diff, lambdify, pi, simplify

from theory.networks.kernels import ACTIVATIONS, RHO, Activation, X, dual, leaky_relu
from theory.random_matrices.marchenko_pastur import GAMMA, Z, atom, density, edges, smallest


def by_quadrature(activation: Expr, rho: float) -> float:
    """On a half plane of angles and radii, where kinks at 0 lie on rays."""
    function = lambdify(X, activation, ["numpy", "scipy"])
    radii, weights = np.polynomial.legendre.leggauss(200)
    r, w = 5 * (radii + 1), 5 * weights
    turn = np.arccos(rho)
    kinks = np.sort(np.mod([np.pi / 2, -np.pi / 2, turn + np.pi / 2, turn - np.pi / 2, 0], 2 * np.pi))
    total = 0.0
    for low, high in zip(kinks, [*kinks[1:], kinks[0] + 2 * np.pi], strict=True):
        angles = low + (high - low) * (radii + 1) / 2
        u, v = r[:, None] * np.cos(angles), r[:, None] * np.cos(angles - turn)
        value = function(u) * function(v) * np.exp(-(r[:, None] ** 2) / 2) * r[:, None] / (2 * np.pi)
        total += w @ value @ weights * (high - low) / 2
    return total


@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.4, 0.95])
@pytest.mark.parametrize(
    "activation",
    [ACTIVATIONS["relu"], ACTIVATIONS["abs"], ACTIVATIONS["erf"], leaky_relu(Rational(1, 10)), X**3 - X, X * Abs(X)],
    ids=str,
)
def test_closed_forms(activation: Expr, rho: float) -> None:
    kernel = dual(activation)
    assert not kernel.has(Integral)
    assert float(kernel.subs(RHO, Rational(str(rho)))) == pytest.approx(by_quadrature(activation, rho), abs=1e-10)


def test_derivative_of_a_kernel_is_the_kernel_of_derivatives() -> None:
    for name in ("relu", "abs", "erf"):
        activation = ACTIVATIONS[name]
        assert simplify(diff(dual(activation), RHO) - dual(diff(activation, X))) == 0


def test_without_a_closed_form_an_integral() -> None:
    kernel = dual(ACTIVATIONS["tanh"])
    assert kernel.has(Integral)
    function = lambdify((X, *(v for v, *_ in kernel.limits)), kernel.function.subs(RHO, Rational(2, 5)), "numpy")
    grid = np.linspace(-9, 9, 400)
    total = np.sum(function(0, *np.meshgrid(grid, grid))) * (grid[1] - grid[0]) ** 2
    assert total == pytest.approx(by_quadrature(ACTIVATIONS["tanh"], 0.4), abs=1e-9)


def test_names_and_functions_are_read() -> None:
    domain = Activation()
    assert domain.read("activation", "relu") == ACTIVATIONS["relu"] and domain.plain(ACTIVATIONS["relu"]) == "relu"
    assert domain.read("activation", "x**3/3") == X**3 / 3
    with pytest.raises(ValueError, match="selu"):
        domain.read("activation", "selu(x)")


@pytest.mark.parametrize("gamma", [0.05, 0.5, 3.0])
def test_marchenko_pastur(gamma: float) -> None:
    """Total mass 1, first moment 1, second ``1 + gamma``."""
    low, high = (float(edge.subs(GAMMA, gamma)) for edge in edges())
    rho = lambdify(Z, density().subs(GAMMA, gamma), "mpmath")
    middle = (low + high) / 2
    moments = [float(quad(lambda z, k=k: z**k * rho(z), [low, middle, high])) for k in range(3)]
    assert moments[0] + float(atom().subs(GAMMA, gamma)) == pytest.approx(1)
    assert moments[1:] == pytest.approx([1, 1 + gamma])
    assert float(smallest().subs(GAMMA, gamma)) == pytest.approx((1 - gamma**0.5) ** 2 if gamma < 1 else 0)


def test_edge_against_a_matrix() -> None:
    n, d = 300, 1200
    x = np.random.default_rng(0).standard_normal((n, d))
    found = np.linalg.eigvalsh(x @ x.T / d)
    low, high = (float(edge.subs(GAMMA, Rational(n, d))) for edge in edges())
    assert abs(found[0] - low) < 0.03 and abs(found[-1] - high) < 0.05


def test_relu_is_the_arc_cosine_kernel() -> None:
    from sympy import acos, sqrt

    known = (sqrt(1 - RHO**2) + (pi - acos(RHO)) * RHO) / (2 * pi)
    assert simplify(dual(ACTIVATIONS["relu"]) - known).subs(RHO, Rational(1, 3)).evalf(30) == pytest.approx(
        0, abs=1e-25
    )
