"""The typical (quenched) complexities in the answer of `ruggedflow complexity`."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from theory.systems import Landscape

from .output import print_table, print_text

if TYPE_CHECKING:
    from numerics.complexity import ComplexityResult
    from numerics.quenched.complexity import QuenchedComplexity

MARGINAL: dict[str, Any] = {"marginal": "total", "marginal_minima": 0}
"""Kinds with the edge of the Hessian's bulk at 0."""
NAMES = {
    "total": "all critical points",
    "minima": "minima",
    "marginal": "marginal points",
    "marginal_minima": "minima among them",
}
DIGITS = 12
"""Of a number in the table."""


def typical_of(
    landscape: Landscape, overlap: float, kinds: Mapping[str, Any], energy: float | None, *, breaking: bool
) -> dict[str, QuenchedComplexity]:
    """Of each kind, with replicas that may break their symmetry or not."""
    from numerics.quenched.complexity import quenched

    return {
        label: quenched(landscape, overlap, kind, energy=energy, breaking=int(breaking), marginal=label in MARGINAL)
        for label, kind in kinds.items()
    }


def typical_fields(typical: Mapping[str, QuenchedComplexity]) -> dict[str, Any]:
    """Flat keys: sigma_total_quenched, error_total_quenched, ..., overlaps of pairs of such points, stability."""
    fields: dict[str, Any] = {}
    for label, result in typical.items():
        values: dict[str, Any] = {"sigma": result.sigma, "error": result.error, "t": result.t, "energy": result.energy}
        values |= {"overlaps": result.overlaps.tolist(), "sizes": result.sizes.tolist()}
        values |= {"replicon": result.replicon, "outlier": result.outlier}
        values |= {"reason": result.reason} if result.reason else {}
        fields |= {f"{key}_{label}_quenched": value for key, value in values.items()}
    return fields


def with_numbers(typical: Mapping[str, QuenchedComplexity]) -> str:
    """What a remark on the annealed average adds: the quenched numbers, where they are known."""
    words = {NAMES.get(label, label): result.sigma for label, result in typical.items()}
    known = [f"{name} {shown(sigma) if sigma > -inf else 'none'}" for name, sigma in words.items() if sigma < inf]
    return f"; quenched: {', '.join(known)}" if known else ""


def print_typical(typical: Mapping[str, QuenchedComplexity], names: Mapping[str, str]) -> None:
    """A table of its own, and what is not known."""
    if not typical:
        return
    rows = []
    for label, result in typical.items():
        pairs = ", ".join(f"{q:.6g}" for q in result.overlaps)
        numbers = (shown(x) for x in (result.sigma, result.t, result.energy))
        rows.append([names[label], *numbers, error_shown(result), pairs])
    print_table("typical", ["critical points", "Sigma (quenched)", "t", "energy", "error", "overlaps"], rows)
    for label, result in typical.items():
        if result.reason:
            print_text(f"{names[label]}, quenched: {result.reason}")


def shown(value: float) -> str:
    """A number of the table."""
    return f"{value:.{DIGITS}g}" if isfinite(value) else "\u2014"


def error_shown(result: ComplexityResult | QuenchedComplexity) -> str:
    """Of Sigma as it is printed."""
    from numerics.rounding import half_unit, rounded_up

    sigma = float(result.sigma)
    return rounded_up(float(result.error) + half_unit(sigma, DIGITS), 2) if isfinite(sigma) else "\u2014"
