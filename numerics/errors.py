"""What a solver raises when it cannot keep its promise."""


class ConvergenceError(RuntimeError):
    """A tolerance was not reached; the message says how far the solver got."""
