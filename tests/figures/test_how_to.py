"""The README and the pages in ``figures/how_to``: what they print works, what they link to is there."""

import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from figures.cli.program import program
from figures.registry import FIGURES
from tests.printed import HOW_TO, PAGES, README, ROOT, block, blocks, follow, lines
from theory.systems import systems

LINK = re.compile(r"\]\(([^)#]+)\)")
ALL = [README, *PAGES]


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    linked = LINK.findall(page.read_text())
    assert all((page.parent / link).exists() for link in linked), page
    if page.stem == "README":
        others = {other.resolve() for other in PAGES if other.stem != "README"}
        assert others <= {(page.parent / link).resolve() for link in linked}


def test_the_readme_names_every_command_and_extra() -> None:
    text = README.read_text()
    assert len(text.splitlines()) < 140
    assert all(f"`ruggedflow {name}" in text for name in program.commands)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(f"`{extra}`" in text for extra in extras)
    assert all(word in text for word in ("`sweep`", "`plot`", "`to_xarray`", "tour.ipynb"))


def test_the_pages_name_every_system_and_their_figures() -> None:
    names = set(re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", (HOW_TO / "systems.md").read_text(), re.MULTILINE))
    assert names == {slug for slug, kind in systems().items() if kind.__module__.startswith("theory.systems")}
    named = [name for page in ALL for name in re.findall(r"ruggedflow figure (\w+)", page.read_text())]
    assert named and set(named) <= {*FIGURES}


def test_a_page_that_takes_a_second(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    follow(HOW_TO / "reading_files.md", run, monkeypatch, slow=False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Dask, on ports and sockets
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, page: Path) -> None:
    """On a cluster that looks like SLURM from outside, where one is asked for."""
    monkeypatch.chdir(tmp_path)
    if page.stem == "cluster":
        monkeypatch.setitem(sys.modules, "dask_jobqueue", queues())
    follow(page, run, monkeypatch, slow=True)


def queues() -> ModuleType:
    """The class of ``dask_jobqueue`` that the page uses, with threads of this process for jobs."""
    distributed = pytest.importorskip("distributed")

    class SLURMCluster(distributed.LocalCluster):  # type: ignore[name-defined, misc]
        def __init__(self, cores: int, memory: str, walltime: str) -> None:
            own = {"processes": False, "n_workers": 0, "threads_per_worker": cores, "dashboard_address": ":0"}
            super().__init__(memory_limit=memory, **own)
            assert walltime

        def scale(self, jobs: int) -> None:
            super().scale(min(jobs, 2))

    module = ModuleType("dask_jobqueue")
    vars(module)["SLURMCluster"] = SLURMCluster
    return module


@pytest.mark.slow
def test_the_readme_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = next(b.text for b in blocks(README) if b.language == "python")
    exec(compile(code, "README.md", "exec"), {"__name__": "page"})


@pytest.mark.slow
def test_the_readme_on_the_command_line(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One row of the table after the other, in one folder."""
    monkeypatch.chdir(tmp_path)
    Path("growth.toml").write_text(block(HOW_TO / "studies.md", "file: growth.toml"))
    rows = re.findall(r"^\| `(ruggedflow .*?)` \|", README.read_text(), re.MULTILINE)
    for words in lines("\n".join(rows)):
        status, out, err = run(*words[1:])
        assert status == 0 and out and "Warning" not in err, (words, err)
