"""`ruggedflow statics SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from sympy import Expr

from numerics.quantity import with_error
from theory.domain import FLAG, Between, Real, Whole
from theory.generalized_linear import GeneralizedLinearLandscape
from theory.landscape import GaussianLandscape, exact
from theory.laws import Explicit, Iteration, Roots
from theory.naming import called
from theory.prediction import Threshold
from theory.statics import at_overlap
from theory.statics.transitions import unplanted
from theory.system import System
from theory.systems import GeneralizedLinear, Landscape
from theory.systems.constraints import Constraints

from .answer import Answer, about
from .files import FILE, SIZED, drawing, file_to_write, picture_to_write, pictured
from .output import print_table, print_text
from .question import Option, answers, predicts
from .rows import titled
from .signal import require_signal

if TYPE_CHECKING:
    from numerics.curves import Numbers
    from numerics.quantity import Quantity
    from numerics.statics import Statics

TEMPERATURE = Option(Real(0, 1e100), "0, the default, is the ground state.")
OVERLAP = Option(Between(-1, 1, "0"), "Overlap with the signal, -1 < m < 1.")
BETA_INITIAL = Option(
    Real(0, 1e100),
    "Follow a state of equilibrium at this inverse temperature, 1/T_d to 1/T_K, to --temperature; at 0 gradient flow "
    "from there ends in it.",
)
STEPS = Option(Whole(0, 16), "Of replica symmetry breaking; by default as many as there are.")
OUTPUT = Option(FILE, "File to keep the order parameter in.")
STATES = Option(FLAG, "Also the complexity of states, by one step of breaking.", flag=True)
PLOT = Option(FILE, "Draw P(q), and the complexity of states if asked for, to a PNG, PDF or SVG file.", draws=SIZED)


@answers(System, applies=predicts(Explicit, Roots, Iteration))
def of_any(system: System) -> Answer:
    """The numbers among the predictions, each with its error or the reason for none."""
    from numerics.curves import Numbers
    from numerics.solve import solve_prediction

    from .averages import answered

    at, own = system.symbol_values, {p.name for p in system.parameters}
    found = {
        p.name: solve_prediction(p, at)
        for p in system.predictions()
        if isinstance(p.law, Explicit | Roots | Iteration) and not isinstance(p, Threshold) and _names(p.law) <= own
    }
    return answered(system, Numbers({}, found, {}), None, None)


def _names(law: Explicit | Roots | Iteration) -> set[str]:
    return {symbol.name for symbol in law.symbols}


@answers(Landscape)
def of_landscape(
    landscape: Landscape,
    *,
    temperature: Annotated[float, TEMPERATURE] = 0.0,
    overlap: Annotated[float, OVERLAP] = 0.0,
    beta_initial: Annotated[float | None, BETA_INITIAL] = None,
    states: Annotated[bool, STATES] = False,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """Solve Parisi's problem, draw on request; or follow a state of equilibrium."""
    from numerics.statics import statics

    t, m = exact(temperature), exact(overlap)
    require_signal(landscape, overlap)
    if beta_initial is not None:
        return _followed(landscape, beta_initial, temperature, {"overlap": overlap, "states": states, "plot": plot})
    picture = picture_to_write(plot)
    complexity = _states(landscape, t, m) if states else None
    result = replace(statics(landscape, temperature=t, overlap=m), states=complexity)
    record = {
        **about(landscape),
        "temperature": float(t),
        "overlap": float(m),
        **_equilibrium(result),
        **_landmarks(landscape, m),
        **({"state_complexity": complexity.record()} if complexity else {}),
    }

    def law() -> Any:
        from figures.order_parameter import draw

        return draw(result.order_parameter, result.x, complexity)

    def show(shown: dict[str, Any]) -> None:
        _print(shown)
        if complexity:
            table = complexity.table()
            print_table("complexity of states", list(table.columns), table.texts())

    return Answer(result, record, show, drawing(picture, pictured(law)))


def _states(landscape: GaussianLandscape, temperature: Expr, overlap: Expr) -> Numbers:
    """At overlap 0 with the signal."""
    from numerics.statics.states import state_complexity

    if overlap != 0:
        raise ValueError(f"{called('states')} is known at overlap 0 alone; leave {called('overlap')} out")
    return state_complexity(unplanted(landscape), temperature)


def _followed(landscape: Landscape, beta: float, temperature: float, others: Mapping[str, Any]) -> Answer:
    """A state of equilibrium at ``1/beta`` in place of equilibrium; ``others`` are options that do not go with it."""
    from numerics.statics.following import followed

    from .averages import answered, fields

    for name, value in others.items():
        if value:
            raise ValueError(f"{called('beta_initial')} follows one state; leave {called(name)} out")
    answer = answered(landscape, followed(landscape, beta, temperature), None, None)
    numbers = answer.solution.numbers
    flat = {key: value for name, number in numbers.items() for key, value in fields(name, number).items()}
    asked = {"temperature": temperature, "beta_initial": beta}
    return replace(answer, record={**answer.record, **asked, **flat})


def _by_replicas(kind: type[System]) -> bool:
    """No predictions of its own, and overlap 0 with the signal is stationary."""
    return not predicts(Explicit, Roots, Iteration)(kind) and bool(getattr(kind.exemplar(), "is_even", False))


@answers(GeneralizedLinear, applies=_by_replicas)
def of_loss(
    landscape: GeneralizedLinear,
    *,
    steps: Annotated[int | None, STEPS] = None,
    output: Annotated[Any, OUTPUT] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """The ground state of an empirical risk at overlap 0 with the signal, by Parisi's functional."""
    return _by_parisi(landscape, landscape, steps, output, plot)


@answers(Constraints)
def of_constraints(
    system: Constraints,
    *,
    steps: Annotated[int | None, STEPS] = None,
    output: Annotated[Any, OUTPUT] = None,
    plot: Annotated[Any, PLOT] = None,
) -> Answer:
    """The least number of violated constraints per dimension, by the same."""
    return _by_parisi(system, system.violated, steps, output, plot)


def _by_parisi(
    system: GeneralizedLinear | Constraints,
    loss: GeneralizedLinearLandscape,
    steps: int | None,
    output: Any,
    plot: Any,
) -> Answer:
    from numerics.generalized_linear import ground_states

    from .averages import answered
    from .progress import fraction

    file, picture = file_to_write("output", output), picture_to_write(plot)
    with fraction("ground states, step by step"):
        found = ground_states(loss, float(system.alpha), steps)
    answer = answered(system, found, file, None)
    numbers = {key: number.value for key, number in found.numbers.items()}
    q, x = found.axes["q"].values[:-1].tolist(), found.quantities["x"].value[:-1].tolist()
    order = {
        "variable": "x/T",
        "steps": [{"overlap": at, "from": before, "to": to} for at, before, to in zip(q, [0.0, *x], x, strict=False)],
    }
    more = {
        "error": found.numbers["energy"].error,
        "breaking": found.statistics["breaking"],
        "order_parameter": order,
    }

    def show(record: dict[str, Any]) -> None:
        answer.show(record)
        print_text(f"order parameter: {record['breaking']}")

    def law() -> Any:
        from figures.order_parameter import draw

        return draw(order)

    files = {**answer.files, **drawing(picture, pictured(law))}
    return replace(answer, record={**answer.record, **numbers, **more}, show=show, files=files)


def _equilibrium(result: Statics) -> dict[str, Any]:
    cold = result.temperature == 0
    return {
        "energy": result.energy,
        "error": result.error,
        "free_energy": result.free_energy,
        "free_energy_error": result.free_energy_error,
        "entropy": result.entropy,
        "entropy_error": result.entropy_error,
        **({"reason_entropy": "continuous spins: s ~ (1/2) ln T for T -> 0"} if cold else {}),
        "breaking": result.breaking,
        "order_parameter": result.order_parameter,
    }


def _landmarks(landscape: GaussianLandscape, m: Expr) -> dict[str, Any]:
    """Of the unplanted landscape or, at an overlap with the signal, of what is left of it there."""
    from numerics.statics.transitions import algorithmic_energy, dynamic_temperature, static_temperature

    restricted = at_overlap(landscape, m)
    found = {
        "algorithmic_energy": algorithmic_energy(restricted),
        "t_d": dynamic_temperature(restricted),
        "t_k": static_temperature(restricted),
    }
    shift = {"algorithmic_energy": -float(landscape.g(0, m))}
    record: dict[str, Any] = {}
    for key, number in found.items():
        record |= _fields(key, number, shift.get(key, 0.0))
    return record


def _fields(key: str, number: Quantity, shift: float) -> dict[str, Any]:
    """Value, error, and which case it is; or the reason for none."""
    if number.value is None:
        return {key: None, f"{key}_error": None, f"reason_{key}": number.reason}
    return {key: number.value + shift, f"{key}_error": number.error, f"{key}_kind": number.note}


MOST_LINES = 24
NAMES = {
    "energy": ("energy", "error"),
    "free_energy": ("free energy F", "free_energy_error"),
    "entropy": ("entropy (F - e)/(-T)", "entropy_error"),
    "algorithmic_energy": ("algorithmic energy", "algorithmic_energy_error"),
    "t_d": ("dynamic temperature T_d", "t_d_error"),
    "t_k": ("static temperature T_K", "t_k_error"),
}


def _print(record: Mapping[str, Any]) -> None:
    title = titled(record, temperature=record["temperature"], overlap=record["overlap"])
    cold = record["temperature"] == 0
    rows = []
    for key, (label, error) in NAMES.items():
        if cold and key in ("free_energy", "entropy"):
            continue
        named = "ground-state energy" if cold and key == "energy" else label
        known = record[key] is not None
        value = with_error(record[key], record[error]) if known else "—"
        rows.append([named, value, record.get(f"{key}_kind", "") if known else record.get(f"reason_{key}", "")])
    print_table(title, ["", "value", "which, or why there is none"], rows)
    print_text(f"order parameter: {record['breaking']}")
    lines = _order_lines(record["order_parameter"])
    for line in lines if len(lines) <= MOST_LINES else [f"known on {len(lines)} points; --json lists them"]:
        print_text(f"  {line}")


def _order_lines(order: Mapping[str, Any]) -> list[str]:
    """Steps and continuous parts in the order of q."""
    name = order["variable"]
    lines = [
        (step["overlap"], f"q = {step['overlap']:.10g}: {name} steps from {step['from']:.8g} to {step['to']:.8g}")
        for step in order["steps"]
    ]
    for band in order["continuous"]:
        where, heights = f"{band['from']:.10g} < q < {band['to']:.10g}", f"{band['x_from']:.8g} to {band['x_to']:.8g}"
        lines.append((band["from"], f"{where}: {name} grows from {heights}"))
    if "response" in order:
        lines.append((1.0, f"q = 1: (1 - q_EA)/T = {order['response']:.10g} for T -> 0"))
    return [text for _, text in sorted(lines, key=lambda line: line[0])]
