"""Kicks of the memory: the equations forget them, and so does a run whose slices resolve what they hold."""

import numpy as np
import pytest

from numerics.dynamics.long_time import geometry, store
from numerics.dynamics.long_time.geometry import TIME
from numerics.dynamics.long_time.rule import Resolution
from numerics.dynamics.long_time.solution import _collected
from numerics.dynamics.long_time.solver import March, time_of
from numerics.dynamics.model import model
from numerics.dynamics.units import times, unit
from numerics.lowering import Array
from theory import OVERLAP, GaussianLandscape

KICK, BEGIN, END = 1e-8, 2e3, 2e5


def kicked(march: March) -> March:
    """The same run, ``C(t, t')`` changed by ``4 KICK y (1 - y)``, ``y = t'/t``, at the end of its last block."""
    history, rule, block = march.history, march.rule, march.history.t.size - 1
    values = history.C.copy()
    nodes = store.nodes(history, int(history.grid[block]), rule)
    slices, width = np.empty((4, nodes)), history.x[-1] - history.x[-2]
    for k, place in enumerate(rule.stages):
        t = float(time_of(history.x[-2] + 0.5 * width * (1 + place), rule))
        geometry.slice_at(history.grid[block], t, rule, history, slices)
        y, first = slices[TIME] / t, history.offset[block] + k * nodes
        values[first : first + nodes] += KICK * 4 * y * (1 - y) * 0.5 * (1 + place)
    other = _collected(march).march()
    other.history = history._replace(C=values)
    return other


def multiplier(march: March, t: Array) -> Array:
    return _collected(march).one_time(t).mu


@pytest.mark.slow
def test_a_kick_of_the_memory_dies() -> None:
    """As ``t^-1.5`` at least: what grows in a coarser run belongs to its slices, not to the equations."""
    made = model(GaussianLandscape(OVERLAP**3 / 2))
    plain = March(times(made, 1 / unit(made)), Resolution(17, 7, 2.5e-7))
    plain.run(BEGIN, lambda t: None)
    other = kicked(plain)
    for march in (plain, other):
        march.run(END, lambda t: None)
    t = BEGIN * np.array([1.1, 1.5, 10.0, 20.0, 50.0, 99.0])
    change = np.abs(multiplier(other, t) - multiplier(plain, t)) / KICK
    assert 0.01 < change[:2].max() < 0.3
    assert np.all(change[2:] < change[:2].max() * (t[2:] / BEGIN) ** -1.5)
