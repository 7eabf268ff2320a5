"""The command as a user types it."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def test_thresholds_as_json_with_thirty_digits(run: Any) -> None:
    words = "thresholds spiked-matrix-tensor --p 3 --delta-p 1.0 --digits 30 --json"
    status, out, _ = run(*words.split())
    record = json.loads(out)
    assert status == 0
    assert record["system"] == "spiked-matrix-tensor"
    assert record["parameters"] == {"p": 3, "delta_p": 1.0}
    assert set(record["thresholds"]) >= {
        "gradient_flow", "trivialization", "trivialization_any_overlap", "trivialization_connected", "ml_amp",
        "langevin", "bayes_amp", "dynamic_spinodal", "information_theoretic",
    }  # fmt: skip
    assert record["thresholds"]["gradient_flow"]["inverse_delta_2"] == "2." + 29 * "0"
    for entry in record["thresholds"].values():
        assert {"inverse_delta_2", "exists", "equation", "reference", "error", "reason"} <= set(entry)
        assert entry["exists"] == (entry["inverse_delta_2"] is not None) == (not entry["reason"])
        if entry["exists"]:
            assert len(entry["inverse_delta_2"].replace(".", "").lstrip("0")) == 30


def test_a_missing_threshold_says_why(run: Any) -> None:
    words = ["spiked-matrix-tensor", "--p", "4", "--delta-p", "1", "--only", "langevin", "--json"]
    _, out, _ = run("thresholds", *words)
    langevin = json.loads(out)["thresholds"]["langevin"]
    assert langevin["exists"] is False and langevin["inverse_delta_2"] is None
    assert "replica symmetry" in langevin["reason"]


def test_complexity_as_json(run: Any) -> None:
    words = "complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --overlap 0 --index 1 --json"
    record = json.loads(run(*words.split())[1])
    assert record["sigma_total"] == pytest.approx(0.143841036226, abs=5e-13)
    assert record["sigma_minima"] == pytest.approx(0.000983893369, abs=5e-13)
    assert record["t_minima"] == 2
    assert record["energy_minima"] == pytest.approx(-1.7142857143, abs=5e-11)
    assert record["sigma_index"] >= record["sigma_minima"]


def test_complexity_of_a_made_up_landscape_at_an_energy(run: Any) -> None:
    words = ["complexity", "landscape", "--covariance", "q**2/4 + q**3/7 + q**5/9", "--mean", "m**2/3"]
    record = json.loads(run(*words, "--overlap", "0.2", "--energy", "-0.5", "--json")[1])
    assert record["parameters"]["mean"] == "m**2/3"
    assert record["energy_total"] == -0.5
    record = json.loads(run(*words, "--channel-energy", "2=-0.5", "--channel-energy", "3=-1", "--json")[1])
    assert record["channel_energies"] == {"2": -0.5, "3": -1}


def test_an_energy_without_minima_gives_null_and_a_reason(run: Any) -> None:
    words = ["pure-spin", "--p", "3", "--delta-p", "1/3", "--energy", "-1", "--json"]
    record = json.loads(run("complexity", *words)[1])
    assert record["sigma_minima"] is None and "negative directions" in record["reason_minima"]


def test_finite_size(run: Any) -> None:
    words = "complexity pure-spin --p 2 --delta-p 1 --size 5 --json"
    record = json.loads(run(*words.split())[1])["finite_size"]
    assert record["total"] == pytest.approx(10, abs=4 * record["total_error"])


def test_energies_of_a_pure_spin_glass(run: Any) -> None:
    _, out, _ = run(*["thresholds", "pure-spin", "--p", "3", "--delta-p", "1/3", "--digits", "13", "--json"])
    assert json.loads(out)["thresholds"]["ground_state_energy"]["energy"] == "-1.656998363527"


def test_systems_and_figures_are_listed(run: Any) -> None:
    assert set(json.loads(run("systems", "--json")[1])["systems"]) >= {
        "spiked-matrix-tensor", "spiked-tensor", "pure-spin", "landscape", "phase-retrieval", "linear-regression",
        "generalized-linear", "mixed-spin",
    }  # fmt: skip
    assert "--delta-2" in run("systems")[1]
    assert "sarao_mannelli_2019_big_bad_minima" in json.loads(run("figure", "--list", "--json")[1])["figures"]


DERIVED = {
    "complexity": [r"\Sigma_{\rm min}(m, \epsilon_{2}, \epsilon_{3})", r"f''(1) &= \frac{2}{\Delta_{3}}"],
    "bbp": [r"\theta &= \frac{g''(m) \left(1 - m^{2}\right)}{\sqrt{f''(1)}}"],
    "dynamics": [
        r"\partial_t m(t) &= -\mu(t) m(t) + \int_{0}^{t} ds\, "
        r"\left[\frac{2 C(t,s)}{\Delta_{3}} + \frac{1}{\Delta_{2}}\right] R(t,s) m(s)",
        r"\partial_\tau C_{\rm st}(\tau) &= -T C_{\rm st}(\tau) - \frac{1}{T} \int_{0}^{\tau} du\,",
        r"\lim_{T \to 0} \mu_\infty &= 2 \sqrt{\frac{2}{\Delta_{3}} + \frac{1}{\Delta_{2}}}",
    ],
    "inference": [r"\Phi_{\rm RS}(m)"],
    "thresholds": [r"\Delta_{2}^{-1} &= \sqrt{\Delta_{2}^{-1} + \frac{2}{\Delta_{p}}}"],
}


@pytest.mark.parametrize("topic", DERIVED)
def test_derivations_print(run: Any, topic: str) -> None:
    status, out, _ = run("derive", "spiked-matrix-tensor", topic, "--p", "3", "--latex")
    assert status == 0 and out.count("\\begin{align}") == out.count("\\end{align}") > 0
    for line in DERIVED[topic]:
        assert line.replace(r"\Delta_{3}", r"\Delta_{p}") in out
    plain = run("derive", "spiked-matrix-tensor", topic, "--p", "3")
    assert plain[0] == 0 and "\\" not in plain[1].replace("\\\n", "")
    assert json.loads(run("derive", "spiked-matrix-tensor", topic, "--p", "3", "--json")[1])["equations"]


def test_the_order_may_stay_a_symbol(run: Any) -> None:
    status, out, _ = run("derive", "spiked-matrix-tensor", "complexity", "--latex")
    assert status == 0 and r"m^{p - 2}" in out


def test_phase_diagram_writes_everything(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    words = f"phase-diagram spiked-matrix-tensor --p 3 --p 4 --points 13 --output {folder} --json"
    status, out, _ = run(*words.split())
    assert status == 0
    files = json.loads(out)["files"]
    assert (folder / files["png"]).read_bytes().startswith(b"\x89PNG")
    assert (folder / files["pdf"]).read_bytes().startswith(b"%PDF")
    rows = list(csv.DictReader((folder / files["csv"]).read_text().splitlines()))
    assert len(rows) == 26 and {row["p"] for row in rows} == {"3", "4"}
    assert float(rows[12]["gradient_flow"]) == pytest.approx(0.5 + (0.25 + 0.2) ** 0.5)
    assert float(rows[0]["gradient_flow_error"]) < 1e-12
    assert rows[-1]["langevin"] == ""
    table = (folder / files["latex"]).read_text()
    assert "\\toprule" in table and "3.2678316" in table and table.count(r"\\") == 17
    record = json.loads((folder / files["json"]).read_text())
    assert {"versions", "parameters", "command", "thresholds", "largest_error"} <= set(record)
    assert sorted(p.name for p in folder.iterdir()) == sorted(files.values())


def test_complexity_plot(run: Any, tmp_path: Path) -> None:
    for suffix in ("png", "pdf", "svg"):
        path = tmp_path / f"sigma.{suffix}"
        words = f"complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --plot {path}"
        assert run(*words.split())[0] == 0
        assert path.stat().st_size > 5000


MISTAKES = {
    "thresholds spiked-matrix-tensor --p 2.5 --delta-p 1": ["--p 2.5", "--p 3"],
    "thresholds spiked-matrix-tensor --p 2 --delta-p 1": ["p = 2", "p = 3"],
    "thresholds spiked-matrix-tensor --p 3 --delta-p -1": ["--delta-p -1", "--delta-p 1"],
    "thresholds spiked-matrix-tensor --p 3 --delta-p nan": ["--delta-p 'nan'", "--delta-p 0.5"],
    "thresholds spiked-matrix-tensor --p 3": ["--delta-p is missing", "--delta-p 1"],
    "thresholds spiked-matrix-tensor --p 3 --delta-p 1 --delta-2 1": ["--delta-2", "leave it out"],
    "thresholds spiked-matrix-tensor --p 3 --delta-p 1 --only foo": ["foo", "gradient_flow"],
    "thresholds spiked-matrix-tensor --p 3 --delta-p 1 --digits 0": ["--digits 0", "1 to 1000"],
    "thresholds pure-spin --p 3 --delta-p 1 --delta-2 1": ["--delta-2 does not apply", "--delta-p"],
    "complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --overlap 1.2": ["--overlap 1.2", "--overlap 0"],
    "complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --index 1.5": ["--index 1.5", "whole number"],
    "complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --channel-energy 7=1": ["'7'", "2, 3"],
    "complexity spiked-matrix-tensor --p 3 --delta-2 0.5 --delta-p 1 --plot x.doc": ["x.doc", ".png"],
    "complexity landscape --covariance __import__('os')": ["__import__", "q**3/2"],
    "complexity landscape --covariance -q**3": ["coefficient of q**3", ">= 0"],
    "complexity spiked-matrix-tenser": ["spiked-matrix-tenser", "did you mean spiked-matrix-tensor?"],
    "phase-diagram mixed-spin": ["mixed-spin", "thresholds"],
    "phase-diagram --points none": ["--points none", "whole number"],
    "phase-diagram --delta-p-range 3:1": ["3:1", "0.1:10"],
    "phase-diagram --output /dev/null/here": ["/dev/null/here", "--output"],
    "derive pure-spin everything": ["everything", "complexity"],
    "figure big_bad": ["big_bad", "did you mean sarao_mannelli_2019_big_bad_minima?"],
    "thresholds --nonsense": ["--nonsense", "--help"],
    "nonsense": ["nonsense", "--help"],
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_gets_one_line_and_status_two(run: Any, words: str) -> None:
    status, out, err = run(*words.split())
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("ruggedflow: ")
    for word in MISTAKES[words]:
        assert word in err


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, figures.cli.main; print([m for m in ('sympy', 'numpy', 'matplotlib') if m in sys.modules])"
    root = Path(__file__).parents[2]
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root).stdout
    assert out.strip() == "[]"


def test_closed_forms_compile_nothing() -> None:
    words = "thresholds spiked-matrix-tensor --p 3 --delta-p 1 --only gradient_flow"
    code = f"import sys; sys.argv = 'ruggedflow {words}'.split(); from figures.cli.main import program;"
    code += "program.main(sys.argv[1:], standalone_mode=False); sys.exit('numba' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=root).returncode == 0


SIMULATED = "phase-diagram --p 3 --points 5 --with-simulation --measure-at 1 -N 16,24 --samples 6 --seed 1"


@pytest.mark.slow
def test_phase_diagram_with_simulation(run: Any, tmp_path: Path) -> None:
    words = [*SIMULATED.split(), "--output", str(tmp_path), "--json"]
    assert run(*words)[0] == 0
    record = json.loads((tmp_path / "phase_diagram.json").read_text())
    assert record["command"].endswith("--with-simulation --measure-at 1 --size 16,24 --samples 6 --seed 1")
    crossings = record["simulation"]
    assert [(c["delta_p"], c["size"], c["samples"]) for c in crossings] == [(1, 16, 6), (1, 24, 6)]
    for crossing in crossings:
        away = crossing["inverse_delta_2"] - crossing["inverse_delta_2_predicted"]
        assert crossing["inverse_delta_2_error"] > 0 and abs(away) < 5 * crossing["inverse_delta_2_error"]
    rows = list(csv.DictReader((tmp_path / "simulation.csv").read_text().splitlines()))
    assert len(rows) == 10 and all(
        float(r["low"]) <= int(r["successes"]) / 6 <= float(r["high"]) and int(r["samples"]) == 6 for r in rows
    )
    # what is kept is found again, byte for byte
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "simulation").rglob("*.npz")}
    table = (tmp_path / "simulation.csv").read_bytes()
    assert kept and run(*words)[0] == 0 and (tmp_path / "simulation.csv").read_bytes() == table
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--measure-at 20", ["measure-at 20", "0.1 to 10"]),
        ("--measure-at x", ["measure-at", "not a number"]),
        ("-N 8", ["--size 8", "16"]),
        ("--samples 1", ["--samples 1", "2"]),
    ],
)
def test_mistakes_of_phase_diagram_with_simulation(run: Any, tmp_path: Path, words: str, said: list[str]) -> None:
    status, _, err = run("phase-diagram", "--with-simulation", *words.split(), "--output", str(tmp_path))
    assert status == 2 and err.count("\n") == 1 and all(part in err for part in said)
    assert not list(tmp_path.iterdir())


def test_a_table_for_a_paper(run: Any) -> None:
    words = ("thresholds", "spiked-matrix-tensor", "--p", "3", "--delta-p", "1", "--only", "gradient_flow,ml_amp")
    status, out, _ = run(*words, "--latex")
    assert status == 0 and r"threshold & $\Delta_{2}^{-1}$ \\" in out and r"ml amp & 1.61803 \\" in out
    assert r"\toprule" in out and out.count(r"\\") == 3
    out = run(*words, "--latex", "--digits", "20", "--columns", "error,reference")[1]
    assert "1.6180339887498948482 & 5.0" in out and "arXiv" in out
    status, _, err = run(*words, "--columns", "error")
    assert status == 2 and err == "ruggedflow: --columns are those of --latex; give both\n"
    assert "alpha" in run("thresholds", "phase-retrieval", "--a", "1", "--only", "bbp_initial", "--latex")[1]
