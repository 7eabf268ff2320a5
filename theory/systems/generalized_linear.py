"""Empirical risks of one layer on Gaussian data as systems: a loss that you make up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from sympy import Symbol

from ..domain import Exact, Function
from ..generalized_linear import (
    FIELD,
    SIGNAL_FIELD,
    BayesChannel,
    CriticalPointAction,
    EffectiveProcess,
    FlowProcess,
    FullRSB,
    GeneralizedLinearLandscape,
    HessianSpectrum,
    KacRiceAction,
    OneStepRSB,
    SingularEnd,
    SpectralMethod,
    critical_alphas,
)
from ..generalized_linear.effective_process import MOMENTUM, RIDGE
from ..naming import called
from ..parameter import Parameter
from ..prediction import Prediction
from ..printing import Printable
from ..symbols import TEMPERATURE
from ..system import Blocks, System
from .spiked_tensor import require_noise

ALPHA = Parameter("alpha", "data per dimension, M/N", Exact(), "3")
SOFTENING = Symbol("a", positive=True)


class GeneralizedLinear(GeneralizedLinearLandscape, System):
    r"""``H(w) = sum_mu l(u_mu, y_mu)`` on ``|w|^2 = N``, ``alpha = M/N``: see ``GeneralizedLinearLandscape``.

    ``a`` takes the place of a symbol of that name in the loss; ``alpha``, left out, stays a symbol. A subclass with
    parameters of its own, ``ALPHA`` among them, needs no constructor: ``declare`` returns loss and label.
    """

    form = GeneralizedLinearLandscape
    slug = "generalized-linear"
    title = "a loss that you make up"
    statement = "l(u, y) = --loss, a function of u and y (and of a, which --a sets), smooth in u"
    source = "Maillard, Ben Arous, Biroli 2020, arXiv 1912.02143"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "loss",
            "l(u, y), where y is the label that the teacher shows",
            Function({"u": FIELD, "y": SIGNAL_FIELD, "a": SOFTENING}),
            "'(u**2 - y**2)**2/4'",
        ),
        Parameter(
            "teacher",
            "the label as a function of y = x.w*/sqrt N; default y",
            Function({"y": SIGNAL_FIELD}),
            "'y**2'",
            required=False,
        ),
        Parameter("a", "a positive parameter of the loss, if it has one", Exact(), "1", required=False),
        ALPHA,
    )
    control = "alpha"

    def __init_subclass__(cls) -> None:
        if not any(parameter.name == ALPHA.name for parameter in cls.parameters):
            raise ValueError(f"{cls.__name__}: its parameters lack ALPHA of theory, {ALPHA.meaning}")
        super().__init_subclass__()

    def declare(self) -> tuple[Any, Any]:
        """The loss in u and y, and the label in y, with the parameters."""
        return self.label_loss, self.teacher

    def __init__(self, loss: Any, teacher: Any = None, a: Any = None, alpha: Any = None, *, name: str = "") -> None:
        declared = GeneralizedLinearLandscape(loss, teacher)
        if a is not None:
            declared = declared.subs({"a": require_noise("a", a)})
        super().__init__(declared.label_loss, declared.teacher, name=name or self.slug)
        self.alpha = Symbol("alpha", positive=True) if alpha is None else require_noise("alpha", alpha)

    def require(self, leave: Any = ()) -> None:
        """Parameters that are missing, those of the loss among them."""
        super().require(leave)
        for name in (symbol.name for symbol in self.free_symbols if symbol.name not in leave):
            raise ValueError(f"{called(name)} is missing: it is a parameter of the loss; try {called(name, 1)}")

    def predictions(self) -> Iterable[Prediction]:
        """Thresholds in alpha."""
        return critical_alphas(self)

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        declaration: tuple[str, Printable] = ("Loss and its derivatives", self)
        action = ("Kac-Rice action of minima at overlap q", KacRiceAction())
        steps = (
            "Effective process of descent with steps eta(t), momentum beta, penalty lambda_R |w|^2/2, temperature T; "
            "l(t) = l(u(t), y) and so on"
        )
        return {
            "bbp": lambda: [declaration, ("Hessian for any law of the labels: bulk, edge, outlier", HessianSpectrum())],
            "replicas": lambda: [
                declaration,
                ("One step of replica symmetry breaking, temperature 0", OneStepRSB()),
                ("Many steps, and the full one as their limit", FullRSB()),
            ],
            "complexity": lambda: [
                declaration,
                action,
                ("The same of all critical points, lambda = 0, and of a given index k", CriticalPointAction()),
                ("The limit in which all data lose their force", SingularEnd()),
            ],
            "dynamics": lambda: [
                declaration,
                (steps, EffectiveProcess(MOMENTUM, RIDGE, TEMPERATURE)),
                ("Its limit of short steps without momentum", FlowProcess(EffectiveProcess(0, RIDGE, TEMPERATURE))),
            ],
            "inference": self._inference,
            "thresholds": super().derivation()["predictions"],
        }

    def _inference(self) -> Blocks:
        channel = BayesChannel(self)
        blocks: list[tuple[str, Printable]] = [("Bayes-optimal state evolution", channel)]
        if channel.solved and channel.moments[0] == 0 and not channel.optimal_preprocessing.is_number:
            blocks.append(("Best spectral method", SpectralMethod(channel.optimal_preprocessing)))
        return blocks
