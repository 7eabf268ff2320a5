"""`ruggedflow cite SYSTEM|FIGURE`."""

from figures.citation import bibliography
from figures.commands.output import print_json


def run(names: tuple[str, ...], *, as_json: bool) -> None:
    """Print it, ready for a .bib file."""
    found = bibliography(names)
    if as_json:
        print_json({"cited": list(names), "bibtex": found})
    else:
        print(found)
