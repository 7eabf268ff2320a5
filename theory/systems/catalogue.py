"""Every system by name: those of this folder, of installed packages, and of a file of the user's own."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from warnings import warn

from ..naming import nearest, shortened
from ..system import System

GROUP = "ruggedflow.systems"
"""Entry points by which a package offers systems: a class, or a module that holds some."""


@cache
def systems() -> dict[str, type[System]]:
    """Those of this folder, and those that installed packages offer."""
    package = __package__ or ""
    modules = [import_module(f"{package}.{entry.name}") for entry in iter_modules([str(Path(__file__).parent)])]
    found = {own.slug: own for module in modules for own in declared_in(module)}
    for entry in entry_points(group=GROUP):
        for kind in _offered(entry):
            if found.setdefault(kind.slug, kind) is not kind:
                warn(f"{entry.value}: there is a system {kind.slug} already; this one is left out", stacklevel=2)
    return found


def _offered(entry: EntryPoint) -> Iterable[type[System]]:
    """The systems of an installed package; none, and a warning, of one that cannot be imported."""
    try:
        offered = entry.load()
    except Exception as error:
        warn(f"systems of {entry.value} are left out: {type(error).__name__}: {error}", stacklevel=3)
        return ()
    return [offered] if isinstance(offered, type) else declared_in(offered)


def declared_in(module: ModuleType) -> Iterator[type[System]]:
    """Systems that a module declares, not those that it imports."""
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, System) and value.__module__ == module.__name__ and value.slug:
            yield value


def declares(module: object) -> bool:
    """Whether it is a module in which a system is declared."""
    return isinstance(module, ModuleType) and any(declared_in(module))


def system(name: str | Path) -> type[System]:
    """The system of that name, or of a file: ``./my_system.py``, or ``./my_system.py:slug`` where it declares several.

    Raises ``ValueError``, with the nearest name for an unknown one, and with the line of a file at fault.
    """
    name, known = str(name), systems()
    if name in known:
        return known[name]
    place, _, slug = name.partition(":")
    if place.endswith(".py"):
        return _of_file(Path(place), slug)
    choice = f"choose among {', '.join(known)}"
    raise ValueError(f"unknown system {shortened(name)!r}; {nearest(name, known, choice)}")


def _of_file(path: Path, slug: str) -> type[System]:
    own = {found.slug: found for found in declared_in(_imported(path))}
    if not own:
        raise ValueError(f"{path} declares no system: a subclass of theory.system.System with a slug of its own")
    if slug and slug not in own:
        raise ValueError(f"{path} declares no {slug!r}; choose among {', '.join(own)}")
    if not slug and len(own) > 1:
        raise ValueError(f"{path} declares {', '.join(own)}; choose one, such as {path}:{next(iter(own))}")
    return own[slug or next(iter(own))]


def _imported(path: Path) -> ModuleType:
    """By its own name with its folder on the path, so that other processes find it as well."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; name one that declares a system")
    name, folder = path.stem, str(path.resolve().parent)
    there = sys.modules.get(name)
    if there is not None and Path(getattr(there, "__file__", None) or "").resolve() != path.resolve():
        raise ValueError(f"{path}: {name} is the name of another module; choose another name")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return import_module(name)
    except Exception as error:
        raise ValueError(f"{path}{line_in(path, error)}: {type(error).__name__}: {error}") from error


def line_in(path: Path, error: BaseException) -> str:
    """``, line 12``: where in that file an exception passed; nothing if it did not."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f", line {error.lineno}"
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).resolve() == path.resolve()
    ]
    return f", line {lines[-1]}" if lines else ""
