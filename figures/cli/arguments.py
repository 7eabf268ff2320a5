"""What a user types: real numbers and names of files, checked before anything is computed."""

from fractions import Fraction
from pathlib import Path

from numerics.provenance import output_folder
from theory.parsing import NUMBER

LONGEST = 100
"""Characters of a number."""


def real(name: str, text: str, least: float, most: float) -> float:
    """A number in a range, from text such as ``0.5``, ``1e-300`` or ``2/3``; never rounded to zero."""
    value = _fraction(text)
    if value is None:
        raise ValueError(f"--{name} {text[:LONGEST]!r} is not a number; try --{name} {max(least, min(1.0, most)):g}")
    if not least <= value <= most:
        raise ValueError(f"--{name} {text} must be a number from {least:g} to {most:g}")
    if value != 0 and float(value) == 0:
        raise ValueError(f"--{name} {text} is too small for double precision; try --{name} 1e-300")
    return float(value)


def _fraction(text: str) -> Fraction | None:
    """Exact; None for anything else."""
    parts = text.strip().removeprefix("+").split("/")
    digits = [parts[0].removeprefix("-"), *parts[1:]]
    if len(parts) > 2 or len(text) > LONGEST or not all(NUMBER.fullmatch(part) for part in digits):
        return None
    divisor = Fraction(parts[1]) if len(parts) == 2 else Fraction(1)
    return Fraction(parts[0]) / divisor if divisor else None


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


def starting_overlap(text: str) -> float | None:
    """``--overlap``: a number from -1 to 1, or ``random`` (None)."""
    return None if text == "random" else real("overlap", text, -1, 1)
