"""Commands that ask a system: their options are those that the system declares and its answer takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from figures.commands.question import Offered
    from theory.domain import Domain
    from theory.system import System

FIRST = {"phase_diagram": "spiked-matrix-tensor"}
"""The system that is meant where none is named."""
FORCE = "Overwrite the results of another command."


class Read(click.ParamType[Any]):
    """What a domain reads."""

    def __init__(self, name: str, domain: Domain) -> None:
        self.name, self.domain = name, domain

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value of the text. Raises ValueError for what does not fit."""
        return self.domain.read(self.name, value) if isinstance(value, str) else value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names of a choice."""
        names = getattr(self.domain, "names", ())
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class AskingCommand(click.Command):
    """``COMMAND SYSTEM``: without a system it says which ones have the command; with one, what applies to it."""

    def __init__(self, command: str, about: str) -> None:
        self.command = command
        system = click.Argument(["system"], required=False, metavar="SYSTEM", shell_complete=complete("systems"))
        super().__init__(command.replace("_", "-"), params=[system], help=about)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Find the system first: the options are its own."""
        name = _named(args) or FIRST.get(self.command)
        if name is None:
            return super().make_context(info_name, args, parent, **extra)
        return for_system(self.command, name, str(self.help)).make_context(info_name, args, parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The systems that have it."""
        with formatter.section("Systems"):
            formatter.write_dl([(slug, kind.title) for slug, kind in having(self.command).items()])
        formatter.write_paragraph()
        formatter.write_text(f"'ruggedflow {self.name} SYSTEM --help' shows the options that apply to a system.")

    def invoke(self, ctx: click.Context) -> None:
        """No system was named."""
        print(ctx.get_help())
        ctx.exit(0)


def _named(words: list[str]) -> str | None:
    """The system: the first word, or the first that is one where an option comes first."""
    if words and not words[0].startswith("-"):
        return words[0]
    from theory.systems import systems

    return next((word for word in words if word in systems() or ".py" in word), None)


def having(command: str) -> dict[str, type[System]]:
    """The systems that have a command."""
    from figures.commands.question import answering
    from theory.systems import systems

    return {slug: kind for slug, kind in systems().items() if answering(command, kind) is not None}


def for_system(command: str, name: str, about: str) -> click.Command:
    """The command for one system."""
    from figures.commands.question import answering, commands_of, left_out, options
    from theory.systems import system

    kind = system(name)
    function = answering(command, kind)
    if function is None:
        has = ", ".join(other.replace("_", "-") for other in commands_of(kind))
        raise ValueError(f"{kind.slug} has no {command.replace('_', '-')}; it has: {has or 'no command'}")
    own = [p for p in kind.parameters if p.name not in left_out(command, kind)]
    for taken in {p.name for p in own} & {"force", *(offered.name for offered in options(function))}:
        raise ValueError(f"{kind.slug}: {taken} is an option of {command} already; give the parameter another name")
    parameters: list[click.Parameter] = [click.Argument(["system"], required=False, metavar=kind.slug)]
    parameters += [argument for o in options(function) if (argument := _argument(o)) is not None]
    parameters += [
        click.Option(
            [p.option, p.name], type=Read(p.name, p.domain), metavar=p.domain.metavar, help=_about_parameter(p)
        )
        for p in own
    ]
    parameters += [_option(offered) for offered in options(function) if not offered.option.positional]
    if {"output", "plot"} & {offered.name for offered in options(function)}:
        parameters.append(click.Option(["--force"], is_flag=True, expose_value=False, help=FORCE))
    parameters.append(click.Option(["--json", "as_json"], is_flag=True, help="Machine-readable output."))
    run = partial(_run, command, kind, [p.name for p in own])
    return Told(kind, command.replace("_", "-"), run, parameters, f"{about}\n\n{kind.slug}: {kind.title}")


class Told(click.Command):
    """A command of one system, which says what it has where an option does not apply."""

    def __init__(
        self, kind: type[System], name: str, run: Callable[..., None], params: list[click.Parameter], about: str
    ) -> None:
        self.kind = kind
        super().__init__(name, callback=run, params=params, help=about)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises ValueError for an option that does not apply."""
        from theory.expressions import PARAMETERS

        PARAMETERS.set(_on_axes(args))
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise ValueError(self._foreign(error.option_name)) from error

    def _foreign(self, option: str) -> str:
        from theory.naming import nearest

        if option == f"--{self.kind.control.replace('_', '-')}":
            return f"{option} is the parameter whose thresholds are computed; leave it out"
        known = [name for p in self.params if isinstance(p, click.Option) for name in p.opts if name.startswith("--")]
        hint = nearest(option, known, f"it has {' '.join(n for n in known if n != '--json')}", cutoff=0.8)
        return f"{option} does not apply to {self.kind.slug}; {hint}"


def _on_axes(words: list[str]) -> tuple[str, ...]:
    """Names of what varies in a diagram: ``--x r=0:1`` makes r a symbol in formulas."""
    given = [value for option, value in pairwise(words) if option in ("--x", "--y")]
    given += [word.partition("=")[2] for word in words if word.startswith(("--x=", "--y="))]
    return tuple(name for value in given if (name := value.partition("=")[0]).isidentifier())


def _about_parameter(parameter: Any) -> str:
    return f"{parameter.meaning[:1].upper()}{parameter.meaning[1:]} ({parameter.domain})."


def _argument(offered: Offered) -> click.Parameter | None:
    if not offered.option.positional:
        return None
    kind = Read(offered.name, offered.option.domain)
    return click.Argument([offered.name], type=kind, metavar=offered.option.domain.metavar, required=offered.needed)


def _option(offered: Offered) -> click.Option:
    """Left out, it is not passed on: the default is that of the signature."""
    option = offered.option
    names = [f"--{offered.name.replace('_', '-')}", *([f"-{option.letter}"] if option.letter else []), offered.name]
    if option.flag:
        return click.Option(names, is_flag=True, default=None, help=option.help)
    shown = (
        ""
        if offered.default in (None, (), offered.default if offered.needed else None)
        else f" Default {_plain(offered.default)}."
    )
    return click.Option(
        names,
        type=Read(offered.name, option.domain),
        metavar=option.domain.metavar,
        multiple=option.repeated,
        required=offered.needed,
        help=option.help + (shown if "default" not in option.help else ""),
    )


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ":".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _run(command: str, kind: type[System], own: list[str], *, as_json: bool, **typed: Any) -> None:
    """Ask and deliver."""
    from figures.commands.answer import about
    from figures.commands.progress import fraction
    from figures.commands.question import ask, spared
    from figures.record import leave_records

    typed.pop("system", None)
    given = {name: value for name, value in typed.items() if value is not None and value != ()}
    values = {name: given.pop(name) for name in own if name in given}
    kind.needs({*values, *spared(command, kind)})
    system = kind(**values)
    with fraction(f"{command.replace('_', ' ')} of {system.slug}"):
        answer = ask(command, system, given)
    answer.deliver(as_json=as_json)
    leave_records(about(system))


def complete(what: str) -> Any:
    """What a shell can complete: names of systems, checks, figures, or of what has papers."""

    def completed(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = _names(what, ctx)
        known = [CompletionItem(name, help=about) for name, about in found.items() if name.startswith(incomplete)]
        return known or [CompletionItem(incomplete, type="file")]

    return completed


def _names(what: str, ctx: click.Context) -> dict[str, str]:
    if what == "systems":
        return {slug: kind.title for slug, kind in having(str(ctx.info_name).replace("-", "_")).items()}
    if what == "checks":
        from numerics.checks import all_checks

        return {name: check.description for name, check in all_checks().items()}
    from figures.registry import FIGURES
    from theory.systems import systems

    return FIGURES if what == "figures" else FIGURES | {slug: kind.title for slug, kind in systems().items()}
