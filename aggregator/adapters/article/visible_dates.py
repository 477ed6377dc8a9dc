"""Finds what a reader sees at the head of an article: its heading, its `time` elements, dates behind labels.

Only what is around the heading counts; lists, asides, footers and other articles do not. A date in words is read
in the page's language and returned as ISO 8601, because later stages do not know that language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.adapters.article import byline_dates
from aggregator.adapters.html import class_names, head
from aggregator.adapters.html.class_names import has_any_word
from aggregator.model import Candidate
from aggregator.normalize import dates, text
from aggregator.rules.document import element_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from aggregator.rules.document import Document

MAX_LEVELS = 4  # above the heading, if it is in no `article`
MAX_HEADINGS = 50
MAX_PLAIN_HEADINGS = 3_000  # elements that may be a heading without its tag
_MAX_HEADING_PARTS = 4  # elements in one of these
_PLAIN_HEADING_TAGS = ("div", "p", "td", "font", "b", "strong", "span")
MAX_TIMES = 50
_TIME_TAGS = ("time", "abbr", "relative-time", "time-ago")
MAX_DATE_ELEMENTS = 6  # of a page that are tried
_MAX_LINE = 200  # characters: a byline, not a paragraph
_MAX_WORDS = 8  # of a date
_TITLE_SEPARATORS = "|-–—•·«»:"
_MIN_HEADING_WORDS = 3  # of a heading that no title confirms
_MIN_TITLE = 8  # characters; a shorter heading begins too many titles

_OUTSIDE_TAGS = frozenset({"aside", "nav", "footer", "ul", "ol", "table", "form", "article"})
_CHANGE_CLASS = re.compile(r"updat|modif|edit|chang|revis", re.IGNORECASE)
_PUBLISHED_LABELS = r"""
    this\s+(?:entry|post|article|story)\s+was\s+(?:posted|published|written|filed)(?:\s+on)?
    | (?:dieser|dieses)\s+(?:artikel|beitrag|eintrag|text|posting)\s+(?:wurde|ist|erschien)(?:\s+(?:zuerst\s+)?am)?
    | ce(?:t\s+article|\s+billet|t\s+entrée)\s+(?:a\s+été|est)\s+(?:publiée?|postée?|posté|paru)(?:\s+le)?
    | published(?:\s+(?:on|at))? | posted(?:\s+on)? | date\s+of\s+publication | publication\s+date | first\s+published
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
_DATE_LABEL = re.compile(
    r"\s*(?:date|datum|fecha|data|дата|dato|päivämäärä)\s*[:：]?\s*", re.IGNORECASE
)
_DATE_CLASS = re.compile(
    r"(?<![a-z])(?:pub(?:lish(?:ed)?)?[-_]?)?(?:date|time|timestamp|datetime)(?![a-z])",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")  # relative dates have none
_LINE_END = re.compile(r"\s*[|｜·•\n\r\t]\s*|\s{3,}|(?:来源|來源|作者|编辑|編輯|责编)[:：]")
_DATE_TAGS = (
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
class HeaderTimes:
    """The `time[datetime]` of an article's header, in the order of the page."""

    published: tuple[Candidate, ...] = ()
    updated: tuple[Candidate, ...] = ()


def find_heading(document: Document, titles: tuple[str, ...] = ()) -> Any | None:
    """Return the element of the article's heading, None if it is unclear which one it is.

    That is the only `h1`, else the only `h1` inside an article, else the first heading that is one of `titles`, an `h1`
    before those of other levels. `titles` may have the site's name around them.
    """
    headings = []
    in_article = []
    for element in islice(document.root.iter("h1"), MAX_HEADINGS):
        words = element_text(element)
        if not words.strip() or _names_the_site(words, titles):
            continue
        headings.append(element)
        if next(element.iterancestors("article", "main"), None) is not None:
            in_article.append(element)
    if len(headings) == 1:
        return headings[0]
    if len(in_article) == 1:
        return in_article[0]

    folded_titles = [_fold(title) for title in titles]
    lower_headings = islice(document.root.iter("h2", "h3", "h4"), MAX_HEADINGS)
    for element in (*headings, *lower_headings):
        if _is_title(element_text(element), folded_titles):
            return element
    plain = _find_plain_heading(document, folded_titles)
    if plain is not None:
        return plain
    return _first_heading(document, headings, in_article)


def _first_heading(document: Document, headings: list[Any], in_article: list[Any]) -> Any | None:
    """Return the first `h1` in an article, or the first `h2` of a page without one, if its titles say nothing."""
    candidates = in_article
    if not headings:
        candidates = list(islice(document.root.iter("h2"), MAX_HEADINGS))
    for element in candidates:
        if len(element_text(element).split()) >= _MIN_HEADING_WORDS and not _is_in_menu(element):
            return element
    return None


def _find_plain_heading(document: Document, folded_titles: list[str]) -> Any | None:
    """Return the first short element whose whole text is one of the titles: old pages write headings so."""
    if not folded_titles:
        return None
    for element in islice(document.root.iter(*_PLAIN_HEADING_TAGS), MAX_PLAIN_HEADINGS):
        if len(list(islice(element.iter(), _MAX_HEADING_PARTS + 1))) > _MAX_HEADING_PARTS:
            continue
        if _is_title(element_text(element), folded_titles) and not _is_in_menu(element):
            return element
    return None


def _names_the_site(heading: str, titles: tuple[str, ...]) -> bool:
    """Return whether a heading only ends a title, behind a separator and more words: it is the site's on all its pages."""
    folded = _fold(heading)
    for title in titles:
        before = _fold(title).removesuffix(folded).rstrip()
        is_behind_separator = before != _fold(title) and before[-1:] in tuple(_TITLE_SEPARATORS)
        if is_behind_separator and len(before.split()) > len(folded.split()):
            return True
    return False


def _is_in_menu(element: Any) -> bool:
    return next(element.iterancestors("nav", "aside", "footer", "a", "ul"), None) is not None


def _is_title(heading: str, folded_titles: list[str]) -> bool:
    """Return whether a heading is a title, or begins one that goes on with the name of the site."""
    folded = _fold(heading)
    if not folded:
        return False
    if folded in folded_titles:
        return True
    if len(folded) < _MIN_TITLE:
        return False

    for title in folded_titles:
        if title.startswith(folded):
            next_character = title[len(folded)]
            if not next_character.isalnum():
                return True
    return False


def _fold(value: str) -> str:
    return text.fold(" ".join(value.split()))


def find_times(document: Document, heading: Any | None) -> HeaderTimes:
    """Return the times around a heading; those of a change are `updated`.

    The second time of publication is taken for one of a change, after those that say so.
    """
    published: list[Candidate] = []
    updated: list[Candidate] = []
    for element in _time_elements(document, heading):
        time = Candidate(_machine_time(element), document.where(element))
        if _is_of_change(element):
            updated.append(time)
        else:
            published.append(time)
    return HeaderTimes(tuple(published[:1]), (*updated, *published[1:2]))


def find_written_dates(
    document: Document, heading: Any | None, *, language: str | None, taken: datetime
) -> tuple[Candidate, ...]:
    """Return the dates in text: behind a label of any language, in a date's class, in the article's byline.

    `language` is the language of month names, None if it is unknown; `taken` is the time that relative dates count from.
    """
    languages = (language,) if language else ()
    absolute: dict[str, Candidate] = {}
    relative: dict[str, Candidate] = {}
    for element, texts in _date_elements(document, heading):
        moment = _read_first_date(texts, languages, taken)
        if moment:
            found = absolute if _YEAR.search(texts[-1]) else relative
            found.setdefault(moment, Candidate(moment, document.where(element)))
    return (*absolute.values(), *relative.values())


def find_agreeing_date(
    document: Document, day: date, *, language: str | None, taken: datetime
) -> Candidate | None:
    """Return the date in the text of a page that is the day of its URL, None if it names no such day."""
    languages = (language,) if language else ()
    body = document.root.find("body")
    for element, texts in byline_dates.find_all_dates(body):
        moment = _read_first_date(texts, languages, taken)
        if moment and moment.startswith(day.isoformat()):
            return Candidate(moment, document.where(element))
    return None


def _date_elements(document: Document, heading: Any | None) -> Iterator[tuple[Any, Sequence[str]]]:
    """Yield the elements that may hold a date, each with the texts to parse, best first."""
    labelled = _labelled_and_classed(document, heading)
    for element, value in islice(labelled, MAX_DATE_ELEMENTS):
        first_line = _first_line(value[:_MAX_LINE])
        if first_line:
            yield element, (first_line,)

    body = document.root.find("body")
    in_bylines = byline_dates.find_date_elements(body, heading, _article_area(document, heading))
    yield from islice(in_bylines, MAX_DATE_ELEMENTS)


def _first_line(value: str) -> str:
    """Return the first part of a text that is not blank, "" if there is none."""
    for part in _LINE_END.split(value):
        stripped = part.strip()
        if stripped:
            return stripped
    return ""


def _time_elements(document: Document, heading: Any | None) -> Iterator[Any]:
    area = _article_area(document, heading)
    if area is None:
        return
    for element in islice(area.iter(*_TIME_TAGS), MAX_TIMES):
        if _machine_time(element) and not _is_outside(element, area):
            yield element


def _machine_time(element: Any) -> str:
    """Return the `datetime` of an element, else its `title` if that is a machine's date; "" without one.

    Relative times (`3 hours ago`) have the moment that they mean there.
    """
    stated: str = element.get("datetime", "").strip()
    title: str = element.get("title", "").strip()
    if not stated and head.MACHINE_DATE.match(title):
        return title
    return stated


def _article_area(document: Document, heading: Any | None) -> Any | None:
    """Return the element that holds the article's own times, None if there is no such element.

    That is the article around the heading, else an element at most four levels above it: the lowest one with a time.
    """
    if heading is None:
        articles = list(islice(document.root.iter("article"), 2))
        return articles[0] if len(articles) == 1 else None

    article = next(heading.iterancestors("article"), None)
    if article is not None:
        return article

    above = []
    for ancestor in islice(heading.iterancestors(), MAX_LEVELS):
        if ancestor.tag not in ("body", "html"):
            above.append(ancestor)
    if not above:
        return document.root.find("body")
    for ancestor in above:
        if any(_machine_time(time) for time in islice(ancestor.iter(*_TIME_TAGS), MAX_TIMES)):
            return ancestor
    return above[-1]


def _is_outside(element: Any, area: Any) -> bool:
    """Return whether an element of an area belongs to a list, an aside, comments or another article."""
    for ancestor in element.iterancestors():
        if ancestor is area:
            return False
        if ancestor.tag in _OUTSIDE_TAGS:
            return True
        if has_any_word(ancestor, class_names.COMMENTS):
            return True
    return False


def _is_in_teaser(element: Any) -> bool:
    """Return whether an element is in a list item with more words than a byline: another article's."""
    item = next(element.iterancestors("li"), None)
    if item is None:
        return False
    return text.count_words(element_text(item)) > _MAX_WORDS


def _is_of_change(element: Any) -> bool:
    names = [element.get("class"), element.get("itemprop")]
    parent = element.getparent()
    if parent is not None:
        names.append(parent.get("class"))
    joined = " ".join(name for name in names if name)
    return _CHANGE_CLASS.search(joined) is not None


def _labelled_and_classed(document: Document, heading: Any | None) -> Iterator[tuple[Any, str]]:
    """Yield the elements with a label, then those with a date's class, each with the text of its date."""
    body = document.root.find("body")
    for element in body.iter(*_DATE_TAGS):
        own_text = element.text or ""
        if len(own_text) < _MAX_LINE and _LABEL.match(own_text):
            yield element, _text_behind_label(element) or _text_beside_label(element)
        elif len(own_text) < _MAX_LINE and _DATE_LABEL.fullmatch(own_text):
            yield element, _text_beside_label(element)

    area = _article_area(document, heading)
    if area is not None:
        yield from _elements_with_date_class(area)


def _elements_with_date_class(area: Any) -> Iterator[tuple[Any, str]]:
    for element in area.iter(*_DATE_TAGS):
        if not _DATE_CLASS.search(element.get("class", "")):
            continue
        if _is_of_change(element) or _is_in_teaser(element):
            continue
        yield element, element_text(element)[:_MAX_LINE].strip()


def _text_behind_label(element: Any) -> str:
    """Return the text behind a label, "" if there is no digit in it.

    If the label has an element of its own, the text is in the element around it.
    """
    for holder in (element, element.getparent()):
        line = element_text(holder)[:_MAX_LINE]
        label = _LABEL.match(line)
        if label is None:
            continue
        behind = line[label.end() :].strip()
        if _has_digit(behind):
            return behind
    return ""


def _text_beside_label(element: Any) -> str:
    """Return the text of the element after one that is a label alone, "" if there is no digit in it."""
    beside = element.getnext()
    if beside is None or not isinstance(beside.tag, str):
        return ""
    words = element_text(element).strip()
    if not _LABEL.fullmatch(words) and not _DATE_LABEL.fullmatch(words):
        return ""
    value = element_text(beside)[:_MAX_LINE].strip()
    return value if _has_digit(value) else ""


def _read_first_date(
    texts: Sequence[str], languages: tuple[str, ...], taken: datetime
) -> str | None:
    for line in texts:
        moment = _read_date(line, languages, taken)
        if moment:
            return moment
    return None


def _read_date(line: str, languages: tuple[str, ...], taken: datetime) -> str | None:
    """Read a date at the beginning of a line, None if there is none.

    The result is its wall clock, with a zone only if one is written.
    """
    words = line.split()
    # The whole line, then its first 8, 7, 6 … words.
    counts = (len(words), *range(min(_MAX_WORDS, len(words)), 0, -1))
    for count in dict.fromkeys(counts):
        piece = " ".join(words[:count])
        if not _has_digit(piece):
            return None
        date = dates.read(piece, zone=_UTC, taken=taken, languages=languages)
        if date:
            return _to_iso(date)
    return None


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))


def _to_iso(date: dates.Date) -> str:
    if date.precision == "day":
        return date.value.date().isoformat()

    timespec = "seconds" if date.precision == "second" else "minutes"
    moment = date.value.isoformat(timespec=timespec)
    if date.offset is None:
        return moment.removesuffix("+00:00")
    return moment
