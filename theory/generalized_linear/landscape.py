"""Generalised linear landscapes: the empirical risk of one layer on Gaussian data, declared by its loss."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sympy import DiracDelta, Expr, Integer, Symbol, diff, simplify

from ..landscape import exact
from ..printing import Line, Printable
from .kinks import broken_slope
from .smooth import require_known, require_smooth, vanishes
from .symbols import CURVATURE, FIELD, FORCE, LOSS, SIGNAL_FIELD


class GeneralizedLinearLandscape(Printable):
    r"""``H(w) = sum_mu l(x_mu.w/sqrt N, x_mu.w*/sqrt N)`` on ``|w|^2 = N``, ``x_mu ~ N(0, I_N)``, ``alpha = M/N``.

    Parameters
    ----------
    loss
        ``l(u, y)``, a SymPy expression in ``u`` (the field of w) and ``y`` (the label). Other symbols are parameters.
    teacher
        The label as an expression in ``y = x.w*/sqrt N``; the field itself by default. With ``teacher = y**2`` the
        loss and every statistician see only the square.

    Raises
    ------
    ValueError
        If the loss does not depend on u, if loss or teacher contain a number that is not real or a function that is
        not known (it is named), or if a parameter bears the name of one of the theory's variables.

    Everything else follows from the loss: ``HessianSpectrum``, ``OneStepRSB``, ``FullRSB``, ``KacRiceAction``; from
    what the teacher shows: ``BayesChannel``, ``SpectralMethod``.
    """

    def __init__(self, loss: Any, teacher: Any = None, *, name: str = "generalized-linear") -> None:
        shown = _in_symbols(SIGNAL_FIELD if teacher is None else teacher)
        self.label_loss: Expr = _in_symbols(loss)
        self.teacher: Expr = shown
        self.loss: Expr = self.label_loss.subs(SIGNAL_FIELD, shown)
        self.name = name
        _require_loss(self.loss)
        _require_teacher(shown)
        require_known("teacher", shown)
        require_known("loss", self.loss)

    def require_smooth(self) -> None:
        """Raise ValueError, naming the part at fault, unless loss and teacher are smooth, real, finite everywhere."""
        require_smooth("teacher", self.teacher)
        require_smooth("loss", self.loss)

    def require_slope(self) -> None:
        """The same, but for kinks in u: the loss and its slope must be continuous there, its curvature may jump."""
        require_smooth("teacher", self.teacher)
        require_smooth("loss", self.loss, bends=True)
        gap = broken_slope(self.loss)
        if gap is not None:
            raise ValueError(
                f"loss = {self.loss} has a slope that jumps where {gap} = 0: its curvature there is a delta, which no "
                "sample of fields sees; smooth it, with sqrt(1 + u**2), say"
            )

    @cached_property
    def force(self) -> Expr:
        """``l' = dl/du``, without deltas that vanish as those of the curvature do."""
        return self._without_deltas(diff(self.loss, FIELD))

    @cached_property
    def curvature(self) -> Expr:
        """``D = l''``, simplified if it is a rational function (others can take minutes).

        Deltas of kinks at which the slope is continuous vanish, and are left out.
        """
        value = self._without_deltas(diff(self.loss, FIELD, 2))
        return simplify(value) if value.is_rational_function() else value

    def _without_deltas(self, value: Expr) -> Expr:
        continuous = value.has(DiracDelta) and broken_slope(self.loss) is None
        return value.replace(DiracDelta, lambda *_: Integer(0)) if continuous else value

    @cached_property
    def free_symbols(self) -> tuple[Symbol, ...]:
        """Symbols other than u and y, sorted by name."""
        return tuple(sorted(self.loss.free_symbols - {FIELD, SIGNAL_FIELD}, key=str))

    @cached_property
    def is_even(self) -> bool:
        """Whether ``l(-u, y) = l(u, y)``: then w and -w are the same, and overlap 0 is always stationary."""
        return vanishes(self.loss.subs(FIELD, -FIELD) - self.loss)

    @cached_property
    def observed(self) -> Expr:
        """What is known of y: the teacher's label; only ``y^2`` where the loss itself does not see the sign."""
        if self.teacher != SIGNAL_FIELD:
            return self.teacher
        even = vanishes(self.loss.subs(SIGNAL_FIELD, -SIGNAL_FIELD) - self.loss)
        return SIGNAL_FIELD**2 if even else SIGNAL_FIELD

    def at(self, expression: Expr) -> Expr:
        """An expression of the theory with ``l``, ``l'`` and ``D`` of this loss."""
        table = {LOSS: self.loss, FORCE: self.force, CURVATURE: self.curvature}
        return expression.subs(table, simultaneous=True)

    def subs(self, values: Mapping[Any, Any]) -> GeneralizedLinearLandscape:
        """The landscape at given values of its parameters (keys: symbols or their names)."""
        named = {str(symbol): symbol for symbol in self.free_symbols}
        unknown = [key for key in values if str(key) not in named]
        if unknown:
            raise ValueError(f"no parameter {unknown[0]} in {self!r}; it has: {', '.join(named) or 'none'}")
        table = {named[str(key)]: exact(value) for key, value in values.items()}
        return GeneralizedLinearLandscape(self.label_loss.subs(table), self.teacher.subs(table), name=self.name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GeneralizedLinearLandscape):
            return NotImplemented
        return (self.loss, self.teacher) == (other.loss, other.teacher)

    def __hash__(self) -> int:
        return hash((self.loss, self.teacher))

    def __repr__(self) -> str:
        return f"GeneralizedLinearLandscape(l = {self.loss})"

    def equations(self) -> list[Line]:
        """The declaration, and the derivatives of the loss."""
        return [
            (r"H(w)", r"\sum_{\mu=1}^{\alpha N} l\left(u_\mu, y_\mu\right), \quad u_\mu = x_\mu \cdot w/\sqrt{N}"),
            (LOSS, self.loss),
            (FORCE, self.force),
            (CURVATURE, self.curvature),
        ]


RESERVED = {
    "u", "y", "l", "l'", "D", "alpha", "mu", "g", "z", "chi", "s", "c", "xi", "theta", "q", "h", "x", "A", "V", "w",
    "g_r", "g_i", "lambda", "k",
}  # fmt: skip
"""Variables of the theory."""


def _in_symbols(expression: Any) -> Expr:
    """The expression with any u and y replaced by the shared symbols."""
    value = exact(expression)
    shared = {symbol.name: symbol for symbol in (FIELD, SIGNAL_FIELD)}
    return value.subs({s: shared[s.name] for s in value.free_symbols if s.name in shared})


def _require_loss(loss: Expr) -> None:
    if FIELD not in loss.free_symbols:
        raise ValueError(f"loss = {loss} does not depend on u; try (u - y)**2/2")
    names = sorted(symbol.name for symbol in loss.free_symbols - {FIELD, SIGNAL_FIELD})
    for name in names:
        if name in RESERVED or names.count(name) > 1:
            raise ValueError(f"parameter {name!r} is the name of another quantity; choose another name")


def _require_teacher(teacher: Expr) -> None:
    if teacher.free_symbols != {SIGNAL_FIELD}:
        raise ValueError(f"teacher = {teacher} must be an expression in y alone; try y or y**2")
