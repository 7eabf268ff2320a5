"""Gaussian landscapes on the sphere, declared by two functions of one overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sympy import Expr, Float, I, Poly, Pow, Rational, Symbol, diff, factorial, nan, oo, powsimp, sympify, zoo

from .factors import mend
from .naming import shortened
from .printing import Printable
from .symbols import OVERLAP, SIGNAL_OVERLAP, value_at_zero

mend()


@dataclass(frozen=True)
class Channel:
    """One independent Gaussian part of a landscape: ``Cov = N f_c(q)``, ``E H_c = -N g_c(m)``."""

    label: str
    covariance: Expr
    mean: Expr


class GaussianLandscape(Printable):
    r"""``E H(x) = -N g(m)``, ``Cov(H(x), H(x')) = N f(q)`` on the sphere ``|x|^2 = N``.

    Parameters
    ----------
    covariance
        ``f``, a SymPy expression in ``q`` (``theory.OVERLAP`` or any symbol of that name). For a polynomial the
        coefficients must be non-negative (Schoenberg 1942), or no such random function exists.
    mean
        ``g``, a SymPy expression in ``m`` (or ``q``); zero when nothing is planted.
    channels
        Independent parts that sum to the landscape; by default one for each degree of a polynomial.

    Landscapes add: ``PureSpin(3, 1) + PureSpin(4, 2)`` is a mixture. All other symbols are parameters.
    """

    def __init__(
        self, covariance: Any, mean: Any = 0, *, name: str = "landscape", channels: tuple[Channel, ...] | None = None
    ) -> None:
        self.covariance: Expr = _in_symbol(covariance, OVERLAP)
        self.mean: Expr = _in_symbol(mean, SIGNAL_OVERLAP)
        self.name = name
        _require_range("covariance", self.covariance, OVERLAP)
        _require_covariance(self.covariance)
        _require_range("mean", self.mean, SIGNAL_OVERLAP)
        _require_names(self.covariance.free_symbols | self.mean.free_symbols)
        self.channels = _distinct(channels or _split_by_degree(self.covariance, self.mean))

    def f(self, k: int = 0, at: Any = 1) -> Expr:
        """``f^(k)(q)`` at ``q = at``."""
        return diff(self.covariance, OVERLAP, k).subs(OVERLAP, at)

    def g(self, k: int = 0, at: Any = SIGNAL_OVERLAP) -> Expr:
        """``g^(k)(m)`` at ``m = at``; powers with a symbolic exponent, such as ``m^(p-2)``, vanish at 0."""
        derivative = powsimp(diff(self.mean, SIGNAL_OVERLAP, k))
        return value_at_zero(derivative, SIGNAL_OVERLAP) if at == 0 else derivative.subs(SIGNAL_OVERLAP, at)

    def __add__(self, other: GaussianLandscape) -> GaussianLandscape:
        return GaussianLandscape(
            self.covariance + other.covariance,
            self.mean + other.mean,
            name=f"{self.name} + {other.name}",
            channels=self.channels + other.channels,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GaussianLandscape):
            return NotImplemented
        return self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"GaussianLandscape(f = {self.covariance}, g = {self.mean})"

    @property
    def _key(self) -> tuple[Any, ...]:
        return self.covariance, self.mean, self.channels

    @cached_property
    def free_symbols(self) -> tuple[Symbol, ...]:
        """Free symbols other than the overlaps, sorted by name."""
        free = (self.covariance.free_symbols | self.mean.free_symbols) - {OVERLAP, SIGNAL_OVERLAP}
        return tuple(sorted(free, key=str))

    def subs(self, values: Mapping[Any, Any]) -> GaussianLandscape:
        """The landscape at given values of its parameters (keys: symbols or their names)."""
        named = {str(symbol): symbol for symbol in self.free_symbols}
        unknown = [key for key in values if str(key) not in named]
        if unknown:
            raise ValueError(f"no parameter {unknown[0]} in {self!r}; it has: {', '.join(named) or 'none'}")
        table = {named[str(key)]: exact(value) for key, value in values.items()}
        return GaussianLandscape(
            self.covariance.subs(table),
            self.mean.subs(table),
            name=self.name,
            channels=tuple(
                # a channel called p takes the value of p for its name
                Channel(str(table.get(named.get(c.label), c.label)), c.covariance.subs(table), c.mean.subs(table))
                for c in self.channels
            ),
        )

    def equations(self) -> list[tuple[Any, Any]]:
        """The declaration: ``f`` and ``g``."""
        return [
            (r"\mathrm{Cov}[H(x), H(x')] = N f(q), \quad f(q)", self.covariance),
            (r"\mathbb{E}[H(x)] = -N g(m), \quad g(m)", self.mean),
        ]


def exact(value: Any) -> Expr:
    """A SymPy expression whose floats are the fractions they print as: 0.1 is 1/10."""
    if isinstance(value, str):
        raise ValueError(
            f"expected a SymPy expression or a number, got the text {value!r}; try theory.parse_polynomial"
        )
    expression = sympify(value)
    if not isinstance(expression, Expr):
        raise ValueError(f"expected a SymPy expression or a number, got {shortened(value)}")
    return expression.xreplace({x: Rational(repr(float(x))) for x in expression.atoms(Float) if x.is_finite})


def _in_symbol(expression: Any, symbol: Symbol) -> Expr:
    """The expression with any overlap variable (named q or m) replaced by the shared symbol."""
    value = exact(expression)
    variables = {s: symbol for s in value.free_symbols if s.name in (OVERLAP.name, SIGNAL_OVERLAP.name)}
    if len(variables) > 1:
        raise ValueError(f"{expression}: expected one overlap, got {sorted(map(str, variables))}")
    return value.subs(variables)


def _require_names(symbols: set[Symbol]) -> None:
    """Parameters must not be mistaken for the variables of the theory, nor for each other."""
    names = sorted(symbol.name for symbol in symbols - {OVERLAP, SIGNAL_OVERLAP})
    for name in names:
        if name in RESERVED or names.count(name) > 1:
            raise ValueError(f"parameter {name!r} is the name of another quantity; choose another name")


RESERVED = {
    "q", "m", "E", "t", "theta", "y", "tbar", "v", "C", "R", "T", "X", "beta", "mu", "s", "t'", "tau", "u", "m_0",
}  # fmt: skip
"""Variables of the theory."""


def _distinct(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Channels with the same label (two tensors of the same order, say) are numbered."""
    seen: dict[str, int] = {}
    for channel in channels:
        seen[channel.label] = seen.get(channel.label, 0) + 1
    counts = dict.fromkeys(seen, 0)
    result = []
    for channel in channels:
        counts[channel.label] += 1
        repeated = seen[channel.label] > 1
        result.append(replace(channel, label=f"{channel.label}.{counts[channel.label]}") if repeated else channel)
    return tuple(result)


TAYLOR_ORDERS = 13
"""Orders to which a covariance that is not a polynomial is tested."""


def _require_covariance(covariance: Expr) -> None:
    """Schoenberg: a covariance on the sphere of every dimension has non-negative Taylor coefficients at q = 0."""
    if OVERLAP not in covariance.free_symbols:
        raise ValueError(f"covariance = {shortened(covariance)} does not depend on q; try q**3/2")
    for degree, coefficient in _taylor_coefficients(covariance).items():
        if coefficient.is_negative or coefficient.is_finite is False:
            raise ValueError(
                f"covariance = {shortened(covariance)}: coefficient of q**{degree} must be >= 0, "
                f"got {shortened(coefficient)}"
            )


LARGEST = Rational(10**100)
"""Largest coefficient of a polynomial; the inverse is the smallest: products of a few stay within double precision."""


def _require_range(name: str, polynomial: Expr, symbol: Symbol) -> None:
    """Real, and with coefficients of a size that double precision can work with."""
    if polynomial.has(I, nan, oo, -oo, zoo):
        raise ValueError(f"{name} = {polynomial} must be finite and real; try {symbol}**3/2")
    if not polynomial.is_polynomial(symbol):
        return
    for (degree,), value in Poly(polynomial, symbol).terms():
        if value.is_number and value != 0 and not 1 / LARGEST <= abs(value) <= LARGEST:
            raise ValueError(
                f"{name}: the coefficient of {symbol}**{degree}, {value.evalf(3)}, must be from 1e-100 to 1e100 in "
                "size; choose another unit of energy"
            )


def _taylor_coefficients(covariance: Expr) -> dict[int, Expr]:
    """By degree; none when a degree is a symbol."""
    if covariance.is_polynomial(OVERLAP):
        return {degree: value for (degree,), value in Poly(covariance, OVERLAP).terms()}
    if any(power.base.has(OVERLAP) and not power.exp.is_number for power in covariance.atoms(Pow)):
        return {}
    return {k: diff(covariance, OVERLAP, k).subs(OVERLAP, 0) / factorial(k) for k in range(TAYLOR_ORDERS)}


def _split_by_degree(covariance: Expr, mean: Expr) -> tuple[Channel, ...]:
    """One channel for each degree of a polynomial landscape; otherwise a single one."""
    if not (covariance.is_polynomial(OVERLAP) and mean.is_polynomial(SIGNAL_OVERLAP)):
        return (Channel("all", covariance, mean),)
    parts = [dict(Poly(part, symbol).terms()) for part, symbol in ((covariance, OVERLAP), (mean, SIGNAL_OVERLAP))]
    degrees = sorted(degree for (degree,) in parts[0].keys() | parts[1].keys())
    return tuple(
        Channel(
            str(degree),
            parts[0].get((degree,), 0) * OVERLAP**degree,
            parts[1].get((degree,), 0) * SIGNAL_OVERLAP**degree,
        )
        for degree in degrees
        if parts[0].get((degree,), 0) != 0 or parts[1].get((degree,), 0) != 0
    )
