"""What to cite: the papers of a system or of a figure, and this program."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from numerics.provenance import own_version
from theory.naming import nearest, shortened
from theory.references import cited
from theory.system import System
from theory.systems import system, systems

from .registry import FIGURES

HOMES = (Path(__file__).parents[1], Path(__file__).parent)
"""Of ``CITATION.cff``: in a clone, and as installed."""


def bibliography(names: Iterable[str]) -> str:
    """BibTeX of all that these systems and figures rest on, this program last; comments name what has no entry."""
    return bibtex(reference for name in names for reference in references(name))


def bibtex(references: Iterable[str]) -> str:
    """The same for references."""
    known, unknown = cited(references)
    missing = [f"% no entry is known for: {piece}" for piece in unknown]
    return "\n\n".join([*missing, *(entry.bibtex for entry in known), software()])


def references(name: str) -> list[str]:
    """Of a figure or of a system. ``ValueError`` for an unknown name, with the nearest."""
    if name in FIGURES:
        return [about(name)]
    if name not in systems() and ".py" not in name:
        hint = nearest(name, [*systems(), *FIGURES], "see 'ruggedflow systems' and 'ruggedflow figure --list'")
        raise ValueError(f"unknown system or figure {shortened(name)!r}; {hint}")
    return of_system(system(name))


def of_system(kind: type[System]) -> list[str]:
    """Its own source, then those of its predictions."""
    return list(dict.fromkeys([kind.source, *(p.reference for p in kind.exemplar().predictions())]))


def about(figure: str) -> str:
    """How its file begins, which names the paper: read without importing it."""
    return (Path(__file__).parent / f"{figure}.py").read_text(encoding="utf-8").split('"""')[1]


def software() -> str:
    """This program, as ``CITATION.cff`` says."""
    place = next(home / "CITATION.cff" for home in HOMES if (home / "CITATION.cff").exists())
    facts = dict(re.findall(r'^\s*(?:- )?(\w+): "?([^"\n]+)"?$', place.read_text(encoding="utf-8"), re.MULTILINE))
    lines = [
        f"author = {{{{{facts['name']}}}}}",
        f"title = {{{facts['title']}}}",
        f"note = {{Version {own_version()}}}",
    ]
    return "@misc{ruggedflow,\n  " + ",\n  ".join(lines) + "\n}"
