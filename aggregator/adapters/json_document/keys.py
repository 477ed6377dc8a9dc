"""Reads one object of foreign JSON as an entry, by the names that its keys usually have.

Names are compared without case, `_` and `-`. A value of the wrong type counts as absent.
Each name is one candidate, in the order of its list: what JSON-LD, WordPress, headless
systems and hand-made interfaces call the same thing is one field here.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.adapters.feed.body import text_to_html
from aggregator.model import Candidate, RawEntry, RawImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    # Yields the texts in the value of a key, whose plain name comes first.
    Reader = Callable[[str, Any], Iterator[str]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_TITLE = _names("title headline name heading webtitle posttitle articletitle newstitle subject")
_URL = _names("""
    url link href permalink canonicalurl weburl articleurl posturl newsurl shareurl fullurl
    pageurl detailurl guidurl mainentityofpage @id path uri slug
""")
_PUBLISHED = _names("""
    dategmt datepublished published publishedat publishedon publisheddate publishdate
    publishtime pubdate pubtime publicationdate webpublicationdate firstpublished
    firstpublishedat postdate displaydate releasedate newsdate date datetime createdat created
    datecreated createtime ctime timestamp time
""")
_UPDATED = _names("""
    modifiedgmt datemodified updated updatedat updatedon modified modifiedat lastmodified
    lastmod updatetime
""")
_SUMMARY = _names("""
    summary description excerpt abstract teaser standfirst intro lead dek snippet trailtext
    digest
""")
_CONTENT = _names("contenthtml content body articlebody bodyhtml html fulltext text")
_AUTHORS = _names("authors author byline creator writer")
_IMAGES = _names("""
    image images imageurl thumbnail thumbnailurl thumb cover coverimage picture photo
    featuredimage featuredimageurl leadimage heroimage urltoimage jetpackfeaturedmediaurl img
    pic poster
""")
_TAGS = _names("tags keywords categories category section articlesection sectionname topics")
_LANGUAGE = _names("language lang inlanguage locale")
_SLUG = _names("slug urlslug postslug")
_GUID = _names("guid id uuid articleid newsid postid nid slug")
_WRAPPERS = _names("attributes node data fields _source item article post content news")

# The keys of an object that stands for a text, and of one that stands for a link.
_TEXT_KEYS = _names("rendered name title label value text html")
_SLUG_KEYS = _names("current slug value")
_LINK_KEYS = _names("url href @id src contenturl link")
# What JSON-LD names its nodes by: `/a/#article` is a node of the page `/a/`, no place in it.
_NODE_NAMES = ("@id", "mainentityofpage")

_NOT_IN_NAME = re.compile(r"[_-]")
_LINK = re.compile(r"(?:https?:)?//|/(?!$)|\./|\?", re.IGNORECASE)
_SLUG_TEXT = re.compile(r"[\w%~.-]+(?:/[\w%~.-]+){0,8}/?")
_SEPARATOR = re.compile(r"[,，;；、]\s*")
_MAX_VALUES = 50  # of one key: images, tags, authors
_MAX_KEYS = 500  # of one object
_MAX_KEY = 60  # characters
_MAX_DIGITS = 15
_WORDPRESS_DATE = len("2026-07-03T12:00:00")


class _Key(NamedTuple):
    """A key as it is written, and its value."""

    name: str
    value: Any


class _Fields:
    """The fields of one object, by their usual names."""

    def __init__(self, keys: Mapping[str, _Key], kind: str) -> None:
        self._keys = keys
        self._kind = kind

    def texts(self, names: Iterable[str]) -> tuple[Candidate, ...]:
        return self._read(names, _plain_texts)

    def links(self, names: Iterable[str]) -> tuple[Candidate, ...]:
        return self._read(names, _links)

    def slugs(self, names: Iterable[str]) -> tuple[Candidate, ...]:
        return self._read(names, _slugs)

    def dates(self, names: Iterable[str]) -> tuple[Candidate, ...]:
        return self._read(names, _dates)

    def _read(self, names: Iterable[str], reader: Reader) -> tuple[Candidate, ...]:
        found = []
        for name in names:
            key = self._keys.get(name)
            if key is None:
                continue
            for text in reader(name, key.value):
                found.append(Candidate(text, f"{self._kind}:{key.name}"))
        return tuple(found)


def read_entry(data: Any, *, kind: str = "json", slug_base: str | None = None) -> RawEntry:
    """Read one object; what is no object gives an empty entry.

    `kind` begins the provenance (`json`, `ld`). A `slug` stands for a link if it is known
    what comes before it: `slug_base`, with a slash at its end.
    """
    fields = _Fields(_keys(_unwrap(data)), kind)
    url = fields.links(_URL)
    if not url and slug_base is not None:
        slugs = fields.slugs(_SLUG)
        url = tuple(Candidate(slug_base + slug.value, slug.where) for slug in slugs)
    return RawEntry(
        label="",
        url=url,
        guid=next(iter(fields.texts(_GUID)), None),
        title=fields.texts(_TITLE),
        summary=fields.texts(_SUMMARY),
        content_html=_content(fields.texts(_CONTENT)),
        published=fields.dates(_PUBLISHED),
        updated=fields.dates(_UPDATED),
        authors=_authors(fields.texts(_AUTHORS)),
        tags=_tags(fields.texts(_TAGS)),
        language=fields.texts(_LANGUAGE),
        image=tuple(RawImage(url.value, url.where) for url in fields.links(_IMAGES)),
    )


def looks_like_article(data: Any) -> bool:
    """Tell whether an object has something like a title and something like a link.

    A slug counts as a link only beside a date: topics and authors have slugs too.
    """
    keys = _keys(_unwrap(data))
    if not _has(keys, _TITLE, _plain_texts):
        return False
    if _has(keys, _URL, _links):
        return True
    return _has(keys, _SLUG, _slugs) and _has(keys, _PUBLISHED, _dates)


def find_slug(data: Any) -> str | None:
    """Return the slug of an object, None without one."""
    fields = _Fields(_keys(_unwrap(data)), "json")
    slugs = [slug.value for slug in fields.slugs(_SLUG)]
    return next(iter(slugs), None)


def _has(keys: Mapping[str, _Key], names: Iterable[str], reader: Reader) -> bool:
    for name in names:
        if name not in keys:
            continue
        if next(reader(name, keys[name].value), None) is not None:
            return True
    return False


def _plain_texts(_: str, value: Any) -> Iterator[str]:
    return _texts(value, _TEXT_KEYS)


def _links(name: str, value: Any) -> Iterator[str]:
    """Yield the URLs; a bare slug is none, because only its site knows what comes before it."""
    for text in _texts(value, _LINK_KEYS):
        if name in _NODE_NAMES:
            text = text.partition("#")[0]
        if _LINK.match(text):
            yield text


def _slugs(_: str, value: Any) -> Iterator[str]:
    """Yield the slugs (`ferry-line-reopens`); headless systems wrap them: `{"current": …}`."""
    for text in _texts(value, _SLUG_KEYS):
        slug = text.strip("/")
        if _SLUG_TEXT.fullmatch(slug):
            yield slug


def _dates(name: str, value: Any) -> Iterator[str]:
    """Yield the dates; WordPress writes UTC without a zone, in a key that says GMT."""
    for text in _texts(value, _TEXT_KEYS):
        if name.endswith("gmt") and len(text) == _WORDPRESS_DATE:
            yield f"{text}Z"
        else:
            yield text


def _keys(data: Any) -> Mapping[str, _Key]:
    """Return the keys of an object by their plain names; of equal ones the first."""
    keys: dict[str, _Key] = {}
    if not isinstance(data, dict):
        return keys
    for key, value in islice(data.items(), _MAX_KEYS):
        name = str(key)[:_MAX_KEY]
        plain_name = _NOT_IN_NAME.sub("", name).lower()
        if plain_name not in keys:
            keys[plain_name] = _Key(name, value)
    return keys


def _unwrap(data: Any) -> Any:
    """Merge an object without a title with the one in it that has the title.

    For example `{"node": {"title": …}}`.
    """
    if not isinstance(data, dict) or _has_title(data):
        return data

    for name in _WRAPPERS:
        inner = data.get(name)
        if not isinstance(inner, dict):
            continue
        if _has_title(inner):
            return {**data, **inner}
    return data


def _has_title(data: Any) -> bool:
    return _has(_keys(data), _TITLE, _plain_texts)


def _texts(value: Any, inner_keys: Sequence[str], *, depth: int = 0) -> Iterator[str]:
    """Yield the texts in a value; those of an object are under the first of `inner_keys`."""
    if isinstance(value, str):
        stripped = value.strip()
        if stripped:
            yield stripped
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield _number_text(value)
    elif isinstance(value, list) and depth < 2:
        for member in islice(value, _MAX_VALUES):
            yield from _texts(member, inner_keys, depth=depth + 1)
    elif isinstance(value, dict) and depth < 3:
        inner_value = _first_value(value, inner_keys)
        yield from _texts(inner_value, inner_keys, depth=depth + 1)


def _first_value(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Return the value of an object under the first of some keys that it has, else None."""
    keys = _keys(value)
    for name in names:
        if name in keys:
            return keys[name].value
    return None


def _number_text(value: float) -> str:
    if abs(value) < 10**_MAX_DIGITS:
        return str(int(value))
    return str(value)


def _content(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Turn plain text into HTML."""
    content = []
    for candidate in candidates:
        if "<" in candidate.value:
            content.append(candidate)
        else:
            content.append(Candidate(text_to_html(candidate.value), candidate.where))
    return tuple(content)


def _authors(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return the authors of the first key that names any; a number is an internal id."""
    authors: list[Candidate] = []
    for candidate in candidates:
        if candidate.value.isdigit():
            continue
        if authors and candidate.where != authors[0].where:
            break
        authors.append(candidate)
    return tuple(authors)


def _tags(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Split tags at commas and semicolons; a number is an internal id."""
    tags: dict[str, Candidate] = {}
    for candidate in candidates:
        for part in _SEPARATOR.split(candidate.value):
            tag = part.strip()
            if tag and not tag.isdigit():
                tags[tag] = Candidate(tag, candidate.where)
    return tuple(tags.values())
