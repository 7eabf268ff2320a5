"""Every published figure by name; a figure's module is imported only when it is drawn."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from numerics.provenance import output_folder

from .style import save_all

FIGURES = {
    "sarao_mannelli_2019_passed_and_spurious": "phase diagrams p = 3, 4; complexity of minima (arXiv 1902.00139)",
    "sarao_mannelli_2019_big_bad_minima": "gradient-flow line, complexity across it, Hessian (arXiv 1907.08226)",
    "sarao_mannelli_2019_big_bad_minima_dynamics": "gradient flow; its threshold from dynamics (arXiv 1907.08226)",
    "sarao_mannelli_2019_big_bad_minima_simulation": "gradient flow and its Hessian at finite size (arXiv 1907.08226)",
    "sarao_mannelli_2020_marvels_and_pitfalls": "Langevin against message passing (arXiv 1812.09066)",
    "sarao_mannelli_2020_complex_dynamics": "phase retrieval at finite size: recovery, flow, states (arXiv 2006.06997)",
    "folena_2020_mixed_ageing": "where gradient flow of mixtures ends: its energy to t = 1e7 (arXiv 1903.01421)",
    "cugliandolo_kurchan_1993": "ageing of the 3-spin model: correlation, response, energy (PRL 71, 173)",
}


def draw(name: str, output: str | Path) -> list[Path]:
    """Draw one figure as PNG and PDF into a folder; ValueError for an unknown name."""
    if name not in FIGURES:
        near = get_close_matches(name, FIGURES, n=1, cutoff=0.3)
        raise ValueError(f"unknown figure {name!r}; {f'did you mean {near[0]}?' if near else 'see --list'}")
    folder = output_folder(output)
    pictures = import_module(f"figures.{name}").draw()
    return [path for title, figure in pictures.items() for path in save_all(figure, folder, f"{name}_{title}")]


def main(module: str) -> None:
    """``python -m figures.NAME [FOLDER]``."""
    print(*draw(module.rsplit(".", 1)[-1], sys.argv[1] if len(sys.argv) > 1 else "figures_out"), sep="\n")
