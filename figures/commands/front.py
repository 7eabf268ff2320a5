"""What ``import ruggedflow`` offers: systems that answer, and what was saved."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numerics.provenance import own_version
from theory.domain import Text, Whole
from theory.system import System
from theory.systems import system, systems

from . import COMMANDS
from .question import Offered, accepted, answering, ask, commands_of, options


def find(name: str) -> Any:
    """A class of systems, a function of this package or the version; ``AttributeError`` for another name."""
    if name == "study":  # which needs more than a name
        from .study import study

        return study
    offered: dict[str, Any] = {"load": load, "system": system, "systems": systems, "__version__": own_version()}
    offered["PhaseDiagram"] = phase_diagram
    offered |= {kind.__name__: kind for kind in systems().values()}
    if name not in offered:
        raise AttributeError(f"module 'ruggedflow' has no attribute {name!r}; it has: {', '.join(['study', *offered])}")
    return offered[name]


def names() -> list[str]:
    """All of it."""
    functions = ("load", "PhaseDiagram", "study", "system", "systems")
    return sorted({*functions, *(kind.__name__ for kind in systems().values())})


def load(path: str | Path) -> Any:
    """A solution that was saved, of any kind, or a ``Study`` from its folder. ``ValueError`` for another file."""
    if Path(path).is_dir():
        from numerics.study import open_study

        return open_study(path)
    from numerics.loading import load

    return load(path)


def phase_diagram(made: System, x: str, y: str | None = None, **options: Any) -> Any:
    """The ``PhaseDiagram`` of a system over a parameter, ``x="delta_p=0.1:10:log"``; options as of the command.

    ``y`` is what its thresholds are in, ``"inverse_delta_2=0:5"``. Files are written where ``output`` names a folder.
    """
    given = {"output": None, "x": x, **({} if y is None else {"y": y}), **options}
    return ask("phase_diagram", made, accepted("phase_diagram", made, given)).kept()


class Command:
    """A command as a method of the systems that have it."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.__doc__ = COMMANDS.get(command)

    def __get__(self, made: System | None, kind: type[System]) -> Any:
        function = answering(self.command, kind)
        if function is None:
            raise AttributeError(f"{kind.slug} has no {self.command}; it has: {', '.join(commands_of(kind))}")
        return self if made is None else Bound(self.command, made, function)


class Bound:
    """A command of one system: call it with its options; ``help`` shows them."""

    def __init__(self, command: str, made: System, function: Callable[..., Any]) -> None:
        self.command, self.made, self.answering = command, made, function
        self.__doc__ = "\n".join([str(function.__doc__), "", *map(_about, options(function))])

    @property
    def __signature__(self) -> inspect.Signature:
        """The options and their defaults; the system is known."""
        own = list(inspect.signature(self.answering).parameters.values())[1:]
        return inspect.Signature([p.replace(annotation=p.empty) for p in own])

    def __call__(self, *positional: Any, **given: Any) -> Any:
        """The solution. Raises ``ValueError`` for a mistake, in one line."""
        names = [o.name for o in options(self.answering) if o.option.positional]
        given |= dict(zip(names, positional, strict=False))
        if len(positional) > len(names):
            raise ValueError(f"{self.command}: {len(positional) - len(names)} values without a name; name each option")
        return ask(self.command, self.made, accepted(self.command, self.made, given)).kept()

    def __repr__(self) -> str:
        return f"<{self.command} of {self.made.slug}>"


def _about(offered: Offered) -> str:
    """One line."""
    domain = offered.option.domain
    return f"{offered.name}: {offered.option.help}{'' if isinstance(domain, Text) else f' ({domain})'}"


def check(made: System, name: str = "", *, quick: bool = False, seed: int = 0, workers: int = 1) -> Any:
    """Theory against simulation: the ``Report`` of the check of that name, or of all about the system, by name."""
    from numerics.checks import checks_of

    known, seed = checks_of(type(made)), Whole(0, 2**63).accept("seed", seed)
    if name and name not in known:
        raise ValueError(f"name = {name!r}: {made.slug} has no such check; it has: {', '.join(known) or 'none'}")
    chosen = [name] if name else list(known)
    reports = {key: known[key].run(quick=quick, seed=seed, workers=workers) for key in chosen}
    return reports[name] if name else reports


def _methods(made: System) -> list[str]:
    """Without the commands that the system does not have."""
    return sorted(set(object.__dir__(made)) - (set(COMMANDS) - set(commands_of(type(made)))))


for _command in COMMANDS:
    setattr(System, _command, Command(_command))
System.__dir__ = _methods  # type: ignore[method-assign, assignment]
System.check = check  # type: ignore[attr-defined]
