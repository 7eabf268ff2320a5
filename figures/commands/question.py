"""A command and what answers it: one function for each kind of system, with its options declared in its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar, get_type_hints

from theory.domain import Domain, Pair, Several, Text
from theory.laws import Law
from theory.naming import called
from theory.prediction import Threshold
from theory.system import System

from . import COMMANDS
from .answer import Answer
from .files import LOOK

Answering = Callable[..., Answer]
F = TypeVar("F", bound=Answering)


@dataclass(frozen=True)
class Option:
    """What an option may be, one line on it, and its letter, if it has one. ``default`` is that of the signature.

    ``repeated`` options collect a list; ``flag`` ones are true when named; ``positional`` ones come after the system;
    one that ``draws`` brings those of ``LOOKS``.
    """

    domain: Domain
    help: str
    letter: str = ""
    repeated: bool = False
    flag: bool = False
    positional: bool = False
    draws: tuple[str, ...] = ()


ALL_PROCESSORS = "Processes; default one for each processor, in Python 1."
"""Of an option ``workers`` whose default is None."""
LOOKS = {
    "lines": Option(Several(Text("KEY")), "Only these curves of the picture."),
    "figsize": Option(Pair(0.5, 100, "3.4,2.5"), "Width and height of the picture in inches."),
    "x_label": Option(Text("LABEL"), "Below the picture; LaTeX between dollars."),
    "style": Option(Text("FILE"), "Of Matplotlib settings, a style sheet, for the picture."),
}
"""Of pictures."""


@dataclass(frozen=True)
class Offered:
    """An option of one command for one system: its Python name, what it is, its default (``empty``: needed)."""

    name: str
    option: Option
    default: Any

    @property
    def needed(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty

    def accept(self, value: Any) -> Any:
        """A value that Python gives."""
        if self.option.flag and not isinstance(value, bool):
            raise ValueError(f"{called(self.name, repr(value))} must be True or False")
        if value is None or self.option.flag:
            return value
        if self.option.repeated:
            return [self.option.domain.accept(self.name, v) for v in ([value] if isinstance(value, str) else value)]
        return self.option.domain.accept(self.name, value)


_ANSWERS: dict[str, dict[type[System], Answering]] = {}


Names = Callable[[type[System]], tuple[str, ...]]


def answers(
    kind: type[System],
    *,
    leave: Names = lambda _: (),
    spare: Names = lambda _: (),
    applies: Callable[[type[System]], bool] = lambda _: True,
) -> Callable[[F], F]:
    """Register the function as what the command called like its module does for such systems, if it ``applies``.

    ``leave`` names parameters of the system that this command does not take, such as the control of its thresholds;
    ``spare`` those that it takes and does not need.
    """

    def register(function: F) -> F:
        vars(function).update(leave=leave, spare=spare, applies=applies)
        _ANSWERS.setdefault(function.__module__.rsplit(".", 1)[-1], {})[kind] = function
        return function

    return register


def answering(command: str, kind: type[System]) -> Answering | None:
    """What answers the command for such systems, the most special one; None if nothing does."""
    import_module(f"{__package__}.{command}")
    own = _ANSWERS.get(command, {})
    return next((own[base] for base in kind.__mro__ if base in own and vars(own[base])["applies"](kind)), None)


def predicts(*laws: type[Law]) -> Callable[[type[System]], bool]:
    """Whether a system has predictions by one of these laws, thresholds apart."""

    @cache
    def has(kind: type[System]) -> bool:
        return any(isinstance(p.law, laws) for p in kind.exemplar().predictions() if not isinstance(p, Threshold))

    return has


def commands_of(kind: type[System]) -> list[str]:
    """The commands that a system has."""
    return [command for command in COMMANDS if answering(command, kind) is not None]


def left_out(command: str, kind: type[System]) -> tuple[str, ...]:
    """Parameters of the system that the command does not take."""
    found = answering(command, kind)
    return () if found is None else vars(found)["leave"](kind)


def spared(command: str, kind: type[System]) -> tuple[str, ...]:
    """Parameters that need no value."""
    found = answering(command, kind)
    return () if found is None else (*vars(found)["leave"](kind), *vars(found)["spare"](kind))


@cache
def options(function: Answering) -> tuple[Offered, ...]:
    """Those of a function, in the order of its signature."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        for extra in getattr(hints[name], "__metadata__", ()):
            if isinstance(extra, Option):
                found.append(Offered(name, extra, parameter.default))
    looks = [Offered(look, LOOKS[look], None) for offered in found for look in offered.option.draws]
    return (*found, *looks)


def complete(command: str, system: System, given: Container[str]) -> Answering:
    """What answers. ``ValueError`` where nothing does, or where a parameter or an option that is needed is missing."""
    function = answering(command, type(system))
    if function is None:
        has = ", ".join(commands_of(type(system))) or "none"
        raise ValueError(f"{system.slug} has no {command}; it has: {has}")
    for offered in options(function):
        if offered.needed and offered.name not in given:
            raise ValueError(f"{called(offered.name)} is missing: {offered.option.help}")
    system.require(spared(command, type(system)))
    return function


def ask(command: str, system: System, given: Mapping[str, Any]) -> Answer:
    """The answer, with options that were read. ``ValueError`` where the system or something needed is missing."""
    function = complete(command, system, given)
    looks = {name: value for name, value in given.items() if name in LOOKS and value is not None}
    _require_picture(function, looks, given)
    token = LOOK.set(looks)
    try:
        return function(system, **{name: value for name, value in given.items() if name not in LOOKS})
    finally:
        LOOK.reset(token)


def _require_picture(function: Answering, looks: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """``ValueError`` for the look of a picture that nobody asked for."""
    drawing = [offered.name for offered in options(function) if offered.option.draws]
    if looks and not any(given.get(name) is not None for name in drawing):
        first = next(iter(looks))
        raise ValueError(f"{called(first)} is of the picture: give {' or '.join(map(called, drawing))} as well")


def accepted(command: str, system: System, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as Python gives them, read. ``ValueError`` for one that the command does not have."""
    function = answering(command, type(system))
    known = {} if function is None else {offered.name: offered for offered in options(function)}
    for name in given:
        if name not in known:
            has = ", ".join(known) or "no options"
            raise ValueError(f"{called(name)} does not apply to {command} of {system.slug}; it has {has}")
    return {name: known[name].accept(value) for name, value in given.items()}
