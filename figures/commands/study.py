"""A command of a system at many points: ``rf.study`` and ``ruggedflow study FILE.toml``."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from numerics.provenance import Record
from numerics.study import Points, Refinement, Study, points_of, refined, run
from numerics.study.folder import Told, warned
from numerics.sweep import most_workers
from theory.domain import Domain, Order, Whole
from theory.naming import TYPED, called, nearest
from theory.system import System
from theory.systems import system

from .files import FILE, FOLDER
from .progress import fraction, quiet
from .question import Offered, answering, ask, commands_of, complete, left_out, options


def study(
    of: str | Path | type[System] | System | Callable[[Mapping[str, Any]], Any],
    command: str = "",
    over: Any = None,
    *,
    output: str | Path | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    keep: Sequence[str] = (),
    limit: int | None = None,
    refine: str = "",
    budget: int = 0,
    **fixed: Any,
) -> Study:
    """A command of a system at many points, as one table.

        rf.study("spiked-matrix-tensor", "thresholds", over={"delta_p": {"from": 0.1, "to": 10, "points": 20}}, p=3)

    Parameters
    ----------
    of, command
        A system (its name, file, class, or one with some of its parameters) and what it is asked; or a function of a
        mapping, without a command.
    over
        Axes by the name of a parameter or an option: a list, an array, or ``{"from": 0.1, "to": 10, "points": 20,
        "spacing": "log"}`` (or ``linear``, ``inverse``). A list of mappings is a list of points.
    output
        Folder of the study. Each finished point is kept there at once, and the same call goes on from there.
    workers, executor
        Processes, by default one for each processor; or any ``concurrent.futures.Executor``.
    keep
        Names of the numbers to keep; by default all, and of curves the last row, or those at ``at=[...]``.
    limit
        Do at most so many points now, spread over what is left; 0: only look.
    refine, budget
        Name of a number; the grid is halved where it changes most, to so many points in all.
    fixed
        Parameters and options that are the same everywhere.

    Returns a ``Study``: ``table()``, ``to_xarray()``, ``to_dataframe()``, ``save("NAME.csv")`` (.json, .npz, .nc). The
    folder holds ``points/KEY.json``, one for each point; ``index.npz``, made again when it is missing or wrong;
    ``study.json``, what is asked; and at the end ``table.csv`` and ``record.json``. ``ValueError`` for a mistake in one
    line; a point that fails is a row of nan with the reason in ``note``.
    """
    system = isinstance(of, System) or (isinstance(of, type) and issubclass(of, System))
    asked = Own(of, fixed) if callable(of) and not command and not system else Asked.of(of, command, fixed)
    how = Refinement(refine, budget) if refine or budget else None
    where: dict[str, Any] = {"workers": workers, "executor": executor}
    return carry_out(asked, points_of(over), output, keep=keep, limit=limit, how=how, **where)


def carry_out(
    asked: Asked | Own,
    points: Points,
    folder: str | Path | None,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    keep: Sequence[str] = (),
    limit: int | None = None,
    how: Refinement | None = None,
    told: Told = warned,
) -> Study:
    """With a bar. What must hold of all points is checked before the first."""
    asked.check(points, how)
    count = most_workers() if workers is None else workers
    spacings = {**points.spacings, **dict.fromkeys(asked.whole(points.names), "whole")}
    with fraction() as progress:
        where: dict[str, Any] = {"workers": count, "executor": executor, "progress": progress, "told": told}
        where |= {"keep": keep, "places": asked.places, "limit": limit, "folder": folder}

        def once(chosen: Points) -> Study:
            return run(asked, chosen, about=asked.about, **where)

        if how is None or limit is not None:
            return once(points)
        return refined(once, replace(points, spacings=spacings), how)


@dataclass(frozen=True)
class Own:
    """A function of the user's own, and what it is given besides the point."""

    function: Callable[[Mapping[str, Any]], Any]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    places: tuple[float, ...] = ()

    def check(self, points: Points, how: Refinement | None = None) -> None:
        """ValueError for a name that is fixed and varied."""
        for name in points.names:
            _require_once(name, self.fixed)
        if how is not None:
            how.check(points)

    def whole(self, names: Iterable[str]) -> list[str]:
        """Those of whole numbers: nobody has said so."""
        del names
        return []

    @property
    def about(self) -> Record:
        """Its name and its source: another function under that name is another study."""
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        return {
            "function": name,
            "fixed": {k: plain(v) for k, v in self.fixed.items()},
            "source": _source(self.function),
        }

    def __call__(self, point: Mapping[str, Any]) -> Any:
        """What the function gives."""
        return self.function({**self.fixed, **point})


@dataclass(frozen=True)
class Asked:
    """A command of systems of one kind, a class or what names it (a file is found in any folder), and what is fixed."""

    system: str | type[System]
    command: str
    fixed: Mapping[str, Any]

    @classmethod
    def of(cls, of: Any, command: str, fixed: Mapping[str, Any]) -> Asked:
        """Of any of the ways to name a system. ``ValueError`` for what is none, and for a command that it lacks."""
        given: dict[str, Any] = {}
        if isinstance(of, System):
            of, given = type(of), of.given
        if not isinstance(of, type):
            file, colon, slug = str(of).partition(":")
            of = f"{Path(file).resolve()}{colon}{slug}" if file.endswith(".py") else file
        made = cls(of, command.replace("-", "_"), {**given, **fixed})
        known = [name for name in commands_of(made.kind) if name not in NOT_OF_STUDIES]
        if made.command not in known:
            hint = nearest(made.command, known, f"it has: {', '.join(known)}")
            raise ValueError(f"{made.kind.slug} has no {command or 'question without a name'}; {hint}")
        return made

    @property
    def kind(self) -> type[System]:
        """The class."""
        return self.system if isinstance(self.system, type) else system(self.system)

    @cached_property
    def about(self) -> Record:
        """As JSON holds it."""
        fixed = {name: plain(value) for name, value in sorted(self.fixed.items())}
        own = {} if self.kind.__module__.startswith("theory.") else {"source": _source(self.kind)}
        return {"system": self.kind.slug, "command": self.command, "fixed": fixed, **own}

    @property
    def places(self) -> tuple[float, ...]:
        """Where curves are asked for."""
        return tuple(self._read({"at": self.fixed["at"]})[1]["at"]) if "at" in self.fixed else ()

    def check(self, points: Points, how: Refinement | None = None) -> None:
        """ValueError for a name or a value that is wrong by itself, or for what is missing."""
        for name, values in points.values().items():
            _require_once(name, self.fixed)
            for value in values:
                self._read({name: value})
        first, given = self._read({**self.fixed, **points.rows[0]})
        complete(self.command, self.kind(**first), given)
        if how is not None:
            how.check(points)

    def whole(self, names: Iterable[str]) -> list[str]:
        """Those of whole numbers."""
        domains = {name: offered.option.domain for name, offered in self._options.items()} | self._domains
        return [name for name in names if isinstance(domains[name], Order | Whole)]

    @cached_property
    def _options(self) -> dict[str, Offered]:
        function = answering(self.command, self.kind)
        return {} if function is None else {offered.name: offered for offered in options(function)}

    @cached_property
    def _domains(self) -> dict[str, Domain]:
        """Of parameters."""
        without = left_out(self.command, self.kind)
        return {p.name: p.domain for p in self.kind.parameters if p.name not in without}

    def _read(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Parameters and options, apart."""
        parameters, given = dict[str, Any](), dict[str, Any]()
        for name, value in values.items():
            if name in self._domains:
                parameters[name] = self._domains[name].accept(name, value)
            else:
                given[name] = self._option(name).accept(value)
        return parameters, given

    def _option(self, name: str) -> Offered:
        own = self._options
        usable = [key for key, o in own.items() if o.option.domain not in (FILE, FOLDER) and key not in NOT_OF_POINTS]
        if name in usable:
            return own[name]
        if name in own:
            raise ValueError(f"{called(name)} is not for the points of a study; leave it out")
        known = [*self._domains, *usable]
        hint = nearest(name, known, f"it has {', '.join(known)}")
        raise ValueError(f"{called(name)} does not apply to {self.command} of {self.kind.slug}; {hint}")

    def __call__(self, point: Mapping[str, Any]) -> Any:
        """The solution there."""
        token = TYPED.set(False)  # whichever process this is
        try:
            with quiet():
                parameters, given = self._read({**self.fixed, **point})
                return ask(self.command, self.kind(**parameters), given).kept()
        finally:
            TYPED.reset(token)


NOT_OF_STUDIES = ("derive", "phase_diagram")
"""Commands that give no numbers, or are studies themselves."""
NOT_OF_POINTS = ("workers", "resume", "latex", "columns", "figsize", "x_label", "style", "lines")
"""Options that a study has itself, or that change what is shown alone."""


def _require_once(name: str, fixed: Mapping[str, Any]) -> None:
    if name in fixed:
        raise ValueError(f"{called(name)} is fixed and varied; give it once")


def plain(value: Any) -> Any:
    """As JSON holds it; what it does not know as text."""
    own = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(own, list | tuple):
        return [plain(part) for part in own]
    if isinstance(own, float) and own.is_integer():
        return int(own)
    return own if isinstance(own, bool | int | float | str) else str(own)


def _source(of: Any) -> str:
    """A fingerprint of its text, or of its code where there is no text."""
    try:
        text = inspect.getsource(of)
    except (OSError, TypeError):
        text = repr(getattr(getattr(of, "__code__", None), "co_code", of))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
