r"""Teachers of a few indices: labels ``Y(z_1 .. z_K)`` plus noise, ``z_k = x.w_k*/sqrt N``; how learning begins.

Bayes-optimal message passing knows ``w ~ N(0, Q)`` of ``z ~ N(w, 1 - Q)``, Q the K x K overlap with the teacher. What a
label sends back is the gradient in w of ``ln E[e^(z.w - w^2/2) | label]``; its square, alpha times, is the next Q. To
first order in Q that is linear, and ``Q = 0`` is unstable where the map's largest eigenvalue exceeds one (Troiani,
Dandi et al. 2024, arXiv 2405.15480; Defilippis, Dandi et al. 2025, arXiv 2502.02545).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from sympy import Eq, Expr, Matrix, Rational, S, Symbol, diff, exp, latex

from ..laws import Law
from ..printing import Line, Printable
from .smooth import require_smooth
from .symbols import ALPHA
from .teacher import core

INDICES = tuple(Symbol(f"z{k}", real=True) for k in (1, 2, 3))
"""The fields of the teacher's directions."""
NOISE = Symbol("Delta", nonnegative=True)
"""Variance of Gaussian noise on the label."""


@dataclass(frozen=True)
class IndexTeacher:
    """``Y(z)`` with noise of a given variance. Raises ValueError for what is no function of z1, z2 and z3."""

    label: Expr
    noise: Expr = S.Zero

    def __post_init__(self) -> None:
        if not self.indices:
            raise ValueError(f"teacher = {self.label} does not depend on z1, z2 or z3; try z1*z2")
        require_smooth("teacher", self.label)

    @cached_property
    def indices(self) -> tuple[Symbol, ...]:
        """Those that it depends on."""
        return tuple(z for z in INDICES if z in self.label.free_symbols)

    @cached_property
    def core(self) -> Expr:
        """What shows the same: without noise, one-to-one functions around it are left out."""
        return core(self.label, self.indices) if self.noise == 0 else self.label


@dataclass(frozen=True)
class LinearisedPassing(Printable):
    """Message passing close to ``Q = 0``, written for two indices."""

    count: int = 2

    @cached_property
    def known(self) -> Sequence[Symbol]:
        """``w``."""
        return [Symbol(f"w_{i + 1}", real=True) for i in range(self.count)]

    @cached_property
    def first(self) -> Matrix:
        """``E[z | label]``."""
        return Matrix([Symbol(f"m_{i + 1}", real=True) for i in range(self.count)])

    @cached_property
    def second(self) -> Matrix:
        """``E[z z^T | label]``."""
        return Matrix(
            self.count,
            self.count,
            lambda i, j: Symbol("S_{" + "".join(map(str, sorted((i + 1, j + 1)))) + "}", real=True),
        )

    @cached_property
    def evidence(self) -> Expr:
        """``E[e^(z.w - w^2/2) | label]`` to second order in w: by the moments."""
        fields, size = [Symbol(f"z_{i + 1}", real=True) for i in range(self.count)], Symbol("epsilon")
        exponent = sum(size * w * z - size**2 * w**2 / 2 for w, z in zip(self.known, fields, strict=True))
        terms = [diff(exp(exponent), size, k).subs(size, 0) * Rational(1, (1, 1, 2)[k]) for k in range(3)]
        pairs = {a * b: self.second[i, j] for i, a in enumerate(fields) for j, b in enumerate(fields)}
        return sum(
            (term.expand().subs(pairs).subs(dict(zip(fields, self.first, strict=True))) for term in terms), S.Zero
        )

    @cached_property
    def sent(self) -> Matrix:
        """The gradient of its logarithm, ``E[z | w, label] - w``."""
        return Matrix([diff(self.evidence, w) / self.evidence for w in self.known])

    @cached_property
    def slope(self) -> Matrix:
        """G: its derivative at ``w = 0``, where the labels have no mean ``E[z | label]``."""
        nothing = dict.fromkeys(self.known, 0)
        at_zero = self.sent.jacobian(self.known).subs(nothing)
        return at_zero.subs(dict.fromkeys(self.first, 0)).applyfunc(lambda entry: entry.expand())

    @cached_property
    def map(self) -> Matrix:
        """``G dQ G``, of which alpha times the mean is the next dQ: ``E[w w^T] = dQ``."""
        overlap = Matrix(self.count, self.count, lambda i, j: Symbol("q_{" + f"{i + 1}{j + 1}" + "}", real=True))
        return self.slope * overlap * self.slope

    def equations(self) -> list[Line]:
        """From the evidence to the eigenvalue."""
        return [
            (r"\mathbb{E}[e^{z \cdot w - w^2/2}\,|\,\text{label}]", self.evidence),
            (
                r"\mathbb{E}[z\,|\,w, \text{label}] - w",
                r"\nabla_w \ln \mathbb{E}[e^{z \cdot w - w^2/2}\,|\,\text{label}]",
            ),
            (r"G = \partial_w\left(\mathbb{E}[z\,|\,w] - w\right)_{w = 0}", self.slope),
            (r"\mathbb{E}[z\,|\,\text{label}]", 0),
            (r"\delta Q'", r"\alpha\,\mathbb{E}\left[G\,\delta Q\,G\right], \quad G = " + latex(self.slope)),
            (r"1/\alpha", r"\max_{|M|_F = 1} \left|\mathbb{E}[G M G]\right|_F"),
        ]


@dataclass(frozen=True)
class IndexStability(Law):
    """``alpha`` times the largest eigenvalue of ``M -> E[G M G]`` is one."""

    teacher: IndexTeacher
    eigenvalue: ClassVar[Symbol] = Symbol("Lambda", positive=True)

    @property
    def side(self) -> Eq:
        """With that eigenvalue a symbol."""
        return Eq(1 / ALPHA, self.eigenvalue, evaluate=False)

    def equations(self, name: str) -> list[Line]:
        """Of which map it is."""
        del name
        return [(self.side.lhs, self.side.rhs), (self.eigenvalue, r"\max_{|M|_F = 1} \left|\mathbb{E}[G M G]\right|_F")]
