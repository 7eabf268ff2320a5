"""`ruggedflow systems`."""

from __future__ import annotations

from figures.commands.output import print_json, print_text
from figures.commands.phase_diagram import to_try
from figures.commands.question import answering, commands_of, options, spared
from theory.system import System
from theory.systems import systems


def run(as_json: bool) -> None:
    """List every system."""
    if as_json:
        print_json({"systems": {slug: _record(kind) for slug, kind in systems().items()}})
        return
    for at, kind in enumerate(systems().values()):
        print_text(*[""] * (at > 0), *_lines(kind))


def _lines(kind: type[System]) -> list[str]:
    return [
        f"{kind.slug}: {kind.title}",
        f"  {kind.statement}",
        *(f"  {p.option:<13} {p.meaning} ({p.domain})" for p in kind.parameters),
        f"  commands: {', '.join(command.replace('_', '-') for command in commands_of(kind))}",
        f"  see:      {kind.source}",
    ]


FORMULAS = {"covariance": "covariance", "mean": "mean", "label_loss": "loss"}
"""What is random, by attribute and key."""


def _record(kind: type[System]) -> dict[str, object]:
    own = commands_of(kind)
    commands = [command.replace("_", "-") for command in own]
    return {
        "title": kind.title,
        "statement": kind.statement,
        **_formulas(kind),
        "parameters": [parameter.record() for parameter in kind.parameters],
        "commands": commands,
        "known": commands,
        "example": [example(command, kind) for command in own],
        "reference": kind.source,
    }


def _formulas(kind: type[System]) -> dict[str, str]:
    """In terms of the parameters; of what the user makes up, those of the example."""
    try:
        made = kind()
    except (TypeError, ValueError):
        made = kind.exemplar()
    return {key: str(getattr(made, name)) for name, key in FORMULAS.items() if hasattr(made, name)}


LAST = 1
"""Time of an example."""
BRIEF = {"phase_diagram": ["--points 3"]}
SHORT = {"steps": "--steps 0"}
"""What makes an example short, of a command or by an option that it has."""


def example(command: str, kind: type[System]) -> str:
    """A line to try."""
    function = answering(command, kind)
    assert function is not None
    words = ["ruggedflow", command.replace("_", "-"), kind.slug]
    if command == "phase_diagram" and any(offered.name == "x" and offered.needed for offered in options(function)):
        return " ".join([*words, *to_try(kind), "--places 3"])
    own = [p for p in kind.parameters if p.required and p.name not in spared(command, kind)]
    values = [f"{p.option} {p.example}" for p in own]
    for offered in options(function):
        if offered.option.positional:
            values.insert(0, next(iter(kind.exemplar().derivation())))
        elif offered.needed:
            needed = {"size": kind.size_to_try, "t_max": LAST}
            values.append(f"--{offered.name.replace('_', '-')} {needed[offered.name]}")
        elif offered.name in SHORT:
            values.append(SHORT[offered.name])
    return " ".join([*words, *values, *BRIEF.get(command, [])])
