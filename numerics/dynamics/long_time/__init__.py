"""The long-time integrator: adaptive in time and in its nodes, to t = 1e8 and beyond."""

from .solution import LongTimeTwoTime, solve

__all__ = ["LongTimeTwoTime", "solve"]
