"""One object of foreign JSON to a raw entry, by the names that its keys usually have.

Rule: names are compared without case, `_` and `-`. A value of the wrong type is absent. Each name is one candidate, in
the order of its list; what JSON-LD, WordPress, headless systems and hand-made interfaces call the same thing is one
field here.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from aggregator.adapters.feed.body import as_html
from aggregator.model import Found, RawEntry, RawImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Shape = Callable[[str, Any], Iterator[str]]

_TITLE = "title headline name heading webtitle posttitle articletitle newstitle subject"
_URL = """
    url link href permalink canonicalurl weburl articleurl posturl newsurl shareurl fullurl pageurl detailurl guidurl
    mainentityofpage @id path uri slug
"""
_PUBLISHED = """
    dategmt datepublished published publishedat publishedon publisheddate publishdate publishtime pubdate pubtime
    publicationdate webpublicationdate firstpublished firstpublishedat postdate displaydate releasedate newsdate date
    datetime createdat created datecreated createtime ctime timestamp time
"""
_UPDATED = "modifiedgmt datemodified updated updatedat updatedon modified modifiedat lastmodified lastmod updatetime"
_SUMMARY = (
    "summary description excerpt abstract teaser standfirst intro lead dek snippet trailtext digest"
)
_CONTENT = "contenthtml content body articlebody bodyhtml html fulltext text"
_AUTHORS = "authors author byline creator writer"
_IMAGES = """
    image images imageurl thumbnail thumbnailurl thumb cover coverimage picture photo featuredimage featuredimageurl
    leadimage heroimage urltoimage jetpackfeaturedmediaurl img pic poster
"""
_TAGS = "tags keywords categories category section articlesection sectionname topics"
_LANGUAGE = "language lang inlanguage locale"
_GUID = "guid id uuid articleid newsid postid nid"
_WRAPPERS = (
    "attributes",
    "node",
    "data",
    "fields",
    "_source",
    "item",
    "article",
    "post",
    "content",
    "news",
)

_NOT_IN_NAME = re.compile(r"[_-]")
_LINK = re.compile(r"(?:https?:)?//|/(?!$)|\./|\?", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,，;；、]\s*")
_CALLED = (
    "rendered",
    "name",
    "title",
    "label",
    "value",
    "text",
    "html",
)  # what an object that is a text calls it
_LEADING = ("url", "href", "@id", "src", "contenturl", "link")
_MAX_VALUES = 50  # of one key: images, tags, authors
_MAX_KEYS = 500  # of one object
_MOST_DIGITS = 15


def entry(data: Any, *, kind: str = "json") -> RawEntry:
    """Read one object; `kind` begins the provenance (`json`, `ld`). What is no object gives an empty entry."""
    keys = _keys(_unwrapped(data))

    def found(names: str, shape: Shape = _plain) -> tuple[Found, ...]:
        return tuple(
            Found(text, f"{kind}:{keys[name][0]}")
            for name in names.split()
            if name in keys
            for text in shape(name, keys[name][1])
        )

    return RawEntry(
        item="",
        url=found(_URL, _link),
        guid=next(iter(found(_GUID)), None),
        title=found(_TITLE),
        summary=found(_SUMMARY),
        content=tuple(Found(_as_html(one.value), one.where) for one in found(_CONTENT)),
        published=found(_PUBLISHED, _moment),
        updated=found(_UPDATED, _moment),
        authors=_first(found(_AUTHORS)),
        tags=_parted(found(_TAGS)),
        language=found(_LANGUAGE),
        images=tuple(RawImage(one.value, one.where) for one in found(_IMAGES, _link)),
    )


def is_listed(data: Any) -> bool:
    """Tell whether an object has something like a title and something like a link."""
    keys = _keys(_unwrapped(data))
    return _has(keys, _TITLE, _plain) and _has(keys, _URL, _link)


def _plain(_: str, value: Any) -> Iterator[str]:
    yield from _texts(value, _CALLED)


def _link(_: str, value: Any) -> Iterator[str]:
    """Yield the addresses; a bare slug is none, since only its site knows what stands before it."""
    yield from (text for text in _texts(value, _LEADING) if _LINK.match(text))


def _moment(name: str, value: Any) -> Iterator[str]:
    """Yield the dates; WordPress writes UTC without saying so, under a name that says it."""
    for text in _texts(value, _CALLED):
        yield (
            f"{text}Z" if name.endswith("gmt") and len(text) == len("2026-07-03T12:00:00") else text
        )


def _has(keys: Mapping[str, tuple[str, Any]], names: str, shape: Shape) -> bool:
    return any(
        name in keys and next(shape(name, keys[name][1]), None) is not None
        for name in names.split()
    )


def _keys(data: Any) -> Mapping[str, tuple[str, Any]]:
    """The values of an object by their plain names, each with its own; the first of equals."""
    keys: dict[str, tuple[str, Any]] = {}
    for name, value in islice(data.items(), _MAX_KEYS) if isinstance(data, dict) else ():
        keys.setdefault(_NOT_IN_NAME.sub("", str(name)[:60]).lower(), (str(name)[:60], value))
    return keys


def _unwrapped(data: Any) -> Any:
    """The object in the object that says the title, where the outer one says none (`{"node": {"title": …}}`)."""
    if not isinstance(data, dict) or _has(_keys(data), _TITLE, _plain):
        return data
    inner = (data[name] for name in _WRAPPERS if isinstance(data.get(name), dict))
    titled = next((one for one in inner if _has(_keys(one), _TITLE, _plain)), None)
    return {**data, **titled} if titled is not None else data


def _texts(value: Any, inside: Sequence[str], *, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(int(value)) if abs(value) < 10**_MOST_DIGITS else str(value)
    elif isinstance(value, list) and depth < 2:
        for one in islice(value, _MAX_VALUES):
            yield from _texts(one, inside, depth=depth + 1)
    elif isinstance(value, dict) and depth < 3:
        keys = _keys(value)
        named = next((keys[name][1] for name in inside if name in keys), None)
        yield from _texts(named, inside, depth=depth + 1)


def _first(found: tuple[Found, ...]) -> tuple[Found, ...]:
    """What the first key that says anything says; a number is the publisher's own business."""
    said = [one for one in found if not one.value.isdigit()]
    return tuple(one for one in said if one.where == said[0].where)


def _parted(found: Iterable[Found]) -> tuple[Found, ...]:
    parts = (
        Found(part.strip(), one.where) for one in found for part in _SEPARATOR.split(one.value)
    )
    return tuple(
        {one.value: one for one in parts if one.value and not one.value.isdigit()}.values()
    )


def _as_html(text: str) -> str:
    return text if "<" in text else as_html(text)
