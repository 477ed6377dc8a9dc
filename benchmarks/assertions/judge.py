"""Judges the terms of an expectation by what the program made of the document.

feedparser states what a feed says; the program decides what an article is: titles are plain text,
links are cleaned, content is sanitized, dates are instants. So an expected value is brought into
the program's form before both are compared. A term about something that the program does not keep
(the type of a title, an e-mail address, a cloud) is not asked.
"""

from __future__ import annotations

import ast
import re
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aggregator.normalize import dates, html, language, text, url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aggregator.model import Revision

_UTC = ZoneInfo("UTC")
# `Ann Lee (ann@example.org)`, `ann@example.org (Ann Lee)`, `Ann Lee <ann@example.org>`
_ADDRESS = re.compile(r"[(<]?\s*[^\s()<>]+@[^\s()<>]+\s*[)>]?")


class Verdict(Enum):
    HELD = "held"
    FAILED = "failed"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the program made of a document; `error` says why it could not be read."""

    revisions: Sequence[Revision] = ()
    feed_title: str | None = None
    is_repaired: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one term; `seen` is what stood in the place of the expected value."""

    verdict: Verdict
    term: str
    seen: str = ""


def judge(term: ast.expr | None, reading: Reading) -> Judgement:
    """Judge one term; None stands for one that is no expression."""
    if term is None:
        return Judgement(Verdict.NOT_ASKED, "")
    if ast.unparse(term) == "not bozo":
        return _result(term, reading.error is None and not reading.is_repaired, _state(reading))

    if not _is_equation(term):
        return Judgement(Verdict.NOT_ASKED, ast.unparse(term))
    assert isinstance(term, ast.Compare)
    try:
        expected = ast.literal_eval(term.comparators[0])
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return Judgement(Verdict.NOT_ASKED, ast.unparse(term))

    if ast.unparse(term.left) == "len(entries)":
        count = len(reading.revisions)
        return _result(term, count == expected, f"{count} entries")
    path = read_path(term.left)
    if path is None:
        return Judgement(Verdict.NOT_ASKED, ast.unparse(term))
    return _judge_value(term, path, expected, reading)


def read_path(expression: ast.expr) -> tuple[str | int, ...] | None:
    """Return the names and indexes of `entries[0]['title']` or `entries[0].title`, else None."""
    if isinstance(expression, ast.Name):
        return (expression.id,)
    if isinstance(expression, ast.Attribute):
        step: Any = expression.attr
    elif isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
        step = expression.slice.value
    else:
        return None

    before = read_path(expression.value)
    if before is None or not isinstance(step, str | int):
        return None
    return (*before, step)


def _is_equation(term: ast.expr) -> bool:
    return isinstance(term, ast.Compare) and len(term.ops) == 1 and isinstance(term.ops[0], ast.Eq)


def _judge_value(
    term: ast.expr, path: tuple[str | int, ...], expected: Any, reading: Reading
) -> Judgement:
    if path in (("feed", "title"), ("feed", "title_detail", "value")):
        seen = reading.feed_title
        return _result(term, _is_text(seen, expected), repr(seen))

    if path == ("feed", "language"):
        path = ("entries", 0, "language")
    if path[0] != "entries" or len(path) < 3 or not isinstance(path[1], int):
        return Judgement(Verdict.NOT_ASKED, ast.unparse(term))
    question = _find_question(path[2:])
    if question is None or _is_unknown(question, expected):
        return Judgement(Verdict.NOT_ASKED, ast.unparse(term))
    if path[1] >= len(reading.revisions):
        return _result(term, False, _state(reading))

    holds, seen = question(reading.revisions[path[1]], expected, _index_in(path[2:]))
    return _result(term, holds, seen)


def _title(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    return _is_text(entry.title, expected), repr(entry.title)


def _link(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    found = (entry.url, entry.url_original)
    return expected in found or url.clean(str(expected)) == entry.url, repr(found)


def _guid(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    return entry.guid == expected, repr(entry.guid)


def _text(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    """A description may be the content, or the summary beside it."""
    seen = (entry.content_html, entry.summary)
    if entry.summary and _is_text(entry.summary, expected):
        return True, repr(seen)
    body = html.parse(str(expected))
    cleaned = None
    if body is not None:
        cleaned = html.clean(body, base=entry.url)
    return (entry.content_html or None) == (cleaned or None), repr(seen)


def _published(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    if entry.published_from == "first_seen":
        return False, "no date"
    return _instant(expected) == _second(entry.published), repr(entry.published.isoformat())


def _updated(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    """The only date of an item is when it was published, whatever its name."""
    seen = [entry.at]
    if entry.published_from != "first_seen":
        seen.append(entry.published)
    wanted = _instant(expected)
    holds = any(_second(moment) == wanted for moment in seen)
    return holds, repr([moment.isoformat() for moment in seen])


def _author(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    name = _name_of(expected)
    return name in entry.authors or name == ", ".join(entry.authors), repr(entry.authors)


def _author_at(entry: Revision, expected: Any, index: int) -> tuple[bool, str]:
    return entry.authors[index : index + 1] == (_name_of(expected),), repr(entry.authors)


def _category(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    return any(_is_text(tag, expected) for tag in entry.tags), repr(entry.tags)


def _language(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    wanted = language.canonical_tag(str(expected))
    found = entry.language
    holds = found == wanted or (wanted == "zh" and (found or "").startswith("zh-"))
    return holds, repr(found)


def _comments(entry: Revision, expected: Any, _: int) -> tuple[bool, str]:
    return entry.comments == expected, repr(entry.comments)


def _enclosure_url(entry: Revision, expected: Any, index: int) -> tuple[bool, str]:
    found = entry.enclosures[index].url if index < len(entry.enclosures) else None
    return found == url.clean(str(expected)), repr(entry.enclosures)


def _enclosure_type(entry: Revision, expected: Any, index: int) -> tuple[bool, str]:
    found = entry.enclosures[index].type if index < len(entry.enclosures) else None
    return found == expected, repr(entry.enclosures)


def _enclosure_length(entry: Revision, expected: Any, index: int) -> tuple[bool, str]:
    found = entry.enclosures[index].length if index < len(entry.enclosures) else None
    return str(found) == str(expected), repr(entry.enclosures)


def _enclosure(entry: Revision, expected: Any, index: int) -> tuple[bool, str]:
    """Compare all that an expected dictionary states of an enclosure."""
    asked = {
        "href": _enclosure_url,
        "url": _enclosure_url,
        "type": _enclosure_type,
        "length": _enclosure_length,
    }
    for name, value in expected.items():
        if name in asked and not asked[name](entry, value, index)[0]:
            return False, repr(entry.enclosures)
    return True, repr(entry.enclosures)


# By the path within an entry, with `*` for an index.
_QUESTIONS: dict[tuple[str, ...], Callable[[Revision, Any, int], tuple[bool, str]]] = {
    ("title",): _title,
    ("title_detail", "value"): _title,
    ("link",): _link,
    ("id",): _guid,
    ("guid",): _guid,
    ("summary",): _text,
    ("summary_detail", "value"): _text,
    ("description",): _text,
    ("content", "*", "value"): _text,
    ("published",): _published,
    ("published_parsed",): _published,
    ("updated",): _updated,
    ("updated_parsed",): _updated,
    ("date",): _updated,
    ("date_parsed",): _updated,
    ("author",): _author,
    ("author_detail", "name"): _author,
    ("authors", "*", "name"): _author_at,
    ("category",): _category,
    ("tags", "*", "term"): _category,
    ("language",): _language,
    ("comments",): _comments,
    ("enclosures", "*"): _enclosure,
    ("enclosures", "*", "href"): _enclosure_url,
    ("enclosures", "*", "url"): _enclosure_url,
    ("enclosures", "*", "type"): _enclosure_type,
    ("enclosures", "*", "length"): _enclosure_length,
}


def _find_question(
    path: tuple[str | int, ...],
) -> Callable[[Revision, Any, int], tuple[bool, str]] | None:
    pattern = tuple("*" if isinstance(step, int) else step for step in path)
    return _QUESTIONS.get(pattern)


def _index_in(path: tuple[str | int, ...]) -> int:
    return next((step for step in path if isinstance(step, int)), 0)


def _is_unknown(question: Callable[..., object], expected: Any) -> bool:
    """Tell whether the program has no counterpart of an expected value.

    That holds for authors who are an address alone, empty values, and dates that are none.
    """
    if question in (_author, _author_at):
        return not _name_of(expected)
    if question in (_published, _updated):
        return _instant(expected) is None
    if question is _enclosure:
        return not isinstance(expected, dict)
    return not isinstance(expected, str) or not expected


def _name_of(author: Any) -> str:
    """Return the name in `Ann Lee (ann@example.org)`, "" if there is none."""
    name = _ADDRESS.sub("", str(author or "")).strip()
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    return _plain(name)


def _instant(expected: Any) -> datetime | None:
    """Return an expected date, which is a text or the nine numbers of `time.struct_time`."""
    if isinstance(expected, tuple):
        try:
            return datetime.fromtimestamp(timegm(expected), UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            return None
    found = dates.read(str(expected or ""), zone=_UTC, taken=datetime.now(UTC))
    return _second(found.value) if found else None


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _is_text(seen: str | None, expected: Any) -> bool:
    """Tell whether a plain text is what an assertion expects, as it is or without its markup.

    Collections give texts and HTML alike, and mostly not the type.
    """
    value = str(expected or "")
    shown = " ".join((seen or "").split())
    literal = text.plain_text(value, "text")
    return shown in (literal, text.plain_text(value, "html"), text.plain_text(value))


def _plain(value: Any) -> str:
    return " ".join(text.plain_text(str(value or "")).split())


def _state(reading: Reading) -> str:
    if reading.error is not None:
        return reading.error
    repaired = ", repaired" if reading.is_repaired else ""
    return f"{len(reading.revisions)} entries{repaired}"


def _result(term: ast.expr, holds: bool, seen: str) -> Judgement:
    verdict = Verdict.HELD if holds else Verdict.FAILED
    return Judgement(verdict, ast.unparse(term), seen)
