"""Every paper that a system, a threshold or a figure names is known, as BibTeX that can be read."""

import re
from pathlib import Path
from typing import Any

import pytest

from figures.citation import about, bibliography, of_system, software
from figures.registry import FIGURES
from numerics.provenance import own_version
from theory.references import ARXIV, Entry, cited, entries, plain
from theory.systems import systems


def fields(bibtex: str) -> dict[str, str]:
    """Of one entry, read strictly: ``@kind{key,``, lines ``name = {value},`` with closed braces, ``}``."""
    first, *lines, last = bibtex.splitlines()
    assert re.fullmatch(r"@(article|inproceedings|misc)\{\w+,", first) and last == "}"
    found = {}
    for number, line in enumerate(lines):
        match = re.fullmatch(r"  (\w+) = \{(.*)\}(,?)", line)
        assert match and (match[3] == ",") == (number < len(lines) - 1)
        depth = [match[2][:k].count("{") - match[2][:k].count("}") for k in range(len(match[2]) + 1)]
        assert min(depth) == depth[-1] == 0 and match[1] not in found
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.key)
def test_entries_are_bibtex(entry: Entry) -> None:
    known = fields(entry.bibtex)
    assert re.fullmatch(r"\d{4}", known["year"]) and entry.bibtex.isascii()
    assert all("," in author for author in known["author"].split(" and "))
    assert ("eprint" in known) == ("archiveprefix" in known)
    needed = {"@article": "journal", "@inproceedings": "booktitle"}.get(entry.bibtex.split("{")[0])
    assert needed is None or {needed, "title"} <= known.keys()
    assert entry.author.isascii() and "\\" not in entry.author


def test_no_entry_twice() -> None:
    for name in ("key", "eprint", "bibtex"):
        values = [value for entry in entries() if (value := getattr(entry, name))]
        assert len(set(values)) == len(values)
    assert [entry.key for entry in entries()] == sorted(entry.key for entry in entries())


@pytest.mark.slow
@pytest.mark.parametrize("slug", systems())
def test_every_reference_of_a_system_is_known(slug: str) -> None:
    references = of_system(systems()[slug])
    known, unknown = cited(references)
    assert unknown == []
    assert {entry.eprint for entry in known} >= set(ARXIV.findall(" ".join(references)))
    assert all(entry.bibtex in bibliography([slug]) for entry in known)


def test_every_number_of_a_paper_is_known() -> None:
    """Whatever is referred to, in the code of the theory and of the figures."""
    root = Path(__file__).parents[2]
    texts = [path.read_text() for place in ("theory", "figures") for path in sorted((root / place).rglob("*.py"))]
    numbers = {number for text in texts for number in re.findall(r"(?<![\d.])\d{4}\.\d{5}(?![\d.e])", text)}
    numbers |= {number for text in texts for number in re.findall(r"arXiv\s+(\d{4}\.\d{4,5})", text)}
    assert len(numbers) > 30 and numbers - {entry.eprint for entry in entries()} == set()
    assert all(cited([kind.source])[1] == [] for kind in systems().values())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_its_paper(name: str) -> None:
    numbers = set(ARXIV.findall(about(name) + FIGURES[name]))
    known, _ = cited([about(name)])
    assert known and {entry.eprint for entry in known} >= numbers


def test_references_are_read_as_they_are_written() -> None:
    text = "Cugliandolo, Kurchan 1993, Phys. Rev. Lett. 71, 173; 1994, J. Phys. A 27, 5749 (several time sectors)"
    assert [entry.key for entry in cited([text])[0]] == ["cugliandolo1993", "cugliandolo1994"]
    assert [entry.key for entry in cited(["Crisanti, Leuzzi 2004, 2006"])[0]] == ["crisanti2004", "crisanti2006"]
    assert cited(["Nobody 2019, arXiv 1902.99999"]) == ([], ["Nobody 2019, arXiv 1902.99999"])
    assert cited(["Clum 2022; readings told apart here"])[1] == []
    assert plain(r"{\v C}ern{\'y}") == "Cerny"


def test_the_command_prints_papers_and_program(run: Any) -> None:
    status, out, err = run("cite", "spiked-tensor", "saxe_2013_modes")
    assert (status, err) == (0, "")
    found = [fields(piece) for piece in out.strip().split("\n\n")]
    assert {known.get("eprint") for known in found} >= {"1711.05424", "1312.6120"}
    assert found[-1] == fields(software()) and own_version() in found[-1]["note"]
    status, out, err = run("cite", "spiked-tensr")
    assert (status, out) == (2, "") and "did you mean spiked-tensor?" in err and err.count("\n") == 1
