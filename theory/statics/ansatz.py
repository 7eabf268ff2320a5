r"""The order parameter of a spherical model as a list of what it is made of, and the equations for their places.

x(q) grows at isolated overlaps (atoms) and over intervals (bands); in between it is constant, so that chi is linear.
With ``K(q) = int_0^q ds/chi^2`` the functional is stationary if

- ``K = f'`` at each atom and at both ends of each band, where it then holds throughout with ``chi = 1/sqrt(f'')``;
- ``int (K - f') dq = 0`` over each stretch between two of them, so that none is favoured over another;
- at T = 0 both hold on the last stretch, to q = 1; at T > 0 ``chi = (1 - q)/T`` there.

Whether the stationary point is admissible (chi concave) and the minimum (G nowhere lower) is for a certificate to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from sympy import Dummy, Eq, Expr, Integer, Integral, Rational, S, Symbol, log, sqrt

from ..landscape import GaussianLandscape
from ..printing import Line, Printable
from .functional import over_line

Part = Literal["atom", "band"]


class Stretch(NamedTuple):
    """From overlap a, where chi is ``left``, to b, where it is ``right``; linear, or ``1/sqrt(f'')`` on a band."""

    a: Expr
    left: Expr
    b: Expr
    right: Expr
    band: bool


@dataclass(frozen=True)
class Ansatz(Printable):
    """Atoms and bands from left to right.

    ``at_zero``: the first of them is at (or begins at) q = 0, where ``f'(0) = 0``. ``at_one``: the last is a band that
    ends at q = 1 (T = 0 only). ``temperature`` is a number or a symbol. No parts at all: chi is constant (T = 0).
    Unknown chi are in units of ``1/sqrt(f'(1))``.
    """

    landscape: GaussianLandscape
    parts: tuple[Part, ...]
    at_zero: bool = False
    at_one: bool = False
    temperature: Expr = S.Zero

    @cached_property
    def ends(self) -> tuple[tuple[Expr, Expr, Expr, Expr], ...]:
        """``(a, chi(a), b, chi(b))`` of each part; a = b for an atom."""
        return tuple(self._ends(i, part) for i, part in enumerate(self.parts))

    def _ends(self, i: int, part: Part) -> tuple[Expr, Expr, Expr, Expr]:
        a = Integer(0) if self.at_zero and i == 0 else Symbol(f"q_{i + 1}", positive=True)
        last = i == len(self.parts) - 1
        if part == "atom":
            chi = (1 - a) / self.temperature if last and self.temperature != 0 else self._chi(i)
            return a, chi, a, chi
        b = Integer(1) if last and self.at_one else Symbol(f"b_{i + 1}", positive=True)
        return a, self._on_band(a), b, self._on_band(b)

    def _chi(self, i: int) -> Expr:
        return Symbol(f"c_{i + 1}", positive=True) / sqrt(self.landscape.f(1))

    def _on_band(self, q: Expr) -> Expr:
        return 1 / sqrt(self.landscape.f(2, q))

    @cached_property
    def unknowns(self) -> tuple[Symbol, ...]:
        """Places and values of chi, in the order of q."""
        values = [value for end in self.ends for value in end] + [self.stretches[-1].right if self.stretches else None]
        given = {*self.landscape.free_symbols, *self.temperature.free_symbols}
        found = [sorted(value.free_symbols - given, key=str) for value in values if value is not None]
        return tuple(dict.fromkeys(symbol for symbols in found for symbol in symbols))

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """From 0 to 1; at T > 0 to the largest overlap of the support."""
        return tuple(self._stretches())

    def _stretches(self) -> Iterator[Stretch]:
        """At T = 0 the value of chi at 1 counts as one more unknown."""
        if not self.parts:
            constant = 1 / sqrt(self.landscape.f(1))
            yield Stretch(Integer(0), constant, Integer(1), constant, False)
            return
        first = self.ends[0]
        if not self.at_zero:
            yield Stretch(Integer(0), first[1], first[0], first[1], False)
        for i, (a, left, b, right) in enumerate(self.ends):
            if a != b:
                yield Stretch(a, left, b, right, True)
            if i + 1 < len(self.ends):
                following = self.ends[i + 1]
                yield Stretch(b, right, following[0], following[1], False)
        if self.temperature == 0 and not self.at_one:
            yield Stretch(self.ends[-1][2], self.ends[-1][3], Integer(1), self._chi(len(self.parts)), False)

    @cached_property
    def conditions(self) -> tuple[Eq, ...]:
        """As many as unknowns."""
        f, lines = self.landscape.f, [s for s in self.stretches if self.parts and not s.band]
        found = []
        for a, left, b, right, _ in lines:
            found.append(Eq(f(1, b) - (f(1, a) if a != 0 else 0), over_line(1, left, right, b - a), evaluate=False))
            if left != right:  # K = f' at both ends, and no more to ask where chi is constant from q = 0 on
                rise = f(0, b) - f(0, a) - f(1, a) * (b - a)
                found.append(Eq(rise, over_line(2, left, right, b - a), evaluate=False))
        if self.temperature != 0 and self.parts[-1] == "band":
            _, _, b, right = self.ends[-1]
            found.append(Eq(right * self.temperature, 1 - b, evaluate=False))
        return tuple(found)

    @cached_property
    def response_part(self) -> Expr:
        """``f'(0) chi(0) + int f'' chi``: minus the energy, at T > 0 and in the ground state."""
        f, total = self.landscape.f, Integer(0)
        for a, left, b, right, band in self.stretches:
            slope = 0 if left == right else (right - left) / (b - a) * (f(0, b) - f(0, a))
            start = f(1, a) if a != 0 else Integer(0)  # f'(0) chi(0) belongs to the first stretch
            total += self._band_integral(a, b) if band else f(1, b) * right - start * left - slope
        if self.temperature != 0:
            _, _, b, right = self.ends[-1]
            total += (f(0, 1) - f(0, b)) / self.temperature - f(1, b) * right
        return total

    @cached_property
    def entropic_part(self) -> Expr:
        """``int dq/chi``, with ``T ln(1 - q_EA)`` for the rest at T > 0."""
        total = Integer(0)
        for a, left, b, right, band in self.stretches:
            total += self._band_integral(a, b) if band else over_line(0, left, right, b - a)
        return total + (self.temperature * log(1 - self.ends[-1][2]) if self.temperature != 0 else 0)

    def _band_integral(self, a: Expr, b: Expr) -> Expr:
        """``int sqrt f''``, of ``f'' chi`` and of ``1/chi`` alike."""
        inner = Dummy("q", positive=True)
        return Integral(sqrt(self.landscape.f(2, inner)), (inner, a, b))

    @property
    def free_energy(self) -> Expr:
        """``F = -(1/2) (response_part + entropic_part)``; at T = 0 the energy of the ground state."""
        return -Rational(1, 2) * (self.response_part + self.entropic_part)

    @property
    def energy(self) -> Expr:
        """``d(beta F)/d beta = -response_part``."""
        return -self.response_part

    def equations(self) -> list[Line]:
        """Conditions, and the free energy."""
        chi = [(Symbol(f"chi({a})"), left) for a, left, _, _, _ in self.stretches]
        return [
            *chi,
            *((c.lhs, c.rhs) for c in self.conditions),
            (r"F" if self.temperature else r"e", self.free_energy),
        ]
