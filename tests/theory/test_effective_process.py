"""The effective process: its chain rules against derivatives of explicit steps, and the limit of short steps."""

import sympy
from sympy import KroneckerDelta, Rational, Sum, Symbol, diff, exp, integrate, oo, pi, sqrt

from theory.generalized_linear import (
    ALPHA,
    FIELD,
    SIGNAL_FIELD,
    EffectiveProcess,
    FlowProcess,
    GeneralizedLinearLandscape,
)
from theory.generalized_linear.effective_process import (
    ANSWER,
    CAVITY_AT,
    CURVATURE_AT,
    FORCE_AT,
    FRICTION,
    GROWTH,
    NOISE_AT,
    NORMALISER,
    OVERLAP_AT,
    RESPONSE,
    SIGNAL_FORCE,
    SIGNAL_FRICTION,
    STEP,
    ProcessMean,
    S,
    T,
)

PROCESS, Y = EffectiveProcess(), SIGNAL_FIELD
LOSS = GeneralizedLinearLandscape((FIELD**2 - SIGNAL_FIELD**2) ** 2 / 4 + FIELD**3 * SIGNAL_FIELD)


def explicit_fields(steps):
    """``u(0), u(1), ...`` as functions of ``zeta(0), zeta(1), ...`` for a quartic loss."""
    fields = []
    for t in range(steps):
        forces = [LOSS.force.subs(FIELD, u) for u in fields]
        total = PROCESS.field.subs(T, t).doit()
        fields.append(total.subs({FORCE_AT(k): force for k, force in enumerate(forces)}))
    return fields


def recursive_answer(t, s, fields):
    """The theory's ``T(t, s)`` with the curvatures put in."""
    value = PROCESS.answer.subs({T: t, S: s}).doit()
    inner = {ANSWER(k, s): recursive_answer(k, s, fields) for k in range(s, t)}
    bends = {CURVATURE_AT(k): LOSS.curvature.subs(FIELD, fields[k]) for k in range(s, t)}
    return value.subs(inner).subs(bends)


def test_answer_is_the_derivative_of_the_field():
    fields = explicit_fields(3)
    numbers = {CAVITY_AT(k): Rational(k + 1, 7) for k in range(3)} | {Y: Rational(1, 3)}
    numbers |= {STEP(k): Rational(1, k + 3) for k in range(3)}
    numbers |= {RESPONSE(t, s): Rational(t + 2, t + s + 3) for t in range(3) for s in range(t)}
    for t in range(3):
        assert not any(fields[t].has(CAVITY_AT(s)) for s in range(t + 1, 3))
        for s in range(t + 1):
            direct = diff(fields[t], CAVITY_AT(s)).subs(numbers)
            assert direct == recursive_answer(t, s, fields).subs(numbers), (t, s)


def test_response_is_the_derivative_of_the_coordinate():
    zeta = [CAVITY_AT(0)]
    for t in range(3):
        stepped = PROCESS.coordinate.subs(T, t).doit()
        zeta.append(stepped.subs({CAVITY_AT(k): value for k, value in enumerate(zeta)}, simultaneous=True))
    for s in range(3):
        known = {RESPONSE(k, s): 0 for k in range(s + 1)}
        for t in range(s, 3):
            value = PROCESS.response.subs({T: t, S: s}).doit().subs(known)
            known[RESPONSE(t + 1, s)] = value
            assert sympy.expand(value + diff(zeta[t + 1], NOISE_AT(s)) / STEP(s)) == 0, (t, s)


def test_overlap_is_driven_by_the_pull_of_the_signal():
    pull = ALPHA * ProcessMean(Y * FORCE_AT(T))
    assert sympy.expand(PROCESS.overlap - NORMALISER(T) * (OVERLAP_AT(T) - STEP(T) * pull)) == 0
    assert not PROCESS.overlap.has(FRICTION)


def test_pull_of_the_signal_answers_to_small_overlaps():
    # d(y l'(t))/dm(s) at m = 0, zeta(k) = m(k) y + z(k), differentiated through the explicit fields
    fields, m, z = explicit_fields(3), sympy.symbols("m:3"), [Rational(k + 1, 7) for k in range(3)]
    numbers = {Y: Rational(1, 3)} | {STEP(k): Rational(1, k + 3) for k in range(3)}
    numbers |= {RESPONSE(t, s): Rational(t + 2, t + s + 3) for t in range(3) for s in range(t)}
    moved, still = ({CAVITY_AT(k): z[k] + part * m[k] * Y for k in range(3)} for part in (1, 0))
    (mean,) = PROCESS.signal_friction.atoms(ProcessMean)
    assert PROCESS.signal_friction == ALPHA * mean
    for t in range(3):
        pull = Y * LOSS.force.subs(FIELD, fields[t])
        bend = {CURVATURE_AT(t): LOSS.curvature.subs(FIELD, fields[t])}
        for s in range(t + 1):
            direct = diff(pull.subs(moved), m[s]).subs(dict.fromkeys(m, 0)).subs(numbers)
            stated = mean.args[0].subs({T: t, S: s}).subs({ANSWER(t, s): recursive_answer(t, s, fields)}).subs(bend)
            assert direct == stated.subs(still).subs(numbers), (t, s)


def test_growth_is_the_overlap_pulled_linearly():
    # with E[y l'(t)] = sum_k Lambda(t, k) m(k)/alpha put in by hand
    for t in (0, 2):
        linear = sum(SIGNAL_FRICTION(t, k) * GROWTH(k) for k in range(t + 1))
        stepped = PROCESS.overlap.subs(T, t).replace(OVERLAP_AT, GROWTH)
        by_hand = stepped.subs(ProcessMean(Y * FORCE_AT(t)), linear / ALPHA)
        assert sympy.expand(PROCESS.growth.subs(T, t).doit() - by_hand) == 0
        assert not PROCESS.growth.has(OVERLAP_AT, FORCE_AT)


def gaussian_mean(expression, z):
    """Over independent standard y and z."""
    weight = exp(-(Y**2 + z**2) / 2) / (2 * pi)
    return integrate(integrate(sympy.expand(expression) * weight, (Y, -oo, oo)), (z, -oo, oo))


def test_force_of_the_signal_is_the_derivative_in_y():
    # gamma(0) = alpha E[dl'/dy] at fixed zeta, here computed the other way: from E[y l'] and E[D] m
    z, m = Symbol("z", real=True), Rational(3, 5)
    u = m * Y + sqrt(1 - m**2) * z
    force, bend = (f.subs(FIELD, u) for f in (LOSS.force, LOSS.curvature))
    gamma = PROCESS.signal_force.subs(T, 0).doit()
    averages = {
        ProcessMean(Y * FORCE_AT(0)): gaussian_mean(Y * force, z),
        FRICTION(0, 0): ALPHA * gaussian_mean(bend, z),
        OVERLAP_AT(0): m,
    }
    direct = ALPHA * gaussian_mean(diff(LOSS.force, Y).subs(FIELD, u), z)
    assert sympy.simplify(gamma.subs(averages) - direct) == 0


def test_averages_run_over_what_varies():
    assert ProcessMean(3 * STEP(T) * FORCE_AT(T)) == 3 * STEP(T) * ProcessMean(FORCE_AT(T))
    assert ProcessMean(RESPONSE(T, S)) == RESPONSE(T, S)
    assert ProcessMean(FORCE_AT(T) * FORCE_AT(S)).args[0] == FORCE_AT(T) * FORCE_AT(S)


def test_short_steps_give_the_flow():
    # the discrete field with eta -> step d: its sum is the Riemann sum of the integral
    flow, d = FlowProcess(), Rational(1, 4)
    K = next(iter(PROCESS.field.atoms(Sum))).limits[0][0]  # noqa: N806
    (integral,) = flow.field.atoms(sympy.Integral)
    (chain,) = PROCESS.field.atoms(Sum)
    assert chain.function.subs(STEP(K), d) == d * integral.function
    mu, y_pull = Symbol("mu", real=True), ALPHA * ProcessMean(Y * FORCE_AT(T))
    assert sympy.expand(flow.overlap + mu * OVERLAP_AT(T) + y_pull) == 0
    local = ALPHA * ProcessMean(CURVATURE_AT(T))
    memory = next(iter(flow.coordinate.atoms(sympy.Integral)))
    expected = -mu * CAVITY_AT(T) - local * CAVITY_AT(T) - memory - NOISE_AT(T) - SIGNAL_FORCE(T) * Y
    assert sympy.expand(flow.coordinate - expected) == 0
    (memory,) = flow.growth.atoms(sympy.Integral)
    local = ALPHA * ProcessMean(Y**2 * CURVATURE_AT(T))
    assert memory.function == SIGNAL_FRICTION(T, K) * GROWTH(K) and memory.limits == ((K, 0, T),)
    assert sympy.expand(flow.growth + mu * GROWTH(T) + local * GROWTH(T) + memory) == 0
    assert not flow.response.has(NOISE_AT) and not flow.response.has(KroneckerDelta)


def test_linear_flow_solves_its_equations():
    # no data (alpha -> 0): G decays with the multiplier alone
    (rate,) = (FlowProcess().response.subs(ALPHA, 0),)
    without = rate.replace(FRICTION, lambda *_: sympy.Integer(0)).doit()
    assert without == -Symbol("mu", real=True) * RESPONSE(T, S)


def test_latex():
    for process in (EffectiveProcess(), FlowProcess()):
        text = process.latex()
        assert text.startswith(r"\begin{align}") and r"\mathbb{E}" in text and r"\zeta" in text
        assert len(text.splitlines()) == len(process.equations()) + 2
    assert r"\int" in FlowProcess().latex() and r"\sum" in EffectiveProcess().latex()
