"""The plateau at which the equilibrium correlation stops, and the temperature below which there is one."""

from sympy import Eq, Expr, Symbol, factor, simplify, solve, sqrt
from sympy.logic.boolalg import false

from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import OVERLAP, TEMPERATURE, value_at_zero
from .kernels import covariance_derivative
from .stationary import StationaryDynamics

F0_Q, F1_Q, F2_Q, F3_Q = (Symbol("f" + "'" * k + "(q)", positive=True) for k in range(4))
"""The covariance and its derivatives at the plateau."""


def at_plateau(expression: Expr, landscape: GaussianLandscape) -> Expr:
    """With the derivatives at q of a landscape."""
    jet = {symbol: covariance_derivative(landscape, k, OVERLAP) for k, symbol in enumerate((F0_Q, F1_Q, F2_Q, F3_Q))}
    return expression.subs(jet)


def arrest(landscape: GaussianLandscape) -> Threshold:
    """``T^2 q = f'(q) (1 - q)`` and ``T^2 = (1 - q)^2 f''(q)``: the highest temperature with a plateau ``q > 0``.

    In q the two sides touch there, so that their derivatives agree too: ``f''(q) (1 - q) - f'(q) = T^2``. Where the
    highest temperature is that of q = 0 (as for degree 2) the transition is continuous, at ``T^2 = f''(0)``.
    """
    squared = Symbol("T^2")
    plateau, touching = F1_Q * (1 - OVERLAP) - squared * OVERLAP, F2_Q * (1 - OVERLAP) - F1_Q - squared
    solution = {symbol: factor(value) for symbol, value in solve([plateau, touching], [squared, F1_Q]).items()}
    squared_at_arrest = (1 - OVERLAP) ** 2 * factor(solution[squared] / (1 - OVERLAP) ** 2)
    conditions = no_field(landscape)
    return Threshold(
        "dynamical_arrest",
        "Temperature below which the equilibrium correlation no longer decays (mode coupling).",
        TEMPERATURE,
        (
            StationaryDynamics(landscape).plateau,
            Eq(TEMPERATURE**2, at_plateau(squared_at_arrest, landscape), evaluate=False),
        ),
        "Crisanti, Horner, Sommers 1993, Z. Phys. B 92, 257",
        (OVERLAP,),
        None if conditions else _pure_arrest(landscape, solution[F1_Q]),
        conditions,
    )


def _pure_arrest(landscape: GaussianLandscape, slope: Expr) -> Expr | None:
    """A monomial has ``q f''/f'`` constant, and with it the plateau; ``T = (1 - q) sqrt(f''(q))``."""
    degree = simplify(at_plateau(OVERLAP * F2_Q / F1_Q, landscape))
    if OVERLAP in degree.free_symbols:
        return None
    plateau = solve((slope / F1_Q).subs(F2_Q, degree * F1_Q / OVERLAP) - 1, OVERLAP)[0]
    return simplify(1 - plateau) * sqrt(at_plateau(F2_Q, landscape).subs(OVERLAP, plateau))


def no_field(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """``f'(0) = 0``: in a random field different states overlap, which these formulas take not to happen."""
    field = value_at_zero(covariance_derivative(landscape, 1, OVERLAP), OVERLAP)
    return () if field == 0 else (Condition(false, f"f'(0) = {field}: different states overlap in a random field"),)
