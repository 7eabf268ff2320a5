"""The gallery of phase diagrams: each command as it is printed there."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

GALLERY = Path(__file__).parents[2] / "figures" / "gallery"
COMMANDS = {
    words[-1]: words[1:]
    for words in map(shlex.split, re.findall(r"```sh\n(ruggedflow .*?)\n```", (GALLERY / "README.md").read_text()))
}
SEEN = {
    "spiked_tensor": ("dynamic_spinodal", "information_theoretic"),
    "mixture_2_3": ("gradient_flow", "ml_amp", "langevin", "bayes_amp", "dynamic_spinodal", "merger", "crossing"),
    "mixture_2_4": ("gradient_flow", "bayes_amp_jump", "information_theoretic", "cusp", "crossing"),
    "mixture_3_4": ("threshold_energy", "marginal_energy", "ground_state_energy"),
    "own_signal": ("gradient_flow", "ml_amp", "dynamics"),
    "simulated": ("gradient_flow", "ml_amp", "simulation"),
    "phase_retrieval": ("bbp_initial", "weak_recovery"),
    "own_loss": ("bbp_initial", "weak_recovery"),
    "dropout": ("mode_2", "mode_3", "contact"),
}
"""Lines, kinds of points, and of points that were measured, which are in each."""


def test_every_command_has_its_picture() -> None:
    assert COMMANDS.keys() == SEEN.keys()
    shown = re.findall(r"!\[.+\]\((\w+)\.png\)", (GALLERY / "README.md").read_text())
    assert shown == list(COMMANDS)
    assert all((GALLERY / f"{name}.png").stat().st_size < 120_000 for name in shown)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_as_printed(name: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*COMMANDS[name])[0] == 0
    record = json.loads((tmp_path / name / "phase_diagram.json").read_text())
    rows = list(csv.DictReader((tmp_path / name / "phase_diagram.csv").read_text().splitlines()))
    lines = {key for row in rows for key, value in row.items() if value}
    kinds = {point["kind"] for point in record["points"]}
    measured = {overlay["kind"] for overlay in record.get("overlays", ()) if overlay["points"]}
    assert set(SEEN[name]) <= lines | kinds | measured
