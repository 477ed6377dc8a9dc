"""What a page states of its article without any selector: candidates for each field, best first.

Rule: JSON-LD of this article, then `article:` and `og:`, then its own markup (microdata, microformats), then what
stands around its heading, then other meta elements, then words. Valid beats present: a title that is the site's name,
an author that is an address, a player that is a page are none. `dateModified` is never when an article appeared.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from aggregator.adapters.article import clean_names, visible_dates
from aggregator.adapters.feed.media import number
from aggregator.adapters.html import head, json_ld, meta_names, microdata
from aggregator.model import Enclosure, Found, RawImage
from aggregator.normalize import dates, url
from aggregator.normalize.language import detect
from aggregator.normalize.language import tag as tag_of
from aggregator.rules.apply import media_type
from aggregator.rules.document import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from aggregator.rules.document import Document

MAX_TAGS = 50
MAX_LINKS = 5_000  # of a page that are looked at
MAX_PARAGRAPHS = 20  # of a page that does not say what language it is in, and
SAMPLE_CHARACTERS = 2_000  # of them
_Addressed = TypeVar("_Addressed", RawImage, Enclosure)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Candidates for each field, best first. Of authors and tags all are meant, of the others the first valid one.

    Addresses are absolute. `bodies` are elements of the document that are marked up as the article's text, with where;
    `texts` are plain texts of it. `site` is what its title may not be.
    """

    url: tuple[Found, ...] = ()
    title: tuple[Found, ...] = ()
    summary: tuple[Found, ...] = ()
    published: tuple[Found, ...] = ()
    updated: tuple[Found, ...] = ()
    authors: tuple[Found, ...] = ()
    tags: tuple[Found, ...] = ()
    language: tuple[Found, ...] = ()
    publisher: tuple[Found, ...] = ()
    images: tuple[RawImage, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    bodies: tuple[tuple[Any, str], ...] = ()
    texts: tuple[Found, ...] = ()
    site: clean_names.Site = clean_names.NO_SITE


def unique(found: Iterable[_Addressed]) -> tuple[_Addressed, ...]:
    """Give pictures or players by their addresses, each once, as it was found first."""
    kept: dict[str, _Addressed] = {}
    for one in found:
        kept.setdefault(one.url, one)
    return tuple(kept.values())


def stated(document: Document, *, taken: datetime) -> Metadata:
    """Collect what a page states of its article; `taken` is when it was captured, which words of dates count from."""
    return _Page(document, taken).read()


class _Page:
    """One page, looked at once: its head, its JSON-LD, its markup, its heading."""

    def __init__(self, document: Document, taken: datetime) -> None:
        self._document = document
        self._taken = taken
        self._head = head.read(document)
        titles = tuple(found.value for found in self._head.all("og:title", "twitter:title"))
        titles += (self._head.title,) if self._head.title else ()
        self._h1 = visible_dates.heading(document, titles)
        self._heading = " ".join(text_of(self._h1).split()) if self._h1 is not None else ""
        self._urls = tuple(self._canonical())
        self._data = json_ld.read(
            document,
            addresses=[
                address
                for address in (document.url, *(found.value for found in self._urls))
                if address
            ],
            headlines=[*titles, *([self._heading] if self._heading else [])],
        )
        self._items = microdata.read(document)
        self._times = visible_dates.times(document, self._h1)
        self._publishers = tuple(self._publisher())
        self._site = clean_names.site(
            (
                found.value
                for found in (
                    *self._publishers,
                    *self._sections(),
                    *self._head.all(*meta_names.SITE_META),
                )
            ),
            document.url,
        )

    def read(self) -> Metadata:
        titles = clean_names.titles(self._titles(), self._site)
        return Metadata(
            url=self._urls,
            title=titles,
            summary=self._summary(titles),
            published=self._published(),
            updated=self._updated(),
            authors=self._authors(),
            tags=self._tags(),
            language=tuple(self._language()),
            publisher=self._publishers,
            images=unique(self._images()),
            enclosures=unique(self._enclosures()),
            bodies=tuple(body for item in self._items for body in item.bodies()),
            texts=self._ld("articleBody"),
            site=self._site,
        )

    def _ld(self, *keys: str) -> tuple[Found, ...]:
        return _texts(self._data.article, keys)

    def _ld_names(self, key: str) -> tuple[Found, ...]:
        nodes = [node for node in (self._data.article, self._data.page) if node is not None]
        return next(
            (
                tuple(Found(name, f"ld:{key}") for name in names)
                for node in nodes
                if (names := node.names(key))
            ),
            (),
        )

    def _marked(self, field: str) -> tuple[Found, ...]:
        return tuple(found for item in self._items for found in item.values(field))

    def _titles(self) -> Iterator[Found]:
        yield from self._ld("headline") or self._ld("name")
        yield from self._head.all("og:title")
        yield from self._marked("title")
        if self._h1 is not None and self._heading:
            yield Found(self._heading, f"page:{self._h1.tag}")
        yield from self._head.all("twitter:title", "dc.title", "parsely-title", "sailthru.title")
        if self._head.title:
            yield Found(self._head.title, "page:title")

    def _summary(self, titles: tuple[Found, ...]) -> tuple[Found, ...]:
        unwanted = self._site.names | {clean_names.letters(found.value) for found in titles}
        found = (
            *self._head.all(*meta_names.SUMMARY_META),
            *self._ld("description", "abstract"),
            *self._marked("summary"),
        )
        return tuple(one for one in found if clean_names.letters(one.value) not in unwanted)

    def _published(self) -> tuple[Found, ...]:
        found = (
            *self._ld("datePublished"),
            *self._head.all(*meta_names.PUBLISHED_META),
            *self._marked("published"),
            *self._times.published,
            *self._head.all(*meta_names.OTHER_PUBLISHED_META),
            *self._head_dates(),
            *_texts(self._data.page, ("datePublished", "uploadDate")),
        )
        if any(dates.read(one.value, zone=_UTC, taken=self._taken) for one in found):
            return found
        written = visible_dates.written(
            self._document, self._h1, language=self._written_in(), taken=self._taken
        )
        return (*found, *written)

    def _head_dates(self) -> Iterator[Found]:
        """Meta elements of any other name that says so, with a date for machines."""
        for name, values in self._head.meta.items():
            if name not in meta_names.KNOWN_META and meta_names.SAYS_PUBLISHED.search(name):
                yield from (
                    Found(value, f"meta:{name}")
                    for value in values
                    if meta_names.FOR_MACHINES.match(value)
                )

    def _written_in(self) -> str | None:
        """The language that words of dates are in: what the page states, else what its text is."""
        stated = next((tag for one in self._language() if (tag := tag_of(one.value))), None)
        if stated:
            return stated
        paragraphs = (
            text_of(element) for element in islice(self._document.root.iter("p"), MAX_PARAGRAPHS)
        )
        return detect(" ".join((self._head.title or "", *paragraphs))[:SAMPLE_CHARACTERS])

    def _updated(self) -> tuple[Found, ...]:
        return (
            *self._ld("dateModified"),
            *self._head.all(*meta_names.UPDATED_META),
            *self._marked("updated"),
            *self._times.updated,
            *_texts(self._data.page, ("dateModified",)),
        )

    def _authors(self) -> tuple[Found, ...]:
        """The names of the first place that names anybody: places spell people differently."""
        places: tuple[Iterable[Found], ...] = (
            self._ld_names("author"),
            self._ld_names("creator"),
            *(item.names() for item in self._items),
            *(self._head.all(name) for name in meta_names.AUTHOR_META),
            self._linked_authors(),
        )
        return next(
            (people for place in places if (people := clean_names.authors(place, self._site))), ()
        )

    def _linked_authors(self) -> Iterator[Found]:
        for element in islice(self._document.root.iter("a"), MAX_LINKS):
            if "author" in (element.get("rel") or "").lower().split() and (
                name := text_of(element).strip()
            ):
                yield Found(name, "page:a[rel=author]")

    def _tags(self) -> tuple[Found, ...]:
        places: tuple[Iterable[Found], ...] = (
            self._head.all("article:tag"),
            self._ld("keywords"),
            *(self._head.all(name) for name in meta_names.TAG_META),
            *((found for found in item.values("tags")) for item in self._items),
        )
        return next(
            (tags for place in places if (tags := clean_names.tags(place, self._site))), ()
        )[:MAX_TAGS]

    def _language(self) -> Iterator[Found]:
        if self._head.lang:
            yield Found(self._head.lang, "page:lang")
        yield from self._head.all("og:locale")
        yield from self._ld("inLanguage") or self._ld_names("inLanguage")
        yield from self._marked("language")
        yield from self._head.all("content-language", "dc.language", "language")

    def _publisher(self) -> Iterator[Found]:
        yield from self._head.all("og:site_name")
        yield from self._ld_names("publisher")
        yield from self._head.all("application-name")
        yield from (Found(name, "ld:name") for name in self._data.sites)

    def _sections(self) -> Iterator[Found]:
        yield from self._head.all("article:section")
        yield from self._ld("articleSection")

    def _canonical(self) -> Iterator[Found]:
        """Addresses that the page gives itself: on its own site, and no home page (RULES: urls)."""
        stated = (
            *(
                (address, "page:link[rel=canonical]")
                for address in self._head.links.get("canonical", ())[:1]
            ),
            *((found.value, found.where) for found in self._head.all("og:url")),
        )
        for address, where in stated:
            found = url.absolute(address, base=self._document.home)
            if found and url.same_site(found, self._document.url or "") and not _is_root(found):
                yield Found(found, where)

    def _images(self) -> Iterator[RawImage]:
        yield from self._open_graph_images()
        for node in (self._data.article, self._data.page):
            pictures = (
                [*json_ld.pictures(node), *json_ld.pictures(node, "thumbnailUrl")] if node else []
            )
            for one in pictures:
                yield from self._image(
                    one.url, "ld:image", width=one.width, height=one.height, caption=one.caption
                )
        for item in self._items:
            for found in item.addresses("image"):
                yield from self._image(found.value, found.where)
        for found in self._head.all(
            "twitter:image", "twitter:image:src", "parsely-image-url", "sailthru.image.full"
        ):
            yield from self._image(found.value, found.where)
        for address in self._head.links.get("image_src", ()):
            yield from self._image(address, "page:link[rel=image_src]")

    def _open_graph_images(self) -> Iterator[RawImage]:
        """Sizes stand beside an image and name none: they are believed where there is one."""
        found = list(self._head.all(*meta_names.IMAGE_META))
        alone = len({clean_names.letters(one.value.partition("//")[2]) for one in found}) == 1
        for one in found:
            if alone:
                width, height = (
                    number(self._head.first(f"og:image:{side}")) for side in ("width", "height")
                )
                yield from self._image(
                    one.value,
                    one.where,
                    width=width,
                    height=height,
                    alt=self._head.first("og:image:alt"),
                )
            else:
                yield from self._image(one.value, one.where)

    def _image(self, address: str, where: str, **known: Any) -> Iterator[RawImage]:
        if found := url.absolute(address, base=self._document.home):
            yield RawImage(found, where, **known)

    def _enclosures(self) -> Iterator[Enclosure]:
        for key in ("audio", "video", "associatedMedia"):
            for holder in (self._data.article, self._data.page):
                for node in holder.nodes(key) if holder else ():
                    yield from self._players(node)
        if self._data.page is not None:
            yield from self._players(self._data.page)
        for found in self._head.all(*meta_names.PLAYER_META):
            yield from self._file(found.value)

    def _players(self, node: json_ld.Node) -> Iterator[Enclosure]:
        length = next(
            (seconds for value in node.texts("duration") if (seconds := json_ld.seconds(value))),
            None,
        )
        for address in node.texts("contentUrl"):
            yield from self._file(address, duration=length)

    def _file(self, address: str, *, duration: int | None = None) -> Iterator[Enclosure]:
        """A file that plays; the address of a player is the address of a page."""
        found = url.absolute(address, base=self._document.home)
        if found and (kind := media_type(found)):
            yield Enclosure(found, kind, duration=duration)


def _texts(node: json_ld.Node | None, keys: Iterable[str]) -> tuple[Found, ...]:
    return (
        tuple(Found(value, f"ld:{key}") for key in keys for value in node.texts(key))
        if node
        else ()
    )


def _is_root(address: str) -> bool:
    return url.key(address).rstrip("/").count("/") < 3 and "?" not in address  # `//host`
