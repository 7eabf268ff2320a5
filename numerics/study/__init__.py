"""Studies: the same question at many points, each finished one a file, and all of them one table.

>>> from numerics.study import points_of, run
>>> run(function, points_of({"x": [1, 2, 3]}), about={"of": "my function"}, folder="study").table()
"""

from .points import Points, points_of
from .refine import Refinement, refined
from .run import run
from .study import Study, open_study

__all__ = ["Points", "Refinement", "Study", "open_study", "points_of", "refined", "run"]
