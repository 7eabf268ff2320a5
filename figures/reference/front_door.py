"""What ``import ruggedflow`` offers, as a module that can be documented: each system with the methods that it has."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import ruggedflow
from figures.commands import COMMANDS, front
from figures.commands.question import commands_of
from theory.printing import Line, Printable, as_latex
from theory.system import System
from theory.systems import systems

NAME = "ruggedflow"


def front_door() -> ModuleType:
    """The functions, then the systems."""
    module = ModuleType(NAME, f"{ruggedflow.__doc__}\n\n{START}\n\n{_list_of_systems()}")
    kinds = systems().values()
    functions = [name for name in front.names() if name not in {kind.__name__ for kind in kinds}]
    vars(module).update({name: front.find(name) for name in functions})
    vars(module).update({kind.__name__: _documented(kind) for kind in kinds})
    vars(module)["__all__"] = [*functions, *(kind.__name__ for kind in kinds)]
    return module


START = """Below are its functions and its systems, each with its equations. [How do I ...](how_to.html) shows their
use; underneath are `theory` (what is derived, as SymPy), `numerics` (what is computed and
simulated) and `figures` (what is drawn, and the command line)."""


def _list_of_systems() -> str:
    rows = [f"| [{kind.__name__}](#{kind.__name__}) | `{slug}` | {kind.title} |" for slug, kind in systems().items()]
    return "\n".join(["| in Python | on the command line | is |", "|---|---|---|", *rows])


def _documented(kind: type[System]) -> type:
    """A class of the same name that has nothing but what a user calls."""
    made = kind.exemplar()
    methods = {name: _method(kind, name, getattr(made, name)) for name in commands_of(kind)}
    text = "\n\n".join(_about(kind))
    return type(kind.__name__, (), {"__doc__": text, "__module__": NAME, "__init__": _constructor(kind), **methods})


def _about(kind: type[System]) -> Iterator[str]:
    """What it is, its parameters, its equations, its paper."""
    yield f"`{kind.slug}`: {kind.title}."
    yield f"``{kind.statement}``"
    yield inspect.getdoc(kind) or ""
    if kind.parameters:
        yield "\n".join(["**Parameters**", "", *(f"- **{p.name}**: {p.meaning} ({p.domain})" for p in kind.parameters)])
    yield from _equations(kind)
    if kind.source:
        yield f"**See** {kind.source}."


def _equations(kind: type[System]) -> Iterator[str]:
    """What is predicted, in terms of the parameters; at those of the example where it needs values."""
    for made, at in ((_with_symbols(kind), ""), (kind.exemplar(), kind.exemplar().shown)):
        try:
            lines = [*_predicted(made)] if made is not None else []
        except ValueError:
            continue
        if lines:
            yield f"**Predictions**{f' at {at}' if at else ''}"
            yield from lines
            return


def _with_symbols(kind: type[System]) -> System | None:
    try:
        return kind()
    except (TypeError, ValueError):
        return None


def _predicted(made: System) -> Iterator[str]:
    if isinstance(made, Printable) and hasattr(made, "covariance"):
        yield from map(_display, made.equations())
    for prediction in made.predictions():
        yield f"`{prediction.name}`{prediction.heading.removeprefix(prediction.name)}"
        yield from map(_display, prediction.equations())


def _display(line: Line) -> str:
    left, right = map(as_latex, line)
    return f"$${left} = {right}$$"


def _method(kind: type[System], name: str, bound: Any) -> Callable[..., Any]:
    """A function with the signature and the options of a command."""

    def method(*_: Any) -> None: ...

    about, _, options = bound.__doc__.partition("\n\n")
    listed = "\n".join(
        f"- **{option}**: {text}" for option, _, text in (o.partition(": ") for o in options.splitlines())
    )
    return _named(method, kind, name, bound.__signature__, f"{COMMANDS[name]} {about}\n\n{listed}")


def _constructor(kind: type[System]) -> Callable[..., Any]:
    """With the parameters of the system."""

    def method(*_: Any) -> None: ...

    signature = inspect.signature(kind.__init__)
    own = [p.replace(annotation=p.empty) for p in list(signature.parameters.values())[1:]]
    return _named(method, kind, "__init__", inspect.Signature(own), "")


def _named(
    method: Callable[..., Any], kind: type[System], name: str, signature: inspect.Signature, text: str
) -> Callable[..., Any]:
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    vars(method)["__signature__"] = inspect.Signature([itself, *signature.parameters.values()])
    method.__name__, method.__qualname__, method.__module__ = name, f"{kind.__name__}.{name}", NAME
    method.__doc__ = text
    return method
