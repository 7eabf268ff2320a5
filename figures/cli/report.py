"""`ruggedflow report FOLDER`."""

from pathlib import Path

from figures.commands.files import file_to_write
from figures.commands.output import print_json
from figures.report import report
from numerics.provenance import write_whole

NAME = "report.html"


def run(folder: str, output: str | None, *, as_json: bool) -> None:
    """Write the page, and say where."""
    found = report(Path(folder))
    path = file_to_write("output", output or Path(folder) / NAME)
    assert path is not None
    write_whole(path, found)
    if as_json:
        print_json({"folder": folder, "report": str(path)})
    else:
        print(f"written to {path}")
