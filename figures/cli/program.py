"""The program: commands that ask a system, and those that list, draw and check."""

from __future__ import annotations

from typing import Any

import click

from figures.commands import COMMANDS

from .asking import FORCE, AskingCommand, complete

HELP = "Theory of gradient flow in rugged high-dimensional landscapes: derive it, compute it, draw it."


class Program(click.Group):
    """Commands in the order in which they are declared."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Listing first, then questions, then what stands apart."""
        return list(self.commands)


@click.group(
    cls=Program,
    help=HELP,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option("--version", is_flag=True, help="Show the version and exit.")
@click.pass_context
def program(context: click.Context, version: bool) -> None:
    """Nothing typed: the help."""
    if version:
        from numerics.provenance import own_version

        print(f"ruggedflow {own_version()}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
force = click.option("--force", is_flag=True, expose_value=False, help=FORCE)


@program.command()
@as_json
def systems(as_json: bool) -> None:
    """Every system, its parameters, its commands, and lines to try."""
    from .systems import run

    run(as_json)


for _name, _about in COMMANDS.items():
    program.add_command(AskingCommand(_name, _about))


@program.command()
@click.argument("name", default="", metavar="NAME", shell_complete=complete("checks"))
@click.option("--list", "list_checks", is_flag=True, help="List the checks, those of NAME if given, and run none.")
@click.option("--quick", is_flag=True, help="Smaller sizes and fewer samples.")
@click.option("--seed", default="0", metavar="K", help="Fixes everything random.")
@click.option("--workers", metavar="K", help="Processes; default one for each processor.")
@click.option("--output", "-o", metavar="DIR", help="Figure (PNG, PDF) and record.json.")
@force
@as_json
def check(**options: Any) -> None:
    """Theory against simulation; exit status 0: agree, 1: disagree, 3: undecided."""
    from .check import run

    run(**options)


@program.command()
@click.argument("name", default="", metavar="NAME", shell_complete=complete("figures"))
@click.option("--all", "draw_everything", is_flag=True, help="Draw all of them that are not there already.")
@click.option("--fast", is_flag=True, help="Fewer samples, shorter runs: a quick look.")
@click.option("--workers", metavar="K", help="Processes; default one for each processor.")
@click.option("--output", "-o", default="figures_out", metavar="DIR", help="Folder for the files.")
@click.option("--list", "list_figures", is_flag=True, help="List the figures, that of NAME if given, and draw none.")
@force
@as_json
def figure(**options: Any) -> None:
    """Draw a published figure from the theory, with its data as CSV; or all."""
    from .figure import run

    run(**options)


@program.command()
@click.argument("file", metavar="FILE.toml", type=click.Path())
@click.option("--output", "-o", metavar="DIR", help="Folder of the study; default the name of the file.")
@click.option("--export", metavar="FILE", help="The table as well: .csv, .json, .npz or .nc.")
@click.option("--workers", metavar="K", help="Processes; default one for each processor.")
@click.option("--dry-run", is_flag=True, help="How many points, how many are finished, how long the others take.")
@as_json
def study(**options: Any) -> None:
    """Ask a system at many points; the same command again goes on from what is finished."""
    from .study import run

    run(**options)


@program.command()
@click.argument("names", nargs=-1, required=True, metavar="SYSTEM|FIGURE ...", shell_complete=complete("citable"))
@as_json
def cite(**options: Any) -> None:
    """BibTeX of the papers of a system or figure, and of this program."""
    from .cite import run

    run(**options)


@program.command()
@click.argument("record", metavar="RECORD.json")
@click.option("--output", "-o", default="reproduced", metavar="DIR", help="Folder for the new results.")
@force
@as_json
def reproduce(**options: Any) -> None:
    """Run the command of a record again, and compare file by file; exit status 1 where they differ."""
    from .reproduce import run

    run(**options)


@program.command()
@click.argument("folder", metavar="FOLDER")
@click.option("--output", "-o", metavar="FILE", help="The page; default report.html in that folder.")
@force
@as_json
def report(**options: Any) -> None:
    """One page of HTML of all that a folder holds: verdicts, pictures, tables with LaTeX, papers, provenance."""
    from .report import run

    run(**options)
