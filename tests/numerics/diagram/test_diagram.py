"""Phase diagrams: where lines end, fold, cross, touch and merge, against lines that are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sympy import symbols

import ruggedflow as rf
from numerics.continuation import Box, Equations
from numerics.diagram.diagram import PhaseDiagram
from numerics.diagram.meetings import meetings
from numerics.diagram.of_system import Range, lines_of
from numerics.diagram.run import phase_diagram
from numerics.diagram.sampling import sample
from numerics.diagram.source import Samples, Source, Traceable
from numerics.lowering import Array
from theory.symbols import OVERLAP as Q
from theory.symbols import SIGNAL_OVERLAP as M
from theory.thresholds import family

Line = Callable[[Array], Array]


class Known(Source):
    """Lines that are functions, in double precision."""

    def __init__(self, lines: Mapping[str, Line], traceable: Mapping[str, Traceable] | None = None) -> None:
        self.lines, self.traceable = lines, traceable or {}
        self.meanings = dict.fromkeys(lines, "Something changes.")
        self.asked = 0

    def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
        found = {}
        for name in names:
            with np.errstate(invalid="ignore"):
                value = np.asarray(self.lines[name](np.asarray(x, dtype=float)), dtype=float)
            self.asked += value.size
            found[name] = Samples(value, 1e-15 * np.abs(value), tuple("" if np.isfinite(v) else "gone" for v in value))
        return found

    def equations(self, name: str, x: float) -> Traceable | None:
        known = self.traceable.get(name)
        return known and (known[0], np.array([x, self.lines[name](np.array([x]))[0]]))


def drawn(lines: Mapping[str, Line], box: Box | None = None, **more: Any) -> PhaseDiagram:
    return phase_diagram(Known(lines, **more), box or Box((0, 2), (0, 2)), ("x", "y"))


def point(diagram: PhaseDiagram, kind: str) -> Any:
    """The only one of its kind."""
    (found,) = [p for p in diagram.points if p.kind == kind]
    return found


def test_a_crossing_is_located_within_its_error() -> None:
    found = point(drawn({"a": lambda x: x**2, "b": lambda x: 1 + x / 5}), "crossing")
    exact = (0.2 + (0.04 + 4) ** 0.5) / 2
    assert abs(found.x - exact) <= found.x_error < 1e-11
    assert abs(found.y - exact**2) <= found.y_error + 3 * found.x_error
    assert found.lines == ("a", "b")


@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_merger_is_located_within_its_error(power: int) -> None:
    """b leaves a at 0.7 like ``(x - 0.7)^power``, which rounding hides the better the larger the power."""
    found = point(drawn({"a": lambda x: x, "b": lambda x: x + np.maximum(x - 0.7, 0) ** power / 3}), "merger")
    assert abs(found.x - 0.7) <= found.x_error < 1e-2
    assert found.x_error < 1e-6 or power > 1


def test_lines_that_touch() -> None:
    corner = point(drawn({"a": lambda x: 1 + abs(x - 0.6), "b": lambda x: 1 - abs(x - 0.6) / 2}), "contact")
    assert abs(corner.x - 0.6) <= corner.x_error < 1e-8 and corner.y == pytest.approx(1)
    tangent = point(drawn({"a": lambda x: 1 + (x - 0.6) ** 2, "b": lambda x: 1 + 0 * x}), "contact")
    assert abs(tangent.x - 0.6) <= tangent.x_error < 1e-4
    apart = drawn({"a": lambda x: 1.001 + (x - 0.6) ** 2, "b": lambda x: 1 + 0 * x})
    assert not apart.points


def test_an_end_has_its_reason_and_no_line_is_drawn_across_a_jump() -> None:
    ended = point(drawn({"a": lambda x: np.where(x < 1.3, 0.5 + x / 2, np.nan)}), "end")
    assert abs(ended.x - 1.3) <= ended.x_error < 1e-7 and ended.note == "gone"
    jumping = drawn({"a": lambda x: np.where(x < 1.3, 0.5, 0.7 + x / 10)})
    ends = [p for p in jumping.points if p.kind == "end"]
    assert [p.y for p in ends] == pytest.approx([0.5, 0.83]) and all(abs(p.x - 1.3) <= p.x_error for p in ends)


def test_a_steep_line_is_no_jump() -> None:
    assert not drawn({"a": lambda x: 1 + np.tanh(80 * (x - 1)) / 2}).points


def test_a_fold_ends_a_line_and_what_its_equations_say_beyond_is_kept() -> None:
    """``x = 1/2 + y^3 - y``: the line is its lower branch."""
    x, y = symbols("x y")

    def lower(places: Array) -> Array:
        found = []
        for place in places:
            roots = np.roots([1, 0, -1, 0.5 - place])
            real = np.sort(roots[np.abs(roots.imag) < 1e-7].real)
            real = real[real >= -1e-9]
            found.append(real[0] if real.size > 1 else np.nan)
        return np.array(found)

    equations = {"a": (Equations([x - 0.5 - y**3 + y], [x, y]), np.zeros(2))}
    diagram = phase_diagram(Known({"a": lower}, equations), Box((0, 0.5), (0, 1.2)), ("x", "y"))
    fold = point(diagram, "fold")
    assert abs(fold.y - 3**-0.5) <= fold.y_error and abs(fold.x - (0.5 - 2 * 3**-1.5)) <= fold.x_error < 1e-9
    (arc,) = diagram.beyond
    assert np.max(np.abs(arc.x - 0.5 - arc.y**3 + arc.y)) < 1e-12 and arc.y.min() > 0.577 and arc.x.max() > 0.49


def test_regions_are_told_by_what_is_beneath_them() -> None:
    diagram = drawn({"a": lambda x: 1 + 0 * x, "b": lambda x: np.where(x < 1, x / 2, np.nan)})
    found = {region.beneath: region.share for region in diagram.regions}
    assert set(found) in ({("a",), ()}, {("a", "b"), ()})  # b ends in mid-air: it parts nothing
    assert list(found.values()) == pytest.approx([0.5, 0.5], abs=0.02)
    crossed = drawn({"a": lambda x: 1 + 0 * x, "b": lambda x: x})
    assert {r.beneath for r in crossed.regions} == {(), ("a",), ("b",), ("a", "b")}


def test_lines_that_bend_have_more_places() -> None:
    diagram = drawn({"a": lambda x: 1 + np.exp(-1000 * (x - 1.1) ** 2) / 2})
    places = np.linspace(0, 2, 2001)
    drawn_there = np.interp(places, diagram.x, diagram.lines["a"].value)
    assert np.max(np.abs(drawn_there - 1 - np.exp(-1000 * (places - 1.1) ** 2) / 2)) < 0.02
    assert diagram.x.size < 200


def test_a_diagram_is_kept(tmp_path: Path) -> None:
    before = drawn({"a": lambda x: x**2, "b": lambda x: 1 + x / 5})
    after = rf.load(before.save(tmp_path / "kept.npz"))
    assert str(after) == str(before) and after.points == before.points and after.box == before.box
    assert np.array_equal(after.lines["a"].value, before.lines["a"].value)


B, R = symbols("b r", positive=True)


def mixture(b: Any, r: Any) -> Any:
    return rf.Landscape(r * Q**2 / 2 + b * Q**4 / 4, r * M**2 / 2 + b * M**4 / 4)


@pytest.fixture(scope="module")
def made_up() -> PhaseDiagram:
    found = rf.PhaseDiagram(
        mixture(B, R), "b=3:6", "r=0:6", places=9, only="gradient_flow,ml_amp,dynamic_spinodal,bayes_amp_jump,bayes_amp"
    )
    assert isinstance(found, PhaseDiagram)
    return found


def test_the_cusp_of_a_made_up_landscape_is_that_of_the_spiked_one(made_up: PhaseDiagram) -> None:
    """``b = 1/Delta_p``: the spinodals of p = 4 meet at ``Delta_p = 8/27, 1/Delta_2 = 9/8``, overlap 1/3."""
    cusp = point(made_up, "cusp")
    assert set(cusp.lines) == {"dynamic_spinodal", "bayes_amp_jump"}
    assert abs(cusp.x - 27 / 8) <= cusp.x_error < 1e-8 and abs(cusp.y - 9 / 8) <= cusp.y_error < 1e-8
    crossing = point(made_up, "crossing")
    assert abs(crossing.x - 4) <= crossing.x_error and abs(crossing.y - 1) <= crossing.y_error


@pytest.mark.parametrize("name", ["gradient_flow", "ml_amp"])
def test_on_a_line_the_threshold_in_the_strength_of_the_signal_is_one(made_up: PhaseDiagram, name: str) -> None:
    """Another family of landscapes has another control, and meets the line at ``signal_strength = 1``."""
    from sympy import Rational

    k = made_up.x.size // 2
    b, r = (Rational(float(v)) for v in (made_up.x[k], made_up.lines[name].value[k]))
    found = mixture(b, r).thresholds(only=name)
    assert float(found[name].value) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("power", [2, 3])
def test_a_power_of_the_parameter_moves_the_cusp(power: int) -> None:
    found = rf.PhaseDiagram(
        rf.Landscape(R * Q**2 / 2 + B**power * Q**4 / 4, R * M**2 / 2 + B**power * M**4 / 4),
        "b=1:2.5", "r=0:2", places=9, only="dynamic_spinodal,bayes_amp_jump,bayes_amp",
    )  # fmt: skip
    cusp, crossing = point(found, "cusp"), point(found, "crossing")
    assert abs(cusp.x - (27 / 8) ** (1 / power)) <= cusp.x_error and abs(cusp.y - 9 / 8) <= cusp.y_error
    assert abs(crossing.x - 4 ** (1 / power)) <= crossing.x_error


def test_the_errors_of_an_end_cover() -> None:
    """The spinodal of p = 3 ends at its tricritical point (1, 1)."""
    landscape = rf.Landscape(R * Q**2 / 2 + B * Q**3 / 3, R * M**2 / 2 + B * M**3 / 3)
    found = point(rf.PhaseDiagram(landscape, "b=0.5:3", "r=0.2:2", places=9, only="dynamic_spinodal"), "end")
    assert abs(found.x - 1) <= found.x_error < 1e-6 and abs(found.y - 1) <= found.y_error < 1e-6


def test_a_symbol_may_be_bounded_by_the_axis_alone() -> None:
    """``(9 - r) q^3`` is a covariance up to r = 9, which the symbol does not say: ``b^2 = b + 2 (9 - r)``."""
    landscape = rf.Landscape(B * Q**2 / 2 + (9 - R) * Q**3 / 3, B * M**2 / 2 + (9 - R) * M**3 / 3)
    found = rf.PhaseDiagram(landscape, "r=1:8", "b=0:6", places=3, only="gradient_flow").lines["gradient_flow"]
    assert found.value[[0, -1]] == pytest.approx([(1 + 65**0.5) / 2, 2])
    with pytest.raises(ValueError, match=r"coefficient of q\*\*3 must be >= 0"):
        rf.PhaseDiagram(landscape, "r=1:12", "b=0:6", only="gradient_flow")


FLAGSHIP = rf.SpikedMatrixTensor(p=3)


def test_lines_in_a_noise_are_those_in_its_inverse() -> None:
    """At p = 3 with ``y^2 = y + 2/Delta_p`` in ``y = 1/Delta_2`` for gradient flow."""
    x = np.array([0.5, 1.0, 2.0])
    (noise, y), (signal, _) = (lines_of(FLAGSHIP, Range("delta_p", 0.5, 2), y) for y in ("delta_2", "inverse_delta_2"))
    assert y == "delta_2" and list(noise.meanings) == list(signal.meanings)
    found, known = (source.at(x, list(source.meanings)) for source in (noise, signal))
    for name, samples in found.items():
        assert samples.value == pytest.approx(1 / known[name].value, nan_ok=True) and len(samples.reasons) == 3
        assert samples.error == pytest.approx(known[name].error * samples.value**2, nan_ok=True)
    assert found["gradient_flow"].value == pytest.approx(2 / (1 + np.sqrt(1 + 8 / x)))
    equations, start = noise.equations("dynamic_spinodal", 0.5) or (None, None)
    assert equations is None  # a closed form at p = 3
    own = lines_of(rf.SpikedMatrixTensor(p=4), Range("delta_p", 0.05, 0.2), "delta_2")[0]
    equations, start = own.equations("bayes_amp_jump", 0.1) or pytest.fail("it has equations")
    assert start[1] == pytest.approx(own.at(np.array([0.1]), ["bayes_amp_jump"])["bayes_amp_jump"].value[0])
    assert equations.value(start) == pytest.approx(np.zeros(2), abs=1e-9)


@pytest.mark.parametrize(
    ("landscape", "x", "y"),
    [
        (FLAGSHIP, "delta_p", "delta_2"),
        (rf.Landscape(R * Q**2 / 2 + B * Q**4 / 4, R * M**2 / 2 + B * M**4 / 4), "b", "r"),
        (rf.Landscape(R * Q**3 / 2, B * M**2 / 2), "r", "b"),
    ],
)
def test_axes_may_be_exchanged(landscape: Any, x: str, y: str) -> None:
    """The point ``(x, y(x))`` of a line is ``(x(y), y)`` of the same line the other way round."""
    names, places = ["gradient_flow", "trivialization", "trivialization_any_overlap", "ml_amp"], np.array([1.3, 1.9])
    heights = lines_of(landscape, Range(x, 1, 2), y)[0].at(places, names)
    for name, found in heights.items():
        back = lines_of(landscape, Range(y, 0.1, 9), x)[0].at(found.value, [name])[name]
        assert back.value == pytest.approx(places, rel=1e-9) and np.all(back.error < 1e-9)


def test_where_no_noise_is_weak_enough_the_reason_is_said() -> None:
    """``1/Delta_2^2 = 1/Delta_2 + 2/Delta_p`` takes Delta_2 < 1; weak recovery, ``Delta_2 = 1``, no Delta_p at all."""
    source, _ = lines_of(FLAGSHIP, Range("delta_2", 0.5, 2), "delta_p")
    found = source.at(
        np.array([0.6, 1.5]), ["gradient_flow", "trivialization", "trivialization_connected", "bayes_amp"]
    )
    assert found["gradient_flow"].value == pytest.approx([1.8, np.nan], nan_ok=True)
    for name in ("trivialization", "trivialization_connected"):
        assert "gradient_flow on, which is nowhere" in found[name].reasons[1] and not found[name].reasons[0]
    assert not found["bayes_amp"].exists.any() and "delta_p does not matter" in found["bayes_amp"].reasons[0]


def test_only_the_lines_that_are_asked_for_are_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    def trivialization(*_: Any) -> Any:
        raise AssertionError("nobody asked")

    monkeypatch.setattr(family, "trivialization", trivialization)
    landscape = rf.Landscape(R * Q**2 / 2 + B * Q**5 / 4, R * M**2 / 2 + B * M**5 / 4)
    diagram = rf.PhaseDiagram(landscape, "b=1:2", "r=0:6", places=3, only="gradient_flow")
    assert list(diagram.lines) == ["gradient_flow"]
    with pytest.raises(AssertionError):
        rf.PhaseDiagram(landscape, "b=1:2", "r=0:6", places=3, only="trivialization")


def test_a_line_is_drawn_in_what_it_is_in() -> None:
    """``lambda_d = f'''(q) (1 - q)/[2 f''(q)]`` at the plateau of T_d, of ``c q^2/2 + q^3/2``."""
    source, y = lines_of(rf.Landscape(R * Q**2 / 2 + Q**3 / 2), Range("r", 0.1, 1), only=["exponent_parameter"])
    assert y == "lambda_d"
    (value,) = source.at(np.array([0.5]), ["exponent_parameter"])["exponent_parameter"].value
    q = np.linspace(0, 1, 10**5 + 1)[1:-1]
    plateau = q[np.argmax((0.5 + 1.5 * q) * (1 - q))]
    assert value == pytest.approx(3 * (1 - plateau) / 2 / (0.5 + 3 * plateau), abs=1e-4)


def test_next_to_a_merger_rounding_is_no_crossing() -> None:
    """Next to the tricritical point of p = 3 the first-order line is known to 5e-9, and by chance on the other side."""
    landscape = rf.Landscape(R * Q**2 / 2 + B * Q**3 / 3, R * M**2 / 2 + B * M**3 / 3)
    source, _ = lines_of(landscape, Range("b", 0.3, 3), "r")
    names = ["bayes_amp", "information_theoretic"]
    found = sample(source, names, Box((0.3, 3), (0, 3)), 9)
    found = found.widened(np.array([0.9987304687499998, 1.0000488281249997, 1.0013671874999999]))
    assert {point.kind for point in meetings(found, names)} == {"merger"}


@pytest.mark.parametrize("power", [2, 3, 4])
def test_a_line_that_ends_in_a_corner(power: int) -> None:
    """``(y - 1)^power = x - 1``, whose fold lies in the corner of the box and cannot be followed."""
    diagram = drawn({"a": lambda x: 1 + np.where(x >= 1, np.maximum(x - 1, 0) ** (1 / power), np.nan)})
    end = point(diagram, "end")
    assert abs(end.x - 1) <= end.x_error and abs(end.y - 1) <= end.y_error


def test_where_a_solver_fails_nothing_is_said_to_end() -> None:
    class Failing(Known):
        def at(self, x: Array, names: Sequence[str]) -> dict[str, Samples]:
            found = super().at(x, names)
            return {k: s._replace(reasons=("not computed: no convergence",) * s.value.size) for k, s in found.items()}

    diagram = phase_diagram(Failing({"a": lambda x: np.where(x < 1.3, 1, np.nan)}), Box((0, 2), (0, 2)), ("x", "y"))
    assert np.isnan(point(diagram, "lost").x_error) and diagram.points_record()[0]["x_error"] is None


@pytest.mark.slow
def test_an_item_of_a_list_varies() -> None:
    """Two modes of equal strength disappear together, at ``lambda = width s/(S - 2 s) = 2``."""
    dropout = rf.system("dropout-flow")(width=4, singular_values="3,2,1")
    touching = rf.PhaseDiagram(dropout, "singular_values[2]=0.8:1.3", "lambda=0:4", places=5, only="mode_2,mode_3")
    contact = point(touching, "contact")
    assert abs(contact.x - 1) <= contact.x_error < 1e-5 and contact.y == pytest.approx(2)


def test_a_parameter_of_whole_numbers() -> None:
    orders = rf.PhaseDiagram(rf.SpikedTensor(), "p=3:5", only="dynamic_spinodal")
    assert list(orders.x) == [3, 4, 5] and orders.whole and not orders.points
    own = [rf.SpikedTensor(p=p).thresholds(only="dynamic_spinodal")["dynamic_spinodal"] for p in (3, 4, 5)]
    assert list(orders.lines["dynamic_spinodal"].value) == [float(value.value) for value in own]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ("beta=0:1", "lambda=0:4", "no parameter of dropout-flow; it has singular_values, width"),
        ("width=1:8", "lambda=0:4", "leave it out"),
        ("singular_values[7]=0:1", "lambda=0:4", "has 3 items, from 1 on"),
        ("width[1]=1:4", "lambda=0:4", "width is no list that is given"),
        ("singular_values[2]=0.5:1", "alpha=0:4", "no thresholds in it; it has some in lambda"),
        ("singular_values[2]", "lambda=0:4", "try x = delta_p=0.1:10:log"),
        ("singular_values[2]=-1:1:log", "lambda=0:4", "begins above 0"),
        ("singular_values[2]=2:1", "lambda=0:4", "LO < HI"),
    ],
)
def test_mistakes(x: str, y: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        rf.PhaseDiagram(rf.system("dropout-flow")(width=4, singular_values="3,2,1"), x, y)
    assert said in str(error.value)
