"""The overlap with a signal, where there is one."""

from __future__ import annotations

from theory.domain import Domain, Real
from theory.naming import called
from theory.systems import Landscape


class Starting(Domain):
    """A number from -1 to 1, or ``random``."""

    metavar = "M"

    def read(self, name: str, text: str) -> float | str:
        """The overlap."""
        return text if text == "random" else Real(-1, 1).read(name, text)

    def __str__(self) -> str:
        return "number from -1 to 1, or random"


def require_signal(landscape: Landscape, overlap: float | None) -> None:
    """Raise ValueError for an overlap with a signal that is not there."""
    if landscape.mean == 0 and overlap:
        what = called("overlap", f"{overlap:g}")
        raise ValueError(f"{what} does not apply to {landscape.slug}: nothing is planted; leave it out")
