"""The notebook: its cells run from top to bottom and print what it shows."""

import ast
import io
import json
import re
from contextlib import redirect_stdout
from typing import Any

import pytest

from tests.printed import ROOT, alike

CELLS = json.loads((ROOT / "figures" / "tour.ipynb").read_text())["cells"]


def test_it_is_small_and_complete() -> None:
    assert (ROOT / "figures" / "tour.ipynb").stat().st_size < 300_000
    headings = re.findall(r"^## (.*)", "\n".join("".join(cell["source"]) for cell in CELLS), re.MULTILINE)
    assert headings[:7] == ["Declare", "Derive", "Threshold", "Dynamics", "Simulate", "Check", "Study"]
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert all(out["output_type"] != "error" for cell in code for out in cell["outputs"])
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]


@pytest.mark.slow
def test_its_cells_run_and_print_what_it_shows() -> None:
    names: dict[str, Any] = {"__name__": "tour"}
    for cell in CELLS:
        if cell["cell_type"] == "code":
            shown = executed("".join(cell["source"]), names)
            for output in cell["outputs"]:
                kept = "".join(output.get("data", {}).get("text/plain", output.get("text", "")))
                if "image/png" not in output.get("data", {}) and output.get("name") != "stderr":
                    assert alike(shown, kept)


def executed(source: str, names: dict[str, Any]) -> str:
    """What a cell prints, and its last expression as text."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)) as out:
        exec(compile(tree, "tour", "exec"), names)
        value = None if last is None else eval(compile(last, "tour", "eval"), names)
    return out.buffer.getvalue().decode() + ("" if value is None else repr(value))
