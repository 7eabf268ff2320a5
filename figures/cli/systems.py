"""`ruggedflow systems`."""

from .output import print_json
from .registry import SYSTEMS, System, option


def run(as_json: bool) -> None:
    """List every system."""
    if as_json:
        print_json({"systems": {name: _record(system) for name, system in SYSTEMS.items()}})
        return
    print("Gaussian landscapes on the sphere: E H = -N g(m), Cov(H, H') = N f(q)")
    for system in SYSTEMS.values():
        print("", *_lines(system), sep="\n")


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
