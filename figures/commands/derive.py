"""`ruggedflow derive SYSTEM TOPIC`."""

from __future__ import annotations

from textwrap import indent
from typing import Annotated

from sympy import pretty, sympify

from theory.domain import FLAG, Text
from theory.printing import Line, as_latex
from theory.system import Blocks, System

from .answer import Answer
from .question import Option, answers


def _everything(kind: type[System]) -> tuple[str, ...]:
    """Parameters left out stay symbols, functions apart."""
    return tuple(p.name for p in kind.parameters if p.name not in ("covariance", "loss", "coefficients"))


TOPIC = Option(Text("TOPIC"), "What is derived; left out, an error names those that there are.", positional=True)


@answers(System, spare=_everything)
def derive(
    system: System,
    *,
    topic: Annotated[str, TOPIC] = "",
    latex: Annotated[bool, Option(FLAG, "LaTeX, ready for a paper.", flag=True)] = False,
) -> Answer:
    """The equations of one topic; parameters left out stay symbolic."""
    topics = system.derivation()
    if topic not in topics:
        wrong = f"unknown topic {topic!r} for" if topic else "no topic given of"
        raise ValueError(f"{wrong} {system.slug}; choose among {', '.join(topics)}")
    blocks = list(topics[topic]())
    lines = [line for _, block in blocks for line in block.equations()]
    equations = [{"left": as_latex(left), "right": as_latex(right)} for left, right in lines]
    record = {"system": system.slug, "topic": topic, "latex": _latex(blocks), "equations": equations}
    return Answer(Derivation(blocks), record, lambda _: print(_latex(blocks) if latex else _text(blocks)))


class Derivation:
    """Equations under their headings; a notebook shows them as LaTeX, ``print`` as text."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = tuple(blocks)

    def latex(self) -> str:
        """Ready for a paper."""
        return _latex(self.blocks)

    def _repr_latex_(self) -> str:
        return self.latex()

    def __str__(self) -> str:
        return _text(self.blocks)

    def __repr__(self) -> str:
        return str(self)


def _latex(blocks: Blocks) -> str:
    return "\n".join(f"% {title}\n{block.latex()}" for title, block in blocks)


def _text(blocks: Blocks) -> str:
    parts = ["\n\n".join([title, *(_plain(line) for line in block.equations())]) for title, block in blocks]
    return "".join(f"{part}\n\n" for part in parts).removesuffix("\n")


def _plain(line: Line) -> str:
    """One equation as a terminal shows it."""
    left, right = (_readable(side) if isinstance(side, str) else pretty(sympify(side)) for side in line)
    lines = f"{indent(left, '  ')} =\n{indent(right, '      ')}".splitlines()
    return "\n".join(line.rstrip() for line in lines)


TERMINAL = {
    r"\mathrm": "", r"\mathbb": "", r"\text": "", r"\rm ": "", r"\left": "", r"\right": "", r"\tfrac12": "1/2 ",
    r"\frac{(t - \bar t)^2}{2 v}": "(t - t\u0304)\u00b2/(2v)", r"\bar t": "t\u0304", r"\sup_t": "sup over t ",
    r"\sup_{t \geq 2}": "sup over t \u2265 2 ", r"\sqrt": "\u221a", r"\Sigma": "\u03a3", r"\Phi": "\u03a6",
    r"\theta": "\u03b8", r"\sigma": "\u03c3", r"\lambda": "\u03bb", r"\langle": "\u27e8", r"\rangle": "\u27e9",
    r"\epsilon": "\u03b5", r"\tilde": "~", r"\cdot": "\u00b7", r"\nabla": "\u2207", r"\mu": "\u03bc", r"\eta": "\u03b7",
    r"\gamma": "\u03b3",
    r"\zeta": "\u03b6", r"\xi": "\u03be", r"\sim": "~", r"\qquad": "  ",
    r"\tau": "\u03c4", r"\infty": "\u221e", r"\lim": "lim", r"\to": "\u2192",
    r"\leq": "\u2264", r"\geq": "\u2265", r"\det": "det", r"\Leftrightarrow": "\u21d4", r"\alpha": "\u03b1",
    r"\hat": "", r"\sum_": "sum_", r"\ln": "ln", r"\beta": "\u03b2", r"\chi": "\u03c7", r"\int": "\u222b",
    r"\partial": "\u2202", r"\quad": " ", r"\min": "min", r"\,": " ", "^2": "\u00b2",
    "{": "", "}": "",
}  # fmt: skip


def _readable(latex: str) -> str:
    """The few LaTeX strings that are not SymPy objects, in letters that a terminal has."""
    for command, letters in TERMINAL.items():
        latex = latex.replace(command, letters)
    return latex
