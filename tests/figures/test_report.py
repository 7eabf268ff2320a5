"""The page that reports on a folder."""

import json
import shutil
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ruggedflow as rf
from figures.record import provenance
from figures.style import new_figure, save
from numerics.checks import Comparison, Report

VOID = {"meta", "img"}
HOSTILE = "<script>alert(1)</script>"
ABSENT = "spiked-tensor has no signal at m = 0"


class Page(HTMLParser):
    """Elements that are closed as they were opened; texts and attributes by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.texts.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


def check(name: str, deviation: float, message_error: float = 0.1) -> dict[str, Any]:
    """The record of a made-up check."""
    comparisons = (Comparison("m at T = 0", 1, 0, 1 + deviation * message_error, message_error, 1.0, 8),)
    return Report(name, comparisons, {"seed": 0}, remarks=(f"all {HOSTILE} of it",)).record()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Something of each kind."""
    place = tmp_path / "results"
    (place / "deeper").mkdir(parents=True)
    figure = new_figure()
    figure.subplots().plot([0, 1], [0, 1])
    save(figure, place / "deeper" / "line & curve.png"), save(figure, place / "line.svg")
    found = rf.SpikedMatrixTensor(p=3, delta_p=1).thresholds(only=["gradient_flow"])
    found.save(place / "kept.npz")
    record = {"system": "spiked-matrix-tensor", "thresholds": found.record()}
    absent = {"control": "x", "x": None, "error": None, "reason": ABSENT}
    record["thresholds"]["nothing"] = absent
    made = provenance(["thresholds", "spiked-matrix-tensor", "--p", "3"], 0, [place / "kept.npz"])
    (place / "thresholds.json").write_text(json.dumps(record | made))
    for name, deviation in (("good", 0.5), ("bad", 50)):
        (place / f"{name}.json").write_text(json.dumps(check(name, deviation)))
    (place / "record.json").write_text(json.dumps(check("bad", 50)))
    (place / "table.tex").write_text("\\begin{tabular}{ll}\n$x$ & $y$ \\\\\n1 & 2 \\\\\n\\end{tabular}\n")
    (place / "data.csv").write_text("x,y\n" + "".join(f"{k},{k * k}\n" for k in range(50)))
    (place / "damaged.npz").write_bytes((place / "kept.npz").read_bytes()[:-9])
    return place


def test_the_page_holds_it_all(run: Any, folder: Path) -> None:
    status, out, err = run("report", str(folder))
    assert (status, err) == (0, "") and str(folder / "report.html") in out
    text = (folder / "report.html").read_text()
    page = Page(text)
    pictures = [value for tag, name, value in page.attributes if (tag, name) == ("img", "src")]
    kinds, contents = zip(*(value.split(";base64,") for value in pictures), strict=True)
    assert sorted(kinds) == ["data:image/png", "data:image/svg+xml"]
    assert b64decode(contents[kinds.index("data:image/png")]).startswith(b"\x89PNG")
    assert not [value for _, name, value in page.attributes if name in ("href", "srcset")] and "http" not in page.open
    sources = "\n".join(page.texts["pre"])
    assert sources.count(r"\begin{tabular}") == 5 and "@article{saraomannelli2020marvels," in sources
    assert "ruggedflow thresholds spiked-matrix-tensor --p 3\nruggedflow reproduce" in sources
    assert "2.000000000" in text and ABSENT in text and "and 30 rows more" in text
    assert HOSTILE not in text and len(page.texts["script"]) == 1
    assert "cannot be shown" in text and len(page.texts["button"]) == sources.count("\\begin{tabular}") + 2


def test_each_verdict_once(run: Any, folder: Path) -> None:
    run("report", str(folder), "--output", str(folder / "new" / "page.html"))
    text = (folder / "new" / "page.html").read_text()
    summary = text.split("Theory against simulation")[1].split("</section>")[0]
    assert summary.count('class="agree"') == summary.count('class="disagree"') == 1
    assert np.all([f"<td>{name}</td>" in summary for name in ("good", "bad")])


def test_a_page_is_written_again_and_nothing_else_overwritten(run: Any, folder: Path) -> None:
    assert run("report", str(folder))[0] == run("report", str(folder))[0] == 0
    (folder / "report.html").write_text("mine")
    status, _, err = run("report", str(folder))
    assert status == 2 and "holds what no command wrote" in err and (folder / "report.html").read_text() == "mine"
    assert run("report", str(folder), "--force")[0] == 0


def test_nothing_to_report(run: Any, tmp_path: Path) -> None:
    for place, message in ((tmp_path, "holds no picture, table or record"), (tmp_path / "no", "no such folder")):
        status, out, err = run("report", str(place))
        assert (status, out) == (2, "") and message in err and err.count("\n") == 1


@pytest.mark.slow
def test_a_browser_shows_it(run: Any, folder: Path) -> None:
    """Every picture is decoded, nothing is fetched or fails, a button copies what stands beside it."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    run("report", str(folder))
    with playwright.sync_playwright() as driver:
        if place is None and not Path(driver.chromium.executable_path).exists():
            pytest.skip("no browser")
        browser = driver.chromium.launch(executable_path=place, args=["--no-sandbox"])
        page, trouble = browser.new_page(), []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url) if request.url.startswith("http") else None)
        page.goto((folder / "report.html").as_uri())
        assert page.evaluate("[...document.images].map(i => i.naturalWidth > 0)") == [True, True]
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        button = page.locator("button.copy").first
        button.click()
        assert button.text_content() == "copied" and page.evaluate("String(getSelection())").strip()
        assert trouble == []
        browser.close()
