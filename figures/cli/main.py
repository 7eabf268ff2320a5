"""Entry point: declares the commands, and turns a user's mistake into one line and exit status 2."""

import io
import re
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from numerics.errors import ConvergenceError

from .parameters import GAUSSIAN, RISK, Given, offers
from .signals import ending_alike, interrupted, leave_at_once, stop

app = typer.Typer(
    name="ruggedflow",
    help="Theory of gradient flow in rugged high-dimensional landscapes: derive it, compute it, draw it.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SystemName = Annotated[str, typer.Argument(metavar="SYSTEM", help="spiked-matrix-tensor, spiked-tensor, ...")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.callback(invoke_without_command=True)
def opening(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Nothing typed: the help."""
    if version:
        from numerics.provenance import own_version

        print(f"ruggedflow {own_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def systems(as_json: Json = False) -> None:
    """Every system, its parameters and what is known of it."""
    from .systems import run

    run(as_json)


@app.command()
@offers(*GAUSSIAN, *RISK)
def derive(
    system: SystemName,
    topic: Annotated[
        str,
        typer.Argument(metavar="TOPIC", help="complexity, bbp, dynamics, statics, inference, thresholds, replicas."),
    ],
    given: Given,
    latex: Annotated[bool, typer.Option("--latex", help="LaTeX, ready for a paper.")] = False,
    as_json: Json = False,
) -> None:
    """Derive the equations of a system and print them."""
    from .derive import run

    run(system, topic, given, latex=latex, as_json=as_json)


@app.command()
@offers(*GAUSSIAN, *RISK)
def thresholds(
    system: SystemName,
    given: Given,
    digits: Annotated[str, typer.Option(metavar="N", help="Significant digits.")] = "15",
    only: Annotated[str, typer.Option(metavar="KEY,KEY", help="Only these thresholds.")] = "",
    as_json: Json = False,
) -> None:
    """Thresholds of a system, to any number of digits."""
    from .thresholds import run

    run(system, given, digits=digits, only=only, as_json=as_json)


@app.command()
@offers(*GAUSSIAN)
def statics(
    system: SystemName,
    given: Given,
    temperature: Annotated[str, typer.Option(metavar="T", help="0, the default, is the ground state.")] = "0",
    overlap: Annotated[str, typer.Option(metavar="M", help="Overlap with the signal, -1 < m < 1.")] = "0",
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw the order parameter to a PNG, PDF or SVG file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Equilibrium: ground state or free energy, entropy, order parameter, static and dynamic temperatures."""
    from .statics import run

    run(system, given, temperature=temperature, overlap=overlap, plot=plot, as_json=as_json)


@app.command()
@offers(*GAUSSIAN, "alpha", *RISK)
def complexity(
    system: SystemName,
    given: Given,
    overlap: Annotated[str, typer.Option(metavar="M", help="Overlap with the signal, -1 < m < 1.")] = "0",
    energy: Annotated[str | None, typer.Option(metavar="E", help="Energy per spin to resolve by.")] = None,
    channel_energy: Annotated[
        list[str] | None, typer.Option(metavar="DEGREE=E", help="Energy per spin of one channel; may be repeated.")
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(metavar="K", help="Also saddles with K negative directions (a fraction K of them for a loss)."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a loss: quenched, the default, or annealed.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="N", help="Also the expected numbers at this finite size.")
    ] = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE", help="Draw Sigma(m) to a PNG, PDF or SVG file.")] = None,
    as_json: Json = False,
) -> None:
    """Kac-Rice complexity of critical points and minima."""
    from .complexity import run

    run(
        system,
        given,
        overlap=overlap,
        energy=energy,
        channel_energies=channel_energy or [],
        index=index,
        labels=labels,
        size=size,
        plot=plot,
        as_json=as_json,
    )


@app.command()
@offers(*GAUSSIAN, *RISK, "alpha")
def dynamics(
    system: SystemName,
    t_max: Annotated[str, typer.Option(metavar="T", help="Last time; ageing at T = 0 can be followed to 1e8 or so.")],
    given: Given,
    temperature: Annotated[
        str | None, typer.Option(metavar="T", help="Of the bath; 0, the default, is gradient flow.")
    ] = None,
    overlap: Annotated[str, typer.Option(metavar="M", help="Overlap with the signal at the start.")] = "0",
    start: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="random, equilibrium, or planted: a landscape built around its start."),
    ] = None,
    beta_initial: Annotated[
        str | None, typer.Option(metavar="BETA", help="Start in equilibrium (or planted) at this inverse temperature.")
    ] = None,
    rtol: Annotated[str | None, typer.Option(metavar="X", help="Error aimed at, from 1e-13; default 1e-6.")] = None,
    method: Annotated[str | None, typer.Option(metavar="NAME", help="auto, reference or long-time.")] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Solve again, ten times finer; the difference joins the error.")
    ] = False,
    eta: Annotated[
        str | None, typer.Option(metavar="X", help="Descent with this step; default the flow (loss).")
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="B", help="Fraction of the data in each step, with --eta (loss).")
    ] = None,
    persistence: Annotated[
        str | None, typer.Option(metavar="T", help="How long data stay in the batch; 0: drawn anew (loss).")
    ] = None,
    constraint: Annotated[
        str | None, typer.Option(metavar="NAME", help="sphere, the default; or none, w of any norm (loss).")
    ] = None,
    walkers: Annotated[
        str | None, typer.Option(metavar="K", help="Points of the effective process, a power of two (loss).")
    ] = None,
    samples: Annotated[str | None, typer.Option(metavar="K", help="Independent sets of walkers (loss).")] = None,
    seed: Annotated[str | None, typer.Option(metavar="K", help="Fixes the walkers (loss).")] = None,
    tolerance: Annotated[
        str | None, typer.Option(metavar="X", help="Error beyond which the message warns; default 0.01 (loss).")
    ] = None,
    workers: Annotated[str | None, typer.Option(metavar="K", help="Processes (loss).")] = None,
    at: Annotated[
        str | None, typer.Option(metavar="T,T", help="Times to report; default 1, 10, 100, ... and the last.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Keep all of it (npz); every two minutes and on Ctrl-C, a part."
        ),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw m, energy and mu to a PNG, PDF or SVG file.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="FILE", help="Go on from what --output kept of the same problem.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Dynamics at infinite size: overlap, energy and correlation, each with its error."""
    from .families import dynamics_of

    dynamics_of(
        system,
        given,
        {"t_max": t_max, "overlap": overlap, "at": at, "output": output, "plot": plot, "as_json": as_json},
        gaussian={
            "temperature": temperature,
            "start": start,
            "beta_initial": beta_initial,
            "rtol": rtol,
            "method": method,
            "verify": verify or None,
            "resume": resume,
        },
        loss={
            "eta": eta,
            "batch": batch,
            "persistence": persistence,
            "constraint": constraint,
            "walkers": walkers,
            "samples": samples,
            "seed": seed,
            "tolerance": tolerance,
            "workers": workers,
        },
    )


@app.command()
@offers(*GAUSSIAN, *RISK, "alpha")
def simulate(
    system: SystemName,
    size: Annotated[str, typer.Option("--size", "-N", metavar="N", help="Number of spins.")],
    t_max: Annotated[str, typer.Option(metavar="T", help="Last time.")],
    given: Given,
    samples: Annotated[str, typer.Option(metavar="K", help="Realisations of the disorder.")] = "16",
    seed: Annotated[str, typer.Option(metavar="K", help="Fixes every sample, start and noise.")] = "0",
    starts: Annotated[str, typer.Option(metavar="K", help="Starts on each sample.")] = "1",
    overlap: Annotated[
        str | None,
        typer.Option(metavar="M", help="Overlap at the start, exactly; or random. Default 0, of losses random."),
    ] = None,
    start: Annotated[
        str, typer.Option(metavar="NAME", help="random; or spectral, the best spectral estimate (losses).")
    ] = "random",
    temperature: Annotated[str, typer.Option(metavar="T", help="Of the bath; 0 is gradient flow.")] = "0",
    at: Annotated[
        str | None, typer.Option(metavar="T,T", help="Times to report; default 1, 10, 100, ... and the last.")
    ] = None,
    hessian: Annotated[bool, typer.Option("--hessian", help="Lowest mode of the Hessian at the last time.")] = False,
    connectivity: Annotated[
        str | None, typer.Option(metavar="C", help="Diluted couplings, C per spin and degree, for large N; or auto.")
    ] = None,
    rtol: Annotated[str | None, typer.Option(metavar="X", help="Error aimed at; default 1e-4, at T > 0 1e-3.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="DIR", help="Keep each sample as it finishes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what --output holds.")] = False,
    workers: Annotated[str, typer.Option(metavar="K", help="Processes.")] = "1",
    as_json: Json = False,
) -> None:
    """Gradient flow or Langevin dynamics at finite size: averages over samples, each with its error."""
    from .simulate import run

    run(
        system,
        given,
        size=size,
        t_max=t_max,
        samples=samples,
        seed=seed,
        starts=starts,
        overlap=overlap,
        start=start,
        temperature=temperature,
        at=at,
        hessian=hessian,
        connectivity=connectivity,
        rtol=rtol,
        output=output,
        resume=resume,
        workers=workers,
        as_json=as_json,
    )


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="See --list; or all.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="List the checks.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes and fewer samples.")] = False,
    seed: Annotated[str, typer.Option(metavar="K", help="Fixes everything random.")] = "0",
    workers: Annotated[str | None, typer.Option(metavar="K", help="Processes; default one for each processor.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="DIR", help="Figure (PNG, PDF) and record.json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Theory against simulation; exit status 0: agree, 1: disagree, 3: undecided."""
    from .check import run

    run(name, list_checks=list_, quick=quick, seed=seed, workers=workers, output=output, as_json=as_json)


@app.command("phase-diagram")
def phase_diagram(
    system: Annotated[
        str, typer.Argument(metavar="SYSTEM", help="spiked-matrix-tensor, phase-retrieval.")
    ] = "spiked-matrix-tensor",
    p: Annotated[
        list[str] | None, typer.Option("--p", metavar="P", help="Order, default 3; repeat for several panels.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")
    ] = "phase_diagram",
    delta_p_range: Annotated[str | None, typer.Option(metavar="LO:HI", help="Of Delta_p; default 0.1:10.")] = None,
    points: Annotated[
        str | None, typer.Option(metavar="N", help="Points along each line; default 121, of phase-retrieval 21.")
    ] = None,
    a_range: Annotated[
        str | None, typer.Option(metavar="LO:HI", help="Of a; default 0.001:10 (phase-retrieval).")
    ] = None,
    a: Annotated[
        str | None, typer.Option("--a", metavar="A", help="Its value in the plane of overlaps (phase-retrieval).")
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="KEY,KEY", help="Only these lines (phase-retrieval).")] = None,
    with_simulation: Annotated[
        bool, typer.Option("--with-simulation", help="Also where half of the runs at finite size succeed; resumes.")
    ] = False,
    simulate_at: Annotated[
        str | None, typer.Option(metavar="X,X", help="Delta_p of these runs; default 0.25,0.5,1,2,4.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", "-N", metavar="N,N", help="Their numbers of spins; default 64,128.")
    ] = None,
    samples: Annotated[str | None, typer.Option(metavar="K", help="Runs at each of five Delta_2; default 64.")] = None,
    seed: Annotated[str | None, typer.Option(metavar="K", help="Fixes every run; default 0.")] = None,
    workers: Annotated[
        str | None, typer.Option(metavar="K", help="Processes, of runs and of phase-retrieval; default 1.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The main job: phase diagram of gradient flow, as PNG, PDF, CSV, LaTeX table and JSON record."""
    from .families import phase_diagram_of

    phase_diagram_of(
        system,
        output=output,
        as_json=as_json,
        points=points,
        gaussian={"p": p, "delta_p_range": delta_p_range, "with_simulation": with_simulation or None},
        runs={"simulate_at": simulate_at, "size": size, "samples": samples, "seed": seed},
        loss={"a_range": a_range, "a": a, "only": only},
        workers=workers,
    )


@app.command()
def figure(
    name: Annotated[str, typer.Argument(metavar="NAME", help="See --list.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")] = "figures_out",
    list_: Annotated[bool, typer.Option("--list", help="List the figures.")] = False,
    as_json: Json = False,
) -> None:
    """Draw a published figure from the theory."""
    from .figure import run

    run(name, output=output, list_figures=list_, as_json=as_json)


def command() -> None:
    """``main`` as a process of its own."""
    try:
        main()
    except SystemExit as end:
        leave_at_once(end)
        raise


def main() -> None:
    """Run the command; exit status 2 and one line for a mistake, 1 for a failure to converge, 130 for Ctrl-C, 143 for
    SIGTERM."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that the terminal lacks is no reason to stop
            stream.reconfigure(errors="backslashreplace")
    with ending_alike():
        _main()


def _main() -> NoReturn:
    try:
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        stop("interrupted")
    except ConvergenceError as error:
        _stop(str(error), 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if type(error).__name__ == "Abort" or interrupted():
            stop("interrupted")
        message = _mistake(error)
        if message is None:
            raise
        _stop(message, 2)
    if status == 130:  # the parser turns Ctrl-C into a status
        stop("interrupted")
    sys.exit(status if isinstance(status, int) else 0)


def _mistake(error: Exception) -> str | None:
    """One line for a mistake of the user's; None for one of ours."""
    if hasattr(error, "format_message"):
        return f"{' '.join(str(error.format_message()).split())} Try 'ruggedflow --help'."
    if isinstance(error, OSError):
        if error.strerror is None:
            return str(error)
        place = error.filename or "the output"
        return f"cannot write {place}: {error.strerror}; choose another place with --output or --plot"
    # our own checks raise ValueError; one from a library is a defect and keeps its traceback
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename).parts
    if isinstance(error, ValueError) and {"theory", "numerics", "figures"} & set(raised_in[-4:]):
        return " ".join(str(error).split())
    return None


def _stop(message: str, status: int) -> NoReturn:
    """One line, in which no word is longer than a line."""
    short = re.sub(r"\S{120,}", lambda word: f"{word[0][:100]}...", message)
    sys.stderr.write(f"ruggedflow: {short}\n")
    sys.exit(status)


if __name__ == "__main__":
    command()
