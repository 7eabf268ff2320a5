r"""Deep linear networks ``W = W_L ... W_1`` on the loss ``1/2 |W - S|^2``: charges, modes, descent and curvature.

In the bases of the singular vectors of S, with hidden bases to match, diagonal layers stay diagonal: a mode of singular
value s has an amplitude ``a_l`` in each of the L layers, and its strength ``u = a_L ... a_1`` grows to s.
"""

from __future__ import annotations

from functools import cache

from sympy import (
    Abs,
    Derivative,
    Expr,
    IndexedBase,
    Integral,
    MatrixExpr,
    MatrixSymbol,
    Max,
    Piecewise,
    Pow,
    S,
    Sum,
    Symbol,
    Trace,
    denom,
    diff,
    expand,
    factor,
    hyper,
    hyperexpand,
    integrate,
    log,
    numer,
    powsimp,
    simplify,
    solve,
    sqrt,
    together,
)

from ..printing import Line, Printable

DEPTH, VALUE, STRENGTH, CHARGE, START = (Symbol(name, positive=True) for name in ("L", "s", "u", "lambda", "u_0"))
AMPLITUDE, OTHER, STEP = (Symbol(name, positive=True) for name in ("a", "b", "eta"))
DEVIATION = Symbol("e", real=True)
TIME, LAYERS = Symbol("t", positive=True), Symbol("l", integer=True, positive=True)
OUTPUTS, WIDTH, INPUTS = (Symbol(name, integer=True, positive=True) for name in "mhn")
ABOVE, NEXT, LAYER, BELOW, TARGET = (
    MatrixSymbol(name, rows, columns)
    for name, rows, columns in (
        ("B", OUTPUTS, WIDTH),
        ("W_2", WIDTH, WIDTH),
        ("W_1", WIDTH, WIDTH),
        ("A", WIDTH, INPUTS),
        ("S", OUTPUTS, INPUTS),
    )
)
"""Two layers, the product of those above and below them, and the target."""
SAXE = "Saxe, McClelland, Ganguli 2013, arXiv 1312.6120"
ELKABETZ = "Elkabetz, Cohen 2021, arXiv 2107.06608"
MULAYOFF = "Mulayoff, Michaeli 2020, arXiv 2002.04710"


def layer_rate(layer: MatrixSymbol) -> MatrixExpr:
    """``dW_l/dt``, minus the gradient."""
    residual = ABOVE * NEXT * LAYER * BELOW - TARGET
    return -Trace(residual.T * residual).diff(layer) / 2


def charge() -> MatrixExpr:
    """What the flow conserves: ``W_(l+1)^T W_(l+1) - W_l W_l^T``."""
    return NEXT.T * NEXT - LAYER * LAYER.T


def charge_rate() -> MatrixExpr:
    """Its rate along the flow, which vanishes."""
    upper, lower = layer_rate(NEXT), layer_rate(LAYER)
    return expand(upper.T * NEXT + NEXT.T * upper - lower * LAYER.T - LAYER * lower.T).doit()


@cache
def amplitude_rate(depth: Expr) -> Expr:
    """``da/dt = a^(L-1) (s - a^L)`` of a layer whose amplitude is that of all others: balanced."""
    loss = (VALUE - AMPLITUDE * OTHER ** (depth - 1)) ** 2 / 2
    return factor(powsimp(-diff(loss, AMPLITUDE).subs(OTHER, AMPLITUDE)))


@cache
def mode_rate(depth: Expr, charged: bool = False) -> Expr:
    """``du/dt = L u^(2-2/L) (s - u)`` if balanced; with a charge, of two layers, ``sqrt(lambda^2 + 4 u^2) (s - u)``."""
    if charged:
        return two_layer_rate()
    rate = powsimp(diff(AMPLITUDE**depth, AMPLITUDE) * amplitude_rate(depth))
    return factor(in_strength(depth, rate).replace(Pow, lambda base, power: base ** expand(power)))


def in_strength(depth: Expr, balanced: Expr) -> Expr:
    """What depends on the amplitude of all layers, in terms of ``u = a^L``."""
    return balanced.subs(AMPLITUDE, STRENGTH ** (1 / depth))


@cache
def two_layer_rate() -> Expr:
    """The amplitudes a and b of the layers, with ``b^2 - a^2 = lambda`` conserved, in terms of ``u = a b``."""
    loss, square = (VALUE - AMPLITUDE * OTHER) ** 2 / 2, Symbol("x", positive=True)
    rate = expand(-diff(loss, AMPLITUDE) * OTHER - diff(loss, OTHER) * AMPLITUDE)
    squares = simplify(rate / (VALUE - AMPLITUDE * OTHER))
    squares = squares.subs({AMPLITUDE: sqrt(square), OTHER: sqrt(square + CHARGE)})
    first = solve(square * (square + CHARGE) - STRENGTH**2, square)
    (positive,) = (x for x in first if x.subs({STRENGTH: 1, CHARGE: 1}) > 0)
    return simplify(squares.subs(square, positive)) * (VALUE - STRENGTH)


def time_to_half(depth: Expr, charged: bool = False) -> Integral:
    """From ``u = u_0`` to ``s/2``."""
    return Integral(1 / mode_rate(depth, charged), (STRENGTH, START, VALUE / 2))


@cache
def half_time(depth: Expr, charged: bool = False) -> Expr:
    """The same in closed form."""
    primitive = charged_time() if charged else balanced_time(depth)
    time = primitive.subs(STRENGTH, VALUE / 2) - primitive.subs(STRENGTH, START)
    return simplify(time) if depth in (1, 2) and not charged else time


@cache
def balanced_time(depth: Expr) -> Expr:
    """``int du/(du/dt)``, from ``u = s y^L``, where it is that of ``y^(1-L)`` and of ``y/(1 - y^L)``."""
    y = Symbol("y", positive=True)
    rate = mode_rate(depth).subs(STRENGTH, VALUE * y**depth)
    whole = powsimp(simplify(diff(VALUE * y**depth, y) / rate * VALUE ** (2 - 2 / depth)))
    time = integrate(simplify(whole - y / (1 - y**depth)), y) + geometric(depth, y)
    return time.subs(y, (STRENGTH / VALUE) ** (1 / depth)) / VALUE ** (2 - 2 / depth)


def geometric(depth: Expr, y: Expr) -> Expr:
    """``int_0^y v/(1 - v^L) dv``, term by term of the geometric series: their ratios are those of a 2F1."""
    n, x = Symbol("n", nonnegative=True), Symbol("x")
    term = integrate(y ** (1 + n * depth), y)
    ratio = simplify(term.subs(n, n + 1) / term / y**depth)
    (zero,) = solve(numer(together(ratio.subs(n, x))), x)
    series = term.subs(n, 0) * hyper((1, -zero), (1 - zero,), y**depth)
    return hyperexpand(series) if depth in (1, 2) else series


@cache
def charged_time() -> Expr:
    """The same for two layers with a charge: rational in w, ``4 u = lambda (w - 1/w)``, and so a sum of logarithms."""
    w = Symbol("w", positive=True)
    strength, root = CHARGE * (w - 1 / w) / 4, CHARGE * (w + 1 / w) / 2  # sqrt(lambda^2 + 4 u^2)
    integrand = simplify(diff(strength, w) / (root * (VALUE - strength)))
    top, bottom = numer(integrand), denom(integrand)
    time = sum(top / diff(bottom, w).subs(w, pole) * log(Abs(w - pole)) for pole in solve(bottom, w))
    return time.subs(w, (2 * STRENGTH + sqrt(CHARGE**2 + 4 * STRENGTH**2)) / CHARGE)


@cache
def deviation_rate(depth: Expr) -> Expr:
    """``de/dt`` of descent with steps eta, ``a + eta e`` next to the flow a: what one step misses in the order eta^2.

    Of all weights ``de/dt = -H e - 1/2 H grad``, H the Hessian.
    """
    rate, change = amplitude_rate(depth), Symbol("c")
    here = AMPLITUDE + STEP * DEVIATION
    flow = AMPLITUDE + STEP * rate + STEP**2 * rate * diff(rate, AMPLITUDE) / 2 + STEP * (DEVIATION + STEP * change)
    missed = here + STEP * rate.subs(AMPLITUDE, here) - flow
    return factor(solve(diff(missed, STEP, 2).subs(STEP, 0), change)[0])


def deviation(rate: Expr, first: Expr) -> Expr:
    """e where the amplitude grows by ``rate``, and by ``first`` at the start.

    ``e = rate q`` solves its equation, ``dq/dt`` being half of minus ``d ln(rate)/dt``.
    """
    return -rate * log(rate / first) / 2


@cache
def largest_deviation(depth: Expr) -> Expr:
    """Of all layers of a mode together, over the whole flow.

    ``|e|`` is stationary as a function of the rate, at ``rate = first/e``, or where the rate itself is.
    """
    rate, u = in_strength(depth, amplitude_rate(depth)), STRENGTH
    here, first = (Symbol(name, positive=True) for name in ("r", "r_0"))
    late = [deviation(r, first) for r in solve(diff(deviation(here, first), here), here)]
    early = [
        Piecewise((-deviation(rate.subs(u, turning), first), turning > START), (0, True))
        for turning in solve(simplify(diff(rate, u) / rate), u)
    ]
    return sqrt(depth) * Max(*late, *early).subs(first, rate.subs(u, START))


def curvature_bound(depth: Expr, gradient: Expr, products: Expr) -> Expr:
    """Least eigenvalue of the Hessian, or more: ``-(L-1) |W - S|_F max prod |W_l|`` over any ``L - 2`` layers.

    ``D^2 = |dW|^2 + 2 sum_(l<m) <W - S, .. dW_m .. dW_l ..>``, and ``2 sum_(l<m) x_l x_m <= (L-1) |x|^2``.
    """
    return -(depth - 1) * gradient * products


@cache
def curvature(depth: Expr, output: Expr, input_: Expr) -> Expr:
    """Eigenvalue of the Hessian ``sum_l (B_l B_l^T) x (A_l^T A_l)`` where ``W = S``, balanced, of a pair of modes."""
    above, below = output ** ((depth - LAYERS) / depth), input_ ** ((LAYERS - 1) / depth)
    return Sum(above**2 * below**2, (LAYERS, 1, depth))


@cache
def sharpness(depth: Expr, s: Expr) -> Expr:
    """``L s^(2-2/L)``, the least that ``sum_l (du/da_l)^2`` can be where ``u = s``: of any two layers with a given
    product the amplitudes are equal.

    No minimum has a smaller largest eigenvalue: with ``b_l = |B_l^T x|`` and ``c_l = |A_l y|``, x and y singular
    vectors of the largest s, that is ``sum_l b_l^2 c_l^2`` or more, where ``b_l c_(l+1) >= x^T W y = s``, ``b_L = c_1 =
    1``; and the sum is ``L (prod_l b_l c_l)^(2/L)`` or more.
    """
    product = Symbol("p", positive=True)
    slopes = [diff(AMPLITUDE * OTHER, a).subs(OTHER, product / AMPLITUDE) * s / product for a in (AMPLITUDE, OTHER)]
    of_two = sum(slope**2 for slope in slopes)
    (equal,) = solve(diff(of_two, AMPLITUDE), AMPLITUDE)
    return powsimp(depth / 2 * of_two.subs(AMPLITUDE, equal).subs(product, s ** (2 / depth)))


class Charges(Printable):
    """What each pair of neighbouring layers conserves."""

    def equations(self) -> list[Line]:
        """Rates of the layers, from the loss, and of the charge."""
        rates: list[Line] = [(Derivative(layer, TIME), layer_rate(layer)) for layer in (LAYER, NEXT)]
        own = Symbol("Lambda")
        return [*rates, (own, charge()), (Derivative(own, TIME), charge_rate())]


class Modes(Printable):
    """A mode, balanced at any depth, and of two layers with a charge."""

    def equations(self) -> list[Line]:
        """Rates of the amplitude and of the strength, and the time as a function of it."""
        return [
            (Derivative(AMPLITUDE, TIME), amplitude_rate(DEPTH)),
            (Derivative(STRENGTH, TIME), mode_rate(DEPTH)),
            (TIME, balanced_time(DEPTH)),
            (CHARGE, OTHER**2 - AMPLITUDE**2),
            (Derivative(STRENGTH, TIME), two_layer_rate()),
            (TIME, charged_time()),
        ]


class Descent(Printable):
    """How far descent is from the flow, to first order in the step."""

    def equations(self) -> list[Line]:
        """Of all weights, and of the amplitude of a mode, r its rate; in two layers at most; what bounds the growth."""
        rate, first = Symbol("r", positive=True), Symbol("r_0", positive=True)
        gradient, products = Symbol("G", positive=True), Symbol("P", positive=True)
        return [
            (Derivative(DEVIATION, TIME), r"-H e - \tfrac12 H \nabla E"),
            (Derivative(DEVIATION, TIME), deviation_rate(DEPTH)),
            (DEVIATION, deviation(rate, first)),
            (r"\text{largest } \sqrt{2} |e|", largest_deviation(S(2))),
            (r"\text{bound of the least eigenvalue of } H", curvature_bound(DEPTH, gradient, products)),
        ]


class Flattest(Printable):
    """Minima, and the least sharp of them."""

    def equations(self) -> list[Line]:
        """The Hessian where all singular values are reached and the layers are balanced; the sharpness that none is
        below."""
        return [
            (r"\lambda_{ij}", curvature(DEPTH, Symbol("s_i", positive=True), Symbol("s_j", positive=True))),
            (r"\lambda", Sum(VALUE**2 / IndexedBase("a")[LAYERS] ** 2, (LAYERS, 1, DEPTH))),
            (r"\min \lambda", sharpness(DEPTH, VALUE)),
        ]
