"""`ruggedflow simulate SYSTEM`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from numerics.experiments import has_experiment
from theory.domain import FLAG, Choice, Domain, Real, Several, Whole
from theory.generalized_linear.kinks import gaps
from theory.naming import called
from theory.system import System
from theory.systems import GeneralizedLinear, Landscape

from .answer import Answer
from .dynamics import FRICTION, MASS, SCHEDULE
from .files import CURVES, FILE, FOLDER, picture_to_write
from .question import ALL_PROCESSORS, Option, answers
from .signal import Starting, require_signal

if TYPE_CHECKING:
    from numerics.simulation.job import Kind


class Connectivity(Domain):
    """A whole number, or ``auto`` (None)."""

    metavar = "C"

    def read(self, name: str, text: str) -> int | str:
        """The number, or ``auto``."""
        return text if text == "auto" else Whole(1, 10**6).read(name, text)

    def __str__(self) -> str:
        return "whole number, or auto"


SIZE, SPINS = (Option(Whole(2, most), "N.", "N") for most in (10**7, 10**12))
T_MAX = Option(Real(1e-100, 1e100), "Last time.")
SAMPLES = Option(Whole(1, 10**6), "Realisations of the disorder.")
SEED = Option(Whole(0, 2**63), "Fixes every sample, start and noise.")
STARTS = Option(Whole(1, 10**6), "Starts on each sample.")
TEMPERATURE = Option(Real(0, 1e100), "Of the bath; 0 is gradient flow.")
AT = Option(Several(Real(0, 1e100)), "Times to report; default 1, 10, 100, ... and the last.")
ENSEMBLE = Option(
    Choice(("dense", "conditioned", "diluted")),
    "Every coupling; those a run sees, any N (default where dense does not fit); or few.",
)
DEVICE = Option(Choice(("cpu", "gpu")), "Where gradients are computed; gpu: with CuPy or JAX (extra gpu).")
HESSIAN = Option(FLAG, "Lowest mode of the Hessian at the last time.", flag=True)
RTOL = Option(Real(1e-12, 0.1), "Error aimed at; default 1e-4, at T > 0 1e-3.")
OUTPUT = Option(FOLDER, "Keep each sample as it finishes.", "o")
RESUME = Option(FLAG, "Go on with what --output holds.", flag=True)
WORKERS = Option(Whole(1, 1024), ALL_PROCESSORS)
AVERAGES = "averages.npz"
"""File in the folder of an experiment."""


@answers(System, applies=has_experiment)
def of_experiment(
    system: System,
    *,
    size: Annotated[int, SIZE],
    samples: Annotated[int, SAMPLES] = 16,
    seed: Annotated[int, SEED] = 0,
    output: Annotated[Any, Option(FOLDER, "Keep each sample as it finishes; the same command goes on.", "o")] = None,
    plot: Annotated[Any, Option(FILE, "Draw the averages to a PNG, PDF or SVG file.", draws=CURVES)] = None,
    workers: Annotated[int | None, WORKERS] = None,
) -> Answer:
    """Of its experiment: averages over samples."""
    from figures.record import claim_folder
    from numerics.experiment import average, experiment_of

    from .averages import answered
    from .progress import fraction

    folder, picture = None if output is None else claim_folder(output, (AVERAGES,)), picture_to_write(plot)
    experiment = experiment_of(type(system))(system)
    with fraction() as progress:
        found = average(experiment, size, samples, seed, workers=workers, folder=folder, progress=progress)
    return answered(system, found, None if folder is None else folder / AVERAGES, picture)


@answers(Landscape)
def of_landscape(
    landscape: Landscape,
    *,
    size: Annotated[int, SPINS],
    t_max: Annotated[float, T_MAX],
    samples: Annotated[int, SAMPLES] = 16,
    seed: Annotated[int, SEED] = 0,
    starts: Annotated[int, STARTS] = 1,
    overlap: Annotated[Any, Option(Starting(), "Overlap at the start, exactly; or random.")] = 0.0,
    temperature: Annotated[float, TEMPERATURE] = 0.0,
    schedule: Annotated[Any, SCHEDULE] = None,
    mass: Annotated[float, MASS] = 0.0,
    friction: Annotated[Any, FRICTION] = None,
    at: Annotated[Any, AT] = None,
    hessian: Annotated[bool, HESSIAN] = False,
    ensemble: Annotated[Any, ENSEMBLE] = None,
    connectivity: Annotated[
        Any, Option(Connectivity(), "Diluted couplings, C per spin and degree, for large N; or auto.")
    ] = None,
    device: Annotated[Any, DEVICE] = "cpu",
    rtol: Annotated[float | None, RTOL] = None,
    output: Annotated[Any, OUTPUT] = None,
    resume: Annotated[bool, RESUME] = False,
    workers: Annotated[int | None, WORKERS] = None,
) -> Answer:
    """Gradient flow, Langevin dynamics or inertia, on every coupling or on those that a run sees."""
    from numerics.course import UNIT
    from numerics.simulation import simulate

    from .ensembles import simulated

    begin = None if overlap == "random" else overlap
    require_signal(landscape, begin)
    kind = require_kind(ensemble, connectivity, hessian)
    degree = None if connectivity == "auto" else connectivity
    motion: dict[str, Any] = {"schedule": schedule, "mass": mass, "friction": friction or UNIT}
    runner = partial(simulate, landscape, overlap=begin, ensemble=kind, connectivity=degree, device=device, **motion)
    shared = {"size": size, "samples": samples, "seed": seed, "starts": starts, "temperature": temperature}
    kept = {"rtol": rtol, "output": output, "resume": resume, "workers": workers}
    return simulated(landscape, runner, {**shared, **kept}, t_max, at, hessian)


def require_kind(ensemble: Kind | None, connectivity: Any, hessian: bool) -> Kind | None:
    """Diluted where a connectivity is given; ``ValueError`` for what does not go together."""
    if connectivity is not None and ensemble not in (None, "diluted"):
        raise ValueError(f"{called('connectivity')} does not go with {called('ensemble', ensemble)}; leave one out")
    if ensemble == "conditioned" and hessian:
        raise ValueError(
            f"{called('hessian')} does not go with {called('ensemble', ensemble)}, which sees gradients alone; try "
            f"{called('ensemble', 'dense')}"
        )
    return ensemble if connectivity is None else "diluted"


@answers(GeneralizedLinear)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    size: Annotated[int, SIZE],
    t_max: Annotated[float, T_MAX],
    samples: Annotated[int, SAMPLES] = 16,
    seed: Annotated[int, SEED] = 0,
    starts: Annotated[int, STARTS] = 1,
    overlap: Annotated[Any, Option(Starting(), "Overlap at the start, exactly; default random.")] = None,
    start: Annotated[
        Any, Option(Choice(("random", "spectral")), "random; or spectral, the best spectral estimate.")
    ] = "random",
    temperature: Annotated[float, TEMPERATURE] = 0.0,
    schedule: Annotated[Any, SCHEDULE] = None,
    mass: Annotated[float, MASS] = 0.0,
    friction: Annotated[Any, FRICTION] = None,
    at: Annotated[Any, AT] = None,
    hessian: Annotated[bool, HESSIAN] = False,
    rtol: Annotated[float | None, RTOL] = None,
    output: Annotated[Any, OUTPUT] = None,
    resume: Annotated[bool, RESUME] = False,
    workers: Annotated[int | None, WORKERS] = None,
) -> Answer:
    """Gradient flow, Langevin dynamics or inertia on Gaussian data."""
    from numerics.course import UNIT
    from numerics.generalized_linear.simulation import simulate_risk

    from .ensembles import simulated, success

    if start != "random" and overlap is not None:
        foreign = f"{called('overlap')} does not go with {called('start', start)}"
        raise ValueError(f"{foreign}, which has the overlap that it finds")
    if gaps(landscape.loss):
        landscape.require_slope()
    begin = None if overlap == "random" else overlap
    motion: dict[str, Any] = {"schedule": schedule, "mass": mass, "friction": friction or UNIT}
    runner = partial(simulate_risk, landscape, alpha=float(landscape.alpha), start=start, overlap=begin, **motion)
    shared = {"size": size, "samples": samples, "seed": seed, "starts": starts, "temperature": temperature}
    kept = {"rtol": rtol, "output": output, "resume": resume, "workers": workers}
    return simulated(landscape, runner, {**shared, **kept}, t_max, at, hessian, more=success)
