"""`ruggedflow systems`."""

from .generalized_linear import LOSSES, LossSystem
from .output import print_json
from .registry import SYSTEMS, System, option


def run(as_json: bool) -> None:
    """List every system."""
    if as_json:
        losses = {name: _loss_record(system) for name, system in LOSSES.items()}
        print_json({"systems": {name: _record(system) for name, system in SYSTEMS.items()} | losses})
        return
    print("Gaussian landscapes on the sphere: E H = -N g(m), Cov(H, H') = N f(q)")
    for system in SYSTEMS.values():
        print("", *_lines(system), sep="\n")
    print("\nGeneralised linear landscapes: H = sum over data of l(u, y), u = x.w/sqrt N, y = x.w*/sqrt N")
    for loss in LOSSES.values():
        print("", *_loss_lines(loss), sep="\n")


def _lines(system: System) -> list[str]:
    return [
        f"{system.name}: {system.title}",
        f"  f(q) = {system.covariance},  g(m): {system.mean}",
        *(f"  --{option(name):<12}{meaning}" for name, meaning in system.parameters.items()),
        f"  known: {', '.join(system.known)}",
        f"  see:   {system.reference}",
    ]


def _record(system: System) -> dict[str, object]:
    return {
        "title": system.title,
        "covariance": system.covariance,
        "mean": system.mean,
        "parameters": dict(system.parameters),
        "known": list(system.known),
        "reference": system.reference,
    }


def _loss_lines(system: LossSystem) -> list[str]:
    return [
        f"{system.name}: {system.title}",
        f"  l(u, y) = {system.loss}",
        *(f"  --{name:<12}{meaning}" for name, (meaning, _) in system.parameters.items()),
        f"  known: {', '.join(system.known)}",
        f"  see:   {system.reference}",
    ]


def _loss_record(system: LossSystem) -> dict[str, object]:
    return {
        "title": system.title,
        "loss": system.loss,
        "parameters": {name: meaning for name, (meaning, _) in system.parameters.items()},
        "known": list(system.known),
        "reference": system.reference,
    }
