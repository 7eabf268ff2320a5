"""What the README and the pages print, run as it stands."""

import re
import shlex
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
HOW_TO = ROOT / "figures" / "how_to"
PAGES = sorted(HOW_TO.glob("*.md"))


class Block(NamedTuple):
    """Between fences: in which language, with what in the comment before it, after which heading or page."""

    language: str
    text: str
    remark: str


def blocks(page: Path) -> list[Block]:
    """All of a page."""
    found = re.findall(r"(?:^<!-- (.*?) -->\n)?^```(\w*)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(language, text, remark) for remark, language, text in found]


def block(page: Path, remark: str, language: str = "") -> str:
    """The text after that comment."""
    return next(b.text for b in blocks(page) if b.remark == remark and language in ("", b.language))


def lines(text: str) -> Iterator[list[str]]:
    """The commands of a shell, in words."""
    return (words for line in text.splitlines() if (words := shlex.split(line, comments=True)))


def save(name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this folder; a module of that name, from another one, is forgotten."""
    Path(name).write_text(text)
    monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
    monkeypatch.setattr(sys, "path", [str(Path.cwd()), *sys.path])


def follow(page: Path, run: Any, monkeypatch: pytest.MonkeyPatch, *, slow: bool) -> None:
    """A page from top to bottom in this folder: files are saved, commands and Python are run, outputs compared.

    Python's names last to the end of the page. What takes long is left out, unless ``slow``.
    """
    names: dict[str, Any] = {"__name__": "page"}
    monkeypatch.setenv("COLUMNS", "80")
    for language, text, remark in blocks(page):
        kind, _, about = remark.partition(": ")
        if kind == "file":
            save(about, text, monkeypatch)
        elif (kind == "slow" and not slow) or (kind == "needs" and not all(map(find_spec, about.split(", ")))):
            continue
        elif language == "sh":
            for words in lines(text):
                assert words[0] == "ruggedflow"
                status, out, err = run(*words[1:])
                assert status == 0 and out and "Warning" not in err, (words, err)
        elif language == "python":
            exec(compile(text, str(page), "exec"), names)
        elif language == "console":
            assert not slow or compared(text, run), text
        else:
            raise AssertionError(f"{page}: nobody runs {language!r}")


def compared(text: str, run: Any) -> bool:
    """The command after ``$`` prints what follows it, numbers to seven digits."""
    command, _, printed = text.partition("\n")
    status, out, _ = run(*shlex.split(command.removeprefix("$ "))[1:])
    return status == 0 and alike(out, printed)


NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")


def alike(out: str, printed: str) -> bool:
    """Whether the texts are the same, numbers to seven digits, whatever the widths of columns."""
    pairs = zip(NUMBER.findall(out), NUMBER.findall(printed), strict=False)
    same = all(float(a) == pytest.approx(float(b), rel=1e-7, abs=1e-8) for a, b in pairs)
    return same and NUMBER.sub("0", out).split() == NUMBER.sub("0", printed).split()
