"""From a system, a parameter of it on each axis, and their ranges, to the lines of a diagram."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sympy import Expr, Poly, Symbol, diff, factor

from theory.domain import Order, Whole, written
from theory.landscape import GaussianLandscape, exact
from theory.naming import called
from theory.prediction import Threshold
from theory.printing import as_latex
from theory.statics.instability import temperature_family
from theory.symbols import ENERGY, OVERLAP, SIGNAL_OVERLAP, TEMPERATURE
from theory.system import System
from theory.systems import Landscape
from theory.thresholds import Family
from theory.thresholds.family import makers, of_any, of_bayes_optimal
from theory.thresholds.instability import bayes_amp

from ..threshold_values import ThresholdValue
from ..thresholds_of import declared_thresholds, thresholds_of
from .source import FamilyLines, Inverse, Source, SystemLines

ITEM = re.compile(r"(\w+)\[(\d+)\]")
"""``singular_values[2]``, one of a list."""

ALLOWED = 5
"""Places at which a landscape is declared, to see whether it may be."""


UNPLANTED = Landscape(OVERLAP**3)


class Range(NamedTuple):
    """``name`` from ``low`` to ``high``."""

    name: str
    low: float
    high: float
    logarithmic: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """From, to."""
        return self.low, self.high

    @property
    def middle(self) -> float:
        """Between the ends."""
        return float(np.sqrt(self.low * self.high) if self.logarithmic else (self.low + self.high) / 2)


@dataclass(frozen=True)
class Varied:
    """A system of which the parameter ``name`` varies, ``singular_values[2]`` an item of a list, or a symbol in it."""

    system: System
    name: str

    def __post_init__(self) -> None:
        domains = {p.name: p.domain for p in self.system.parameters}
        known = [*domains, *map(str, self.symbols)]
        if self.item[0] not in known:
            raise ValueError(f"{called('x', self.name)}: no parameter of {self.system.slug}; it has {', '.join(known)}")
        if ITEM.fullmatch(self.name):
            items = self.system.given.get(self.item[0])
            if not isinstance(items, list) or not 1 <= self.item[1] <= len(items):
                have = f"has {len(items)} items, from 1 on" if isinstance(items, list) else "is no list that is given"
                raise ValueError(f"{called('x', self.name)}: {called(self.item[0])} {have}")
        elif self.name in self.system.given:
            raise ValueError(f"{called(self.name)} is what varies; leave it out")

    @staticmethod
    def split(name: str) -> tuple[str, int]:
        """The parameter, and which of its items, from 1 on; 0 for itself."""
        found = ITEM.fullmatch(name)
        return (found[1], int(found[2])) if found else (name, 0)

    @property
    def item(self) -> tuple[str, int]:
        """Of its name."""
        return self.split(self.name)

    @property
    def symbols(self) -> set[Symbol]:
        """In what was given, without the variables of formulas."""
        parts = [value.free_symbols for value in self.system.given.values() if isinstance(value, Expr)]
        return set().union(*parts) - {OVERLAP, SIGNAL_OVERLAP}

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return any(p.name == self.name and isinstance(p.domain, (Whole, Order)) for p in self.system.parameters)

    def at(self, value: Any) -> System:
        """With this value of it. Raises ``ValueError`` where the system does not allow it."""
        given, (name, item) = dict(self.system.given), self.item
        if name not in {p.name for p in self.system.parameters}:
            named = {symbol: exact(value) for symbol in self.symbols if symbol.name == name}
            given |= {key: part.subs(named) for key, part in given.items() if isinstance(part, Expr)}
        elif item:
            items = [written(v) for v in given[name]]
            given[name] = ",".join([*items[: item - 1], written(value), *items[item:]])
        else:
            given[name] = written(int(value) if self.whole else value)
        made: System = type(self.system)(**given)
        return made

    def thresholds(self, value: float, names: Sequence[str]) -> Mapping[str, ThresholdValue]:
        """Of the system there; one that it does not have there is absent."""
        system = self.at(value)
        have = declared_thresholds(system)
        found = thresholds_of(system, [name for name in names if name in have])
        return {name: found[name] if name in have else ThresholdValue(note="none here") for name in names}


def lines_of(system: System, x: Range, y: str = "", only: Sequence[str] = ()) -> tuple[Source, str]:
    """The thresholds in ``y``, by default in what the first of them, or of ``only``, is in, over x; and the name of y.

    Raises ``ValueError`` where there are none, naming what the thresholds are in.
    """
    varied = Varied(system, x.name)
    family = _family(system, x.name, y) if isinstance(system, Landscape) and not varied.whole else None
    if family is not None:
        if not x.low > 0:
            raise ValueError(f"{called('x', x.name)} from {x.low:g} must begin above 0; try {x.high / 100:g}")
        for place in np.linspace(*x.ends, ALLOWED):
            varied.at(float(place))
        lines, control = FamilyLines(family), control_name(family.control)
        return (Inverse(lines), y) if control == inverse(y) else (lines, control)
    there = varied.at(round(x.middle) if varied.whole else x.middle)
    there.require([p.name for p in system.parameters if p.name == there.control])
    _require_values(there, y)
    known = declared_thresholds(there)
    controls = dict.fromkeys(control_name(threshold.control) for threshold in known.values())
    wanted = (control_name(known[name].control) for name in only if name in known)
    chosen = y or next(wanted, next(iter(controls), ""))
    if chosen not in controls and inverse(chosen) in controls:
        return Inverse(lines_of(system, x, inverse(chosen), only)[0]), chosen
    meanings = {name: t.meaning for name, t in known.items() if control_name(t.control) == chosen}
    if not meanings:
        have = ", ".join(controls) or "nothing"
        raise ValueError(f"{called('y', y)}: {system.slug} has no thresholds in it; it has some in {have}")
    symbol = Symbol(x.name, positive=True)
    return SystemLines(varied.thresholds, meanings, _symbolic(system, meanings), symbol, varied.whole), chosen


def _require_values(system: System, y: str) -> None:
    """ValueError for a symbol of a landscape that is neither x nor what it has thresholds in."""
    own = {p.name for p in system.parameters}
    left = [s.name for s in system.free_symbols if s.name not in own] if isinstance(system, Landscape) else []
    others = [name for name in left if name != y]
    if others:
        other = "" if y else f", or take it for {called('y')}"
        raise ValueError(f"{others[0]} has no value; give it a number{other}")
    if left:
        have = ", ".join(dict.fromkeys(control_name(t.control) for t in declared_thresholds(UNPLANTED).values()))
        raise ValueError(
            f"{called('y', y)}: without a signal ({called('mean')}) there is no threshold in {y}; energies, "
            f"temperatures and exponents are lines over one axis: give {y} a number, and {called('y')} one of {have}"
        )


def _family(landscape: Landscape, x: str, y: str) -> Family | None:
    """The one in y with x free, if there is one: its own, or any two symbols of a formula."""
    symbols = {str(symbol): symbol for symbol in landscape.free_symbols}
    if x in symbols and y in symbols and len(symbols) == 2 and landscape.mean != 0:
        return _of_symbols(landscape, symbols[y])
    try:
        families = landscape.families()
    except ValueError:  # energies are those of a landscape with numbers
        families = [(temperature_family(landscape), {})] if y == TEMPERATURE.name else []
    for family, _ in families:
        wanted = family.control != ENERGY and y in ("", control_name(family.control))
        if wanted and [str(symbol) for symbol in family.free] == [x]:
            return family
    return None


def _of_symbols(given: GaussianLandscape, control: Symbol) -> Family:
    """First-order lines of Bayes-optimal inference are known of ``control q^2/2 + c x^k q^p`` alone.

    Solvers go from a weak signal to a strong one: what weakens it is replaced by its inverse.
    """
    landscape = given
    if _weakens(given, control):
        stronger = Symbol(inverse(control.name), positive=True)
        landscape, control = given.subs({control: 1 / stronger}), stronger
    made = of_any(landscape, control)
    if landscape.mean.subs(SIGNAL_OVERLAP, OVERLAP) != landscape.covariance:
        return Family.lazily(landscape, control, made)
    terms = dict(Poly(landscape.covariance, OVERLAP).terms())
    others = [coefficient for (degree,), coefficient in terms.items() if degree != 2]
    simple = (
        terms.get((2,)) == control / 2 and len(others) == 1 and others[0].as_coeff_Mul()[1].as_base_exp()[0].is_Symbol
    )
    bayes = of_bayes_optimal(landscape, control) if simple else makers(landscape, control, bayes_amp)
    return Family.lazily(landscape, control, made | bayes)


def _weakens(landscape: GaussianLandscape, control: Symbol) -> bool:
    """Whether ``g''(0)^2/f''(1)`` is known to fall with it."""
    ratio = landscape.g(2, 0) ** 2 / landscape.f(2)
    return bool(factor(diff(ratio, control)).is_negative)


def inverse(name: str) -> str:
    """``inverse_delta_2`` of ``delta_2``."""
    return f"inverse_{name}"


def _symbolic(system: System, names: Iterable[str]) -> dict[str, Threshold]:
    """With x left out, where it can be."""
    try:
        return {name: threshold for name, threshold in declared_thresholds(system).items() if name in names}
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        return {}


def control_name(symbol: Symbol) -> str:
    """Of what thresholds are in."""
    return "energy" if symbol == ENERGY else str(symbol)


def label_of(name: str) -> str:
    """LaTeX of a parameter."""
    found = ITEM.fullmatch(name)
    typeset = as_latex(Symbol(f"{found[1]}_{found[2]}" if found else name))
    return f"${typeset}$" if len(name) == 1 or typeset.startswith("\\") else name.replace("_", " ")
