r"""From z-scores to one verdict.

Under the hypothesis that theory and simulation agree every ``z`` is standard Gaussian. With ``n`` comparisons two tests
are made, each at half of the level ``LEVEL = 1e-3``, so that a true theory is called wrong in one run out of a thousand
at most:

- the largest ``|z|``, with Bonferroni's correction: ``p_max = min(1, n 2 Phi(-|z|_max))``. Holds whatever the
  correlations. It sees one number that is badly wrong.
- the sum of ``z^2`` over the comparisons that are independent: ``p_sum`` from the chi-squared law. It sees many numbers
  that are all a little wrong.

``p = min(1, 2 min(p_max, p_sum))``, and

- **disagree** if ``p < LEVEL``;
- **undecided** if not, but the error bar of some comparison is too wide: had that one deviated by its ``resolution``,
  the first test would have missed it in more than one run out of twenty. A check never agrees by being noisy;
- **agree** otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scipy.special import chdtrc, ndtr, ndtri

from .comparison import Comparison

Verdict = Literal["agree", "disagree", "undecided"]
LEVEL = 1e-3
"""Probability of calling a true theory wrong, for one check."""
POWER = 0.95
"""Probability with which a deviation of ``resolution`` has to be noticed."""


@dataclass(frozen=True)
class Judgement:
    """The verdict and what it rests on.

    Attributes
    ----------
    verdict
        ``"agree"``, ``"disagree"`` or ``"undecided"``.
    z
        That of the comparison with the largest ``|z|``.
    p_value
        Probability of comparisons at least as bad if theory and simulation agree.
    message
        One sentence.
    """

    verdict: Verdict
    z: float
    p_value: float
    message: str


def judge(comparisons: Sequence[Comparison]) -> Judgement:
    """Apply the rule stated at the top of this module. Raises ``ValueError`` when there is nothing to compare."""
    if not comparisons:
        raise ValueError("comparisons = () must hold at least one comparison")
    worst = max(comparisons, key=lambda c: abs(c.z))
    p_value = min(1.0, 2 * min(_bonferroni(worst.z, len(comparisons)), _chi_squared(comparisons)))
    blind = [c for c in comparisons if not c.sees(critical(len(comparisons)), POWER)]
    evidence = f"largest |z| = {abs(worst.z):.2f} of {len(comparisons)} ({worst.label}), p = {p_value:.2g}"
    if p_value < LEVEL:
        return Judgement("disagree", worst.z, p_value, f"theory and simulation disagree: {evidence}")
    if blind:
        vaguest = max(blind, key=lambda c: c.error / c.resolution)
        reason = f"{vaguest.label} is known to +-{vaguest.error:.2g}, too wide to tell {vaguest.resolution:.2g}"
        return Judgement("undecided", worst.z, p_value, f"undecided: {reason}; {evidence}")
    return Judgement("agree", worst.z, p_value, f"theory and simulation agree: {evidence}")


def critical(count: int) -> float:
    """``|z|`` beyond which a single one of that many comparisons is enough to disagree."""
    return -float(ndtri(LEVEL / (4 * count)))


def _bonferroni(z: float, count: int) -> float:
    return min(1.0, count * 2 * float(ndtr(-abs(z))))


def _chi_squared(comparisons: Sequence[Comparison]) -> float:
    squares = [c.z**2 for c in comparisons if c.independent]
    return float(chdtrc(len(squares), sum(squares))) if squares else 1.0
