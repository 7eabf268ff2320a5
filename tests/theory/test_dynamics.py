"""The closed equations against exact dynamics: power series in time, the quadratic model, Kac-Rice, equilibrium."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from sympy import (
    Dummy,
    Expr,
    Integer,
    Integral,
    Poly,
    Rational,
    S,
    Symbol,
    catalan,
    diff,
    exp,
    factorial,
    integrate,
    series,
    simplify,
    solve,
    sqrt,
    symbols,
)

from theory import OVERLAP as Q
from theory import SIGNAL_OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor, SpikedTensor
from theory.dynamics import (
    Ageing,
    DynamicalEquations,
    GrowthRate,
    InertialEquations,
    Start,
    StationaryDynamics,
    arrest,
    asymptotics,
    kernels,
)
from theory.dynamics.action import ADVANCED, CAUSALITY, FIELDS, FORCE, RESPONSE, F, covariance, mean, variation
from theory.dynamics.ageing import ageing_law, zero_temperature_law
from theory.dynamics.equations import STARTS
from theory.dynamics.inertia import C_RATE, M_RATE, Q_RATE, R_RATE
from theory.dynamics.notation import EARLIER, INNER, MU, TIME, C, M, R, Terms
from theory.dynamics.notation import Q as REPLICA
from theory.dynamics.stationary import C_ST, C_ST_SLOPE
from theory.energies import threshold_energy
from theory.kac_rice import KacRice
from theory.kac_rice.hessian import hessian_of
from theory.kac_rice.local_law import F as F_ONE
from theory.symbols import CORRELATION, INVERSE_DELTA_2, INVERSE_TEMPERATURE, SHIFT, TEMPERATURE

MIXTURE = GaussianLandscape(Q**2 / 5 + Q**3 / 3 + Q**4 / 7, 2 * SIGNAL_OVERLAP**2 / 3 + SIGNAL_OVERLAP**3 / 4)
UNPLANTED = GaussianLandscape(MIXTURE.covariance)


@dataclass(frozen=True)
class Series:
    """Power series of the solution in (t, t'), to a total degree; for t > t'."""

    C: Expr
    R: Expr
    m: Expr
    mu: Expr
    energy: Expr


def truncated(expression: Expr, order: int) -> Expr:
    """Terms of total degree up to ``order`` in t, t' and s."""
    terms = Poly(expression, TIME, EARLIER, INNER).terms()
    return sum(value * TIME**i * EARLIER**j * INNER**k for (i, j, k), value in terms if i + j + k <= order)


def between(expression: Expr, variable: Symbol, lower: Expr, upper: Expr) -> Expr:
    primitive = Poly(expression, variable).integrate().as_expr()
    return primitive.subs(variable, upper) - primitive.subs(variable, lower)


def evaluated(terms: Terms, now: Series, order: int) -> Expr:
    """A printed right side on polynomials; every integral is done exactly, in two parts where C(s,t') has its kink."""

    def insert(expression: Expr, s_is_later: bool) -> Expr:
        def correlation(a: Expr, b: Expr) -> Expr:
            swap = (a, b) == (INNER, EARLIER) and not s_is_later
            a, b = (b, a) if swap else (a, b)
            return now.C.subs({TIME: a, EARLIER: b}, simultaneous=True)

        filled = expression.replace(C, correlation)
        filled = filled.replace(R, lambda a, b: now.R.subs({TIME: a, EARLIER: b}, simultaneous=True))
        filled = filled.replace(M, lambda a: now.m.subs(TIME, a)).replace(MU, lambda a: now.mu.subs(TIME, a))
        return truncated(filled, order)

    def integrated(found: Integral) -> Expr:
        (variable, lower, upper) = found.limits[0]
        cuts = [lower, EARLIER, upper] if (lower, upper) == (0, TIME) else [lower, upper]
        return sum(between(insert(found.function, a == EARLIER), variable, a, b) for a, b in pairwise(cuts))

    total = Integer(0)
    for term in terms.args:
        expression = term.as_expr()
        done = {found: integrated(found) for found in expression.atoms(Integral)}
        total += insert(expression.xreplace(done), s_is_later=True)
    return truncated(total, order)


@cache
def solution(equations: DynamicalEquations, last: int, m0: Expr = S.Zero, beta: Expr = S.Zero) -> Series:
    """Picard iteration of the printed equations: each round is right to one more order."""
    now = Series(Integer(1), Integer(1), m0, Integer(0), Integer(0))

    def at_beta(terms: Terms) -> Terms:
        return terms.subs(INVERSE_TEMPERATURE, beta)

    def advance(terms: Terms, lower: Expr, start: Expr) -> Expr:
        rate = evaluated(at_beta(terms), now, order - 1)
        return truncated(start + between(rate, TIME, lower, TIME), order)

    for order in range(1, last + 1):
        now = replace(now, mu=evaluated(at_beta(equations.multiplier), now, order))
        now = replace(
            now,
            C=advance(equations.correlation_rate, EARLIER, Integer(1)),
            R=advance(equations.response_rate, EARLIER, Integer(1)),
            m=advance(equations.overlap_rate, Integer(0), m0),
        )
    mu, energy = (evaluated(at_beta(terms), now, last) for terms in (equations.multiplier, equations.energy))
    return replace(now, mu=mu, energy=energy)


def test_the_covariance_of_forces_is_that_of_the_landscape() -> None:
    """x~.grad x~'.grad' of N f(x.x'/N), differentiated in N = 3 dimensions, in terms of the four overlaps."""
    x, y = symbols("x:3"), symbols("y:3")
    generator = np.random.default_rng(3)
    values = [[Rational(int(k), 7) for k in generator.integers(-9, 9, 3)] for _ in range(4)]
    here, there, field, other_field = values
    size = Integer(3)
    whole = size * MIXTURE.f(0, sum(a * b for a, b in zip(x, y, strict=True)) / size)
    forces = sum(field[i] * other_field[j] * diff(whole, x[i], y[j]) for i in range(3) for j in range(3)) / size
    exact = forces.subs(dict(zip(x + y, here + there, strict=True)))

    def overlap(a: list[Expr], b: list[Expr]) -> Expr:
        return sum(i * j for i, j in zip(a, b, strict=True)) / size

    jet = {symbol: MIXTURE.f(k, overlap(here, there)) for k, symbol in enumerate(F)}
    order_parameters = {RESPONSE: overlap(here, other_field), ADVANCED: overlap(field, there)}
    order_parameters[FIELDS] = overlap(field, other_field)
    assert covariance(FORCE, FORCE).subs(jet | order_parameters) == exact


def test_causality_leaves_no_weight_on_trajectories() -> None:
    pair = covariance(FORCE, FORCE)
    assert pair.subs(CAUSALITY) == 0 and variation(pair, RESPONSE) == 0
    assert variation(pair, CORRELATION) == 0 == variation(mean(FORCE), SIGNAL_OVERLAP)


def test_kernels_of_a_mixture_by_finite_differences() -> None:
    equations = DynamicalEquations(MIXTURE, "equilibrium")
    f, g = (lambda c: c**2 / 5 + c**3 / 3 + c**4 / 7), (lambda m: 2 * m**2 / 3 + m**3 / 4)
    slope, curvature = mpmath.diff, (lambda h, z: mpmath.diff(h, z, 2))
    expected = {
        "noise": (CORRELATION, lambda z: slope(f, z)),
        "memory": (CORRELATION, lambda z: curvature(f, z)),
        "drift": (SIGNAL_OVERLAP, lambda z: slope(g, z)),
        "energy_noise": (CORRELATION, lambda z: slope(f, z)),
        "energy_drift": (SIGNAL_OVERLAP, g),
        "initial_noise": (CORRELATION, lambda z: 1.7 * slope(f, z)),
        "initial_energy": (CORRELATION, lambda z: 1.7 * f(z)),
    }
    for name, (symbol, function) in expected.items():
        for point in (-0.3, 0.45, 1.0):
            value = getattr(equations.kernels, name).subs({symbol: point, INVERSE_TEMPERATURE: 1.7})
            assert float(value) == pytest.approx(float(function(mpmath.mpf(point))), abs=1e-12), name


@pytest.mark.parametrize("start", ["random", "planted"])
def test_only_equilibrium_pulls_towards_the_start(start: Any) -> None:
    equations = DynamicalEquations(MIXTURE, start)
    assert equations.kernels.initial_noise == equations.kernels.initial_energy == 0
    assert equations.initial_overlap == (0 if start == "random" else Symbol("m_0", real=True))


def test_gradient_flow_without_signal_has_equal_correlation_and_response_with_the_start() -> None:
    flow = solution(DynamicalEquations(UNPLANTED, temperature=0), 5)
    assert flow.C.subs(EARLIER, 0) == flow.R.subs(EARLIER, 0)
    assert flow.C.subs(EARLIER, TIME) == 1 == flow.R.subs(EARLIER, TIME)


def test_pure_landscape_ties_the_multiplier_to_the_energy() -> None:
    flow = solution(DynamicalEquations(SpikedTensor(3, Rational(1, 2)), "planted", 0), 4, Rational(1, 3))
    assert (flow.mu + 3 * flow.energy).expand() == 0


def semicircle_moment(k: int) -> Expr:
    return catalan(k // 2) if k % 2 == 0 else Integer(0)


def spiked_moment(k: int, strength: Expr) -> Expr:
    """``<e, (J + strength e e^T)^k e>``: coefficients of ``G/(1 - strength G)`` in 1/z."""
    z = Symbol("z")
    resolvent = sum(semicircle_moment(j) * z ** (j + 1) for j in range(k + 2))
    return series(resolvent / (1 - strength * resolvent), z, 0, k + 2).removeO().coeff(z, k + 1)


def exponential(moment: Callable[[int], Expr], order: int) -> Callable[[Expr], Expr]:
    return lambda u: sum(moment(k) * u**k / factorial(k) for k in range(order + 1))


@pytest.mark.slow
def test_quadratic_model_against_its_exact_solution() -> None:
    """``x(t)`` is a normalised linear process in ``J + a x* x*^T/N``, J a GOE: Cugliandolo, Dean 1995, with a spike."""
    order, a, m0, temperature = 4, Rational(3, 2), Rational(2, 5), Rational(1, 3)
    landscape = GaussianLandscape(Q**2 / 2, a * SIGNAL_OVERLAP**2 / 2)
    flow = solution(DynamicalEquations(landscape, "planted", temperature), order, m0)
    bulk, along = exponential(semicircle_moment, order), exponential(lambda k: spiked_moment(k, a), order)

    def start(u: Expr) -> Expr:
        return m0**2 * along(u) + (1 - m0**2) * bulk(u)

    norm = Integer(1)
    for k in range(1, order + 1):
        history = between(norm.subs(TIME, INNER) * bulk(2 * (TIME - INNER)), INNER, Integer(0), TIME)
        norm = truncated(start(2 * TIME) + 2 * temperature * history, k)
    noise = between(norm.subs(TIME, INNER) * bulk(TIME + EARLIER - 2 * INNER), INNER, Integer(0), EARLIER)
    earlier = norm.subs(TIME, EARLIER)
    exact = [  # squares, free of the roots in the normalisation
        (flow.C**2 * norm * earlier, (start(TIME + EARLIER) + 2 * temperature * noise) ** 2),
        (flow.R**2 * norm, bulk(TIME - EARLIER) ** 2 * earlier),
        (flow.m**2 * norm, (m0 * along(TIME)) ** 2),
    ]
    for found, known in exact:
        assert truncated(found - known, order) == 0
    # d ln(norm)/dt = 2 mu; the energy of a quadratic form is mu = T - 2 e
    assert truncated(2 * flow.mu * norm - diff(norm, TIME), order - 1) == 0
    assert (flow.mu - temperature + 2 * flow.energy).expand() == 0


def test_energy_at_early_times_from_the_law_of_gradient_and_hessian() -> None:
    """``e' = -|grad|^2/N + T tr Hess/N``; at T = 0 ``e'' = 2 grad.Hess.grad/N``, with the laws of Kac-Rice."""
    m, temperature = Rational(1, 3), Rational(2, 7)
    planted = DynamicalEquations(MIXTURE, "planted", temperature)
    g1, g2, f1 = MIXTURE.g(1, m), MIXTURE.g(2, m), MIXTURE.f(1)
    along, shift = (
        g1**2 * (1 - m**2),
        m * g1,
    )  # of the tangential gradient; -w, which the Hessian has as a multiple of 1
    law = hessian_of(KacRice(MIXTURE).jet)
    assert law.scale * law.spike.subs(SIGNAL_OVERLAP, m) == pytest.approx(float(g2 * (1 - m**2)))
    warm, cold = (solution(e, 3, m) for e in (planted, DynamicalEquations(MIXTURE, "planted", 0)))
    assert warm.energy.coeff(TIME, 0) == cold.energy.coeff(TIME, 0) == -MIXTURE.g(0, m)
    assert warm.energy.coeff(TIME, 1) == -(f1 + along) + temperature * shift
    assert cold.energy.coeff(TIME, 1) == -(f1 + along)
    assert cold.energy.coeff(TIME, 2) == -along * g2 * (1 - m**2) + (f1 + along) * shift


def test_equilibrium_is_stationary_and_obeys_the_fluctuation_dissipation_theorem() -> None:
    temperature, order = Rational(5, 6), 4
    flow = solution(DynamicalEquations(UNPLANTED, "equilibrium", temperature), order, beta=1 / temperature)
    delay = Symbol("tau", positive=True)
    stationary = flow.C.subs({TIME: delay, EARLIER: 0})
    assert (flow.C - stationary.subs(delay, TIME - EARLIER)).expand() == 0
    response = -diff(stationary, delay) / temperature
    assert truncated(flow.R - response.subs(delay, TIME - EARLIER), order - 1) == 0
    assert flow.mu == temperature + UNPLANTED.f(1) / temperature
    assert flow.energy == -UNPLANTED.f(0) / temperature
    theory = StationaryDynamics(UNPLANTED)
    assert theory.multiplier.subs(TEMPERATURE, temperature) == flow.mu
    filled = theory.correlation_rate.as_expr().subs(TEMPERATURE, temperature)
    filled = filled.replace(C_ST, lambda u: stationary.subs(delay, u))
    filled = filled.replace(C_ST_SLOPE, lambda u: diff(stationary, delay).subs(delay, u)).doit()
    remainder = Poly((filled - diff(stationary, delay)).expand(), delay)
    assert min(k for (k,) in remainder.monoms()) >= order
    warmer = solution(DynamicalEquations(UNPLANTED, "equilibrium", temperature), 2, beta=1)
    assert warmer.energy != -UNPLANTED.f(0)  # a start at another temperature relaxes


@pytest.mark.parametrize("temperature", [0, Rational(3, 4)])
def test_nishimori_a_signal_is_an_equilibrium_start_at_beta_one(temperature: Any) -> None:
    """With f = g the signal is a configuration of equilibrium at beta = 1: starting from it is starting there."""
    planted = GaussianLandscape(UNPLANTED.covariance, UNPLANTED.covariance.subs(Q, SIGNAL_OVERLAP))
    order = 3
    signal = solution(DynamicalEquations(planted, "planted", temperature), order, Integer(1))
    replica = solution(DynamicalEquations(UNPLANTED, "equilibrium", temperature), order, beta=Integer(1))
    assert signal.m == signal.C.subs(EARLIER, 0)
    for name in ("C", "R", "mu", "energy"):
        assert (getattr(signal, name) - getattr(replica, name)).expand() == 0


def test_made_up_function_of_the_overlap() -> None:
    landscape = GaussianLandscape(exp(Q) - 1, SIGNAL_OVERLAP**2)
    equations = DynamicalEquations(landscape)
    assert equations.kernels.memory == exp(CORRELATION) and equations.kernels.drift == 2 * SIGNAL_OVERLAP
    assert simplify(StationaryDynamics(landscape).multiplier - TEMPERATURE - exp(1) / TEMPERATURE) == 0


# mode coupling: q = (p-2)/(p-1), T^2 = (1-q)^2 f''(q)
@pytest.mark.parametrize(
    ("landscape", "value"),
    [
        (PureSpin(3, Rational(2, 3)), sqrt(Rational(3, 8))),
        (PureSpin(4, Rational(1, 2)), sqrt(Rational(8, 27))),
        (PureSpin(2, Rational(1, 4)), Integer(2)),
    ],
)
def test_temperature_of_dynamical_arrest(landscape: GaussianLandscape, value: Expr) -> None:
    closed = arrest(landscape).closed_form
    assert closed is not None and simplify(closed - value) == 0
    q = np.linspace(1e-4, 1, 20001)
    slopes = np.array([float(landscape.f(1, Rational(k))) for k in q[::2000]])
    assert np.all(slopes * (1 - q[::2000]) / q[::2000] <= float(value) ** 2 + 1e-9)


def test_arrest_of_a_symbolic_order_and_of_a_mixture() -> None:
    symbolic = arrest(PureSpin()).closed_form
    p, delta_p = PureSpin().free_symbols[::-1]
    assert float(symbolic.subs({p: 3, delta_p: Rational(2, 3)})) == pytest.approx(0.6123724356957945)
    threshold = arrest(GaussianLandscape(Q**3 / 2 + Q**4 / 3))
    assert threshold.closed_form is None
    plateau, touching = threshold.defining
    squared = (3 * Q**2 / 2 + 4 * Q**3 / 3) * (1 - Q) / Q
    q = next(root for root in solve(diff(squared, Q).together(), Q) if 0 < root < 1)
    temperature = sqrt(squared.subs(Q, q))
    for equation in (plateau, touching):
        assert float((equation.lhs - equation.rhs).subs({Q: q, TEMPERATURE: temperature})) == pytest.approx(
            0, abs=1e-12
        )
    assert arrest(GaussianLandscape(Q + Q**3)).excluded


LANDSCAPES = [
    PureSpin(5),
    PureSpin(3, Rational(2, 3)),
    SpikedMatrixTensor(4),
    GaussianLandscape(Q**3 / 2 + Q**4 / 3 + 1),
]


@pytest.mark.parametrize("landscape", LANDSCAPES, ids=repr)
def test_ageing_at_zero_temperature(landscape: GaussianLandscape) -> None:
    limits, f1, f2 = Ageing(landscape).zero_temperature, landscape.f(1), landscape.f(2)
    assert simplify(limits.multiplier - 2 * sqrt(f2)) == 0
    assert simplify(limits.ratio - (f2 / f1 - 1) / sqrt(f2)) == 0
    assert simplify(limits.energy - threshold_energy(landscape).closed_form) == 0


def test_threshold_energy_of_the_pure_model() -> None:
    limits = Ageing(PureSpin(3, Rational(2, 3))).zero_temperature
    assert limits.energy == -2 / sqrt(3) and limits.multiplier == -3 * limits.energy


def test_ageing_ratio_and_marginality() -> None:
    """``X = (1-q)/q (q f''/f' - 1)``; at zero temperature the limits are those of finite temperature."""
    law = Ageing(MIXTURE).law
    q, f1, f2 = Rational(999, 1000), *(MIXTURE.f(k, Rational(999, 1000)) for k in (1, 2))
    assert law.ratio.subs(Q, q) == (1 - q) / q * (q * f2 / f1 - 1)
    assert law.temperature_squared.subs(Q, q) == (1 - q) ** 2 * f2
    temperature, limits = sqrt((1 - q) ** 2 * f2), Ageing(MIXTURE).zero_temperature
    at_q = {Q: q, TEMPERATURE: temperature, Symbol("X", real=True): law.ratio.subs(Q, q)}
    assert float(law.multiplier.subs(at_q)) == pytest.approx(float(limits.multiplier), rel=3e-3)
    assert float(law.energy.subs(at_q)) == pytest.approx(float(limits.energy), rel=3e-3)
    assert float(law.ratio.subs(Q, q) / temperature) == pytest.approx(float(limits.ratio), rel=3e-3)
    assert zero_temperature_law().multiplier == 2 * sqrt(F_ONE[2]) and ageing_law().ratio.has(Q)


def test_ageing_equations_hold_at_both_ends_of_the_slow_sector() -> None:
    """With ``R = (X/T) dC/ds`` every integral at t' -> t is one over C, and the equations must vanish at ``C = q``."""
    from theory.dynamics.ageing import C_AG, R_AG

    ageing, q = Ageing(MIXTURE), Rational(1, 2)
    law = ageing.law
    temperature = sqrt(law.temperature_squared.subs(Q, q))
    local, memory, noise = ageing.correlation_equation.args
    slope = law.ratio.subs(Q, q) / temperature
    total = local.as_expr().subs(Symbol("f''(q)", positive=True), MIXTURE.f(2, q)).replace(C_AG, lambda a, b: q)
    for term in (memory, noise):
        weight = term.args[0].as_expr().replace(C_AG, lambda a, b: CORRELATION).replace(R_AG, lambda a, b: slope)
        total += integrate(weight, (CORRELATION, 0, q))
    assert simplify(total.subs({Q: q, TEMPERATURE: temperature})) == 0
    marginal = ageing.response_equation.args[0].as_expr().replace(C_AG, lambda a, b: q)
    assert marginal.subs(Symbol("f''(q)", positive=True), MIXTURE.f(2, q)) == 0


@pytest.mark.parametrize("p", [3, 4])
def test_growth_rate_is_the_outlier_of_the_threshold_states(p: int) -> None:
    landscape = SpikedMatrixTensor(p, Rational(3, 10), 1)
    growth, law = GrowthRate(landscape), hessian_of(KacRice(landscape).jet)
    smallest = law.smallest_eigenvalue.subs({SHIFT: 2, SIGNAL_OVERLAP: 0})
    assert simplify(growth.threshold_rate + smallest) == 0 and growth.threshold_rate > 0
    assert simplify(growth.spike - law.spike.subs(SIGNAL_OVERLAP, 0)) == 0
    friction, signal, memory = (growth.equation.args[i].as_expr() for i in (0, 2, 1))
    assert friction == -MU(TIME) and signal == Rational(10, 3)
    assert memory.has(M(INNER) / M(TIME)) and not memory.subs(M(INNER), M(TIME)).has(M)


def test_growth_rate_solves_the_linear_equation_with_the_exact_response() -> None:
    """``R_st = exp(-2 sigma tau) I_1(2 sigma tau)/(sigma tau)`` is the response of the marginal state."""
    landscape = SpikedMatrixTensor(3, Rational(3, 10), 1)
    growth = GrowthRate(landscape)
    sigma, rate = float(growth.scale), float(growth.threshold_rate)
    transform = mpmath.quad(
        lambda u: mpmath.exp(-(2 * sigma + rate) * u) * mpmath.besseli(1, 2 * sigma * u) / (sigma * u),
        [0, 1, 10, mpmath.inf],
    )
    assert -2 * sigma + 1 / 0.3 + sigma**2 * float(transform) == pytest.approx(rate, abs=1e-10)
    assert rate == pytest.approx(0.3145, abs=5e-5)


@pytest.mark.parametrize("p", [3, 4])
def test_growth_starts_at_the_threshold_of_gradient_flow(p: int) -> None:
    family = SpikedMatrixTensor.family(p)
    line = family.thresholds["gradient_flow"].closed_form
    growth = GrowthRate(family.landscape)
    assert simplify(growth.spike.subs(INVERSE_DELTA_2, line) ** 2 - 1) == 0
    values = {symbol: Rational(1, 2) for symbol in family.free}
    for excess, grows in ((Rational(1, 100), True), (-Rational(1, 100), False)):
        rate = growth.threshold_rate.subs(INVERSE_DELTA_2, line * (1 + excess)).subs(values)
        assert (rate > 0) == grows


def test_growth_at_temperature_one_is_the_langevin_threshold() -> None:
    family = SpikedMatrixTensor.family(3)
    stability, plateau = family.thresholds["langevin"].defining
    threshold = GrowthRate(family.landscape).threshold
    assert simplify(threshold.rhs - stability.lhs) == 0 and threshold.lhs == TEMPERATURE
    assert simplify(Ageing(family.landscape).law.temperature_squared - plateau.lhs) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DynamicalEquations(MIXTURE, "quench"), "random, planted, equilibrium, replicated"),  # type: ignore[arg-type]
        (lambda: DynamicalEquations(MIXTURE, temperature=-1), "temperature = -1"),
        (lambda: DynamicalEquations(MIXTURE, temperature=float("inf")), "temperature = inf"),
        (lambda: GrowthRate(SpikedTensor(3)), "does not attract"),
        (lambda: GrowthRate(GaussianLandscape(Q**3, SIGNAL_OVERLAP)), "acts as a field"),
        (lambda: GaussianLandscape(Q**2 * Symbol("beta", positive=True)), "'beta'"),
    ],
)
def test_bad_arguments_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_replicas_overlap_in_a_random_field() -> None:
    field = DynamicalEquations(GaussianLandscape(Q / 2 + Q**3), "equilibrium")
    assert "random field" in field.conditions[0].otherwise
    assert not DynamicalEquations(field.landscape, "replicated").conditions
    assert not DynamicalEquations(PureSpin(), "equilibrium").conditions
    titles = [title for title, _ in asymptotics(field.landscape)]
    assert [title.split()[0] for title in titles] == ["Equilibrium", "Ageing"] and "several slow sectors" in titles[1]
    assert asymptotics(GaussianLandscape(Q**3, SIGNAL_OVERLAP)) == ()


def test_latex_of_the_closed_equations() -> None:
    latex = DynamicalEquations(SpikedMatrixTensor(3), "planted", 0).latex()
    memory = r"\left[\frac{2 C(t,s)}{\Delta_{p}} + \frac{1}{\Delta_{2}}\right]"
    assert rf"\partial_t R(t,t') &= -\mu(t) R(t,t') + \int_{{t'}}^{{t}} ds\, {memory} R(t,s) R(s,t') \\" in latex
    assert rf"\partial_t C(t,t') &= -\mu(t) C(t,t') + \int_{{0}}^{{t}} ds\, {memory} R(t,s) C(s,t')" in latex
    assert r"\mu(t) &= \int_{0}^{t} ds\, \left[\frac{3 C(t,s)^{2}}{\Delta_{p}} + \frac{2 C(t,s)}" in latex
    assert "T" not in latex and r"\beta" not in latex
    pure = DynamicalEquations(PureSpin(3, Rational(2, 3))).latex()
    assert r"\mu(t) &= T + \frac{9}{2} \int_{0}^{t} ds\, C(t,s)^{2} R(t,s) \\" in pure and "m(" not in pure


@pytest.mark.parametrize("landscape", [*LANDSCAPES, SpikedMatrixTensor(), PureSpin(), PureSpin(2), MIXTURE], ids=repr)
def test_everything_prints_as_one_alignment(landscape: GaussianLandscape) -> None:
    equations = (DynamicalEquations(landscape, start) for start in STARTS)
    for block in (kernels("equilibrium"), *equations, *(block for _, block in asymptotics(landscape))):
        latex = block.latex()
        rows = latex.removeprefix("\\begin{align}\n").removesuffix("\n\\end{align}").split("\\\\\n")
        assert all(
            row.count("&") == 1 + row.count(r"\begin{cases}") * row.count("& ") for row in rows if "cases" not in row
        )
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize("start", STARTS)
def test_power_with_a_mass_is_the_loss_of_energy(start: Start) -> None:
    """``<x'.force> = -d_t e``: by Leibniz, with ``R(t,t) = 0``."""
    equations = InertialEquations(MIXTURE, start)
    rates = {C: C_RATE, R: R_RATE, M: M_RATE, REPLICA: Q_RATE}
    energy, power = (e.as_expr().replace(Integral, lambda f, *_: f) for e in (equations.energy, equations.power))
    lost = Integer(0)
    for call in energy.atoms(*rates):
        value = Dummy()
        lost -= energy.subs(call, value).diff(value).subs(value, call) * rates[call.func](*call.args)
    assert simplify(lost - power) == 0
