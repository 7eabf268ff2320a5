"""Solutions of one question, by name: the complexity of all critical points and that of minima, say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from .packing import unpacked
from .provenance import Record
from .quantity import Axis, Quantity
from .solution import Solution
from .storage import Arrays, Format


@dataclass(frozen=True, eq=False, repr=False)
class Together(Solution, Mapping[str, Any]):
    """A mapping of solutions over the same axes, and one solution of all they have: ``sigma_total`` and so on."""

    members: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    form: ClassVar[Format] = Format("ruggedflow solutions", 1, "Together.save")

    def __getitem__(self, name: str) -> Any:
        return self.members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Those of the first."""
        axes: Mapping[str, Axis] = next(iter(self.members.values())).axes
        return axes

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Of each, with its name behind."""
        return {f"{key}_{name}": q for name, own in self.members.items() for key, q in own.quantities.items()}

    @classmethod
    def _unpacked(cls, header: Record, arrays: Arrays) -> Self:
        from .complexity import ComplexityResult
        from .generalized_linear.complexity import Complexity
        from .quenched.complexity import QuenchedComplexity

        kinds = (ComplexityResult, *ComplexityResult.parts, Complexity, *Complexity.parts, QuenchedComplexity)
        return cls(**unpacked(header["solution"], arrays, {kind.__name__: kind for kind in kinds}))
