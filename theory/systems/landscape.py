"""Gaussian landscapes on the sphere as systems: a covariance and a planted mean that you make up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sympy import Expr, Symbol, sqrt

from ..course import TIME
from ..domain import Polynomial
from ..dynamics import AveragedAction, DynamicalEquations, InertialEquations, Start, asymptotics, kernels
from ..dynamics.exponents import exponent_families, exponents
from ..dynamics.notation import BATH
from ..dynamics.plateau import no_field
from ..end_states import friction, single_minimum
from ..energies import energies, energy_family
from ..inference import BayesOptimal, MaximumLikelihood
from ..kac_rice import KacRice, hessian_law, local_law
from ..kac_rice.breaking import Breaking
from ..kac_rice.hessian import hessian_of
from ..kac_rice.replicated import Replicated
from ..kac_rice.replicated_hessian import ReplicatedHessian
from ..kac_rice.tap import TAPStates
from ..kac_rice.two_points import TwoPoints
from ..landscape import Channel, GaussianLandscape
from ..naming import called
from ..parameter import Parameter
from ..prediction import Threshold
from ..statics import Ansatz, ParisiFunctional
from ..statics.algorithms import algorithmic_energy
from ..statics.following import Followed
from ..statics.instability import almeida_thouless, temperature_family
from ..statics.replica_symmetric import ReplicaSymmetric
from ..statics.states import States
from ..statics.transitions import continuous_transition, dynamic_transition, static_transition, unplanted
from ..symbols import OVERLAP, SIGNAL_OVERLAP, value_at_zero
from ..system import Blocks, System
from ..thresholds import Family, planted

Question = tuple[Family, dict[Symbol, Expr]]
"""Landscapes of one control parameter, and the values of their other parameters."""


class Landscape(GaussianLandscape, System):
    r"""``E H = -N g(m)``, ``Cov(H, H') = N f(q)`` on the sphere: see ``GaussianLandscape``.

    A subclass with parameters of its own needs no constructor: ``declare`` returns f and g in terms of them.
    """

    form = GaussianLandscape
    slug = "landscape"
    title = "a covariance and a planted mean that you make up"
    statement = "f(q) = --covariance, a polynomial with coefficients >= 0;  g(m) = --mean"
    source = "Kac-Rice for isotropic Gaussian landscapes: Fyodorov 2004; Auffinger, Ben Arous 2013"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("covariance", "f(q), such as 'q**3/2 + q**4/4'", Polynomial(OVERLAP), "'q**3/2 + q**4/4'"),
        Parameter("mean", "g(m), such as 'm**2/2'; default 0", Polynomial(SIGNAL_OVERLAP), "'m**2/2'", required=False),
    )

    def declare(self) -> tuple[Any, Any]:
        """``f`` and ``g``, expressions in q, m and the parameters."""
        return self.covariance, self.mean

    def __init__(
        self, covariance: Any, mean: Any = 0, *, name: str = "landscape", channels: tuple[Channel, ...] | None = None
    ) -> None:
        super().__init__(covariance, mean, name=name, channels=channels)

    def __add__(self, other: GaussianLandscape) -> Landscape:
        total = super().__add__(other)
        return Landscape(total.covariance, total.mean, name=total.name, channels=total.channels)

    def require(self, leave: Iterable[str] = ()) -> None:
        """Parameters that are missing, those that are needed for some purposes only among them."""
        super().require(leave)
        for name in (p.name for p in self.parameters if p.name in map(str, self.free_symbols)):
            if name not in leave:
                raise ValueError(f"{called(name)} is missing for {self.slug}: f and g depend on it")

    def families(self) -> list[Question]:
        """What thresholds are sought in: strength of the signal, if there is one, energy, temperature, exponents."""
        signal: list[Question] = [] if self.mean == 0 else [(planted(self), {})]
        unplanted = (energy_family(self), temperature_family(self), *exponent_families(self))
        return [*signal, *((family, {}) for family in unplanted)]

    def predictions(self) -> Iterable[Threshold]:
        """Thresholds in the strength of the signal, if there is one, energies, a temperature, and exponents."""
        signal = () if self.mean == 0 else planted(self).thresholds.values()
        return (*signal, *energies(self), almeida_thouless(self), *exponents(self))

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """By topic."""
        return {
            "complexity": self._complexity,
            "neighbourhood": self._neighbourhood,
            "quenched": self._quenched,
            "bbp": self._bbp,
            "dynamics": self._dynamics,
            "inference": self._inference,
            "states": self._states,
            "statics": self._statics,
            "thresholds": self._thresholds,
        }

    def _complexity(self) -> Blocks:
        law = "Gaussian law of H/N, w, the gradient along and across the signal, and the second derivatives"
        blocks = [
            (law, local_law()),
            ("Riemannian Hessian, conditioned on a critical point", hessian_law()),
            ("Annealed complexity per N at overlap m, energy integrated out", KacRice(self)),
            ("Resolved by energy", KacRice(self).at_energy()),
        ]
        if sum(channel.covariance != 0 for channel in self.channels) > 1:
            blocks.append(("Resolved by the energy of each channel", KacRice(self).at_channel_energies()))
        return blocks

    def _neighbourhood(self) -> Blocks:
        return [("Critical points at overlap q with a minimum, annealed over both", TwoPoints(self))]

    def _quenched(self) -> Blocks:
        return [
            ("The landscape", GaussianLandscape(self.covariance, self.mean)),
            ("Quenched complexity per N at overlap m and energy E: replica-symmetric action", Replicated()),
            ("Its stability against groups of replicas at an overlap q above q_0", Breaking(Replicated())),
            ("The action with groups of x_1 replicas", Replicated(1)),
            ("Hessian at one of n replicas, n -> 0", ReplicatedHessian()),
        ]

    def _bbp(self) -> Blocks:
        special = hessian_of(KacRice(self).jet)
        uninformed = replace(special, spike=value_at_zero(special.spike, SIGNAL_OVERLAP))
        return [
            ("Riemannian Hessian, conditioned on a critical point", hessian_law()),
            (f"The same for {self.slug} at overlap m", special),
            (f"At m = 0; {self._end_of_flow()}", uninformed),
        ]

    def _end_of_flow(self) -> str:
        if single_minimum(self):
            return f"gradient flow ends in a single minimum at t = {friction(self) / sqrt(self.f(2))}"
        return "gradient flow ages at t = 2, where the outlier is the first negative direction"

    def _inference(self) -> Blocks:
        blocks: list[Any] = [("Maximum likelihood: AMP and the informative minimum", MaximumLikelihood(self))]
        if self.mean == 0:
            raise ValueError(f"{self.slug} has no planted signal; inference needs one")
        if self.mean.subs(SIGNAL_OVERLAP, OVERLAP) == self.covariance:
            blocks.append(("Bayes-optimal: replica-symmetric free entropy and AMP", BayesOptimal(self)))
        return blocks

    def _dynamics(self) -> Blocks:
        start: Start = "random" if self.mean == 0 else "planted"
        opening = "a random start" if start == "random" else "a start of overlap m_0"
        equilibrium = DynamicalEquations(self, "equilibrium", BATH(TIME))
        condition = "".join(f" ({c.otherwise})" for c in equilibrium.conditions)
        warm = f"The same from equilibrium at inverse temperature beta, above T_s; planted at any{condition}"
        overlapping = "The same from equilibrium whose replicas overlap by q_0, in a field or with the signal found"
        found = self.mean != 0 or condition
        return [
            ("Dynamical action averaged over the landscape", AveragedAction()),
            ("Effective process of one spin, by variation of the action", kernels("equilibrium")),
            (f"Closed equations for {self.slug} from {opening}", DynamicalEquations(self, start, BATH(TIME))),
            (warm, equilibrium),
            *([(overlapping, DynamicalEquations(self, "replicated", BATH(TIME)))] if found else []),
            *([("Overlaps q_0 and m_0 of that start (T = 1/beta)", ReplicaSymmetric(self))] if found else []),
            ("The same with a mass and friction", InertialEquations(self, start)),
            *asymptotics(self),
        ]

    def _statics(self) -> Blocks:
        noise = unplanted(self)
        parisi = f"Parisi's functional of {self.slug} at T = 0 (at T > 0 chi = (1 - q)/T ends it)"
        numbered = (
            static_transition,
            continuous_transition,
            dynamic_transition,
            almeida_thouless,
            algorithmic_energy,
        )
        alone = not no_field(noise)
        return [
            (parisi, ParisiFunctional(noise)),
            ("Replica symmetric below q_1, one step above", Ansatz(noise, ("atom",), at_zero=noise.f(1, 0) == 0)),
            *([("Complexity of states, by y copies in the same one", States(noise))] * alone),
            *((f"{t.name}: {t.meaning}", t) for t in (make(noise) for make in numbered)),
        ]

    def _states(self) -> Blocks:
        noise = unplanted(self)
        return [
            (f"States of {noise.name} at temperature T, self-overlap q_EA and H(m)/N = E", TAPStates(noise)),
            ("Equilibrium falls apart into states below T_d", dynamic_transition(noise)),
            ("Their complexity vanishes at T_K", static_transition(noise)),
            ("A state of equilibrium at 1/beta, T_K < 1/beta < T_d, followed to temperature T", Followed(noise)),
        ]

    def _thresholds(self) -> Blocks:
        for name in self.given.keys() - {"p", "covariance", "mean", "coefficients"}:
            raise ValueError(f"{called(name)} stays a symbol in the equations of the thresholds; leave it out")
        return super().derivation()["predictions"]()
