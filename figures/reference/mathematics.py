"""Markdown as HTML whose formulas are MathML, which browsers draw without any script."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import unescape
from typing import Any

from latex2mathml.converter import convert

from .formulas import latex

CODE = re.compile(
    r"(?P<code>^```.*?^```$|`[^`\n]+`)|\$\$(?P<display>.+?)\$\$|\$(?P<line>[^$]+?)\$", re.DOTALL | re.MULTILINE
)
LITERAL = re.compile(r"(<pre.*?</pre>)|<code>([^<]*)</code>", re.DOTALL)


def with_mathematics(to_html: Callable[[str], Any]) -> Callable[[str], Any]:
    """That reader of Markdown, with formulas: those between dollars, and literals that are ones."""

    @cache
    def read(text: str) -> Any:
        drawn: list[str] = []

        def put_away(found: re.Match[str]) -> str:
            if found["code"]:
                return found[0]
            formula = found["display"] or found["line"]
            drawn.append(mathml(formula, "block" if found["display"] else "inline"))
            return f"FORMULA{len(drawn) - 1}ALUMROF"

        page = to_html(CODE.sub(put_away, text))
        whole = LITERAL.sub(_formula, page)
        whole = re.sub(r"FORMULA(\d+)ALUMROF", lambda found: drawn[int(found[1])], whole)
        again = type(page)(whole)
        again.toc_html = getattr(page, "toc_html", None)
        return again

    return read


def mathml(formula: str, display: str = "inline") -> str:
    """Of LaTeX; what cannot be read is named."""
    try:
        return str(convert(" ".join(formula.split()), display=display))
    except Exception as error:
        raise ValueError(f"no formula: {formula!r} ({type(error).__name__})") from error


def _formula(found: re.Match[str]) -> str:
    formula = None if found[1] else latex(" ".join(unescape(found[2]).split()))
    return mathml(formula) if formula else found[0]
