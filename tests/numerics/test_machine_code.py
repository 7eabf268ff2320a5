"""Caches of compiled code that are cut, changed, foreign or forbidden are rebuilt without a word."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pytest

from numerics import generated_code, machine_code

ROOT = Path(__file__).parents[2]
SOURCE = """
from numerics.machine_code import compiled

@compiled
def inner(x):
    return 2.0 * x

@compiled
def outer(x):
    return inner(x) + 1.0
"""


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A module of kernels as a new process would see it: nothing compiled, the cache on disk."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "kernels.py"
    path.write_text(SOURCE)

    def fresh() -> Any:
        module = ModuleType("kernels")
        monkeypatch.setitem(sys.modules, "kernels", module)
        exec(compile(SOURCE, str(path), "exec"), module.__dict__)
        return module

    return fresh


def hits(kernel: Any) -> int:
    return sum(kernel.stats.cache_hits.values())


def kept(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.rglob(f"*{suffix}"))


def test_a_kernel_is_compiled_once(imported: Callable[[], Any], tmp_path: Path) -> None:
    first, second = imported(), imported()
    assert first.outer(3.0) == 7 and hits(first.outer) == 0
    assert second.outer(3.0) == 7 and hits(second.outer) == 1
    assert len(kept(tmp_path, ".nbi")) == len(kept(tmp_path, ".nbc")) == 2


@pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
def test_damage_is_mended_in_silence(imported: Callable[[], Any], tmp_path: Path, suffix: str) -> None:
    imported().outer(3.0)
    whole = {path: path.read_bytes() for path in kept(tmp_path, suffix)}
    size = len(whole[max(whole)])
    for change in (0, 7, 33, size // 2, size - 1, "flip first", "flip last", "noise"):
        for path, content in whole.items():
            path.write_bytes(changed(content, change))
        again, later = imported(), imported()
        assert again.outer(3.0) == 7 and hits(again.outer) == 0, change
        assert later.outer(3.0) == 7 and hits(later.outer) == 1, change


def changed(content: bytes, how: int | str) -> bytes:
    if isinstance(how, int):
        return content[:how]
    if how == "noise":
        return np.random.default_rng(0).bytes(len(content))
    place = {"flip first": 0, "flip middle": len(content) // 2, "flip last": len(content) - 1}[how]
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def test_a_binary_of_another_signature_is_not_run(imported: Callable[[], Any], tmp_path: Path) -> None:
    """Two processes that start together may give two signatures one file."""
    module = imported()
    module.inner(3.0)
    module.inner(np.ones(2))
    one, two = (path for path in kept(tmp_path, ".nbc") if "inner" in path.name)
    one.write_bytes(two.read_bytes())
    again = imported()
    assert again.inner(3.0) == 6 and again.inner(np.ones(2)).tolist() == [2, 2]


def test_an_imported_kernel_that_has_changed_is_compiled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp of a kernel's cache covers what its module has imported."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    caller = "from called import inner\n" + SOURCE.replace("@compiled\ndef inner(x):\n    return 2.0 * x\n", "")

    def result(factor: float) -> tuple[float, int]:
        sources = {"called": f"{SOURCE.partition('@compiled')[0]}\n@compiled\ndef inner(x):\n    return {factor} * x\n"}
        for name, source in (sources | {"caller": caller}).items():
            path, module = tmp_path / f"{name}.py", ModuleType(name)
            path.write_text(source)
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(source, str(path), "exec"), module.__dict__)
        return module.outer(3.0), hits(module.outer)

    assert [result(2.0), result(2.0), result(5.0), result(2.0)] == [(7, 0), (7, 1), (16, 0), (7, 0)]


@pytest.mark.parametrize("folder", ["/dev/null/none", "/proc/none"])
def test_nowhere_to_keep_them(imported: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    for locator in ("InTreeCacheLocator", "UserWideCacheLocator"):
        monkeypatch.setattr(f"numba.core.caching.{locator}.from_function", lambda *_: None)
    monkeypatch.setattr(numba.config, "CACHE_DIR", folder)
    assert imported().outer(3.0) == 7


def test_a_folder_that_fills_up(imported: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine_code.CheckedFiles, "save", full)
    assert imported().outer(3.0) == 7


# Generated modules.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ruggedflow"


@pytest.mark.parametrize("content", [b"", b"VALUE = 2\n", b"\xff\xfe(", b"VALUE = 1"])
def test_a_damaged_module_is_written_again(folder: Path, content: bytes) -> None:
    text = f"VALUE = 1\n# {content!r}\n"
    name = Path(generated_code._imported.__wrapped__(text).__file__ or "")
    name.write_bytes(content)
    cached = name.parent / "__pycache__" / f"{name.stem}.cpython-{sys.version_info[0]}{sys.version_info[1]}.pyc"
    cached.parent.mkdir(exist_ok=True)
    cached.write_bytes(b"cut")
    assert generated_code._imported.__wrapped__(text).VALUE == 1
    assert name.parent == folder and name.read_text() == text


def test_a_folder_in_its_place(folder: Path) -> None:
    text = "VALUE = 3\n"
    name = Path(generated_code._imported.__wrapped__(text).__file__ or "")
    name.unlink()
    name.mkdir()
    module = generated_code._imported.__wrapped__(text)
    assert module.VALUE == 3 and Path(module.__file__).parent == generated_code._own_cache()


def test_a_home_that_is_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/none")
    module = generated_code._imported.__wrapped__("VALUE = 4\n")
    assert module.VALUE == 4 and Path(module.__file__).parent == generated_code._own_cache()


REAL = """
import numpy as np
from sympy import Rational
from numerics.dynamics import solve_dynamics
from numerics.generalized_linear.simulation import simulate_risk
from numerics.simulation import simulate
from theory import PhaseRetrieval, SpikedMatrixTensor
spiked = SpikedMatrixTensor(3, Rational(1, 2), 1)
print(solve_dynamics(spiked, 0.2, overlap=0.1, rtol=1e-2, method="long-time").energy[-1])
print(simulate(spiked, 8, 1, 0, t_max=0.1)["energy"].sum())
print(simulate_risk(PhaseRetrieval(1), 8, 3.0, 1, 0, t_max=0.1)["energy"].sum())
"""


@pytest.mark.slow
def test_every_kernel_survives_the_damage_of_every_file(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    environment |= {"XDG_CACHE_HOME": str(tmp_path / "home")}

    def run() -> str:
        words: Any = {"capture_output": True, "text": True, "env": environment}
        found = subprocess.run([sys.executable, "-c", REAL], check=True, **words)
        assert found.stderr == ""
        return found.stdout

    expected, rng = run(), np.random.default_rng(0)
    files = [path for suffix in (".nbi", ".nbc", ".py") for path in kept(tmp_path, suffix)]
    assert len(files) > 60
    for _ in range(2):
        for path in files:
            path.write_bytes(path.read_bytes()[: rng.integers(path.stat().st_size)])
        assert run() == expected
