"""What a user types: numbers and names of files, checked before anything is computed."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sympy import Rational

from numerics.provenance import output_folder
from theory.parsing import read_number, shortened


def real(name: str, text: str, least: float, most: float) -> float:
    """A number in a range, from text such as ``0.5``, ``1e-300`` or ``2/3``; never rounded to zero."""
    value = read_number(text)
    if value is None:
        raise ValueError(f"--{name} {shortened(text)!r} is not a number; try --{name} {max(least, min(1.0, most)):g}")
    if not Rational(repr(least)) <= value <= Rational(repr(most)):
        raise ValueError(f"--{name} {shortened(text)} must be a number from {least:g} to {most:g}")
    if value != 0 and abs(value) < SMALLEST:
        raise ValueError(f"--{name} {shortened(text)} is too small for double precision; try --{name} 1e-300")
    return float(value)


SMALLEST = Rational(1, 10**307)
"""Smaller numbers lose digits in double precision."""


def whole(name: str, text: str, least: int, most: int) -> int:
    """A whole number in a range, from text such as ``12`` or ``1e6``."""
    value = read_number(text)
    if value is None or not value.is_integer or not least <= value <= most:
        raise ValueError(f"--{name} {shortened(text)} must be a whole number from {least} to {most}")
    return int(value)


def interval(name: str, text: str, least: float, most: float, example: str) -> tuple[float, float]:
    """Two increasing numbers in a range, from text such as ``0.1:10``."""
    parts = text.split(":")
    if len(parts) == 2:
        low, high = (real(name, part, least, most) for part in parts)
        if low < high:
            return low, high
    raise ValueError(f"--{name} {shortened(text)} must be LO:HI with {least:g} <= LO < HI; try --{name} {example}")


def chosen(name: str, text: str, known: Iterable[str], what: str = "threshold") -> list[str]:
    """The names in a list with commas, each of them known; all of them where there is none."""
    names = list(known)
    keys = [key.strip() for key in text.split(",") if key.strip()]
    for key in keys:
        if key not in names:
            raise ValueError(f"--{name} {shortened(key)}: no such {what}; choose among {', '.join(names)}")
    return keys or names


def file_to_write(name: str, text: str) -> Path:
    """A file in a folder that exists (it is made if need be) and can be written to."""
    path = Path(text)
    if path.exists() and not path.is_file():
        raise ValueError(f"--{name} {text} is not a file; choose another name")
    output_folder(path.parent)
    return path


def picture_to_write(name: str, text: str) -> Path:
    """The same for a PNG, PDF or SVG file."""
    if Path(text).suffix.lower() not in (".png", ".pdf", ".svg"):
        raise ValueError(f"--{name} {text}: name a file that ends in .png, .pdf or .svg")
    return file_to_write(name, text)


LARGEST_ENERGY = 1e50
"""Its square, over the smallest variance, is still a number in double precision."""


def open_overlap(text: str) -> float:
    """``--overlap`` of a point that is not the signal itself: strictly between -1 and 1."""
    value = real("overlap", text, -LARGEST_ENERGY, LARGEST_ENERGY)
    if abs(value) >= 1:
        raise ValueError(f"--overlap {shortened(text)} must lie strictly between -1 and 1; try --overlap 0")
    return value


def starting_overlap(text: str) -> float | None:
    """``--overlap``: a number from -1 to 1, or ``random`` (None)."""
    return None if text == "random" else real("overlap", text, -1, 1)


def refuse(name: str, foreign: Mapping[str, object], where: str = "") -> None:
    """Raise ValueError for an option that was typed and does not apply (None: it was not typed)."""
    for key in (key for key, value in foreign.items() if value is not None):
        option, place = key.replace("_", "-"), f"{name} {where}".strip()
        raise ValueError(f"--{option} does not apply to {place}; leave it out")
