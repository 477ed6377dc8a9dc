"""Tells whether the text that a feed gives of an article is the whole text or only its beginning.

Only the end of the text is looked at. An ellipsis counts if it is the very last sign and is not
doubled, as Chinese prose writes it. An ellipsis in brackets and a link to the rest count in the last
three lines, because feed engines add a note of their own below them.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.model import Revision

_LAST_LINES = 3
_LAST_CHARACTERS = 3_000
_BLOCK = re.compile(
    r"</(?:p|div|li|h[1-6]|blockquote|figure|figcaption|table|tr|ul|ol|pre|section|article)>|<[bh]r[ />]"
)
_TAG = re.compile(r"<[^<>]*>")
_ELLIPSES = ("…", "...")
_BRACKETS = ("]", ")")
# Of a line that are searched: the longest of these words and what may follow them have 52.
_ENDING_CHARACTERS = 80
_ELLIPSIS = re.compile(r"(?<![….])(?:…|\.\.\.)$")
_BRACKETED = re.compile(r"[\[(]\s*(?:…|\.\.\.|\+)\s*[\])]$")
_MORE = re.compile(
    r"(?:^|[\s.…。»“”(\[—–:：|-])(?:"
    r"(?:click here to )?(?:read|continue|view|see) (?:more|on|reading|the rest|(?:the )?full (?:story|article|post))"
    r"|full (?:story|article)|keep reading|more(?= *[»›→>])"
    r"|lire (?:la suite|plus|l['’]article(?: complet)?|l['’]intégralité)|en savoir plus|suite(?= *[»›→>])"
    r"|weiter ?lesen|mehr lesen|ganzen artikel lesen|leer más|seguir leyendo|leggi (?:tutto|di più)|continua a leggere"
    r"|leia mais|continuar? (?:lendo|leyendo)|lees (?:meer|verder)|läs mer|czytaj (?:dalej|więcej)"
    r"|читать (?:далее|дальше|полностью)|подробнее|続きを読む|더 ?보기|계속 읽기|اقرأ المزيد"
    r"|(?:点击)?(?:阅读|閱讀|查看|繼續|继续)(?:全文|原文|更多|阅读|閱讀)|更多内容|详见全文"
    r")[^\w]{0,12}$",
    re.IGNORECASE,
)


def is_truncated(revision: Revision) -> bool:
    """Tell whether the text of an item breaks off, or is missing; a picture alone is a whole item."""
    content = revision.content_html or ""
    lines = _last_lines(_end_of_html(content))
    if not lines:
        summary = revision.summary or ""
        lines = _last_lines(summary[-_LAST_CHARACTERS:])
    if not lines:
        return revision.content_html is None

    if lines[-1].endswith(_ELLIPSES) and _ELLIPSIS.search(lines[-1]):
        return True
    return any(_promises_more(line) for line in lines)


def _promises_more(line: str) -> bool:
    """Tell whether a line ends with an ellipsis in brackets or a link to the rest."""
    if line.endswith(_BRACKETS) and _BRACKETED.search(line):
        return True
    start = max(0, len(line) - _ENDING_CHARACTERS)
    return _MORE.search(line, start) is not None


def _end_of_html(html: str) -> str:
    """Return the last words of sanitized HTML, a line for each block.

    Every item of every feed comes here: only the end is read, and nothing is parsed.
    """
    end = html[-_LAST_CHARACTERS:]
    if len(html) > _LAST_CHARACTERS:
        end = end.partition(">")[2]  # the cut may lie inside a tag
    lines = _BLOCK.sub("\n", end)
    return unescape(_TAG.sub("", lines))


def _last_lines(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped:
            lines.append(stripped)
    return lines[-_LAST_LINES:]
