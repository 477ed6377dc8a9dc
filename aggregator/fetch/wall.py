"""Bot walls, for the fetcher; they are recognised where pages are read.

Rule: the pure part lives in the adapters, so that a stored answer is judged as it was when it came.
"""

from aggregator.adapters.html.bot_wall import WALL_STATUSES, detect_wall

__all__ = ["WALL_STATUSES", "detect_wall"]
