"""A table of texts and quantities, for a terminal, a notebook and a paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from .quantity import Quantity

Cell = str | Quantity
LATEX = str.maketrans({symbol: rf"\{symbol}" for symbol in "_%&#$"} | {"^": r"\^{}", "\u2014": "---", "∞": r"$\infty$"})


class Mathematics(str):
    """LaTeX between dollars, as it is."""


@dataclass(frozen=True)
class Table:
    """Names of the columns, and the rows below them, each with as many cells."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def texts(self) -> list[list[str]]:
        """The cells as texts; numbers with their errors in brackets."""
        return [[cell.printed() if isinstance(cell, Quantity) else cell for cell in row] for row in self.rows]

    def __str__(self) -> str:
        """Columns side by side."""
        lines = [list(self.columns), *self.texts()]
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        padded = ("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join(line.rstrip() for line in padded)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{_html(cell)}</td>' for cell in row)}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_latex_(self) -> str:
        """For the package booktabs."""
        head, *lines = [" & ".join(map(_latex, row)) + r" \\" for row in (self.columns, *self.rows)]
        begin = rf"\begin{{tabular}}{{{'l' * len(self.columns)}}}"
        return "\n".join([begin, r"\toprule", head, r"\midrule", *lines, r"\bottomrule", r"\end{tabular}"])


def _html(cell: Cell) -> str:
    return cell._repr_html_() if isinstance(cell, Quantity) else escape(cell)


def _latex(cell: Cell) -> str:
    if isinstance(cell, Mathematics):
        return str(cell)
    return cell._repr_latex_() if isinstance(cell, Quantity) else cell.translate(LATEX)
