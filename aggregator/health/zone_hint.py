"""Names the timezone that would bring dates in the future back into the past."""

from __future__ import annotations

# A zone for each offset, in hours; of the places that most pages are written in.
_ZONES = {
    1: "Europe/Paris",
    2: "Europe/Athens",
    3: "Europe/Moscow",
    4: "Asia/Dubai",
    5: "Asia/Karachi",
    6: "Asia/Dhaka",
    7: "Asia/Bangkok",
    8: "Asia/Shanghai",
    9: "Asia/Tokyo",
    10: "Australia/Brisbane",
    11: "Pacific/Noumea",
    12: "Pacific/Auckland",
}


def zone_hint(ahead_minutes: int) -> str:
    """Say which timezone would fix dates that lie so far ahead.

    >>> zone_hint(475)
    'up to 8 h ahead, as in `timezone: Asia/Shanghai`'
    """
    hours = -(-ahead_minutes // 60)
    ahead = f"up to {hours} h ahead"
    zone = _ZONES.get(hours)
    if zone is None:
        return f"{ahead}, which no timezone explains"
    return f"{ahead}, as in `timezone: {zone}`"
