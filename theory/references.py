"""Papers: the entries of ``references.bib`` that a reference names, by arXiv number or by first author and year."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ARXIV = re.compile(r"(?<!\d)\d{4}\.\d{4,5}(?!\d)")
YEAR = re.compile(r"\b(?:19|20)\d\d\b(?!\.\d)")


@dataclass(frozen=True)
class Entry:
    """A paper: its ``key``, its ``bibtex``, and the fields by which it is found."""

    key: str
    bibtex: str
    eprint: str
    author: str
    year: str

    @classmethod
    def of(cls, bibtex: str) -> Entry:
        """Read what is needed."""
        key = re.match(r"@\w+\{([\w:-]+),", bibtex)
        if key is None:
            raise ValueError(f"not an entry of BibTeX: {bibtex[:40]}")
        first = plain(_field(bibtex, "author")).split(",")[0]
        return cls(key[1], bibtex, _field(bibtex, "eprint"), first, _field(bibtex, "year"))

    def named(self, text: str) -> bool:
        """Whether a piece of a reference means it."""
        numbers = ARXIV.findall(text)
        return self.eprint in numbers if numbers else self.author in text and self.year in YEAR.findall(text)


def _field(bibtex: str, name: str) -> str:
    found = re.search(rf"^  {name} = \{{(.*)\}},?$", bibtex, re.MULTILINE)
    return found[1] if found else ""


def plain(text: str) -> str:
    """Without accents and braces."""
    return re.sub(r"""\\["'`^~=.uvHcr]\s*|[{}]""", "", text)


@cache
def entries() -> tuple[Entry, ...]:
    """All that are known, in the order of their keys."""
    text = Path(__file__).with_suffix(".bib").read_text(encoding="utf-8")
    return tuple(Entry.of(piece.strip()) for piece in re.split(r"\n(?=@)", text))


def cited(references: Iterable[str]) -> tuple[list[Entry], list[str]]:
    """Entries for the references (``Authors YEAR, where; ...``), each once, and the pieces that name none."""
    found: dict[str, Entry] = {}
    unknown: dict[str, None] = {}
    for piece in (piece for reference in references for piece in _pieces(reference)):
        named = {entry.key: entry for entry in entries() if entry.named(piece)}
        found |= named
        if not named:
            unknown[piece] = None
    return sorted(found.values(), key=lambda entry: entry.key), list(unknown)


def _pieces(reference: str) -> list[str]:
    """Between semicolons; one that begins with a year is by the authors of the one before, one without any a remark."""
    pieces: list[str] = []
    for piece in map(str.strip, reference.split(";")):
        authors = YEAR.split(pieces[-1])[0] if pieces and YEAR.match(piece) else ""
        pieces.append(authors + piece)
    dated = [piece for piece in pieces if YEAR.search(piece) or ARXIV.search(piece)]
    return dated or pieces
