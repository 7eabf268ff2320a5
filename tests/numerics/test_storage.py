"""What is read back from disk is what was written, of the run that asks for it, or is refused in one line."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from numerics import storage
from numerics.dynamics import DynamicsSolution, solve_dynamics
from numerics.dynamics import load as load_dynamics
from numerics.generalized_linear.dynamics import load as load_descent
from numerics.generalized_linear.dynamics import save as save_descent
from numerics.generalized_linear.dynamics import solve_descent
from numerics.simulation import load as load_ensemble
from numerics.simulation import simulate
from theory import PhaseRetrieval, SpikedMatrixTensor

FORM = DynamicsSolution.form
SPIKED = SpikedMatrixTensor(3, Rational(1, 2), 1)
Written = dict[str, tuple[bytes, Callable[[Path], Any]]]
NAMES = {
    "reference": "run.npz",
    "long-time": "run.npz",
    "verified": "run.npz",
    "descent": "run.npz",
    "sample": "sample-000001.npz",
    "header": "header.json",
}


def run(folder: Path, **words: Any) -> Any:
    usual: dict[str, Any] = {"size": 8, "samples": 3, "seed": 3, "t_max": 0.2, "starts": 2, "output": folder}
    settings = usual | words
    return simulate(SpikedMatrixTensor(3, settings.pop("delta_2", Rational(1, 2)), 1), **settings)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept") / "ensemble"
    run(folder)
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, ensemble: Path) -> Written:
    """One file of each kind, and what reads it."""
    folder = tmp_path_factory.mktemp("written")
    options: dict[str, Any] = {"overlap": 0.1, "rtol": 1e-2}
    solve_dynamics(SPIKED, 0.5, method="reference", **options).save(folder / "reference")
    solve_dynamics(SPIKED, 0.5, method="long-time", **options).save(folder / "long-time")
    solve_dynamics(SPIKED, 0.5, method="reference", verify=True, **options).save(folder / "verified")
    found = solve_descent(PhaseRetrieval(1), 3.0, 0.04, eta=0.02, overlap=0.2, walkers=64, samples=2)
    save_descent(found, folder / "descent")
    readers = dict.fromkeys(("reference", "long-time", "verified"), load_dynamics) | {"descent": load_descent}
    files: Written = {kind: ((folder / kind).read_bytes(), reader) for kind, reader in readers.items()}
    for kind in ("sample", "header"):
        files[kind] = ((ensemble / NAMES[kind]).read_bytes(), lambda path: load_ensemble(path.parent))
    return files


def damages(content: bytes, count: int, rng: np.random.Generator) -> Any:
    """Bits flipped anywhere, ends cut off, bytes taken out, put in and appended."""
    for i in range(count):
        place = int(rng.integers(len(content)))
        match i % 8:
            case 0:
                yield content[:place]
            case 1:
                yield content[:place] + content[place + 1 + int(rng.integers(64)) :]
            case 2:
                yield content[:place] + rng.bytes(1 + int(rng.integers(8))) + content[place:]
            case _:
                flipped = bytearray(content)
                flipped[place] ^= 1 << int(rng.integers(8))
                yield bytes(flipped)


def refused(read: Callable[[Path], Any], path: Path) -> str:
    """The one line."""
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def try_damages(written: Written, kind: str, count: int, folder: Path, ensemble: Path) -> None:
    (content, read), rng = written[kind], np.random.default_rng(len(kind))
    shutil.copytree(ensemble, folder, dirs_exist_ok=True)
    path = folder / NAMES[kind]
    path.write_bytes(content)
    read(path)
    for damaged in damages(content, count, rng):
        path.write_bytes(damaged)
        refused(read, path)


@pytest.mark.parametrize("kind", NAMES)
def test_no_damage_is_accepted(written: Written, kind: str, tmp_path: Path, ensemble: Path) -> None:
    try_damages(written, kind, 64, tmp_path, ensemble)


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_no_damage_of_two_thousand_is_accepted(written: Written, kind: str, tmp_path: Path, ensemble: Path) -> None:
    try_damages(written, kind, 2000, tmp_path, ensemble)


def test_files_of_one_kind_are_not_read_as_another(written: Written, tmp_path: Path) -> None:
    for kind, (content, _) in written.items():
        for other, (_, read) in written.items():
            if NAMES[kind] == NAMES[other] == "run.npz" and (kind == "descent") != (other == "descent"):
                path = tmp_path / NAMES[kind]
                path.write_bytes(content)
                assert "but of another kind" in refused(read, path)


def test_bytes_depend_on_nothing_but_the_content(written: Written, tmp_path: Path) -> None:
    for kind in ("reference", "long-time", "verified"):
        path = tmp_path / f"{kind}.npz"
        path.write_bytes(written[kind][0])
        assert load_dynamics(path).save(tmp_path / "again.npz").read_bytes() == written[kind][0]


# Samples of another run.

FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "seed": ({"seed": 4}, "a sample of another run: its seed is 4, not 3"),
    "delta_2": ({"delta_2": Rational(1, 3)}, "a sample of another run: its landscape is "),
    "size": ({"size": 9}, "a sample of another run: its size is 9, not 8"),
    "time": ({"t_max": 0.3}, "a sample of another run: its t is "),
    "starts": ({"starts": 1}, "a sample of another run: its starts is 1, not 2"),
    "rtol": ({"rtol": 1e-3}, "a sample of another run: its rtol is 0.001, not 0.0001"),
    "temperature": ({"temperature": 1.0}, "a sample of another run: its gradient_tolerance is "),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_sample_is_refused(tmp_path: Path, ensemble: Path, what: str) -> None:
    words, reason = FOREIGN[what]
    run(tmp_path / "other", **words)
    shutil.copytree(ensemble, tmp_path / "mine")
    foreign = tmp_path / "mine" / "sample-000001.npz"
    shutil.copy(tmp_path / "other" / foreign.name, foreign)
    for read in (lambda _: run(tmp_path / "mine", resume=True), lambda _: load_ensemble(tmp_path / "mine")):
        assert f"{foreign}: {reason}" in refused(read, foreign)
    foreign.unlink()
    run(tmp_path / "mine", resume=True)
    assert foreign.read_bytes() == (ensemble / foreign.name).read_bytes()


def test_a_copy_under_another_number_is_refused(tmp_path: Path, ensemble: Path) -> None:
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    copy = tmp_path / "sample-000002.npz"
    shutil.copy(tmp_path / "sample-000000.npz", copy)
    assert "it is a copy of sample 0" in refused(lambda _: run(tmp_path, resume=True), copy)


def test_a_sample_of_an_early_version_is_refused(tmp_path: Path, ensemble: Path) -> None:
    """An archive without header and fingerprint, as the same numbers were once kept."""
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sample-000001.npz"
    arrays = storage.read(path, FORM_OF_SAMPLES)[1]
    np.savez(path, **arrays)  # type: ignore[arg-type]
    assert "damaged; delete it and resume" in refused(lambda _: run(tmp_path, resume=True), path)


def test_a_folder_of_an_early_version_is_refused(tmp_path: Path, ensemble: Path) -> None:
    """Its header has a hash of the settings alone."""
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    header = tmp_path / "header.json"
    record = storage.unsealed_json(header.read_text())
    early = {"format": record["format"], "version": 1, "hash": storage.digest(record["settings"])}
    header.write_text(json.dumps(early | {"settings": record["settings"]}, indent=2) + "\n")
    assert "from another version" in refused(lambda _: run(tmp_path, resume=True), header)
    header.unlink()
    header.mkdir()
    assert "cannot be read (Is a directory)" in refused(lambda _: run(tmp_path, resume=True), header)


FORM_OF_SAMPLES = storage.Format("ruggedflow sample", 2, "simulate")
FORGED_SAMPLES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "lacking": (lambda arrays: arrays.pop("energy"), "it lacks energy"),
    "short": (lambda arrays: arrays.update(m=arrays["m"][:, :-1]), "its m has shape"),
    "sites": (lambda arrays: arrays.update(final=arrays["final"][:, :-1]), "its final has shape (2, 7), not (2, 8)"),
}


@pytest.mark.parametrize("how", FORGED_SAMPLES)
def test_samples_with_other_arrays_are_refused(tmp_path: Path, ensemble: Path, how: str) -> None:
    change, reason = FORGED_SAMPLES[how]
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sample-000001.npz"
    header, arrays = storage.read(path, FORM_OF_SAMPLES)
    change(arrays)
    plain = {name: header[name] for name in ("sample", "settings")}
    storage.write(path, FORM_OF_SAMPLES, plain, arrays, packed=False)
    assert reason in refused(lambda _: run(tmp_path, resume=True), path)


def test_samples_must_agree_on_what_they_measure(tmp_path: Path, ensemble: Path) -> None:
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sample-000001.npz"
    header, arrays = storage.read(path, FORM_OF_SAMPLES)
    del arrays["t_end"]
    storage.write(path, FORM_OF_SAMPLES, {name: header[name] for name in ("sample", "settings")}, arrays)
    with pytest.raises(ValueError, match="sample 1 has other arrays than sample 0; delete it and resume"):
        load_ensemble(tmp_path)


def test_a_sample_that_cannot_be_read(tmp_path: Path, ensemble: Path) -> None:
    shutil.copytree(ensemble, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "sample-000001.npz"
    path.unlink()
    path.mkdir()
    assert "cannot be read (Is a directory)" in refused(lambda _: run(tmp_path, resume=True), path)


# Forged solutions: the fingerprint is right, the content makes no sense. Compiled code must not see it.


def forged(content: bytes, path: Path, change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> None:
    header, arrays = storage.decoded("it", FORM, content)
    change(header, arrays)
    plain = {name: value for name, value in header.items() if name not in ("format", "version")}
    storage.write(path, FORM, plain, arrays)


@pytest.mark.parametrize("kind", ["reference", "long-time", "verified"])
def test_tables_that_do_not_fit_together_are_refused(written: Written, tmp_path: Path, kind: str) -> None:
    content, path = written[kind][0], tmp_path / "run.npz"
    tables = {name: array for name, array in storage.decoded("it", FORM, content)[1].items() if "two_time." in name}
    for name, table in tables.items():
        changed = [table[:-1], table[:0], np.repeat(table, 2, axis=0)] if table.ndim else []
        for other in [*changed, table[None]]:
            if other.shape != table.shape:
                forged(content, path, lambda _, arrays, name=name, other=other: arrays.update({name: other}))
                assert "damaged (" in refused(load_dynamics, path), (name, other.shape)


@pytest.mark.parametrize("name", ["grid", "offset", "segments", "grids", "t", "x"])
@pytest.mark.parametrize("value", [-1.0, 1e6, 1e300, np.nan])
def test_indices_that_point_nowhere_are_refused(written: Written, tmp_path: Path, name: str, value: float) -> None:
    content, path, key = written["long-time"][0], tmp_path / "run.npz", f"two_time.history.{name}"

    def change(_: Any, arrays: dict[str, Any]) -> None:
        values = arrays[key].copy()
        values.flat[-1] = value
        arrays[key] = values

    forged(content, path, change)
    assert "damaged (" in refused(load_dynamics, path)


FORGED_HEADERS: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "kind": lambda header, _: header.update(kind="other"),
    "no kind": lambda header, _: header.pop("kind"),
    "settings": lambda header, _: header.update(settings=[1]),
    "message": lambda header, _: header.pop("message"),
    "another method": lambda header, _: header.update(kind="long-time"),
    "model": lambda _, arrays: arrays.update({"model.noise": np.ones((2, 2))}),
    "empty model": lambda _, arrays: arrays.update({"model.memory": np.ones(0)}),
    "series for a number": lambda _, arrays: arrays.update({"model.temperature": np.ones(2)}),
    "huge grid": lambda _, arrays: arrays.update({"two_time.grid": np.array([1e-3, 20.0, 1e9])}),
    "no number": lambda _, arrays: arrays.update({"two_time.one": arrays["two_time.one"] * np.nan}),
    "words": lambda _, arrays: arrays.update({"two_time.one": np.array(["a"])}),
}


@pytest.mark.parametrize("what", FORGED_HEADERS)
def test_headers_that_make_no_sense_are_refused(written: Written, tmp_path: Path, what: str) -> None:
    path = tmp_path / "run.npz"
    forged(written["reference"][0], path, FORGED_HEADERS[what])
    assert "damaged (" in refused(load_dynamics, path)


def test_a_record_that_was_edited_is_refused() -> None:
    record = {"a": 1.5, "b": [1, None, "x"]}
    text = storage.sealed_json(record)
    assert storage.unsealed_json(text) == record and json.loads(text)["sha256"] == storage.digest(record)
    for other in (text.replace("1.5", "1.50"), text.replace("  ", " "), text[:-1], text + "\n", "[]", "{}", "9" * 5000):
        with pytest.raises(ValueError, match=r"not JSON|fingerprint"):
            storage.unsealed_json(other)


def test_netcdf_keeps_everything(tmp_path: Path) -> None:
    """What ``pip install 'ruggedflow[data]'`` brings is enough."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    pytest.importorskip("h5py")
    solution = solve_dynamics(SPIKED, 0.5, overlap=0.1, rtol=1e-2, method="reference", verify=True)
    found = run(tmp_path / "ensemble", hessian_times="end", waiting_times=[0, 0.1])
    for data in (solution.to_xarray(7), found.to_xarray()):
        data.to_netcdf(tmp_path / "data.nc", engine="h5netcdf")
        assert xarray.load_dataset(tmp_path / "data.nc", engine="h5netcdf").identical(data)
