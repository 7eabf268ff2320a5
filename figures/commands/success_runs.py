"""`ruggedflow phase-diagram --with-simulation`: where half of the runs succeed, at a few noises of the tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerics.diagram.overlay import Overlay
from numerics.diagram.success import of_successes
from numerics.provenance import as_csv
from numerics.recovery import SpikedLine, SuccessPoint, success_points
from numerics.recovery.diagram import to_rows

from .progress import fraction


@dataclass(frozen=True)
class Plan:
    """What is to be run; ``absent`` is told why a point is left out."""

    models: tuple[SpikedLine, ...]
    sizes: tuple[int, ...]
    samples: int
    seed: int
    workers: int | None
    absent: Callable[[str], None]

    @classmethod
    def of(cls, orders: Sequence[int], noises: Sequence[float], *rest: Any) -> Plan:
        """At every order and noise."""
        return cls(tuple(SpikedLine(p, noise) for p in orders for noise in noises), *rest)

    @property
    def command(self) -> str:
        """The options that give the same points."""
        noises, sizes = dict.fromkeys(f"{model.delta_p:g}" for model in self.models), map(str, self.sizes)
        where = f"--measure-at {','.join(noises)} --size {','.join(sizes)}"
        return f" --with-simulation {where} --samples {self.samples} --seed {self.seed}"

    def run(self, folder: Path) -> list[SuccessPoint]:
        """With a bar; runs that are in the folder already are not repeated, so that an interruption loses none."""
        options: Any = {"seed": self.seed, "output": folder, "workers": self.workers, "absent": self.absent}
        try:
            with fraction() as progress:
                return success_points(self.models, self.sizes, self.samples, progress=progress, **options)
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(f"interrupted; the same command goes on from {folder}") from error

    def table(self, points: Sequence[SuccessPoint]) -> str:
        """Every success probability as CSV."""
        return as_csv(to_rows(points))

    def overlays(self, points: Sequence[SuccessPoint]) -> dict[int, list[Overlay]]:
        """For the panel of each order."""
        orders = dict.fromkeys(int(point.model.place["p"]) for point in points)
        return {p: of_successes([point for point in points if point.model.place["p"] == p]) for p in orders}

    def record(self, points: Sequence[SuccessPoint]) -> list[dict[str, Any]]:
        """The crossings, each with one standard error."""
        return [_crossing(point) for point in points]


def _crossing(point: SuccessPoint) -> dict[str, Any]:
    value, error = point.crossing
    return {
        **point.model.place,
        "size": point.size,
        "samples": point.samples,
        "inverse_delta_2": value,
        "inverse_delta_2_error": error,
        "inverse_delta_2_predicted": point.predicted,
    }
