"""What a reader sees at the head of an article: its heading, its times, a date behind a label.

Rule: only what stands around the heading speaks of the article; lists, asides, footers and other articles do not. A
date in words is read in the page's language and given as ISO 8601, since nobody behind knows that language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names
from aggregator.adapters.html.class_names import words_of
from aggregator.model import Found
from aggregator.normalize import dates, text
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aggregator.rules.document import Document

LEVELS = 4  # above the heading, where no `header` or `article` is
MAX_HEADINGS = 50
MAX_TIMES = 50
MAX_LABELS = 6  # of a page that are tried
_LONGEST_LINE = 200  # characters: a byline, not a paragraph
_MAX_WORDS = 8  # of a date
_LEAST_TITLE = 8  # characters; what is shorter begins too many titles

_ELSEWHERE = frozenset({"aside", "nav", "footer", "ul", "ol", "table", "form"})
_CHANGED = re.compile(r"updat|modif|edit|chang|revis", re.IGNORECASE)
_PUBLISHED_LABELS = r"""
    published(?:\s+(?:on|at))? | posted(?:\s+on)? | date\s+of\s+publication | publication\s+date | first\s+published
    | publié(?:e)?(?:\s+(?:le|à))? | mis\s+en\s+ligne(?:\s+le)? | date\s+de\s+(?:publication|parution)
    | veröffentlicht(?:\s+am)? | erschienen(?:\s+am)? | publicado(?:\s+(?:el|em))? | fecha\s+de\s+publicación
    | data\s+de\s+publicação | pubblicato(?:\s+il)? | gepubliceerd(?:\s+op)? | opublikowano | publicat(?:\s+pe)?
    | опубликовано | дата\s+публикации | опубліковано
    | yayınlanma(?:\s+tarihi)? | diterbitkan | xuất\s+bản | ngày\s+đăng
    | [发發]表[时時][间間] | [发發][布佈][时時][间間]
    | [发發][布佈表]日期 | [发發][布佈表][于於] | 刊登日期 | [时時][间間] | 日期
    | 公開日時? | 掲載日時? | 投稿日時? | 配信日時? | 入力日?時? | 등록일?시? | 입력 | 게시일?시? | 승인
    | تاریخ\s+انتشار | منتشر\s+شده(?:\s+در)? | تاريخ\s+النشر | نُ?شر\s+في | تم\s+النشر(?:\s+في)? | فرستاده\s+شده
"""
_LABEL = re.compile(rf"\s*(?:{_PUBLISHED_LABELS})\s*[:：]?\s*", re.IGNORECASE | re.VERBOSE)
_DATED_CLASS = re.compile(
    r"(?<![a-z])(?:pub(?:lish(?:ed)?)?[-_]?)?(?:date|time|timestamp|datetime)(?![a-z])",
    re.IGNORECASE,
)
_CUT = re.compile(r"\s*[|｜·•\n\r\t]\s*|\s{3,}|(?:来源|來源|作者|编辑|編輯|责编)[:：]")
_LABELLED = (
    "p",
    "div",
    "span",
    "time",
    "li",
    "small",
    "em",
    "i",
    "td",
    "dt",
    "b",
    "strong",
    "font",
    "section",
    "address",
)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Times:
    """The `time[datetime]` of an article's header, in the order of the page."""

    published: tuple[Found, ...] = ()
    updated: tuple[Found, ...] = ()


def heading(document: Document, titles: tuple[str, ...] = ()) -> Any | None:
    """The article's first heading: the only `h1`, the only one of them in an article, or the one that is its title.

    Where no `h1` is, a heading of another level that begins the title. `titles` may have the site's name around them.
    """
    found = [one for one in islice(document.root.iter("h1"), MAX_HEADINGS) if text_of(one).strip()]
    if len(found) == 1:
        return found[0]
    inner = [one for one in found if next(one.iterancestors("article", "main"), None) is not None]
    if len(inner) == 1:
        return inner[0]
    others = islice(document.root.iter("h2", "h3", "h4"), MAX_HEADINGS)
    return next((one for one in (*found, *others) if _is_title(text_of(one), titles)), None)


def _is_title(value: str, titles: tuple[str, ...]) -> bool:
    """Tell whether a heading is a title, or begins one that goes on with the name of the site."""
    name = text.fold(" ".join(value.split()))
    wanted = [text.fold(" ".join(title.split())) for title in titles]
    return bool(name) and any(
        one == name
        or (len(name) >= _LEAST_TITLE and one.startswith(name) and not one[len(name)].isalnum())
        for one in wanted
    )


def times(document: Document, h1: Any | None) -> Times:
    """Give the times around a heading; those that are said to be of a change are apart."""
    published: list[Found] = []
    updated: list[Found] = []
    for element in _times(document, h1):
        found = Found(element.get("datetime").strip(), document.where(element))
        (updated if _is_of_change(element) else published).append(found)
    return Times(tuple(published[:1]), (*updated, *published[1:2]))


def written(
    document: Document, h1: Any | None, *, language: str | None, taken: datetime
) -> tuple[Found, ...]:
    """Give dates that people read: behind a label of any language, of a class that says so, in the article's byline."""
    languages = (language,) if language else ()
    found: dict[str, Found] = {}
    for element, readings in (*_labelled(document, h1), *_in_bylines(document, h1)):
        moments = (_moment(one, languages, taken) for one in readings)
        if moment := next(filter(None, moments), None):
            found.setdefault(moment, Found(moment, document.where(element)))
    return tuple(found.values())


def _labelled(document: Document, h1: Any | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    for element, value in islice(_candidates(document, h1), MAX_LABELS):
        pieces = [piece for piece in _CUT.split(value[:_LONGEST_LINE]) if piece.strip()]
        yield element, tuple(piece.strip() for piece in pieces[:1])


def _in_bylines(document: Document, h1: Any | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    return islice(
        byline_dates.dated(document.root.find("body"), h1, _area(document, h1)), MAX_LABELS
    )


def _times(document: Document, h1: Any | None) -> Iterator[Any]:
    area = _area(document, h1)
    if area is None:
        return
    for element in islice(area.iter("time"), MAX_TIMES):
        if (element.get("datetime") or "").strip() and not _is_elsewhere(element, area):
            yield element


def _area(document: Document, h1: Any | None) -> Any | None:
    """Where the article's own times are: the article around the heading, else what is a few levels above it."""
    if h1 is None:
        articles = list(islice(document.root.iter("article"), 2))
        return articles[0] if len(articles) == 1 else None
    around = next(h1.iterancestors("article"), None)
    if around is not None:
        return around
    above = [one for one in islice(h1.iterancestors(), LEVELS) if one.tag not in ("body", "html")]
    if not above:
        return document.root.find("body")
    return next((one for one in above if next(one.iter("time"), None) is not None), above[-1])


def _is_elsewhere(element: Any, area: Any) -> bool:
    for one in element.iterancestors():
        if one is area:
            return False
        if (
            one.tag in _ELSEWHERE
            or one.tag == "article"
            or not words_of(one).isdisjoint(class_names.REMARKS)
        ):
            return True
    return False


def _is_listed(element: Any) -> bool:
    """Tell whether an element is in an item of a list that says more than a byline does: another article's."""
    item = next(element.iterancestors("li"), None)
    return item is not None and text.weight(text_of(item)) > _MAX_WORDS


def _is_of_change(element: Any) -> bool:
    parent = element.getparent()
    words = (
        element.get("class"),
        element.get("itemprop"),
        parent.get("class") if parent is not None else None,
    )
    return bool(_CHANGED.search(" ".join(word for word in words if word)))


def _candidates(document: Document, h1: Any | None) -> Iterator[tuple[Any, str]]:
    body = document.root.find("body")
    for element in body.iter(*_LABELLED):
        own = element.text
        if own and len(own) < _LONGEST_LINE and _LABEL.match(own):
            yield element, _behind_label(element)
    area = _area(document, h1)
    for element in area.iter(*_LABELLED) if area is not None else ():
        if (
            _DATED_CLASS.search(element.get("class") or "")
            and not _is_of_change(element)
            and not _is_listed(element)
        ):
            yield element, text_of(element)[:_LONGEST_LINE].strip()


def _behind_label(element: Any) -> str:
    """The text behind a label; where the label has an element of its own, that of the element around it."""
    for holder in (element, element.getparent()):
        line = text_of(holder)[:_LONGEST_LINE]
        label = _LABEL.match(line)
        if label and any(map(str.isdigit, line[label.end() :])):
            return line[label.end() :].strip()
    return ""


def _moment(line: str, languages: tuple[str, ...], taken: datetime) -> str | None:
    """Read a date at the beginning of a line; its wall clock, with its zone only where one is written."""
    words = line.split()
    for count in dict.fromkeys((len(words), *range(min(_MAX_WORDS, len(words)), 0, -1))):
        piece = " ".join(words[:count])
        if not any(map(str.isdigit, piece)):
            return None
        if date := dates.read(piece, zone=_UTC, taken=taken, languages=languages):
            return _iso(date)
    return None


def _iso(date: dates.Date) -> str:
    if date.precision == "day":
        return date.value.date().isoformat()
    moment = date.value.isoformat(timespec="seconds" if date.precision == "second" else "minutes")
    return moment if date.offset is not None else moment.removesuffix("+00:00")
