"""Any experiment: averages, seeds, workers, and samples that are kept."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.random import Generator

from numerics.curves import Averages
from numerics.errors import Interrupted
from numerics.experiment import Experiment, average, experiment_of
from numerics.experiments import has_experiment
from numerics.loading import load
from numerics.quantity import Axis
from theory.domain import Real
from theory.parameter import Parameter
from theory.system import System
from theory.systems import PureSpin


class Coins(System):
    slug = "coins"
    parameters = (Parameter("bias", "of heads", Real(0, 1), "0.5"),)


class Tosses(Experiment):
    system = Coins
    observables: ClassVar[dict[str, str]] = {"heads": "share of heads", "halves": "the same of both halves"}
    axes: ClassVar[dict[str, Axis]] = {"half": Axis(np.array([1.0, 2.0]), "half")}
    over: ClassVar[dict[str, str]] = {"halves": "half"}
    drawn = 0
    stop = 10**9

    def draw(self, size: int, random: Generator) -> Any:
        Tosses.drawn += 1
        if Tosses.drawn > Tosses.stop:
            raise KeyboardInterrupt
        return random.random(size) < self.of.bias

    def measure(self, state: Any) -> dict[str, Any]:
        return {"heads": state.mean(), "halves": state.reshape(2, -1).mean(axis=1)}


def test_found_by_its_system() -> None:
    assert has_experiment(Coins) and experiment_of(Coins) is Tosses
    assert not has_experiment(PureSpin)
    with pytest.raises(LookupError, match="no experiment on pure-spin"):
        experiment_of(PureSpin)


def test_averages_have_the_errors_of_their_samples() -> None:
    found = average(Tosses(Coins(bias=0.3)), 1000, 50)
    heads, halves = found.quantities["heads"], found.quantities["halves"]
    assert abs(heads.value - 0.3) < 4 * heads.error and heads.error == pytest.approx(np.sqrt(0.21 / 50000), rel=0.3)
    assert "95%" in heads.note and halves.value.shape == (2,)
    assert np.all(found.quantities["halves_low"].value < halves.value)
    assert np.mean(halves.value) == pytest.approx(heads.value)


def test_the_same_whatever_the_workers_and_more_samples_begin_alike() -> None:
    experiment = Tosses(Coins(bias=0.5))
    one, two = average(experiment, 10, 6, 1), average(experiment, 10, 6, 1, workers=2)
    assert one.quantities["heads"].value == two.quantities["heads"].value
    assert average(experiment, 10, 6, 2).quantities["halves"].value[0] != one.quantities["halves"].value[0]


def test_one_sample_has_no_error() -> None:
    found = average(Tosses(Coins(bias=0.5)), 10, 1).quantities["heads"]
    assert np.isnan(found.error) and found.note == "" and found.printed().endswith("(?)")


def test_what_has_finished_is_kept(tmp_path: Path, monkeypatch: Any) -> None:
    experiment = Tosses(Coins(bias=0.5))
    whole = average(experiment, 10, 6)
    monkeypatch.setattr(Tosses, "drawn", 0)
    monkeypatch.setattr(Tosses, "stop", 4)
    with pytest.raises(Interrupted, match="after 4 of 6 samples; the same command goes on"):
        average(experiment, 10, 6, folder=tmp_path)
    monkeypatch.setattr(Tosses, "stop", 10**9)
    monkeypatch.setattr(Tosses, "drawn", 0)
    told: list[tuple[float, str]] = []
    again = average(experiment, 10, 6, folder=tmp_path, progress=lambda *said: told.append(said))
    assert Tosses.drawn == 2 and told[-1] == (1.0, "6 of 6 samples")
    assert again.quantities["heads"].value == whole.quantities["heads"].value
    average(Tosses(Coins(bias=0.25)), 10, 6, folder=tmp_path)
    assert Tosses.drawn == 8
    kept = load(again.save(tmp_path / "averages.npz"))
    assert isinstance(kept, Averages) and kept.axes["half"].values.tolist() == [1, 2]
