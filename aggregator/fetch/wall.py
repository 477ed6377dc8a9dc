"""Walls, where answers are fetched; what a wall is, is told where pages are read.

Rule: the pure part lives one floor lower, so that a stored answer is judged as it was when it came.
"""

from aggregator.adapters.html.bot_wall import WALL_STATUSES, wall

__all__ = ["WALL_STATUSES", "wall"]
