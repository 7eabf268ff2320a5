"""All pages: the front door, those that say how, and every module."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pdoc import doc, docstrings, extract, render, render_helpers

from .front_door import NAME, front_door
from .mathematics import with_mathematics

PACKAGES = ("theory", "numerics", "figures")
HOW_TO = Path(__file__).parents[1] / "how_to"
GALLERY = HOW_TO.with_name("gallery") / "README.md"


def build(folder: str | Path) -> Path:
    """Write them to the folder. Returns the page where to begin."""
    render.configure(docformat="numpy", show_source=False, template_directory=Path(__file__).parent)
    render.env.filters["to_html"] = with_mathematics(render_helpers.to_html)
    # an annotation that names what only a type checker imports is shown as it is written
    warnings.filterwarnings("ignore", "Error parsing type annotation", UserWarning)
    os.environ.setdefault("PDOC_ALLOW_EXEC", "1")  # matplotlib lists the fonts of a fresh machine when first imported
    modules = {module.modulename: module for module in _modules()}
    for name, module in modules.items():
        _write(Path(folder, *name.split(".")).with_suffix(".html"), render.html_module(module, modules))
    _write(Path(folder, "search.js"), render.search_index(modules))
    return _write(
        Path(folder, "index.html"), f'<meta charset="utf-8"><meta http-equiv="refresh" content="0; url={NAME}.html">'
    )


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _modules() -> Iterator[doc.Module]:
    yield doc.Module(front_door())
    pages = sorted(HOW_TO.glob("*.md"), key=lambda path: path.stem != "README")
    yield from (_page(path, "" if path.stem == "README" else path.stem) for path in pages)
    yield _page(GALLERY, "gallery")
    for name in extract.walk_specs(PACKAGES):
        yield _loaded(doc.Module.from_name(name))


def _loaded(module: doc.Module) -> doc.Module:
    """With all that it offers, also what it would load when asked."""
    for name in getattr(module.obj, "__all__", ()):
        vars(module.obj).setdefault(name, getattr(module.obj, name))
    return module


def _page(path: Path, name: str) -> doc.Module:
    """Of Markdown, as a module that has nothing but its text; the first one has no name."""
    text = path.read_text(encoding="utf-8").replace("](../gallery/README.md)", "](gallery.md)")
    text = re.sub(r"\]\((\w+)\.md\)", r"](\1.html)" if name else r"](how_to/\1.html)", text)
    text = docstrings.embed_images(re.sub(r"^<!-- .* -->\n", "", text, flags=re.MULTILINE), path)
    module = ModuleType(f"how_to.{name}" if name else "how_to", text)
    vars(module).update(__docformat__="markdown", __all__=[])
    return doc.Module(module)
