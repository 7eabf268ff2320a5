"""Parameters of the systems as options of a command: declared once, offered by the commands that read them."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

Given = dict[str, str]
"""The parameters that were typed, by name."""

GAUSSIAN = ("p", "delta_2", "delta_p", "covariance", "mean")
RISK = ("a", "loss", "teacher")

_OPTIONS = {
    "p": typer.Option("--p", metavar="P", help="Order of the tensor or of the interaction."),
    "delta_2": typer.Option("--delta-2", metavar="X", help="Noise variance of the matrix (inf: absent)."),
    "delta_p": typer.Option("--delta-p", metavar="X", help="Noise variance of the tensor (inf: absent)."),
    "covariance": typer.Option("--covariance", metavar="POLYNOMIAL", help="f(q), such as 'q**3/2 + q**4/4'."),
    "mean": typer.Option("--mean", metavar="POLYNOMIAL", help="g(m), such as 'm**2/2'; default 0."),
    "a": typer.Option("--a", metavar="A", help="Softening of the loss (phase-retrieval)."),
    "alpha": typer.Option("--alpha", metavar="X", help="Data per dimension, M/N (losses)."),
    "loss": typer.Option("--loss", metavar="EXPRESSION", help="l(u, y), such as '(u**2 - y**2)**2/4'."),
    "teacher": typer.Option("--teacher", metavar="EXPRESSION", help="The label, such as 'y**2'; default y."),
}


def offers(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command whose argument ``given`` collects these parameters, each an option on the command line."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def offered(**typed: Any) -> Any:
            given = {name: typed.pop(name) for name in names}
            return command(given={name: text for name, text in given.items() if text is not None}, **typed)

        _advertise(offered, command, names)
        return offered

    return decorate


def _advertise(offered: Callable[..., Any], command: Callable[..., Any], names: tuple[str, ...]) -> None:
    """Show the parser one option for each name where the command has ``given``."""
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        named = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        parameters += [_option(name) for name in names] if parameter.name == "given" else [named]
    vars(offered)["__signature__"] = inspect.Signature(parameters)
    offered.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _option(name: str) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[str | None, _OPTIONS[name]])
