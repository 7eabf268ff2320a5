"""Figures that need no window: they show themselves in a notebook."""

import io

from matplotlib.figure import Figure


class Picture(Figure):
    """A Matplotlib figure outside pyplot's list of open ones, that a notebook shows as PNG.

    (A plain ``Figure`` is shown only where pyplot has set the notebook up for it.)
    """

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=150)
        return stream.getvalue()
