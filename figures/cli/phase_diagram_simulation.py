"""`ruggedflow phase-diagram --with-simulation`: where half of the runs succeed, at a few noises of the tensor."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerics.provenance import write_whole
from numerics.recovery import Model, SuccessPoint, success_points
from numerics.recovery.diagram import to_csv

from .arguments import real, whole
from .progress import counted
from .signals import stop

FOLDER, TABLE = "simulation", "simulation.csv"
"""Where the runs and their outcomes are kept, in the folder of the diagram."""
LARGEST_SIZE, LARGEST_COUNT = 10**4, 10**6


@dataclass(frozen=True)
class Options:
    """As typed."""

    simulate_at: str = "0.25,0.5,1,2,4"
    size: str = "64,128"
    samples: str = "64"
    seed: str = "0"
    workers: str = "1"

    def plan(self, orders: Sequence[int], low: float, high: float) -> "Plan":
        """Checked; the noises lie within the diagram."""
        noises = sorted({real("simulate-at", text, low, high) for text in self.simulate_at.split(",")})
        return Plan(
            tuple(Model(p, noise) for p in orders for noise in noises),
            tuple(sorted({whole("size", text, 16, LARGEST_SIZE) for text in self.size.split(",")})),
            whole("samples", self.samples, 2, LARGEST_COUNT),
            whole("seed", self.seed, 0, 2**63),
            whole("workers", self.workers, 1, 1024),
        )


@dataclass(frozen=True)
class Plan:
    """What is to be run."""

    models: tuple[Model, ...]
    sizes: tuple[int, ...]
    samples: int
    seed: int
    workers: int

    @property
    def command(self) -> str:
        """The options that give the same points."""
        noises, sizes = dict.fromkeys(f"{model.delta_p:g}" for model in self.models), map(str, self.sizes)
        where = f"--simulate-at {','.join(noises)} --size {','.join(sizes)}"
        return f" --with-simulation {where} --samples {self.samples} --seed {self.seed}"

    def run(self, folder: Path) -> list[SuccessPoint]:
        """With a bar; runs that are in the folder already are not repeated, so that Ctrl-C loses none."""
        options: Any = {"seed": self.seed, "output": folder / FOLDER, "workers": self.workers, "absent": _absent}
        try:
            with counted("runs") as progress:
                return success_points(self.models, self.sizes, self.samples, progress=progress, **options)
        except KeyboardInterrupt:
            stop(f"interrupted; the same command goes on from {folder / FOLDER}")


def write(points: Sequence[SuccessPoint], folder: Path) -> tuple[str, list[dict[str, Any]]]:
    """Every success probability as CSV; its name, and the crossings for the record, each with one standard error."""
    write_whole(folder / TABLE, to_csv(points))
    return TABLE, [_crossing(point) for point in points]


def _absent(reason: str) -> None:
    sys.stderr.write(f"ruggedflow: a point is left out: {reason}\n")


def _crossing(point: SuccessPoint) -> dict[str, Any]:
    value, error = point.crossing
    return {
        "p": point.model.p,
        "delta_p": point.model.delta_p,
        "size": point.size,
        "samples": point.samples,
        "inverse_delta_2": value,
        "inverse_delta_2_error": error,
        "inverse_delta_2_predicted": point.predicted,
    }
