"""Whether what a feed says of an article is the article, or only its beginning.

Rule: only the end tells. An ellipsis counts as the very last sign, and not where it is doubled as Chinese prose writes
it; a bracketed one and a link to the rest count in the last lines, for engines put a note of their own behind them.
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
_CUT = re.compile(r"(?<![….])(?:…|\.\.\.)$")
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


def is_cut(revision: Revision) -> bool:
    """Tell whether the text of an item breaks off, or there is none; a picture alone is whole."""
    lines = _lines(_last_words(revision.content_html or "")) or _lines(
        (revision.summary or "")[-_LAST_CHARACTERS:]
    )
    if not lines:
        return revision.content_html is None
    return _CUT.search(lines[-1]) is not None or any(
        _BRACKETED.search(line) or _MORE.search(line) for line in lines
    )


def _last_words(html: str) -> str:
    """The last words of sanitized HTML. Every item of every feed comes here: its end alone is read, nothing parsed."""
    end = html[-_LAST_CHARACTERS:]
    if len(html) > _LAST_CHARACTERS:
        end = end.partition(">")[2]
    return unescape(_TAG.sub("", _BLOCK.sub("\n", end)))


def _lines(words: str) -> list[str]:
    return [stripped for line in words.splitlines() if (stripped := line.strip())][-_LAST_LINES:]
