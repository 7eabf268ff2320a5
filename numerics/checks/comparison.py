"""One number predicted and the same number measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

LARGEST_Z = 37.0
"""Beyond it the tail of a Gaussian underflows."""


@dataclass(frozen=True)
class Comparison:
    r"""``predicted +- predicted_error`` against ``measured +- measured_error``.

    Parameters
    ----------
    label
        What it is, such as ``"overlap at theta = 2"``.
    predicted, measured
        In the same units; finite.
    predicted_error, measured_error
        Standard errors, >= 0, not both zero unless the values are exact integers.
    resolution
        The deviation that matters, > 0, in the units of the values: stated before anything is measured.
    size
        ``N``; None for a value extrapolated to infinite size.
    degrees
        Degrees of freedom of the errors where they are estimated from few samples: Student's law instead of Gauss's.
    independent
        Statistically independent of the other comparisons marked so. False for a sum of others, or its parts.
    skewness
        Of the measured mean: that of its samples over the root of their number. A mean of skewed samples errs together
        with its standard error; the ratio r of deviation and error is symmetric, and follows Student's law, as ``((1 +
        k r/3)^3 - 1)/k + k/6`` only, k the skewness (Hall, J. R. Stat. Soc. B 54, 221, 1992).

    Raises ``ValueError`` for a value out of range.
    """

    label: str
    predicted: float
    predicted_error: float
    measured: float
    measured_error: float
    resolution: float
    size: int | None = None
    degrees: float = math.inf
    independent: bool = True
    skewness: float = 0.0

    def __post_init__(self) -> None:
        for name in ("predicted", "predicted_error", "measured", "measured_error"):
            value = getattr(self, name)
            if not math.isfinite(value) or (name.endswith("error") and value < 0):
                raise ValueError(f"{self.label}: {name} = {value} must be finite, and an error >= 0")
        if not math.isfinite(self.skewness):
            raise ValueError(f"{self.label}: skewness = {self.skewness} must be finite")
        if not (self.resolution > 0 and self.degrees > 0):
            raise ValueError(f"{self.label}: resolution = {self.resolution}, degrees = {self.degrees} must be positive")

    @property
    def deviation(self) -> float:
        """``measured - predicted``."""
        return self.measured - self.predicted

    @property
    def error(self) -> float:
        """Standard error of the deviation."""
        return math.hypot(self.predicted_error, self.measured_error)

    @property
    def z(self) -> float:
        """The deviation in standard errors, as a standard Gaussian with the same tail; within +-37."""
        if self.error == 0:
            return math.copysign(LARGEST_Z, self.deviation) if self.deviation else 0.0
        ratio = self._symmetric(self.deviation / self.error)
        return math.copysign(min(-float(ndtri(max(self._tail(abs(ratio)), 1e-300))), LARGEST_Z), ratio)

    def sees(self, critical: float, power: float) -> bool:
        """Whether a true deviation of ``resolution`` gives ``|z| > critical`` with that probability or more.

        Skewness aside, which makes it more probable for deviations of its own sign and less for the others.
        """
        needed = self._quantile(float(ndtr(-critical))) + self._quantile(1 - power)
        return needed * self.error <= self.resolution

    @property
    def _skew(self) -> float:
        """Of the deviation."""
        return self.skewness * (self.measured_error / self.error) ** 3 if self.skewness else 0.0

    def _symmetric(self, ratio: float) -> float:
        """Hall's transformation of the ratio of deviation and error."""
        k = self._skew
        return ((1 + k * ratio / 3) ** 3 - 1) / k + k / 6 if k else ratio

    def _tail(self, ratio: float) -> float:
        """Probability of a larger ratio of deviation to error."""
        return float(stdtr(self.degrees, -ratio) if math.isfinite(self.degrees) else ndtr(-ratio))

    def _quantile(self, tail: float) -> float:
        """The ratio that is exceeded with that probability."""
        return -float(stdtrit(self.degrees, tail) if math.isfinite(self.degrees) else ndtri(tail))
