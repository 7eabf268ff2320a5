"""Formulas of the docstrings, ``d_t m = -mu m + g'(m)``, as LaTeX: in one line, as one would write them by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator

GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "phi",
    "chi",
    "psi",
    "omega",
]
LATIN = ["Alpha", "Beta", "Epsilon", "Zeta", "Eta", "Kappa", "Mu", "Nu", "Rho", "Tau", "Chi"]
"""Capital letters that look Latin."""
OPERATORS = {
    "int": r"\int", "sum": r"\sum", "prod": r"\prod", "grad": r"\nabla", "inf": r"\inf", "sup": r"\sup", "in": r"\in",
    **{name: f"\\{name}" for name in ("exp", "ln", "log", "cos", "sin", "tanh", "min", "max", "det")},
    **{name: rf"\mathrm{{{name}}}" for name in ("Cov", "Var", "Tr", "Hess", "GOE", "ReLU", "sign", "erf", "erfc",
                                              "asinh", "relu", "Bin", "diag", "rank", "cosh", "acos", "asin", "const")},
}  # fmt: skip
SIGNS = {
    "<=": r"\le", ">=": r"\ge", "!=": r"\ne", "->": r"\to", "<<": r"\ll", ">>": r"\gg", "+-": r"\pm", "...": r"\dots",
    "<": r"\lt", ">": r"\gt", "~": r"\sim", ".": r"\cdot", "*": r"\cdot", "{": r"\{", "}": r"\}",
}  # fmt: skip
BELOW = {"th", "alg", "EA", "RS", "eff", "pos", "neg", "star", "dyn", "AMP", "IT"}
"""Words that are no argument's name below a letter."""
VARIABLES = "tsxyzw"
"""A prime in an index or limit belongs to these; to others it is a derivative of what carries the index."""
TOKEN = re.compile(
    r"(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<name>[A-Za-z]+)|(?P<space>\s+)"
    r"|(?P<sign>\.\.\.|[<>!]=|->|<<|>>|\+-|[-+*/=<>~.,:;'|()\[\]{}_^])"
)
Token = tuple[str, str]


def latex(formula: str) -> str | None:
    """Of a formula; None for what is none, such as the name of a function."""
    tokens = _tokens(formula)
    if not tokens or not _mathematical(formula, tokens):
        return None
    try:
        return Reader(tokens).whole()
    except IndexError:  # a bracket that nothing closes
        return None


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        here = TOKEN.match(text, at)
        if here is None:
            return []
        found.append((str(here.lastgroup), here[0]))
        at = here.end()
    return found


def _mathematical(formula: str, tokens: list[Token]) -> bool:
    """Whether all its words are letters, Greek ones and operators, and it is not what one types."""
    if re.search(r"--|\*\*|==|\(\)|[a-z]{2}\.[a-z]{2}|^\W*$|^\.|:$|_\w+_", formula):
        return False
    if re.fullmatch(r"[a-z]{2,}(_\w+)?|\w_[a-z]{2,}", formula) and formula.partition("_")[2] not in BELOW:
        return False
    below = False
    for kind, text in tokens:
        if kind == "name" and not (below and len(text) <= 4) and not _is_symbol(text):
            return False
        below = text == "_"
    return any(kind == "name" for kind, _ in tokens)


def _is_symbol(name: str) -> bool:
    differential = name[0] == "d" and (len(name) == 2 or name[1:].lower() in GREEK)
    return len(name) == 1 or _is_greek(name) or name in OPERATORS or name == "sqrt" or differential


def _is_greek(name: str) -> bool:
    return name in GREEK or (name == name.capitalize() and name.lower() in GREEK)


class Reader:
    """Of tokens, from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def whole(self) -> str:
        """To the end."""
        parts = []
        while self.at < len(self.tokens):
            parts.append(self._item())
        return " ".join(part for part in parts if part)

    def _next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place][1] if 0 <= place < len(self.tokens) else ""

    def _item(self) -> str:
        kind, text = self._next()
        if kind == "space":
            return r"\," if _ends(self._peek(-2)) and _begins(self._peek()) else ""
        if kind == "name":
            return self._name(text)
        if text == "'":
            self.at -= 1
            return self._primes() + (" {}" if self._peek() == "^" else "")
        return self._sign(text)

    def _sign(self, text: str) -> str:
        if text in "_^":
            return text + self._group(above=text == "^")
        if text == "*" and _ends(self._peek(-2)) and not _begins(self._peek()):
            if self._peek() != "^":
                return "^{*}"
            self._next()
            return f"^{{* {self._group(above=True)}}}"
        return "." if text == "." and not _begins(self._peek()) else SIGNS.get(text, text)

    def _name(self, name: str) -> str:
        if name == "sqrt":
            if self._peek() == " ":
                self._next()
            return rf"\sqrt{self._group()}"
        if name == "d" and self._peek() == "_" and self.tokens[self.at + 1][0] == "name":
            return r"\partial"
        if name == "E" and _begins(self._peek().strip() or self._peek(1)):
            return r"\mathbb{E}"
        return _symbol(name)

    def _group(self, *, above: bool = False) -> str:
        """What a root, an index or an exponent holds, in braces."""
        kind, text = self._next()
        if text in "({":
            inner = Reader(list(self._inside(text))).whole()
            derivative = above and text == "(" and re.fullmatch(r"[a-z\d]", inner)
            return f"{{({inner})}}" if derivative else f"{{{inner}}}"
        if text in "+-" and self._peek() and self.tokens[self.at][0] in ("name", "number"):
            return f"{{{text}{self._group()[1:]}"
        if text == "*":
            return "{*}"
        if kind == "name":
            primes = self._primes() if text in VARIABLES else ""
            known = len(text) == 1 or _is_symbol(text)
            return f"{{{_symbol(text)}{primes}}}" if known else rf"{{\mathrm{{{text}}}}}"
        return f"{{{SIGNS.get(text, text)}}}"

    def _primes(self) -> str:
        start = self.at
        while self._peek() == "'":
            self._next()
        return "'" * (self.at - start)

    def _inside(self, opening: str) -> Iterator[Token]:
        """Tokens up to the bracket that closes this one, which is left out."""
        closing, depth = {"(": ")", "{": "}"}[opening], 1
        while True:
            token = self._next()
            depth += (token[1] == opening) - (token[1] == closing)
            if not depth:
                return
            yield token


def _symbol(name: str) -> str:
    if name in OPERATORS:
        return OPERATORS[name]
    if _is_greek(name):
        return name[0] if name in LATIN else f"\\{name}"
    return name if len(name) == 1 else rf"d {_symbol(name[1:])}"


def _ends(text: str) -> bool:
    """Whether an operand may end so."""
    return bool(text) and (text[-1].isalnum() or text[-1] in ")]|'}*")


def _begins(text: str) -> bool:
    """Whether an operand may begin so."""
    return bool(text) and (text[0].isalnum() or text[0] in "([|{")
