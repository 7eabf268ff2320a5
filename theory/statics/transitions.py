r"""Transitions of a spherical spin glass in temperature: dynamical arrest and the breaking of replica symmetry.

Parisi's functional in the order parameter ``x(q)`` (Crisanti, Sommers 1992), with ``chi(q) = int_q^1 x``,

``-F/T = min_x 1/2 [int_0^1 x f'/T^2 dq + int_0^{q*} dq/chi + ln(1 - q*)]``, ``x = 1`` beyond ``q*``,

is convex: a single overlap q_0 (``x = 1`` above it, 0 below) is its minimum if and only if no weight moved to another
overlap q lowers it, ``gap(q) = int_{q_0}^q [f'(r)/T^2 - int_0^r ds/chi(s)^2] dr <= 0`` (Talagrand 2006; Jagannath,
Tobasco 2017).

Assumed: no overlap with a signal (m = 0), and a covariance with non-negative coefficients. A random field, f'(0) > 0,
is within: it gives the states an overlap q_0 > 0, and what differs between states is a landscape without field, the
``residual``, to which the same formulas apply at the temperature of q_0.
"""

from functools import cache

from sympy import Eq, Expr, Integer, Symbol, diff, expand, integrate, log, powsimp, simplify
from sympy.logic.boolalg import false

from ..dynamics.plateau import no_field
from ..landscape import GaussianLandscape
from ..prediction import Condition, Threshold
from ..symbols import OVERLAP, TEMPERATURE, value_at_zero

STATE = Symbol("q_0", nonnegative=True)
"""Overlap of two configurations of equilibrium: 0 without field."""
SQUARED, LEVEL, DISTANCE = Symbol("T^2", real=True), Symbol("r", positive=True), Symbol("s", positive=True)
CRISANTI = "Crisanti, Sommers 1992, Z. Phys. B 87, 341; Talagrand 2006, PTRF 134, 339"


def unplanted(landscape: GaussianLandscape) -> GaussianLandscape:
    """The same covariance without signal, and without the random constant of variance ``N f(0)``."""
    return GaussianLandscape(landscape.covariance - landscape.f(0, 0), 0, name=landscape.name)


def state_temperature_squared(landscape: GaussianLandscape) -> Expr:
    """``T^2 = f'(q_0) (1 - q_0)^2/q_0``: ``[f(1) - f(q_0)]/T^2 + q_0/(1 - q_0) + ln(1 - q_0)`` is stationary."""
    entropy = simplify(diff(STATE / (1 - STATE) + log(1 - STATE), STATE))
    return landscape.f(1, STATE) / entropy


def gap(covariance: Expr, state: Expr = STATE) -> Expr:
    """``T^2 int_{q_0}^q [f'(r)/T^2 - int_0^r ds/chi(s)^2] dr`` for ``q > q_0``, where ``chi = 1 - max(s, q_0)``.

    Below q_0 it needs no look: the integrand is convex there and ends at zero, falling as long as gap <= 0 just above.
    """
    entropic = state / (1 - state) ** 2 + integrate(1 / DISTANCE**2, (DISTANCE, 1 - LEVEL, 1 - state))
    primitive = integrate(expand(simplify(entropic.subs(LEVEL, 1 - DISTANCE))), DISTANCE)
    work = primitive.subs(DISTANCE, 1 - state) - primitive.subs(DISTANCE, 1 - OVERLAP)
    return covariance - covariance.subs(OVERLAP, state) - SQUARED * work


def residual(landscape: GaussianLandscape) -> Expr:
    """``f(q_0 + (1 - q_0) q) - f(q_0) - f'(q_0) (1 - q_0) q``: what differs between states, which overlap by q_0.

    Without field it is f. At the temperature of q_0 its gap is that of f, on the scale ``(q - q_0)/(1 - q_0)``.
    """
    made = unplanted(landscape)
    if not no_field(made):
        return made.covariance
    return made.f(0, STATE + (1 - STATE) * OVERLAP) - made.f(0, STATE) - made.f(1, STATE) * (1 - STATE) * OVERLAP


def gap_of_residual(landscape: GaussianLandscape) -> Expr:
    """``f(q) - T^2 [-ln(1 - q) - q]``, of the residual."""
    return gap(residual(landscape), Integer(0))


def _temperature_squared(equation: Expr) -> Expr:
    """T^2 from an equation that is linear in it."""
    return equation.subs(SQUARED, 0) / -diff(equation, SQUARED)


def single_state(landscape: GaussianLandscape) -> tuple[Condition, ...]:
    """``f''(1) <= f'(1)`` in a field, or degree 1: one state at every temperature, and no transition.

    ``q f'' - f' = sum_p p (p - 2) a_p q^(p-1)`` changes sign at most once. Where it does not before 1, f'/q does not
    increase, ``f''(q) <= f'(q_0)/q_0`` above q_0, and the gap is concave.
    """
    made = unplanted(landscape)
    excess = simplify(made.f(2) - made.f(1))
    if made.f(2) == 0 or (no_field(made) and excess.is_nonpositive):
        return (Condition(false, f"f''(1) - f'(1) = {excess} with a field: one state at every temperature"),)
    return ()


@cache
def static_transition(landscape: GaussianLandscape) -> Threshold:
    """``T^2 = max_q f(q)/(-ln(1 - q) - q)``, f the residual: the gap touches zero away from q_0.

    Random first order (T_K: the complexity of equilibrium states vanishes). Nothing is assumed of what lies below.
    """
    meaning = "Temperature T_K below which equilibrium breaks replica symmetry, with a jump of the overlap."
    return _transition("static_transition", meaning, landscape, gap_of_residual(landscape), CRISANTI)


@cache
def dynamic_transition(landscape: GaussianLandscape) -> Threshold:
    """``T^2 = max_q f'(q) (1 - q)/q``, f the residual: the slope of the gap vanishes, as it does at a plateau.

    ``dynamics.plateau`` has the same without field. Assumes a start in equilibrium. ``T_d >= T_s``: where the gap
    touches zero its slope vanishes.
    """
    meaning = "Temperature T_d below which the equilibrium correlation no longer decays (mode coupling)."
    reference = "Crisanti, Horner, Sommers 1993, Z. Phys. B 92, 257"
    return _transition("dynamic_transition", meaning, landscape, diff(gap_of_residual(landscape), OVERLAP), reference)


@cache
def continuous_transition(landscape: GaussianLandscape) -> Threshold:
    """``T^2 = f''(0)``, f the residual: ``T^2 = (1 - q_0)^2 f''(q_0)``, ``q_0 f''(q_0) = f'(q_0)`` in a field.

    The curvature of the gap at q_0 vanishes (de Almeida, Thouless) before the gap does elsewhere.
    """
    curvature = value_at_zero(powsimp(expand(diff(gap_of_residual(landscape), OVERLAP, 2))), OVERLAP)
    made, squared = unplanted(landscape), _temperature_squared(curvature)
    marginal = [Eq(STATE * made.f(2, STATE), made.f(1, STATE), evaluate=False)] if no_field(made) else []
    return Threshold(
        "static_transition",
        "Temperature below which equilibrium breaks replica symmetry, continuously.",
        TEMPERATURE,
        (Eq(TEMPERATURE**2, squared, evaluate=False), *marginal),
        CRISANTI,
        (STATE,) if marginal else (),
        conditions=single_state(landscape),
    )


def _transition(name: str, meaning: str, landscape: GaussianLandscape, equation: Expr, reference: str) -> Threshold:
    """The largest T^2 that solves the equation for some q > 0; in a field at the q_0 of the same temperature."""
    made, squared = unplanted(landscape), _temperature_squared(equation)
    equations = [Eq(TEMPERATURE**2, squared, evaluate=False), Eq(diff(squared, OVERLAP), 0, evaluate=False)]
    if no_field(made):
        equations.append(Eq(TEMPERATURE**2, state_temperature_squared(made), evaluate=False))
    unknowns = (OVERLAP, STATE) if no_field(made) else (OVERLAP,)
    return Threshold(name, meaning, TEMPERATURE, tuple(equations), reference, unknowns, None, single_state(landscape))
