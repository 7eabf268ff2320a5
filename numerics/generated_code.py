"""Expressions as machine code: a kernel's source with functions of ours at its end, kept on disk and imported.

numba compiles a function again in every process if it is handed the functions that it calls; in one module with them,
it is compiled once and loaded from then on. A template is a module whose placeholders (``loss(u, y)``, say) are
overridden by definitions that follow in the same file.
"""

from __future__ import annotations

import atexit
import hashlib
import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from sympy import Expr, Symbol, cse, numbered_symbols
from sympy.printing.codeprinter import PrintMethodNotImplementedError
from sympy.printing.pycode import PythonCodePrinter

from .lowering import within_float
from .overflow import without_overflow
from .provenance import write_whole

Functions = Mapping[str, tuple[Sequence[Symbol], Sequence[Expr]]]
"""By name: the arguments, and the expressions whose values (as a tuple, if several) the function returns."""


IMPORTS = "import math\nfrom numerics.machine_code import compiled\n"


def specialised(template: ModuleType, functions: Functions) -> ModuleType:
    """The template with its functions of these names replaced; it must import ``numerics.machine_code.compiled`` and
    ``math``, and use only absolute imports.

    Raises ``ValueError`` for an expression that has no machine code (Bessel functions, deltas).
    """
    return generated(functions, inspect.getsource(template))


def generated(functions: Functions, before: str = IMPORTS) -> ModuleType:
    """A module of these functions, after some other text."""
    return _imported(_text(before, tuple((name, *map(tuple, parts)) for name, parts in functions.items())))


@lru_cache(maxsize=64)
def _text(before: str, functions: tuple[tuple[str, tuple[Symbol, ...], tuple[Expr, ...]], ...]) -> str:
    return "\n".join([before, *(definition(*function) for function in functions)])


def definition(name: str, arguments: Sequence[Symbol], expressions: Sequence[Expr]) -> str:
    """Source of a scalar function, with what the expressions share computed once."""
    plain = {symbol: Symbol(f"argument_{i}", real=True) for i, symbol in enumerate(arguments)}
    renamed = [without_overflow(within_float(expression).xreplace(plain)) for expression in expressions]
    shared, values = cse(renamed, numbered_symbols("part_"))
    lines = [f"{symbol} = {_printed(part)}" for symbol, part in shared]
    results = ", ".join(f"float({_printed(value)})" for value in values)
    body = "\n    ".join([*lines, f"return {results}"])
    return f"\n@compiled\ndef {name}({', '.join(map(str, plain.values()))}):\n    {body}\n"


def _printed(expression: Expr) -> str:
    try:
        return str(PythonCodePrinter({"strict": True}).doprint(expression))
    except PrintMethodNotImplementedError as error:
        raise ValueError(f"no machine code for {expression}; write it with elementary functions") from error


@lru_cache(maxsize=64)
def _imported(text: str) -> ModuleType:
    """The module of that text. What runs is the text itself, not what lies on disk (nor Python's own cache of it): the
    file only tells numba where the module's binaries belong."""
    name = f"ruggedflow_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    path = _kept(name, text)
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(text, str(path), "exec"), module.__dict__)
    return module


def _kept(name: str, text: str) -> Path:
    """The file of that text, in the first folder that takes it."""
    data, refused = text.encode(), None
    for folder in (_cache, _own_cache):
        try:
            path = folder() / f"{name}.py"
            if not (path.is_file() and path.read_bytes() == data):
                write_whole(path, data)
        except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home
            refused = error
        else:
            return path
    raise OSError(f"no folder for compiled code: {refused}; set XDG_CACHE_HOME") from refused


def _cache() -> Path:
    """The user's folder for caches."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    folder = Path(home) / "ruggedflow"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@lru_cache(maxsize=1)
def _own_cache() -> Path:
    """One for this process alone, gone with it."""
    folder = Path(tempfile.mkdtemp(prefix="ruggedflow-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
