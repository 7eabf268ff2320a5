import numpy as np
import pytest
from sympy import Rational, simplify, sqrt, symbols

from theory import OVERLAP, GaussianLandscape, PureSpin, SpikedMatrixTensor
from theory.kac_rice import KacRice, hessian_law, local_law
from theory.kac_rice.complexity import energy_shift_law, entropy
from theory.kac_rice.gaussian_law import GaussianLaw
from theory.kac_rice.local_law import GRADIENT, GRADIENT_SIGNAL, HESSIAN_SIGNAL, F, G, H, N, W
from theory.random_matrices import index_cost
from theory.symbols import SIGNAL_OVERLAP as M


def test_law_of_energy_and_radial_derivative() -> None:
    law = energy_shift_law()
    assert list(law.mean) == [-G[0], -M * G[1]]
    assert law.covariance.tolist() == [[F[0], F[1]], [F[1], F[1] + F[2]]]


def test_gradient_is_independent_of_energy_and_hessian() -> None:
    law = local_law()
    for name in (GRADIENT, GRADIENT_SIGNAL):
        for other in law.names:
            assert law.covariance_of(name, other) == (F[1] if name == other else 0)
    assert simplify(law.mean_of(GRADIENT_SIGNAL) ** 2 / N - G[1] ** 2 * (1 - M**2)) == 0


def test_hessian_is_a_shifted_goe_plus_rank_one() -> None:
    law = hessian_law()
    assert law.scale == sqrt(F[2])
    assert simplify(law.spike - G[2] * (1 - M**2) / sqrt(F[2])) == 0


def test_second_derivatives_by_monte_carlo() -> None:
    """Law of (H/N, w, d_ee H) at a point against sampled tensors of degrees 2 and 3 with i.i.d. entries."""
    size, samples, m = 6, 20000, 0.6
    generator = np.random.default_rng(11)
    x, e = np.zeros(size), np.zeros(size)
    x[0], e[1] = np.sqrt(size), 1
    matrix = generator.normal(size=(samples, size, size))
    tensor = generator.normal(size=(samples, size, size, size))
    # H = c2 A x x + c3 B x x x has covariance N (q^2/4 + q^3/7)
    c2, c3 = np.sqrt(1 / (4 * size)), np.sqrt(1 / (7 * size**2))
    ax, bxx = matrix @ x, np.einsum("sabc,b,c->sa", tensor, x, x)
    energy = (c2 * ax @ x + c3 * bxx @ x) / size
    radial = (2 * c2 * ax @ x + 3 * c3 * bxx @ x) / size
    bxee = sum(np.einsum("sabc,a,b,c->s", tensor, *order) for order in ((x, e, e), (e, x, e), (e, e, x)))
    second = 2 * c2 * np.einsum("sab,a,b->s", matrix, e, e) + 2 * c3 * bxee
    measured = np.cov([energy, radial, second])
    jet = KacRice(GaussianLandscape(OVERLAP**2 / 4 + OVERLAP**3 / 7, m * M**2)).jet
    law = local_law().marginal((H, W, HESSIAN_SIGNAL))
    expected = np.array(law.covariance.subs(jet).subs(N, size).tolist(), dtype=float)
    assert measured == pytest.approx(expected, abs=5 * np.max(expected) * np.sqrt(2 / samples))


def test_entropy() -> None:
    from sympy import log

    expected = log(F[2] / F[1]) / 2 + log(1 - M**2) / 2 - G[1] ** 2 * (1 - M**2) / (2 * F[1])
    assert simplify((entropy() - expected).expand(force=True)) == 0


def test_resolved_by_channels_as_in_the_paper() -> None:
    """g = Delta_2 (eps_2 + m^2/(2 Delta_2))^2 + p Delta_p/2 (eps_p + m^p/(p Delta_p))^2, w = 2 eps_2 + p eps_p."""
    delta_2, delta_p = symbols("delta_2 delta_p", positive=True)
    action = KacRice(SpikedMatrixTensor(3, delta_2, delta_p)).at_channel_energies()
    eps_2, eps_3 = action.fixed
    expected = delta_2 * (eps_2 + M**2 / (2 * delta_2)) ** 2
    expected += Rational(3, 2) * delta_p * (eps_3 + M**3 / (3 * delta_p)) ** 2
    assert simplify(action.offset - expected) == 0
    assert action.shift_variance == 0
    assert simplify(action.shift_mean * sqrt(1 / delta_2 + 2 / delta_p) + 2 * eps_2 + 3 * eps_3) == 0


def test_pure_landscape_fixes_the_shift_by_the_energy() -> None:
    assert KacRice(PureSpin()).at_energy().shift_variance == 0


def test_conditioning_twice_is_conditioning_once() -> None:
    a, b, c = symbols("a b c")
    law = GaussianLaw((a, b, c), *(_matrix(x) for x in ([1, 2, 3], [[4, 1, 1], [1, 3, 1], [1, 1, 2]])))
    once = law.conditional((a,), {b: 5, c: 7})
    twice = law.conditional((a, b), {c: 7}).conditional((a,), {b: 5})
    assert once.mean == twice.mean
    assert once.covariance == twice.covariance


def _matrix(rows: list[object]) -> object:
    from sympy import ImmutableMatrix

    return ImmutableMatrix(rows)


def test_everything_prints_as_latex() -> None:
    kac_rice = KacRice(SpikedMatrixTensor())
    for item in (kac_rice, kac_rice.at_energy(), local_law(), hessian_law(), hessian_law().bbp, kac_rice.landscape):
        text = item._repr_latex_()
        assert text.startswith("\\begin{align}\n") and text.endswith("\n\\end{align}")
        assert text.count("{") == text.count("}")
        assert "delta_" not in text


def test_a_linear_landscape_has_no_hessian() -> None:
    with pytest.raises(ValueError, match="gives no Hessian"):
        KacRice(GaussianLandscape(OVERLAP)).complexity()


@pytest.mark.parametrize("index", [-1, 1.0, "0"])
def test_index_must_be_a_whole_number(index: object) -> None:
    with pytest.raises(ValueError, match="index = "):
        index_cost(index)


def test_radial_shift_of_the_riemannian_hessian() -> None:
    """``t = -w/sqrt(f''(1))``."""
    assert hessian_law().shift_per_w == -1 / sqrt(F[2])


def test_channels_of_the_same_order_stay_apart() -> None:
    landscape = PureSpin(3, 1) + PureSpin(3, 2)
    action = KacRice(landscape).at_channel_energies()
    assert [symbol.name for symbol in action.fixed] == ["epsilon_3.1", "epsilon_3.2"]
    first, second = action.fixed
    assert simplify(action.offset - (Rational(3, 2) * first**2 + 3 * second**2)) == 0


def test_floats_are_the_fractions_they_print_as() -> None:
    assert PureSpin(3, 0.1) == PureSpin(3, Rational(1, 10))
    assert KacRice(PureSpin(3, 0.1)).at_energy().shift_variance == 0
