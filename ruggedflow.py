"""The front door: ``import ruggedflow as rf``, then a system, then what it is asked, in the words of the command line.

    rf.SpikedMatrixTensor(p=3, delta_2=0.5, delta_p=1).dynamics(t_max=100, overlap=1e-3)

Systems are those of ``theory.systems`` and of installed packages; each has the methods that apply to it (``dir`` lists
them), and every method the options of ``ruggedflow COMMAND SYSTEM --help``. ``load(path)`` gives back what was saved.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    from figures.commands import front

    return front.find(name)


def __dir__() -> list[str]:
    from figures.commands import front

    return front.names()
