from typing import Any

import mpmath
import pytest
from sympy import Abs, Expr, Integer, Rational, Symbol, cosh, diff, exp, lambdify, log, pi, simplify, sin, sqrt, symbols

from theory.generalized_linear import (
    ALPHA,
    FIELD,
    SIGNAL_FIELD,
    BayesChannel,
    FullRSB,
    GeneralizedLinearLandscape,
    GivenSignal,
    HessianSpectrum,
    KacRiceAction,
    Mean,
    OneStepRSB,
    ProximalMap,
    SpectralMethod,
)
from theory.generalized_linear.bayes import KNOWN
from theory.generalized_linear.parisi import CAVITY, LEVEL, Breaking, FreeEnergy, Smoothed
from theory.generalized_linear.symbols import (
    CURVATURE,
    EDGE_DUAL,
    FORCE,
    FORCE_DUAL,
    LOSS,
    MULTIPLIER,
    PLANTED_OVERLAP,
    RESOLVENT,
    RESPONSE,
    SIGNAL_DUAL,
    TILT,
)
from theory.systems import LinearRegression, PhaseRetrieval

U, Y, G, D, CHI, S = FIELD, SIGNAL_FIELD, RESOLVENT, CURVATURE, RESPONSE, TILT
A = Symbol("a", positive=True)


def same(left: Expr, right: Expr) -> bool:
    return bool(simplify((left - right).expand(deep=False)) == 0)


def test_derivatives_of_the_loss() -> None:
    landscape = PhaseRetrieval()
    assert same(landscape.force, 2 * U * (U**2 - Y**2) / (A + Y**2))
    assert same(landscape.curvature, (6 * U**2 - 2 * Y**2) / (A + Y**2))
    assert landscape.is_even and landscape.free_symbols == (A,)
    assert landscape.subs({"a": 0.01}).loss == PhaseRetrieval(Rational(1, 100)).loss


def test_what_is_seen_of_the_signal() -> None:
    assert PhaseRetrieval().observed == Y**2
    assert GeneralizedLinearLandscape((U**2 - Y**2) ** 2).observed == Y**2  # the loss sees no sign
    assert LinearRegression().observed == Y
    assert GeneralizedLinearLandscape((U - Y) ** 2, Y**3).loss == (U - Y**3) ** 2


def test_averages_are_linear_and_differentiate_at_fixed_law() -> None:
    assert Mean(3 * ALPHA * D) == 3 * ALPHA * Mean(D)
    assert Mean(G**2) == G**2
    assert diff(Mean(D / (1 + G * D)), G) == -Mean(D**2 / (1 + G * D) ** 2)
    assert GivenSignal(Y * U) == Y * GivenSignal(U)
    assert Mean(Y * GivenSignal(U)) != Y * GivenSignal(U)


def test_bulk_edge_and_outlier_of_the_hessian() -> None:
    """z(g), A = 1 - alpha E[t^2], b = alpha E[(1 - y^2) t], overlap A/(A + B): PHYSICS, free deformation."""
    spectrum = HessianSpectrum()
    assert same(spectrum.position, MULTIPLIER - 1 / G + ALPHA * Mean(D / (1 + G * D)))
    t2 = G**2 * Mean(D**2 / (1 + G * D) ** 2)
    assert same(spectrum.stability, 1 - ALPHA * t2)
    pull = G * (Mean(D / (1 + G * D)) - Mean(Y**2 * D / (1 + G * D)))
    assert same(spectrum.attraction, ALPHA * pull)
    b = ALPHA * G**2 * Mean(Y**2 * D**2 / (1 + G * D) ** 2)
    a = 1 - ALPHA * t2
    assert same(spectrum.overlap_squared, a / (a + b))


def test_the_signal_direction_at_an_overlap() -> None:
    """Uncorrelated with u and of variance one, when Cov(u, y) = q."""
    q = PLANTED_OVERLAP
    component = HessianSpectrum(overlap=q).component
    along_u, along_y = diff(component, U), diff(component, Y)
    assert simplify(along_u + q * along_y) == 0
    assert simplify(along_u**2 + along_y**2 + 2 * q * along_u * along_y) == 1


def test_linear_regression_is_marchenko_pastur() -> None:
    """D = 1, mu = 0: the edge is at g = 1/(sqrt alpha - 1), z = (1 - sqrt alpha)^2, and no outlier ever."""
    spectrum = HessianSpectrum(Integer(1), Integer(0))
    edge = {G: 1 / (sqrt(ALPHA) - 1)}
    assert simplify(spectrum.stability.subs(edge)) == 0
    assert simplify(spectrum.position.subs(edge) - (1 - sqrt(ALPHA)) ** 2) == 0
    assert simplify(spectrum.attraction.subs(Mean(Y**2), 1)) == 0


def test_proximal_map_of_a_concrete_loss() -> None:
    """The envelope of u^2/2 is h^2/(2 (1 + chi)); force and response follow by differentiation."""
    loss = GeneralizedLinearLandscape(U**2 / 2)
    map_, h = ProximalMap(), Symbol("h0", real=True)
    minimiser = h / (1 + CHI)
    envelope = h**2 / (2 * (1 + CHI))
    for derived, expected in (
        (map_.envelope, envelope),
        (map_.envelope_force, diff(envelope, h)),
        (map_.response_slope, diff(envelope, CHI)),
        (map_.cavity_field, h),
    ):
        assert simplify(loss.at(derived).subs(U, minimiser) - expected) == 0


def test_one_step_equations() -> None:
    theory = OneStepRSB()
    assert same(theory.stationarity, ALPHA * Mean(FORCE**2) - 1 / (CHI * (CHI + S)))
    assert same(theory.marginality, 1 - ALPHA * CHI**2 * Mean(D**2 / (1 + CHI * D) ** 2))


def test_kac_rice_without_edge_constraint_is_one_step_rsb() -> None:
    """xi = 0, g = chi, c = chi (chi + s), q = 0: the same tilt and the same explicit part."""
    table = {EDGE_DUAL: 0, RESOLVENT: CHI, FORCE_DUAL: CHI * (CHI + S), PLANTED_OVERLAP: 0, SIGNAL_DUAL: 0}
    kac_rice, replicas = KacRiceAction().functional, OneStepRSB().functional
    assert simplify(kac_rice.tilt.subs(table) - replicas.tilt) == 0
    gap = kac_rice.explicit.subs(table) - replicas.explicit
    assert simplify(gap.subs({CHI: 0.3, S: 0.7})) == pytest.approx(0, abs=1e-15)


def test_kac_rice_action_and_its_stationarity() -> None:
    action, (xi, c, theta, q) = KacRiceAction(), (EDGE_DUAL, FORCE_DUAL, SIGNAL_DUAL, PLANTED_OVERLAP)
    explicit = log(1 - q**2) / 2 + log(c) / 2 - log(G) - xi / G
    assert simplify(action.functional.explicit - explicit) == 0
    tilt = (
        log(1 + G * D) - c * FORCE**2 / 2 - (G + xi) * U * FORCE + xi * D / (1 + G * D)
        + theta * FORCE * (Y - q * U) - S * LOSS
    )  # fmt: skip
    base = -((U - q * Y) ** 2) / (2 * (1 - q**2)) - log(2 * pi * (1 - q**2)) / 2
    assert simplify(action.functional.tilt - tilt - base) == 0
    assert same(action.force_equation, 1 / c - ALPHA * Mean(FORCE**2))
    z = action.spectrum.position
    assert same(z, -ALPHA * Mean(U * FORCE) - 1 / G + ALPHA * Mean(D / (1 + G * D)))


def test_stationarity_in_g_leaves_the_edge_equation() -> None:
    """d/dg of the action is (xi/g^2) A where z(g) = 0: with one datum for all, an identity of rational functions."""
    action = KacRiceAction()
    slope = action.functional.derivative(RESOLVENT)
    sample = {D: 2, FORCE: 3, U: -2, Y: 1, LOSS: 1, EDGE_DUAL: 2, RESOLVENT: 3, ALPHA: 5, SIGNAL_DUAL: 0, S: 0}
    sample |= {FORCE_DUAL: 1, PLANTED_OVERLAP: 0}
    at = [item.replace(Mean, lambda x: x).subs(sample) for item in (slope, action.position_equation)]
    edge = action.edge_equation.replace(Mean, lambda x: x).subs(sample) / 9
    assert simplify(at[0] - at[1] - edge) == 0


def test_bayes_channel_of_phase_retrieval() -> None:
    channel = BayesChannel(PhaseRetrieval())
    q = PLANTED_OVERLAP
    assert set(channel.preimages) == {Y, -Y}
    expected = Y**2 / cosh(Y * KNOWN / (1 - q)) ** 2
    assert simplify((channel.variance - expected).rewrite(exp)) == 0
    assert channel.moments == (0, Y**2)
    assert same(channel.optimal_preprocessing, 1 - 1 / Y**2)
    assert BayesChannel(LinearRegression()).variance == 0


def test_weights_follow_the_density_of_the_label() -> None:
    """y^4 has two real preimages; y^3 and y + sin(y) one; those of y + 2 sin(y) have no closed form."""
    assert set(BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, Y**4)).preimages) == {Y, -Y}
    assert BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, Y**3)).preimages == (Y,)
    assert set(BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, Abs(Y))).preimages) == {Y, -Y}
    assert BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, Y + sin(Y))).preimages == (Y,)
    with pytest.raises(ValueError, match="preimages"):
        _ = BayesChannel(GeneralizedLinearLandscape((U - Y) ** 2, Y + 2 * sin(Y))).preimages


def test_full_rsb_with_one_level_is_one_step() -> None:
    theory, (before, x, a, a_before, after) = FullRSB(), FullRSB().level
    one = {before: CHI + S, x: S, a_before: 0, after: CHI}
    assert simplify(theory.overlap_step.subs(one)) == 1
    stationary = theory.inverse_width.subs(one) - 1 / CHI
    assert simplify(stationary.subs(a, 1 / (CHI * (CHI + S)))) == 0
    assert simplify(theory.layer.subs(one) - log((CHI + S) / CHI) / (2 * S)) == 0


def test_parisi_recursion_of_a_parabola() -> None:
    """``f_i = -a h^2/2`` is smoothed to ``f_(i-1) = -a h^2/(2 (1 + x a v)) - ln(1 + x a v)/(2 x)``, whose slope in v at
    ``v = 0`` is Parisi's equation; slope and curvature of the recursion are its derivatives in h."""
    theory, (a, x, v) = FullRSB(), symbols("a x v", positive=True)
    smoothed = -a * CAVITY**2 / (2 * (1 + x * a * v)) - log(1 + x * a * v) / (2 * x)
    at = {a: 0.7, x: 0.4, v: 0.3, CAVITY: 0.9}

    def explicit(expression: Expr) -> Expr:
        known = expression.replace(FreeEnergy, lambda _, h, n: diff(-a * CAVITY**2 / 2, CAVITY, n))
        return known.subs({theory.gap: v, Breaking(LEVEL): x})

    def gaussian(variance: Expr, function: Expr) -> Expr:
        here = lambdify(CAVITY, function.subs({a: 0.7, x: 0.4}), "mpmath")
        return mpmath.quad(lambda z: here(0.9 + z * mpmath.sqrt(at[variance])) * mpmath.npdf(z), (-9, 0, 9))

    for order in range(3):
        printed = explicit(theory.free_energy.diff(CAVITY, order)).replace(Smoothed, gaussian)
        assert float(printed.subs(at)) == pytest.approx(float(smoothed.diff(CAVITY, order).subs(at)), abs=1e-12)
    assert simplify(explicit(theory.flow) - diff(smoothed, v).subs(v, 0)) == 0


@pytest.mark.parametrize(
    "item",
    [
        PhaseRetrieval(),
        HessianSpectrum(),
        OneStepRSB(),
        FullRSB(),
        KacRiceAction(),
        BayesChannel(PhaseRetrieval()),
        SpectralMethod(1 - 1 / Y**2),
    ],
    ids=lambda item: type(item).__name__,
)
def test_everything_prints(item: Any) -> None:
    text = item.latex()
    assert text.startswith("\\begin{align}") and "Mean" not in text
    assert text.count(r"\left") == text.count(r"\right")


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="does not depend on u"):
        GeneralizedLinearLandscape(Y**2)
    with pytest.raises(ValueError, match="'chi' is the name of another quantity"):
        GeneralizedLinearLandscape(U**2 * Symbol("chi"))
    with pytest.raises(ValueError, match="teacher = u"):
        GeneralizedLinearLandscape(U**2, U)
    with pytest.raises(ValueError, match="a = 0 must be a positive number"):
        PhaseRetrieval(0)
    with pytest.raises(ValueError, match="no parameter b"):
        PhaseRetrieval().subs({"b": 1})
    with pytest.raises(ValueError, match="must vary with y"):
        SpectralMethod(symbols("k"))
