"""What any smooth teacher shows, and whether the errors of thresholds cover: against independent quadratures."""

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.special import erfc
from sympy import (
    Abs,
    Expr,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    atan,
    cos,
    cosh,
    erf,
    exp,
    lambdify,
    log,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
)

from numerics.generalized_linear import (
    LabelSpectrum,
    algorithmic,
    evaluate_critical,
    field_law,
    information_theoretic,
    initial_bbp,
    kac_rice,
    one_step,
    spectrum,
    weak_recovery,
)
from numerics.generalized_linear.bayes import alpha_at_overlap, channel, posterior_variance, second_moment
from numerics.generalized_linear.field_law import Data, FieldLaw
from numerics.generalized_linear.preimages import preimages
from numerics.generalized_linear.quadrature import Axis
from numerics.lowering import Array
from theory.generalized_linear import FIELD, SIGNAL_FIELD, GeneralizedLinearLandscape

U, Y = FIELD, SIGNAL_FIELD
Others = Callable[[Any], list[Any]]


def seen_through(teacher: Expr) -> GeneralizedLinearLandscape:
    return GeneralizedLinearLandscape((U - Y) ** 2 / 2, teacher)


# ---- labels that leave several y


@pytest.mark.parametrize("teacher", [tanh(Y), Y**3 + Y, Y**3, sinh(Y), erf(Y), Y + sin(Y) / 2])
def test_one_to_one_teachers_are_the_linear_one(teacher: Expr) -> None:
    found = evaluate_critical(seen_through(teacher), ["weak_recovery", "bayes_algorithmic", "information_theoretic"])
    assert [result.value for result in found.values()] == [0, 1, 1]
    assert posterior_variance(seen_through(teacher), 0.5) == 0


def test_an_undecided_label_away_from_zero() -> None:
    """``y^2 + 3y`` turns at -3/2."""
    landscape = seen_through(Y**2 + 3 * Y)
    assert alpha_at_overlap(landscape, 1 - 0.0099) == pytest.approx(1.00999, abs=5e-6)
    assert information_theoretic(landscape).value == 1
    near = [(alpha_at_overlap(landscape, 1 - v * v, level=2) - 1) / v for v in (1e-3, 5e-4)]
    assert near[0] == pytest.approx(near[1], rel=1e-2)  # alpha(q) - 1 ~ sqrt(1 - q)
    assert algorithmic(landscape).value == pytest.approx(1.009992075, abs=1e-9)


@pytest.mark.parametrize("teacher", [Y**2 + 3 * Y, Y**4 - Y**2, Y**3 - Y, cos(Y)])
def test_alpha_tends_to_one_at_perfect_overlap(teacher: Expr) -> None:
    """Extrapolated in sqrt(1 - q), in which alpha(q) is analytic."""
    landscape = seen_through(teacher)
    nodes = np.geomspace(1e-2, 1e-3, 4)
    values = [alpha_at_overlap(landscape, 1 - v * v) for v in nodes]
    assert np.polynomial.polynomial.polyfit(nodes, values, 3)[0] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("turn", [3, 4, Rational(9, 2), 5, 6, 7, 8])
def test_the_algorithmic_threshold_is_never_below_that_of_perfect_overlap(turn: Any) -> None:
    """Near a turning point t, with ``y = t + d`` and its mirror image alike, ``E Var = c V^(3/2)``,
    ``c = phi(t) int da E_x[a^2 sech^2(a (a + x))]`` (``d = a V^(1/2)``); ``1 + c v - v^2`` is largest at ``v = c/2``.
    """
    found = algorithmic(seen_through((Y - turn) ** 2))
    a, x = np.linspace(-12, 12, 2401)[:, None], np.linspace(-9, 9, 1801)
    integrand = a**2 / np.cosh(np.clip(a * (a + x), -300, 300)) ** 2 * np.exp(-(x**2) / 2)
    c = float(np.exp(-(float(turn) ** 2) / 2) / (2 * np.pi) * integrand.sum() * (a[1, 0] - a[0, 0]) * (x[1] - x[0]))
    assert found.value >= 1 and found.state["q"] == pytest.approx(1 - c**2 / 4, abs=1e-3 * c**2)
    assert abs(found.value - 1 - c**2 / 4) < found.error + c**4
    assert found.error < 1e-11


def test_excess_is_that_of_alpha_at_overlap() -> None:
    theory = channel(seen_through(Y**2))
    assert (theory.alpha_at_overlap - 1 - theory.excess).simplify() == 0


HUMP = Y**2 * exp(-(Y**2))


@pytest.mark.parametrize("teacher", [HUMP, sin(HUMP), HUMP**2, (HUMP - Rational(1, 4)) ** 2, cos(7 * HUMP)])
def test_labels_that_say_nothing_at_first_order_have_no_threshold(teacher: Expr) -> None:
    """Where ``|dY/dy| ~ |y| e^(-y^2) |1 - y^2|`` both preimages have weights ``~ 1/|1 - y^2|``: their sum is zero.

    So is that of any function of this label; rounding loses preimages of some.
    """
    names = ["weak_recovery", "bayes_algorithmic", "spectral_optimal"]
    for found in evaluate_critical(seen_through(teacher), names).values():
        assert not found.exists and "say nothing about y^2 at first order" in found.note


def test_labels_that_say_little_have_a_large_threshold() -> None:
    """``alpha ~ 1/epsilon^2`` for ``y^2 e^(-(1 + epsilon) y^2)``."""
    found = [weak_recovery(seen_through(Y**2 * exp(-(1 + Rational(1, n)) * Y**2))) for n in (1000, 10**6)]
    assert found[1].value / found[0].value == pytest.approx(1e6, rel=2e-2)
    assert all(result.error < 1e-5 * result.value for result in found)


def test_mirror_images_are_exact_however_flat_the_label() -> None:
    found = weak_recovery(seen_through(cos(erf(Y))))
    assert abs(found.value - 0.5) < found.error < 1e-11


def test_all_preimages_are_found() -> None:
    for teacher, count in ((Y**4 - Y**2, 4), (Y**3 - Y, 3), (Y**2 + 3 * Y, 2), (tanh(Y**2), 2), (Y, 1)):
        seen = channel(seen_through(teacher))
        at = preimages(seen, 0)
        label = lambdify(Y, seen.label, "numpy")
        assert np.isfinite(at.points).sum(axis=0).max() == count
        assert np.nanmax(np.abs(label(at.points) - label(at.y))) < 1e-11
        assert at.weight @ at.y**4 == pytest.approx(3, rel=1e-12) and at.doubt < 1e-12


def test_the_posterior_against_samples() -> None:
    """E Var from draws of (y, w), with the preimages of ``y^3 - y`` from its companion matrix."""
    q, rng = 0.6, np.random.default_rng(0)
    y = rng.normal(size=5000)
    w = q * y + np.sqrt(q * (1 - q)) * rng.normal(size=y.size)
    spread = []
    for field, known in zip(y, w, strict=True):
        roots = np.roots([1, 0, -1, field - field**3])
        points = roots[np.abs(roots.imag) < 1e-6].real
        weight = np.exp(-((points - known) ** 2) / (2 * (1 - q))) / np.abs(3 * points**2 - 1)
        weight /= weight.sum()
        spread.append(weight @ points**2 - (weight @ points) ** 2)
    exact = posterior_variance(seen_through(Y**3 - Y), q)
    assert abs(np.mean(spread) - exact) < 4 * np.std(spread) / np.sqrt(y.size)


def test_the_best_spectral_method_starts_where_message_passing_does() -> None:
    """``LabelSpectrum`` of ``T = 1 - 1/E[y^2 | label]`` at the nodes of a label without closed preimages."""
    landscape = seen_through(Y**4 - Y**2)
    at = preimages(channel(landscape), 1)
    second = second_moment(at)
    y, zero = at.y[:, None], np.zeros((len(at.y), 1))
    table = Data(landscape, (zero, y, zero, zero, -(1 - 1 / second)[:, None]), at.weight, np.ones(1))
    spectral = LabelSpectrum(FieldLaw(table, at.weight[:, None], 0.0), -float((1 - 1 / second).max()))
    spread, pull = spectral.sums(1.0)
    assert spread == pytest.approx(pull, rel=1e-10)
    assert 1 / spread == pytest.approx(weak_recovery(landscape).value, rel=1e-10)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [(cos(20 * Y), "turns .* times"), (tanh(1 / (1 - Y)), "has a pole")],
)
def test_teachers_that_are_not_solved_are_refused(teacher: Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        weak_recovery(seen_through(teacher))


@pytest.mark.parametrize("key", ["bbp_initial", "bbp_kac_rice_dominant_quenched", "weak_recovery"])
def test_kinks_are_refused_by_every_threshold(key: str) -> None:
    with pytest.raises(ValueError, match="has a slope that jumps where u - y = 0"):
        evaluate_critical(GeneralizedLinearLandscape(Abs(U - Y)), [key])


# ---- labels with kinks, and labels that an interval of y shares


def test_flat_teachers_are_not_one_to_one() -> None:
    """Half of the data of a rectified linear unit show y: ``alpha(q -> 1) = 2``."""
    landscape = seen_through(Max(0, Y))
    assert not channel(landscape).invertible and weak_recovery(landscape).value == 0
    for threshold in (algorithmic, information_theoretic):
        assert threshold(landscape).value == pytest.approx(2, abs=1e-11)
    assert not algorithmic(seen_through(sign(Y))).exists


def _moment(low: float, high: float, power: int) -> mpmath.mpf:
    """``E[|y|^k; low < |y| < high]``."""
    return 2 * mpmath.quad(lambda y: y**power * mpmath.npdf(y), [low, min(high, 2), high])


@pytest.mark.parametrize(
    ("teacher", "atoms", "shown"),
    [
        (Abs(Y), [], (0, 30)),
        (sign(Abs(Y) - 1), [(0, 1), (1, 30)], None),
        (Min(Abs(Y), 1), [(1, 30)], (0, 1)),
        (Max(Abs(Y) - 1, 0), [(0, 1)], (1, 30)),
        (Heaviside(Abs(Y) - 1) + Heaviside(Abs(Y) - 2), [(0, 1), (1, 2), (2, 30)], None),
        (Piecewise((Y**2, Abs(Y) < Rational(1, 2)), (3, True)), [(0.5, 30)], (0, 0.5)),
    ],
    ids=str,
)
def test_weak_recovery_by_pieces(teacher: Expr, atoms: list[tuple[float, float]], shown: tuple[float, float]) -> None:
    gain = sum(_moment(*atom, 0) * (_moment(*atom, 2) / _moment(*atom, 0) - 1) ** 2 for atom in atoms)
    gain += sum(c * _moment(*shown, k) for c, k in ((1, 4), (-2, 2), (1, 0))) if shown else 0
    found = weak_recovery(seen_through(teacher))
    assert abs(found.value - 1 / gain) <= found.error < 1e-10


@pytest.mark.parametrize("q", [0.05, 0.6, 0.999])
def test_what_a_sign_leaves(q: float) -> None:
    """Truncated Gaussians: ``Var = V (1 - k h - h^2)``, ``h = phi(k)/Phi(k)``, at ``k = +-w/sqrt V``; half, of a
    rectified linear unit."""

    def left(w: mpmath.mpf) -> mpmath.mpf:
        k = w / mpmath.sqrt(1 - q)
        h = [mpmath.npdf(s) / mpmath.ncdf(s) for s in (k, -k)]
        terms = (mpmath.ncdf(s) * (1 - s * x - x * x) for s, x in zip((k, -k), h, strict=True))
        return (1 - q) * sum(terms) * mpmath.npdf(w, 0, mpmath.sqrt(q))

    near, far = 4 * (1 - q) ** 0.5, 8 * q**0.5
    exact = 2 * mpmath.quad(left, sorted({0, min(near, far / 2), far}))
    assert posterior_variance(seen_through(sign(Y)), q) == pytest.approx(float(exact), rel=1e-10)
    assert posterior_variance(seen_through(Max(0, Y)), q) == pytest.approx(float(exact) / 2, rel=1e-10)


def test_the_hessian_of_two_labels() -> None:
    """``l = (u^2 - Y)^2/4`` with ``Y = sign(|y| - 1)``: what ``b = 1`` and ``A = 0`` are averages of, by pieces."""
    found = initial_bbp(GeneralizedLinearLandscape((U**2 - Y) ** 2 / 4, sign(Abs(Y) - 1)))
    g = found.state["g"]

    def mean(label: int, power: int) -> mpmath.mpf:
        def term(u: mpmath.mpf) -> mpmath.mpf:
            bent = g * (3 * u * u - label)
            return (bent / (1 + bent)) ** power * mpmath.npdf(u)

        return 2 * mpmath.quad(term, [0, 0.1, 1, 3, 20])

    inside, beyond = ([_moment(*part, k) for k in (0, 2)] for part in ((0, 1), (1, 30)))
    spread = inside[0] * mean(-1, 2) + beyond[0] * mean(1, 2)
    pull = (inside[0] - inside[1]) * mean(-1, 1) + (beyond[0] - beyond[1]) * mean(1, 1)
    assert found.value == pytest.approx(float(1 / spread), rel=1e-9)
    assert float(pull) >= float(spread) * (1 - 1e-9)


def test_a_row_that_fails_leaves_the_others() -> None:
    found = evaluate_critical(seen_through(cos(20 * Y)), ["bbp_threshold_1rsb", "weak_recovery"])
    assert "not computed: teacher = cos(20*y) turns" in found["weak_recovery"].note
    assert "not even" in found["bbp_threshold_1rsb"].note
    with pytest.raises(ValueError, match="turns"):
        evaluate_critical(seen_through(cos(20 * Y)), ["weak_recovery"])


# ---- errors cover


def weak_recovery_to_30_digits(slope: Callable[[Any], Any], others: Others, marks: list[float]) -> Any:
    """``1/E[(E[y^2 | label] - 1)^2]`` of an even label: ``others`` are the positive preimages of a positive y."""
    with mpmath.workdps(30):

        def gain(y: Any) -> Any:
            points = [y, *others(y)]
            weights = [mpmath.exp(-(p**2) / 2) / abs(slope(p)) for p in points]
            second = sum(w * p**2 for w, p in zip(weights, points, strict=True)) / sum(weights)
            return (second - 1) ** 2 * mpmath.npdf(y) * 2

        return 1 / mpmath.quad(gain, [mpmath.mpf(mark) for mark in marks])


NEAR = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.6, 0.7]
FAR = [1.01, 1.1, 1.3, 1.6, 2, 2.5, 3, 4, 5, 7, 9, 12]


def test_weak_recovery_to_30_digits() -> None:
    """The error of a label whose preimages are y and 1/y; integrated over y, and over ln y."""
    found = weak_recovery(seen_through(Y**2 / (1 + Y**4)))
    exact = mpmath.mpf("3.11905265472241358464321773639")
    assert abs(found.value - exact) < found.error < 1e-10


@pytest.mark.slow
def test_errors_of_weak_recovery_cover() -> None:
    def circle(radius: float) -> Others:
        return lambda y: [mpmath.sqrt(radius - y * y)] if y * y < radius else []

    cases: list[tuple[Expr, Others, list[float]]] = [
        (Y**2, lambda y: [], [*NEAR, 1, *FAR]),
        (Y**2 / (1 + Y**4), lambda y: [1 / y], [*NEAR, 0.85, 0.95, 0.99, 1, *FAR, 20]),
        (Y**4 - Y**2, circle(1), [*NEAR, 0.5**0.5, 0.8, 0.9, 0.97, 0.99, 1, *FAR]),
        ((Y**2 - 2) ** 2, circle(4), [*NEAR, 1, 1.2, 2**0.5, 1.7, 1.9, 1.99, 2, 2.01, 2.2, 2.5, 3, 4, 5, 7, 9, 12]),
        (tanh(Y**4 - Y**2) + Y**4 - Y**2, circle(1), [*NEAR, 0.5**0.5, 0.8, 0.9, 0.97, 0.99, 1, *FAR]),
        (log(1 + Y**2), lambda y: [], [*NEAR, 1, *FAR]),
    ]
    for teacher, others, marks in cases:
        found = weak_recovery(seen_through(teacher))
        exact = weak_recovery_to_30_digits(lambdify(Y, teacher.diff(Y), "mpmath"), others, marks)
        assert abs(found.value - exact) < found.error < 1e-9 * found.value, teacher


def legendre(breaks: Array, order: int = 16) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(breaks)[:, None] / 2
    return (breaks[:-1, None] + half * (1 + nodes)).ravel(), (half * weights).ravel()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("teacher", "roots"),
    [
        (Y**2, lambda y: [-y]),
        (Y**2 + 3 * Y, lambda y: [-3 - y]),
        (Y**4 - Y**2, lambda y: [-y, *(s * np.sqrt(np.where(y * y < 1, 1 - y * y, np.nan)) for s in (1, -1))]),
        (Y**3 - Y, lambda y: [(-y + s * np.sqrt(np.where(y * y < 4 / 3, 4 - 3 * y * y, np.nan))) / 2 for s in (1, -1)]),
        (Y**2 / (1 + Y**4), lambda y: [-y, 1 / y, -1 / y]),
    ],
)
def test_errors_of_the_algorithmic_threshold_cover(teacher: Expr, roots: Callable[[Array], list[Array]]) -> None:
    """alpha(q) with y drawn given w instead of w given y, on uniform panels in both."""
    found = algorithmic(seen_through(teacher))
    q = found.state["q"]
    turns = [
        float(x) for x in (0, 1, -1, 0.5**0.5, -(0.5**0.5), 3**-0.5, -(3**-0.5), (4 / 3) ** 0.5, -((4 / 3) ** 0.5))
    ]
    edges = np.unique(
        [
            *np.linspace(-9, 9, 300),
            *turns,
            -1.5,
            *(t + s * 10.0**-k for t in turns for s in (1, -1) for k in range(2, 8)),
        ]
    )
    y, weight = legendre(edges)
    slope = lambdify(Y, teacher.diff(Y), "numpy")
    points = np.array([y, *roots(y)])
    scale = np.abs(slope(points))
    total = 0.0
    w, share = legendre(np.linspace(-9, 9, 300) * np.sqrt(q), 10)
    for known, part in zip(w, share * np.exp(-(w**2) / (2 * q)) / np.sqrt(2 * np.pi * q), strict=True):
        logs = np.nan_to_num(-((points - known) ** 2) / (2 * (1 - q)) - np.log(scale), nan=-np.inf)
        p = np.exp(logs - logs.max(axis=0))
        p /= p.sum(axis=0)
        away = np.nan_to_num(points - y)
        spread = (p * away**2).sum(axis=0) - (p * away).sum(axis=0) ** 2
        density = np.exp(-((y - known) ** 2) / (2 * (1 - q))) / np.sqrt(2 * np.pi * (1 - q))
        total += part * (weight * density) @ spread
    reference = q * (1 - q) / (1 - q - total)
    assert abs(found.value - reference) < found.error + 2e-10


LOSSES = [
    (U**2 - Y) ** 2 / (2 * (1 + Y**2)),
    (sqrt(1 + U**2) - Y) ** 2,
    log(cosh(U**2 - Y)),
    (U**2 / (1 + U**4) - Y) ** 2,
    log(1 + exp(-U * Y)),
    (erf(U) - Y) ** 2,
    U**2 * exp(-(Y**2) / 2) + cos(U) / 5,
    (log(1 + U**2) - Y) ** 2,
    (U - Y) ** 2 / (1 + (U - Y) ** 2),
    atan((U * Y - 1) ** 2),
]
TEACHERS = [
    Y, Y**2, tanh(Y), Y**2 + 3 * Y, Y**2 / (1 + Y**4), Y**4 - Y**2, log(1 + Y**2), sqrt(1 + Y**2), Y + sin(Y) / 2,
    cos(Y),
]  # fmt: skip
CACHES = (field_law.tabulate, spectrum._initial, one_step._grid, kac_rice._rough)


@pytest.fixture
def legendre_nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """To be called to replace the trapezoidal nodes of all averages by those of Gauss and Legendre."""

    def axis(step: float, inner: float, outer: float = 1.0, *, half: bool) -> Axis:
        del outer
        marks = np.concatenate(([0.0], np.geomspace(inner, 0.5, 8), np.arange(1, 21) / 2.0))
        nodes, weights = legendre(marks, max(8, round(1.6 / step**0.75)))
        inside = nodes < 10
        nodes, weights = nodes[inside], weights[inside]
        if half:
            return Axis(nodes, 2 * weights)
        return Axis(np.concatenate((-nodes[::-1], nodes)), np.concatenate((weights[::-1], weights)))

    def switch() -> None:
        monkeypatch.setattr(field_law, "graded_axis", axis)
        for cache in CACHES:
            cache.cache_clear()

    yield switch
    for cache in CACHES:
        cache.cache_clear()


def agree(first: Any, second: Any) -> None:
    assert first.exists == second.exists
    if first.exists:
        assert abs(first.value - second.value) <= 3 * (first.error + second.error)


@pytest.mark.parametrize("number", range(4))
def test_errors_of_the_initial_transition_cover(number: int, legendre_nodes: Callable[[], None]) -> None:
    landscape = GeneralizedLinearLandscape(LOSSES[number], TEACHERS[number + 1])
    found = initial_bbp(landscape)
    legendre_nodes()
    agree(found, initial_bbp(landscape))


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_errors_of_the_initial_transition_cover_for_all(loss: Expr, legendre_nodes: Callable[[], None]) -> None:
    landscapes = [GeneralizedLinearLandscape(loss, teacher) for teacher in TEACHERS]
    found = [
        evaluate_critical(landscape, ["bbp_initial", "information_theoretic"])["bbp_initial"]
        for landscape in landscapes
    ]
    legendre_nodes()
    for first, landscape in zip(found, landscapes, strict=True):
        agree(first, evaluate_critical(landscape, ["bbp_initial", "information_theoretic"])["bbp_initial"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss",
    [(U**2 - Y**2) ** 2 / (2 * (Rational(1, 10) + Y**2)), log(cosh(U**2 - Y**2)), (log(1 + U**2) - log(1 + Y**2)) ** 2],
    ids=str,
)
def test_errors_of_replicas_and_minima_cover(loss: Expr, legendre_nodes: Callable[[], None]) -> None:
    keys = ["bbp_threshold_1rsb", "bbp_kac_rice_dominant_quenched", "bbp_kac_rice_dominant_annealed"]
    found = evaluate_critical(GeneralizedLinearLandscape(loss), keys)
    legendre_nodes()
    for key, again in evaluate_critical(GeneralizedLinearLandscape(loss), keys).items():
        agree(found[key], again)


def test_labels_with_one_step() -> None:
    """``p (1 - p)/(4 phi(2))^2`` with ``p = P(|y| > 2)``; a step on one side shows the sign."""
    p, part = erfc(2**0.5), 4 * np.exp(-2.0) / np.sqrt(2 * np.pi)
    even = GeneralizedLinearLandscape(FIELD**2, Heaviside(Abs(SIGNAL_FIELD) - 2))
    found = weak_recovery(even)
    assert abs(found.value - p * (1 - p) / part**2) <= found.error
    one_sided = GeneralizedLinearLandscape(FIELD**2, Heaviside(SIGNAL_FIELD - 2))
    assert weak_recovery(one_sided).value == 0 and not information_theoretic(one_sided).exists
