"""What the closed equations become at long times, as titled blocks."""

from ..end_states import single_minimum
from ..landscape import GaussianLandscape
from ..printing import Printable
from ..thresholds.instability import never_unstable
from .ageing import Ageing
from .escape import Escape
from .growth import GrowthRate
from .mode_coupling import ModeCoupling
from .plateau import arrest, no_field
from .slow_sectors import step_law
from .stationary import StationaryDynamics


def asymptotics(landscape: GaussianLandscape) -> tuple[tuple[str, Printable], ...]:
    """Equilibrium, arrest, ageing, and growth of the overlap: those that the landscape has.

    A signal that is a field (``g'(0) != 0``) leaves no state of zero overlap; in a random field (``f'(0) != 0``) the
    correlation ages towards that of two states, not towards zero; with ``f''(1) = 0`` nothing ages. An overlap grows if
    the signal attracts.
    """
    if landscape.g(1, 0) != 0:
        return ()
    equilibrium = "Equilibrium at zero overlap: the fluctuation-dissipation theorem holds (beta = 1/T)"
    blocks: list[tuple[str, Printable]] = [(equilibrium, StationaryDynamics(landscape))]
    if landscape.f(2) == 0:
        return tuple(blocks)
    if not no_field(landscape):
        blocks.append(("Plateau of C_st and the temperature below which it stays there", arrest(landscape)))
        blocks.append(("Ageing from a random start, one slow sector (Cugliandolo, Kurchan 1993)", Ageing(landscape)))
        blocks.append(("Power laws towards a plateau and from it, C - q to second order", ModeCoupling(landscape)))
    blocks.append(("Ageing at T = 0 with several slow sectors, each from q_b down to q_a", step_law()))
    if landscape.mean != 0 and not never_unstable(landscape):
        where = "in the single minimum" if single_minimum(landscape) else "on the threshold states"
        blocks.append((f"Growth of an infinitesimal overlap {where}", GrowthRate(landscape)))
        blocks.append(("Escape of random starts from overlaps of order 1/sqrt(N)", Escape(landscape)))
    return tuple(blocks)
