"""State evolution of message passing, Bayes-optimal and maximum-likelihood."""

from .bayes_optimal import BayesOptimal
from .maximum_likelihood import MaximumLikelihood

__all__ = ["BayesOptimal", "MaximumLikelihood"]
