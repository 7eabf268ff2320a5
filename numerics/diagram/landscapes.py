"""The Gaussian landscapes of a diagram: those of its x and y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from sympy import Symbol

from theory.dynamics import GrowthRate
from theory.landscape import GaussianLandscape, exact
from theory.naming import called
from theory.symbols import ENERGY
from theory.system import System
from theory.systems import Landscape

from ..lowering import lower
from ..recovery import SignalLine
from .of_system import Varied, control_name
from .source import Inverse, Source

FLOW = "gradient_flow"
"""The line beyond which an overlap with the signal grows exponentially."""


@dataclass(frozen=True)
class Landscapes:
    """Those of a system, of which ``x`` varies, and ``y``, what its thresholds are in."""

    system: System
    x: str
    y: str

    def require(self, what: str, source: Source) -> None:
        """ValueError, naming the option that asks for ``what``, unless there is a signal whose growth is known."""
        if not isinstance(self.system, Landscape):
            raise ValueError(
                f"{called(what)} does not apply to {self.system.slug}: no signal that grows from nothing is known in it"
            )
        if FLOW not in source.meanings:
            lines = ", ".join(source.meanings)
            raise ValueError(f"{called(what)} needs the line {FLOW}; thresholds in {self.y} are {lines}")
        if isinstance(source, Inverse):
            what = f"{called(what)} goes from weak signals up, and {self.y} weakens them"
            raise ValueError(f"{what}; exchange {called('x')} and {called('y')}")

    def column(self, x: float) -> tuple[GaussianLandscape, Symbol]:
        """Those above one x, and the symbol of y in them. Raises ``ValueError`` where the system does not allow it."""
        varied = Varied(self.system, self.x)
        there = cast(Landscape, varied.at(int(x) if varied.whole else x))
        own = next((symbol for symbol in there.free_symbols if symbol.name == self.y), None)
        if own is not None and self.y not in {p.name for p in there.parameters}:
            return there, own
        questions = [q for q in there.families() if q[0].control != ENERGY and control_name(q[0].control) == self.y]
        for family, parameters in questions:
            return family.landscape.subs(parameters), family.control
        assert own is not None
        return there, own

    def __call__(self, x: float, y: float) -> GaussianLandscape:
        """With these numbers."""
        landscape, control = self.column(x)
        return landscape.subs({control: exact(float(y))})

    def strength(self, x: float) -> Callable[[float], float]:
        """Of y: ``1 - sqrt(f''(1))/g''(0)``, 0 on the line of gradient flow, 1 for a signal that is all there is."""
        landscape, control = self.column(x)
        compiled = lower((control,), [1 - 1 / GrowthRate(landscape).spike])
        return lambda y: float(compiled(y)[0])

    def threshold(self, source: Source, x: float) -> float:
        """y on the line of gradient flow; nan where there is none."""
        return float(source.at(np.array([x]), [FLOW])[FLOW].value[0])


@dataclass(frozen=True)
class DiagramLine(SignalLine):
    """The landscapes at one ``x``, whose line of gradient flow is at ``onset``."""

    landscapes: Landscapes
    x: float
    onset: float

    @cached_property
    def place(self) -> dict[str, float]:
        """x."""
        return {self.landscapes.x: self.x}

    @property
    def control(self) -> str:
        """y."""
        return self.landscapes.y

    @property
    def threshold(self) -> float:
        """On the line."""
        return self.onset

    def landscape(self, signal: float) -> GaussianLandscape:
        """At ``y = signal``."""
        return self.landscapes(self.x, signal)
