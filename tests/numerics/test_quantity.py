"""Numbers with errors as text, LaTeX and HTML."""

import numpy as np
import pytest
from mpmath import mp, mpf

from numerics.packing import packed, unpacked
from numerics.quantity import Quantity
from numerics.storage import Arrays
from numerics.table import Table
from numerics.threshold_values import ThresholdValue


@pytest.mark.parametrize(
    ("quantity", "text", "latex", "html"),
    [
        (Quantity(-1.154005674321, 1.2e-8), "-1.15400567(2)", "$-1.15400567(2)$", "-1.15400567(2)"),
        (
            Quantity(3.2448e41, 2.1e36),
            "3.24480(3)e41",
            r"$3.24480(3) \times 10^{41}$",
            "3.24480(3) &times; 10<sup>41</sup>",
        ),
        (Quantity(mpf(2) / 3, mpf(10) ** -30), "0.6666666667(1)", "$0.6666666667(1)$", "0.6666666667(1)"),
        (Quantity(0.25), "0.25", "$0.25$", "0.25"),
        (Quantity(0.25, np.nan), "0.25(?)", "$0.25(?)$", "0.25(?)"),
        (Quantity.absent("f < 0 & so"), "— (f < 0 & so)", "---", "— (f &lt; 0 &amp; so)"),
        (Quantity(np.array([0.5, np.nan]), np.array([0.1, np.nan])), "0.5(1), —", "$0.5(1)$", "0.5(1)"),
    ],
)
def test_how_it_prints(quantity: Quantity, text: str, latex: str, html: str) -> None:
    assert (str(quantity), quantity._repr_latex_(), quantity._repr_html_()) == (text, latex, html)
    assert repr(quantity) == f"Quantity({text})"


def test_an_array_prints_its_ends() -> None:
    assert str(Quantity(np.arange(9.0), 0.5)) == "0.0(5), 1.0(5), 2.0(5), ..., 6.0(5), 7.0(5), 8.0(5)"


def test_existence_and_reason() -> None:
    assert Quantity(1.0, note="of two").exists and Quantity(1.0, note="of two").reason == ""
    for none in (Quantity.absent("why"), Quantity(np.nan, note="why")):
        assert none.exists is False and none.reason == "why"
    assert Quantity(np.array([1, np.inf, np.nan])).exists.tolist() == [True, False, False]


def test_a_threshold_has_all_its_digits() -> None:
    with mp.workdps(40):
        third = mpf(1) / 3
    exact = ThresholdValue(third, mpf(2) ** -100, digits=30, control="alpha")
    assert exact.text() == "0." + "3" * 30 and exact.error_text() == "7.89e-31" and str(exact) == "0.3333333333(1)"
    record = exact.record()
    assert record["alpha"] == exact.text() and record["error"] == "7.89e-31" and record["control"] == "alpha"
    double = ThresholdValue(2.5, 1e-14, control="alpha", digits=3)
    assert double.record()["alpha"] == 2.5 and double.record()["error"] == 1e-14
    assert double.text() == "2.50" and float(double.error_text()) == pytest.approx(0.005, rel=1e-2)
    none = ThresholdValue(note="odd", control="alpha")
    assert none.text() == none.error_text() == ""
    assert none.record()["alpha"] is None and none.record()["reason"] == "odd"


def test_plain_data_is_read_back_as_it_was() -> None:
    with mp.workdps(60):
        root = mp.sqrt(2)
    value = ThresholdValue(root, mpf(0), digits=50, control="x", state={"q": 0.1})
    whole = {"a": [1, (2.5, None)], "b": np.arange(3), "c": {"d": value, "e": np.float64(np.inf)}, "f": "text"}
    arrays: Arrays = {}
    record = packed(whole, "it", arrays)
    assert list(arrays) == ["it.b"]
    again = unpacked(record, arrays, {"ThresholdValue": ThresholdValue})
    assert again["a"] == [1, (2.5, None)] and again["b"] is whole["b"] and again["f"] == "text"
    assert again["c"]["d"] == value and again["c"]["d"].value._mpf_ == root._mpf_ and again["c"]["e"] == np.inf
    with pytest.raises(KeyError):
        unpacked(record, arrays, {})
    with pytest.raises(KeyError):
        unpacked(record, {}, {"ThresholdValue": ThresholdValue})


def test_tables() -> None:
    table = Table(("a_b", "x & y"), [("1", Quantity(0.5, 0.1)), ("<c>", Quantity.absent("none"))])
    assert str(table) == "a_b  x & y\n1    0.5(1)\n<c>  —"
    assert "<th>x &amp; y</th>" in table._repr_html_() and "<td>&lt;c&gt;</td>" in table._repr_html_()
    assert r"a\_b & x \& y \\" in table._repr_latex_() and "1 & $0.5(1)$" in table._repr_latex_()
