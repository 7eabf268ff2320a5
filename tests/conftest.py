"""What tests of the command line share."""

import sys
from typing import Any

import pytest

from figures.cli.main import main
from figures.commands import progress
from numerics import sweep


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command with these words: exit status, output, errors; these without progress, however slow the machine, and
    in this process unless there are ``--workers``."""
    monkeypatch.setattr(progress, "SOON", 1e6)
    monkeypatch.setattr(sweep, "processors", lambda: 1)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ruggedflow", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return call
