"""Every critical alpha of a generalised linear landscape, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from theory.generalized_linear import GeneralizedLinearLandscape

from ..errors import ConvergenceError
from ..progress import Progress, silent
from ..threshold_values import Thresholds, ThresholdValue
from .bayes import algorithmic, information_theoretic, spectral_optimal, weak_recovery
from .critical import absent
from .data import require_smooth
from .full_rsb import ground_state_bbp
from .kac_rice import dominant_bbp, zero_complexity_bbp
from .one_step import marginal_bbp
from .spectrum import initial_bbp


@dataclass(frozen=True)
class Named:
    """A threshold: what it means, where it comes from, how it is computed."""

    meaning: str
    reference: str
    compute: Callable[[GeneralizedLinearLandscape], ThresholdValue]


GRADIENT_FLOW = "Sarao Mannelli et al. 2020, arXiv 2006.06997"
KAC_RICE = "Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143"
BAYES = "Barbier et al. 2019, arXiv 1708.03395"

THRESHOLDS: dict[str, Named] = {
    "bbp_initial": Named("outlier of the Hessian at a random start", GRADIENT_FLOW, initial_bbp),
    "bbp_threshold_1rsb": Named("the same at marginal 1RSB states, q_0 = 0", GRADIENT_FLOW, marginal_bbp),
    "bbp_ground_state_frsb": Named("the same in the ground state, full RSB", GRADIENT_FLOW, ground_state_bbp),
    "bbp_kac_rice_zero_complexity": Named(
        "the same at the lowest minima of Kac-Rice (Sigma = 0; labels quenched, inputs annealed)",
        KAC_RICE,
        zero_complexity_bbp,
    ),
    "bbp_kac_rice_dominant_quenched": Named(
        "the same at the most numerous minima; labels quenched, inputs annealed",
        KAC_RICE,
        lambda x: dominant_bbp(x, "quenched"),
    ),
    "bbp_kac_rice_dominant_annealed": Named(
        "the same at the most numerous minima; labels and inputs annealed",
        KAC_RICE,
        lambda x: dominant_bbp(x, "annealed"),
    ),
    "weak_recovery": Named("Bayes-optimal message passing leaves q = 0", "Mondelli, Montanari 2018", weak_recovery),
    "bayes_algorithmic": Named("Bayes-optimal message passing reaches q = 1", BAYES, algorithmic),
    "information_theoretic": Named("the signal is determined", BAYES, information_theoretic),
    "spectral_optimal": Named(
        "the best spectral method correlates with the signal", "Lu, Li 2017, arXiv 1702.06435", spectral_optimal
    ),
}


def evaluate_critical(
    landscape: GeneralizedLinearLandscape,
    only: Iterable[str] = (),
    *,
    progress: Progress = silent,
) -> Thresholds:
    """All thresholds of a loss with numbers for its parameters, or those named in ``only``.

    ``progress`` names each in turn. Each stands alone: one that cannot be computed is absent, with the
    reason in its note. Raises ValueError for an unknown name, for a loss with free parameters, or where loss and
    teacher admit none of those asked for.
    """
    require_smooth(landscape)
    names = list(only) or list(THRESHOLDS)
    for name in names:
        if name not in THRESHOLDS:
            raise ValueError(f"threshold = {name!r} is unknown; choose among {', '.join(THRESHOLDS)}")
    found: dict[str, ThresholdValue] = {}
    reasons: list[Exception] = []
    for number, name in enumerate(names):
        progress(number / len(names), name)
        try:
            value = THRESHOLDS[name].compute(landscape)
        except (ConvergenceError, ValueError, ArithmeticError) as failure:
            value = absent(f"not computed: {failure}")
            reasons.append(failure)
        found[name] = replace(value, meaning=THRESHOLDS[name].meaning, reference=THRESHOLDS[name].reference)
    if len(reasons) == len(names) and all(isinstance(reason, ValueError) for reason in reasons):
        raise ValueError(str(reasons[0]))
    return Thresholds(found, {"landscape": repr(landscape)})
