"""`ruggedflow dynamics SYSTEM`."""

from __future__ import annotations

from typing import Annotated, Any

from theory.domain import FLAG, Choice, InTime, Real, Several, Whole
from theory.laws import Evolution
from theory.naming import called
from theory.system import System
from theory.systems import GeneralizedLinear, Landscape

from .answer import Answer
from .files import CURVES, FILE, file_to_write, picture_to_write
from .progress import fraction
from .question import ALL_PROCESSORS, Option, answers, predicts

T_MAX = Option(Real(-1e300, 1e300), "Last time; ageing at T = 0 can be followed to 1e8 or so.")
OVERLAP = Option(Real(-1, 1), "Overlap with the signal at the start.")
AT = Option(Several(Real(0, 1e300)), "Times to report; default 1, 10, 100, ... and the last.")
SCHEDULE = Option(InTime("T(t)"), "T(t) of the bath: 'Piecewise((1, t < 10), (0.2, True))', or '0:1, 10:0.2'.")
MASS = Option(Real(0, 1e100), "M of M x'' + gamma x' = -grad H - mu x + noise; 0, the default, is first order.")
FRICTION = Option(InTime("gamma(t)"), "gamma with a mass; default 1. 0 is isolated, '3/t' Nesterov.")
RESPONSE = Option(Real(0, 1e300), "Also chi(t, s) = int_s^t R over C(t, s) at this t, and T_eff; --plot draws these.")
OUTPUT = Option(FILE, "Keep all of it (npz); every two minutes and on Ctrl-C, a part.", "o")
PLOT = Option(FILE, "Draw m, energy and mu to a PNG, PDF or SVG file.", draws=CURVES)
HOTTEST = 1e100
"""Largest temperature, and inverse temperature of the start."""


@answers(System, applies=predicts(Evolution))
def of_any(
    system: System,
    *,
    t_max: Annotated[float, Option(Real(1e-300, 1e100), "Last time, in the units of the equation that is solved.")],
    at: Annotated[Any, Option(Several(Real(0, 1e100)), "Times to report; default some, evenly.")] = None,
    output: Annotated[Any, Option(FILE, "Keep all of it (npz).", "o")] = None,
    plot: Annotated[Any, Option(FILE, "Draw what is observed to a PNG, PDF or SVG file.", draws=CURVES)] = None,
) -> Answer:
    """Of the first prediction whose law is one in time."""
    from numerics.evolution import evolve, times_to_keep

    from .averages import answered

    file, picture = file_to_write("output", output), picture_to_write(plot)
    late = [t for t in at or () if t > t_max]
    if late:
        raise ValueError(f"{called('at', f'{late[0]:g}')} lies beyond {called('t_max', f'{t_max:g}')}")
    chosen, law = next((p, p.law) for p in system.predictions() if isinstance(p.law, Evolution))
    if chosen.excluded:
        raise ValueError(f"no dynamics of {system.slug} with {system.shown}: {chosen.excluded}")
    times = sorted({*times_to_keep(law, t_max), *(at or ())})
    with fraction(f"flow to {law.time} = {t_max:g}"):
        found = evolve(law, system.symbol_values, times, chosen.meaning)
    return answered(system, found, file, picture, at)


@answers(Landscape)
def of_landscape(
    landscape: Landscape,
    *,
    t_max: Annotated[float, T_MAX],
    temperature: Annotated[float, Option(Real(0, HOTTEST), "Of the bath; 0, the default, is gradient flow.")] = 0.0,
    overlap: Annotated[float, OVERLAP] = 0.0,
    start: Annotated[
        Any,
        Option(
            Choice(("random", "equilibrium", "informed", "planted")),
            "random, equilibrium, informed (with the signal found), planted: a landscape built around its start.",
        ),
    ] = None,
    beta_initial: Annotated[
        float | None,
        Option(Real(0, HOTTEST), "Start in equilibrium, or informed or planted, at this inverse temperature."),
    ] = None,
    schedule: Annotated[Any, SCHEDULE] = None,
    mass: Annotated[float, MASS] = 0.0,
    friction: Annotated[Any, FRICTION] = None,
    rtol: Annotated[float, Option(Real(0, 1), "Error aimed at, from 1e-13; default 1e-6.")] = 1e-6,
    method: Annotated[Any, Option(Choice(("auto", "reference", "long-time")), "Integrator.")] = "auto",
    verify: Annotated[
        bool, Option(FLAG, "Solve again, ten times finer; the difference joins the error.", flag=True)
    ] = False,
    at: Annotated[Any, AT] = None,
    fluctuation_dissipation: Annotated[float | None, RESPONSE] = None,
    output: Annotated[Any, OUTPUT] = None,
    plot: Annotated[Any, PLOT] = None,
    resume: Annotated[Any, Option(FILE, "Go on from what --output kept of the same problem.")] = None,
) -> Answer:
    """Of the two-time equations."""
    from numerics.course import UNIT

    from .two_time import solved

    bath = {"temperature": temperature, "schedule": schedule, "mass": mass, "friction": friction or UNIT}
    problem = {**bath, "overlap": overlap, "rtol": rtol, "method": method, "verify": verify}
    return solved(landscape, t_max, problem, start, beta_initial, at, fluctuation_dissipation, output, plot, resume)


@answers(GeneralizedLinear)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    t_max: Annotated[float, Option(Real(1e-100, 1e100), "Last time.")],
    overlap: Annotated[float, OVERLAP] = 0.0,
    eta: Annotated[float | None, Option(Real(0, 1e100), "Descent with this step; default the flow.")] = None,
    batch: Annotated[float | None, Option(Real(0, 1), "Fraction of the data in each step, with --eta.")] = None,
    persistence: Annotated[
        float | None, Option(Real(0, 1e100), "How long data stay in the batch; 0: drawn anew.")
    ] = None,
    constraint: Annotated[
        Any, Option(Choice(("sphere", "none")), "sphere, the default; or none, w of any norm.")
    ] = None,
    temperature: Annotated[
        float | None, Option(Real(0, HOTTEST), "Of the bath: Langevin dynamics; 0, the default, is descent.")
    ] = None,
    ridge: Annotated[
        float | None, Option(Real(0, 1e100), "Factor of a penalty |w|^2/2, with --constraint none.")
    ] = None,
    momentum: Annotated[
        float | None, Option(Real(0, 1), "Part of the last step that the next one repeats, with --eta.")
    ] = None,
    walkers: Annotated[
        int | None,
        Option(Whole(64, 2**22), "Points of the effective process, a power of two; default what the tolerance takes."),
    ] = None,
    samples: Annotated[int | None, Option(Whole(2, 10**6), "Independent sets of walkers.")] = None,
    seed: Annotated[int | None, Option(Whole(0, 2**63), "Fixes the walkers; default 0.")] = None,
    tolerance: Annotated[
        float | None,
        Option(Real(0, 1e9), "Error that walkers are chosen for, and that the message warns of; default 0.01."),
    ] = None,
    workers: Annotated[int | None, Option(Whole(1, 1024), ALL_PROCESSORS)] = None,
    at: Annotated[Any, AT] = None,
    output: Annotated[Any, OUTPUT] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """Of the effective process."""
    from .descent import solved

    sampling = {
        "eta": eta, "batch": batch, "persistence": persistence, "constraint": constraint, "temperature": temperature,
        "ridge": ridge, "momentum": momentum, "walkers": walkers, "samples": samples, "seed": seed,
        "tolerance": tolerance, "workers": workers,
    }  # fmt: skip
    chosen = {name: value for name, value in sampling.items() if value is not None or name == "workers"}
    return solved(landscape, t_max, {"overlap": overlap, **chosen}, at, output, plot)
