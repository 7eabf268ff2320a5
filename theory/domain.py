"""What a parameter or an option may be: read from text, or from a value by its text, in one place for both.

Every ``read`` raises ``ValueError`` with one line: what was given, and what would work. ``name`` is that of Python,
``t_max``; the line has it as the user wrote it, which on a command line is ``--t-max`` (``TYPED``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sympy import Expr, Rational, Symbol, oo

from .course import Course
from .expressions import FUNCTIONS, KINKED, parse_expression, parse_polynomial
from .naming import called, shortened
from .parsing import LARGEST as LARGEST_PARAMETER
from .parsing import SMALLEST as SMALLEST_PARAMETER
from .parsing import parse_number, read_number

SMALLEST = Rational(1, 10**307)
"""Smaller numbers lose digits in double precision."""


class Domain(ABC):
    """A set of values. ``metavar`` stands for one of them in a synopsis; ``str`` says which there are."""

    metavar = "X"

    @abstractmethod
    def read(self, name: str, text: str) -> Any:
        """The value of a text."""

    def accept(self, name: str, value: Any) -> Any:
        """The same for a Python value: what it prints as is read."""
        return self.read(name, value if isinstance(value, str) else written(value))

    def plain(self, value: Any) -> Any:
        """A value for JSON."""
        return value


def written(value: Any) -> str:
    """A value as text that is read back the same."""
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return repr(value) if isinstance(value, float) and float(short) != value else short


@dataclass(frozen=True)
class Real(Domain):
    """A number from ``least`` to ``most``, in double precision; never rounded to zero."""

    least: float
    most: float

    def read(self, name: str, text: str) -> float:
        """Text such as ``0.5``, ``1e-300`` or ``2/3``."""
        value = read_number(text)
        if value is None:
            example = max(self.least, min(1.0, self.most))
            raise ValueError(
                f"{called(name, repr(shortened(text)))} is not a number; try {called(name, f'{example:g}')}"
            )
        if not Rational(repr(self.least)) <= value <= Rational(repr(self.most)):
            raise ValueError(f"{called(name, text)} must be a number from {self.least:g} to {self.most:g}")
        if value != 0 and abs(value) < SMALLEST:
            raise ValueError(f"{called(name, text)} is too small for double precision; try {called(name, '1e-300')}")
        return float(value)

    def __str__(self) -> str:
        return f"number from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Between(Domain):
    """A number strictly between two others, in double precision or as an ``exact`` fraction."""

    least: float
    most: float
    example: str
    exact: bool = False

    def read(self, name: str, text: str) -> Any:
        """Text such as ``0.5`` or ``1/3``."""
        value: Any = read_number(text) if self.exact else Real(-1e50, 1e50).read(name, text)
        if value is None or not self.least < value < self.most:
            where = f"must lie strictly between {self.least:g} and {self.most:g}"
            raise ValueError(f"{called(name, text)} {where}; try {called(name, self.example)}")
        return value

    def plain(self, value: Any) -> float:
        """A float."""
        return float(value)

    def __str__(self) -> str:
        return f"number, {self.least:g} < x < {self.most:g}"


@dataclass(frozen=True)
class Whole(Domain):
    """A whole number from ``least`` to ``most``."""

    least: int
    most: int
    metavar = "K"

    def read(self, name: str, text: str) -> int:
        """Text such as ``12`` or ``1e6``."""
        value = read_number(text)
        if value is None or not value.is_integer or not self.least <= value <= self.most:
            raise ValueError(f"{called(name, text)} must be a whole number from {self.least} to {self.most}")
        return int(value)

    def __str__(self) -> str:
        return f"whole number from {self.least} to {self.most}"


@dataclass(frozen=True)
class Exact(Domain):
    """A number from ``smallest`` on as an exact fraction; zero, infinity, negative ones where they mean something."""

    infinite: bool = False
    zero: bool = False
    smallest: Rational = SMALLEST_PARAMETER
    negative: bool = False

    def read(self, name: str, text: str) -> Expr:
        """Text such as ``0.1``, which is 1/10, or ``inf``."""
        if self.infinite and text.strip().lower() in ("inf", "infinity", "oo"):
            return oo
        value = parse_number(name, text, self.smallest)
        if not (value > 0 or (self.zero and value == 0) or (self.negative and value < 0)):
            least = "a number >= 0" if self.zero else "a positive number"
            raise ValueError(f"{called(name, text)} must be {least}; try {called(name, 1)}")
        return value

    def plain(self, value: Any) -> Any:
        """A float, or ``"inf"``."""
        return float(value) if isfinite(float(value)) else "inf"

    def __str__(self) -> str:
        if self.negative:
            return f"number from {-float(LARGEST_PARAMETER):g} to {float(LARGEST_PARAMETER):g}"
        least, more = ">=" if self.zero else ">", ", or inf" if self.infinite else ""
        return f"number {least} 0, to {float(LARGEST_PARAMETER):g}{more}"


@dataclass(frozen=True)
class Order(Domain):
    """A whole number from ``least`` on: larger orders than 64 take minutes to derive and behave like p -> infinity."""

    least: int = 2
    most: int = 64
    metavar = "P"

    def read(self, name: str, text: str) -> int:
        """Text such as ``3``."""
        value = parse_number(name, text)
        if not (value.is_integer and value <= self.most):
            nearest = round(float(min(max(self.least, 3, value), self.most)))
            what = called(name, text)
            raise ValueError(f"{what} must be a whole number up to {self.most}; try {called(name, nearest)}")
        return int(value)

    def plain(self, value: Any) -> int:
        """An ``int``."""
        return int(value)

    def __str__(self) -> str:
        return f"whole number from {self.least} to {self.most}"


class Formula(Domain):
    """Values that are no numbers: text is read, all else passes."""

    def accept(self, name: str, value: Any) -> Any:
        """SymPy expressions and mappings are what they are."""
        return self.read(name, value) if isinstance(value, str) else value

    def plain(self, value: Any) -> Any:
        """Text."""
        return str(value)


@dataclass(frozen=True)
class Polynomial(Formula):
    """A polynomial in one symbol with exact coefficients."""

    symbol: Symbol
    metavar = "POLYNOMIAL"

    def read(self, name: str, text: str) -> Expr:
        """Text such as ``q**3/2 + q**4/4``."""
        del name
        return parse_polynomial(text, self.symbol)

    def __str__(self) -> str:
        return f"polynomial in {self.symbol}"


@dataclass(frozen=True)
class Function(Formula):
    """An expression in some variables (by the names that a user types)."""

    variables: Mapping[str, Symbol]
    metavar = "EXPRESSION"

    def read(self, name: str, text: str) -> Expr:
        """Text such as ``(u**2 - y**2)**2/4``."""
        del name
        return parse_expression(text, self.variables, FUNCTIONS | KINKED)

    def __hash__(self) -> int:
        return hash(tuple(self.variables))

    def __str__(self) -> str:
        return f"function of {', '.join(self.variables)}"


@dataclass(frozen=True)
class InTime(Formula):
    """A function of the time t, with steps; ``metavar`` has its symbol."""

    metavar: str

    def read(self, name: str, text: str) -> Course:
        """Text such as ``2/(1 + t)`` or ``0:1, 10:0.2``."""
        del name
        return Course(text)

    def accept(self, name: str, value: Any) -> Any:
        """A number is a constant."""
        return value if isinstance(value, Course) else Domain.accept(self, name, value)

    def __str__(self) -> str:
        return "function of t, or TIME:VALUE, ..."


@dataclass(frozen=True)
class Coefficients(Formula):
    """Numbers by degree."""

    metavar = "P:X,P:X"

    def read(self, name: str, text: str) -> dict[int, Expr]:
        """Text such as ``3:1/2,4:1/4``."""
        pairs = [part.split(":") for part in text.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"{called(name, text)} must be P:X,P:X; try {called(name, '3:1/2,4:1/4')}")
        degrees = [Order(1).read(name, degree) for degree, _ in pairs]
        if len(set(degrees)) < len(degrees):
            raise ValueError(f"{called(name, text)} gives a degree twice; try {called(name, '3:1/2,4:1/4')}")
        return {degree: Exact().read(name, value) for degree, (_, value) in zip(degrees, pairs, strict=True)}

    def plain(self, value: Any) -> dict[str, float]:
        """Floats by degree."""
        return {str(degree): float(number) for degree, number in value.items()}

    def __str__(self) -> str:
        return "numbers > 0 by degree"


@dataclass(frozen=True)
class Choice(Domain):
    """One of some names."""

    names: tuple[str, ...]
    metavar = "NAME"

    def read(self, name: str, text: str) -> str:
        """The name."""
        if text not in self.names:
            raise ValueError(f"{called(name, repr(shortened(text)))} must be one of {', '.join(self.names)}")
        return text

    def __str__(self) -> str:
        return " or ".join(self.names)


@dataclass(frozen=True)
class Several(Domain):
    """Values of one domain, as text with commas."""

    each: Domain

    @property
    def metavar(self) -> str:  # type: ignore[override]
        """Two of them."""
        return f"{self.each.metavar},{self.each.metavar}"

    def read(self, name: str, text: str) -> list[Any]:
        """Text such as ``1,10,100``."""
        return [self.each.read(name, part) for part in text.split(",")]

    def accept(self, name: str, value: Any) -> list[Any]:
        """Text, one value, or a list of values."""
        if isinstance(value, Iterable) and not isinstance(value, str):
            return [self.each.accept(name, part) for part in value]
        return self.read(name, str(value))

    def plain(self, value: Any) -> list[Any]:
        """A list."""
        return [self.each.plain(part) for part in value]

    def __str__(self) -> str:
        return f"{self.each}, with commas between several"


@dataclass(frozen=True)
class Pair(Domain):
    """Two numbers in a range."""

    least: float
    most: float
    example: str
    metavar = "X,Y"
    separator = ","

    @property
    def form(self) -> str:
        """What is asked for."""
        return "two numbers"

    def fits(self, first: float, second: float) -> bool:
        """Whether they go together."""
        del first, second
        return True

    def read(self, name: str, text: str) -> tuple[float, float]:
        """Text such as ``3.4,2.5``."""
        parts = text.split(self.separator)
        if len(parts) == 2:
            first, second = (Real(self.least, self.most).read(name, part) for part in parts)
            if self.fits(first, second):
                return first, second
        raise ValueError(f"{called(name, text)} must be {self.form}; try {called(name, self.example)}")

    def accept(self, name: str, value: Any) -> tuple[float, float]:
        """Text, or two numbers."""
        return self.read(name, value if isinstance(value, str) else self.separator.join(map(str, value)))

    def __str__(self) -> str:
        return f"two numbers from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class Interval(Pair):
    """Two increasing numbers in a range: text such as ``0.1:10``."""

    metavar = "LO:HI"
    separator = ":"

    @property
    def form(self) -> str:
        """Its ends, in order."""
        return f"LO:HI with {self.least:g} <= LO < HI"

    def fits(self, first: float, second: float) -> bool:
        """Whether the second is larger."""
        return first < second

    def __str__(self) -> str:
        return f"LO:HI from {self.least:g} to {self.most:g}"


@dataclass(frozen=True)
class NamedInterval(Domain):
    """A parameter and its range, on a logarithmic axis if that is said."""

    metavar = "NAME=LO:HI[:log]"

    def read(self, name: str, text: str) -> tuple[str, float, float, bool]:
        """Text such as ``delta_p=0.1:10:log``."""
        parameter, _, ends = text.partition("=")
        logarithmic = ends.endswith(":log")
        if not parameter.strip() or not ends:
            raise ValueError(f"{called(name, text)} must be {self.metavar}; try {called(name, 'delta_p=0.1:10:log')}")
        low, high = Interval(-1e15, 1e15, "0.1:10").read(name, ends.removesuffix(":log"))
        if logarithmic and low <= 0:
            raise ValueError(f"{called(name, text)}: a logarithmic axis begins above 0")
        return parameter.strip().replace("-", "_"), low, high, logarithmic

    def __str__(self) -> str:
        return "name and range"


@dataclass(frozen=True)
class Text(Domain):
    """Any text."""

    metavar: str = "TEXT"

    def read(self, name: str, text: str) -> str:
        """As it is."""
        del name
        return text

    def __str__(self) -> str:
        return "text"


FLAG = Text("")
"""Of an option without a value."""
