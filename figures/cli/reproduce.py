"""`ruggedflow reproduce RECORD.json`."""

import shlex
from pathlib import Path

import click

from figures.commands.output import print_json, print_table
from figures.reproduction import Recorded, reproduce, require_new

MEANING = {
    "identical": "to the last byte",
    "equal": "the same numbers within their errors",
    "drawn": "a picture, drawn anew",
    "different": "other numbers or words",
    "missing": "not written this time",
    "unknown": "the old file is gone and had another fingerprint",
}


def run(record: str, output: str, *, as_json: bool) -> None:
    """Run it again and compare; exit status 1 where something came out differently."""
    recorded = Recorded.read(record)
    folder = require_new(Path(output), recorded)
    found = reproduce(recorded, folder)
    same = not {"different", "missing", "unknown"} & set(found.values())
    command = shlex.join(["ruggedflow", *recorded.words(folder)])
    if as_json:
        print_json({"command": command, "folder": str(folder), "reproduced": same, "files": found})
    else:
        rows = [[name, what, MEANING[what]] for name, what in found.items()]
        print_table(f"{command}: {'reproduced' if same else 'not reproduced'}", ["file", "is", "that is"], rows)
    raise click.exceptions.Exit(0 if same else 1)
