"""Reads dates by the strptime formats that a source or its site rules declare."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.normalize.dates.forms import WrittenDate, by_month_number

if TYPE_CHECKING:
    from aggregator.normalize.dates.forms import Precision


def read_by_format(text: str, form: str) -> WrittenDate | None:
    """Read the whole of `text` by one strptime format; None if it does not fit."""
    pattern = _compile_format(form)
    if pattern is None:
        return _read_by_strptime(text, form)
    match = pattern.fullmatch(text)
    if match is None:
        return None
    return by_month_number(match, "format")


# strptime takes about 6 µs and its own cache holds five formats; a format of numbers alone becomes a pattern.
_DIRECTIVES = {
    "Y": r"(?P<y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"\d{1,6}",
    "%": "%",
}


_PIECE = re.compile(r"%-?(.)|(\s+)|([^%\s]+)|(%)", re.DOTALL)


@lru_cache(maxsize=256)
def _compile_format(form: str) -> re.Pattern[str] | None:
    """Turn a strptime format into a pattern; None if it holds words, a zone, or not a whole day."""
    directives = [piece[1] for piece in _PIECE.finditer(form) if piece[1] not in (None, "%")]
    present = set(directives)
    if len(present) < len(directives):
        return None  # a directive occurs twice
    if not {"m", "d"} <= present <= _DIRECTIVES.keys():
        return None
    if len(present & {"Y", "y"}) != 1:
        return None
    patterns = map(_pattern_of_piece, _PIECE.finditer(form.strip()))
    return re.compile("".join(patterns))


def _pattern_of_piece(piece: re.Match[str]) -> str:
    directive, blanks, words, lone_percent = piece.groups()
    if directive:
        return _DIRECTIVES[directive]
    if blanks:
        return r"\s+"
    return re.escape(words or lone_percent)


def _read_by_strptime(text: str, form: str) -> WrittenDate | None:
    try:
        moment = datetime.strptime(text, form.strip())  # noqa: DTZ007 - a naive result is read in the source's zone
        zone = moment.strftime("%z")[:5] or None
    except (ValueError, OverflowError, re.error):
        return None
    return WrittenDate(moment.replace(tzinfo=None), _precision_of_format(form), zone, "format")


def _precision_of_format(form: str) -> Precision:
    if re.search(r"%[STXcs]", form):
        return "second"
    if re.search(r"%[HIR]", form):
        return "minute"
    return "day"
