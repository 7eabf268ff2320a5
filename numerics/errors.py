"""What a solver raises when it cannot keep its promise, and when it is told to stop."""

from typing import Any


class ConvergenceError(RuntimeError):
    """A tolerance was not reached; the message says how far the solver got.

    ``partial`` is the solution up to there, where a solver keeps one, and None otherwise.
    """

    def __init__(self, message: str, partial: Any = None) -> None:
        super().__init__(message)
        self.partial = partial


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with the solution up to there in ``partial``; the message says how far that is."""

    def __init__(self, message: str, partial: Any) -> None:
        super().__init__(message, partial)
        self.partial = partial

    def __str__(self) -> str:
        return str(self.args[0])
