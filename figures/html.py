"""Pieces of a page of HTML that needs nothing beside itself."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path

KINDS = {".png": "image/png", ".svg": "image/svg+xml"}
"""Pictures that a browser shows."""

STYLE = """
body { font: 16px/1.5 Georgia, serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1, h2, h3 { font-weight: 600; line-height: 1.2; } h2 { border-bottom: 1px solid #ccc; margin-top: 2.5rem; }
img { max-width: 100%; display: block; margin: 1rem 0; } figcaption { color: #555; font-size: 0.85rem; }
table { border-collapse: collapse; margin: 0.7rem 0; font-size: 0.9rem; display: block; overflow-x: auto; }
th, td { padding: 0.15rem 0.8rem 0.15rem 0; text-align: left; vertical-align: top; }
thead th { border-bottom: 1px solid; }
pre { background: #f5f5f3; padding: 0.6rem; overflow-x: auto; font-size: 0.8rem; }
button { float: right; font-size: 0.75rem; } .agree { color: #00735a; } .disagree { color: #c0392b; }
.undecided { color: #555; } @media print { button { display: none; } pre { white-space: pre-wrap; } }
"""
SCRIPT = """
for (const button of document.querySelectorAll("button.copy")) button.onclick = () => {
  const code = button.nextElementSibling, chosen = getSelection(), range = document.createRange();
  range.selectNodeContents(code); chosen.removeAllRanges(); chosen.addRange(range);
  document.execCommand("copy"); button.textContent = "copied";
};
"""


def tag(name: str, *inside: str, **attributes: str) -> str:
    """An element around pieces that are HTML already."""
    written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(inside)}</{name}>"


def text(name: str, words: str, **attributes: str) -> str:
    """An element around plain text."""
    return tag(name, escape(words), **attributes)


def copied(source: str) -> str:
    """Text to be copied, LaTeX say, with the button for it."""
    return tag("div", tag("button", "copy", class_="copy", type="button"), text("pre", source))


def folded(summary: str, *inside: str) -> str:
    """Shown when asked for."""
    return tag("details", text("summary", summary), *inside)


def picture(path: Path, caption: str) -> str:
    """Embedded."""
    data = f"data:{KINDS[path.suffix]};base64,{b64encode(path.read_bytes()).decode()}"
    return tag("figure", f'<img src="{data}" alt="{escape(caption)}">', text("figcaption", caption))


def page(title: str, stamp: str, *inside: str) -> str:
    """The whole document."""
    head = f'<meta charset="utf-8"><meta name="description" content="{escape(stamp)}">'
    head += f"{text('title', title)}<style>{STYLE}</style>"
    body = tag("body", text("h1", title), *inside, f"<script>{SCRIPT}</script>")
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>{body}</html>\n'
