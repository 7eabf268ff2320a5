"""The reference: formulas of the docstrings as LaTeX, pages without warnings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from figures.reference.formulas import latex
from tests.printed import ROOT


@pytest.mark.parametrize(
    ("formula", "typeset"),
    [
        ("f'(1) chi^2 = 1", r"f ' ( 1 ) \, \chi ^{2} = 1"),
        ("x* x*^T", r"x ^{*} \, x ^{* {T}}"),
        ("int_t'^a K(t, s) ds", r"\int _{t'} ^{a} \, K ( t , s ) \, d s"),
        ("E[f''^2]", r"\mathbb{E} [ f '' {} ^{2} ]"),
        ("sqrt(2 x.x'/N)", r"\sqrt{2 \, x \cdot x ' / N}"),
        ("d_t m <= N^(-1/2)", r"\partial _{t} \, m \le N ^{- 1 / 2}"),
        ("f^(k)", r"f ^{(k)}"),
        ("e_th", r"e _{\mathrm{th}}"),
        ("Delta_2", r"\Delta _{2}"),
    ],
)
def test_a_formula_is_typeset(formula: str, typeset: str) -> None:
    found = latex(formula)
    assert found is not None and found.split() == typeset.split()


@pytest.mark.parametrize(
    "code", ["delta_2", "t_max", "ALPHA", "value", "--t-max 3", "numerics.sweep", "x = outer", "1e-6", "**", ""]
)
def test_what_is_typed_stays_as_it_is(code: str) -> None:
    assert latex(code) is None


@pytest.mark.slow
def test_the_reference_is_made_without_a_warning(tmp_path: Path) -> None:
    """Every module, system, command and page is there, readable without network."""
    pytest.importorskip("pdoc")
    command = [sys.executable, "-W", "error", "-m", "figures.reference", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    front = (tmp_path / "ruggedflow.html").read_text()
    assert all(
        f'id="SpikedMatrixTensor.{name}"' in front for name in ("__init__", "dynamics", "thresholds", "simulate")
    )
    assert front.count('display="block"') > 100 and "SyntaxError" not in front
    for page in tmp_path.rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script[^>]+src=.?http|ALUMROF", text), page
        plain = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
        links = re.findall(r'href="(?!http|#|data:)([^"#]+)', plain)
        assert all((page.parent / link).exists() for link in links), (page, links)
