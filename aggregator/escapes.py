"""Makes invisible characters visible where strangers' text goes out: to terminals, logs and JSON.

Some of them move the cursor, some change the order in which a line is shown, and some end a
line, so that a title could pass for a line of ours.
"""

from __future__ import annotations

import re

_LINE_ENDS = "\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f{_LINE_ENDS}{_BIDI_CONTROLS}]")
_LINE_END = re.compile(f"[{_LINE_ENDS}]")
_BIDI_OR_LINE_END = re.compile(f"[\u2028\u2029{_BIDI_CONTROLS}]")
# The same characters in UTF-8, besides those that every JSON writer escapes.
_UNSEEN_IN_JSON = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)


def escape_unseen(text: str) -> str:
    r"""Escape control characters, line ends and bidi controls.

    >>> escape_unseen("one\nstatus=ok \u202etxt.exe")
    'one\\nstatus=ok \\u202etxt.exe'
    """
    return _UNSEEN.sub(_escape, text)


def escape_line_ends(text: str) -> str:
    """Escape what ends a line anywhere, so that the text stays on one."""
    return _LINE_END.sub(_escape, text)


def escape_bidi(text: str) -> str:
    """Escape bidi controls and Unicode's line ends; a newline stays."""
    return _BIDI_OR_LINE_END.sub(_escape, text)


def escape_json(data: bytes) -> bytes:
    r"""Escape them in JSON in UTF-8; its values stay the same.

    Beyond ASCII, all characters of JSON stand in texts, where `\u` may replace them.
    """
    return _UNSEEN_IN_JSON.sub(_escape_utf8, data)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _escape_utf8(match: re.Match[bytes]) -> bytes:
    return f"\\u{ord(match[0].decode()):04x}".encode()
