"""Numbers typed by a user, and the syntax of formulas, read without evaluating anything."""

import ast
import re
import warnings

from sympy import Rational

from .naming import called, shortened

NUMBER = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
"""A number without its sign, in the digits 0 to 9."""
MAX_LENGTH = 1000
"""Characters of a number or a formula."""
LARGEST = Rational(10**9)
SMALLEST = 1 / LARGEST
"""Sizes of a parameter typed by a user, where nothing else is said."""


def syntax_tree(text: str, example: str) -> tuple[ast.expr, str]:
    """The tree of a formula, and its text on one line with ``**`` for ``^``; ValueError for what is no formula."""
    line = " ".join(text.split()).replace("^", "**")
    try:
        # the text of a comment would be dropped in silence
        if "#" in line:
            raise SyntaxError
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(line, mode="eval").body, line
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"cannot read {shortened(text)!r}; write it like {example}") from error


def read_number(text: str) -> Rational | None:
    """A real number as an exact fraction (``0.5``, ``-1e-30``, ``2/3``); None for anything else."""
    parts = text.strip().split("/")
    unsigned = [re.sub("^[+-]", "", parts[0]), *parts[1:]]
    if len(text) > MAX_LENGTH or len(parts) > 2 or not all(NUMBER.fullmatch(part) for part in unsigned):
        return None
    numerator, divisor = Rational(parts[0]), Rational(parts[1] if len(parts) == 2 else 1)
    return None if divisor == 0 else numerator / divisor


def parse_number(name: str, text: str, smallest: Rational = SMALLEST) -> Rational:
    """A parameter as an exact fraction, so that any number of digits can follow: ``0.1`` is ``1/10``."""
    value = read_number(text)
    if value is None:
        tried = called(name, 3 if name == "p" else 0.5)
        raise ValueError(f"{called(name, repr(shortened(text)))} is not a number; try {tried}")
    if value != 0 and not smallest <= abs(value) <= LARGEST:
        least = f"{float(smallest):g}".replace("e-0", "e-")
        where = f"is out of range: between {least} and 1e9 in size"
        raise ValueError(f"{called(name, text)} {where}; try {called(name, 1)}")
    return value
