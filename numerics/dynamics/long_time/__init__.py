"""The long-time integrator: adaptive in time and in its nodes, to t = 1e8 of the landscape's own times."""

from .solution import LongTimeTwoTime, solve

__all__ = ["LongTimeTwoTime", "solve"]
