"""`ruggedflow figure NAME`."""

from figures.commands.output import print_json, print_table
from figures.registry import FIGURES, draw


def run(name: str, *, output: str, list_figures: bool, as_json: bool) -> None:
    """Draw one figure, or list them all."""
    if list_figures or not name:
        if as_json:
            print_json({"figures": FIGURES})
        else:
            print_table("Figures", ["name", "what it shows"], [[key, title] for key, title in FIGURES.items()])
        return
    files = [str(path) for path in draw(name, output)]
    if as_json:
        print_json({"figure": name, "files": files})
    else:
        print(*files, sep="\n")
