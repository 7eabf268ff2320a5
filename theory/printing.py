"""LaTeX for every object of the theory."""

from typing import Any

from sympy import latex, sympify
from sympy.core.relational import Relational

Line = tuple[Any, Any]


class Printable:
    """Mix-in: an object that prints itself as LaTeX, in a notebook as well."""

    def equations(self) -> list[Line]:
        """Lines of the display: left and right sides, each a SymPy object or a ready LaTeX string.

        A right side that is a condition (``theta > 1``) is printed after a colon.
        """
        raise NotImplementedError

    def latex(self) -> str:
        """An ``align`` environment, ready for a paper."""
        lines = [f"{as_latex(left)} {_joint(right)} {as_latex(right)}" for left, right in self.equations()]
        return "\\begin{align}\n" + " \\\\\n".join(lines) + "\n\\end{align}"

    def _repr_latex_(self) -> str:
        return self.latex()


def as_latex(item: Any) -> str:
    """LaTeX of a SymPy object, with the field's letters for the parameters; a string passes as it is."""
    if isinstance(item, str):
        return item
    names = {symbol: _parameter_name(symbol.name) for symbol in sympify(item).free_symbols}
    return str(latex(item, symbol_names={symbol: name for symbol, name in names.items() if name}))


def _parameter_name(name: str) -> str:
    """``delta_2`` as a capital Delta, ``inverse_delta_2`` as its inverse."""
    if name.startswith("delta_"):
        return rf"\Delta_{{{name.removeprefix('delta_')}}}"
    if name.startswith("inverse_delta_"):
        return rf"\Delta_{{{name.removeprefix('inverse_delta_')}}}^{{-1}}"
    return {"signal_strength": r"\lambda"}.get(name, "")


def _joint(right: Any) -> str:
    return r"&\colon\quad" if isinstance(right, Relational) else "&="
