"""One raw entry in, one revision in the common schema out.

Rule: each field takes the first candidate that is *valid*, not merely present, and `provenance` says which it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aggregator.errors import ItemError
from aggregator.model import Enclosure, Found, Image, RawEntry, Revision
from aggregator.normalize import dates, html, image, language, media, text, url
from aggregator.normalize.identity import content_hash, keys_of

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.normalize.calendars import Calendar
    from aggregator.normalize.date_forms import Order

LONGEST_TITLE_CHARACTERS = 1_000  # longer ones are an article, or an attack
TITLE_CHARACTERS = 100  # of the text that stands in for a missing title (miniflux's figure)
LANGUAGE_SAMPLE = 1500  # characters


@dataclass(frozen=True, slots=True)
class Context:
    """What holds for an item beyond its own words: its source, the time of capture, and its site's rules."""

    source: str
    taken: datetime
    timezone: ZoneInfo
    language: str | None = None
    tags: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    order: Order | None = None
    calendar: Calendar = "gregorian"
    site_keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    guarded: bool = False
    host_alias: Mapping[str, str] = field(default_factory=dict)
    drop_params: tuple[str, ...] = ()
    keep_params: tuple[str, ...] = ()
    junk: tuple[re.Pattern[str], ...] = ()
    placeholders: tuple[re.Pattern[str], ...] = ()


def normalize(raw: RawEntry, body: Any | None, context: Context) -> Revision:
    """Judge one item. `body` is its parsed content (used up), None where it has none.

    Raises:
        ItemError: where nothing names it.
    """
    return _Judge(raw, context).decide(body)


def link_of(raw: RawEntry, *, drop: Iterable[str] = (), keep: Iterable[str] = ()) -> tuple[str | None, Found | None]:
    """The first candidate that is a link to open, cleaned, and the candidate itself."""
    for found in raw.url:
        address = url.clean(url.unwrap(found.value), base=raw.base, drop=tuple(drop), keep=tuple(keep))
        if address:
            return address, found
    return None, None


class _Judge:
    def __init__(self, raw: RawEntry, context: Context) -> None:
        self._raw = raw
        self._context = context
        self._provenance: dict[str, str] = {}

    def decide(self, body: Any | None) -> Revision:
        raw, context = self._raw, self._context
        captured = raw.captured or context.taken
        address, link = link_of(raw, drop=context.drop_params, keep=context.keep_params)
        picture = self._image(body)
        content = self._content(body, address)
        title = self._title(content, address)
        published, published_from, stated = self._published(captured)
        self._note("url", link.where if link else None)
        self._note("guid", raw.guid.where if raw.guid else None)
        revision = Revision(
            source=context.source,
            keys=keys_of(
                raw, context.source, site=context.site_keys, aliases=context.aliases, address=address,
                host_alias=context.host_alias, title=title, stated=stated,
            ),
            guarded=context.guarded and bool(context.site_keys),
            at=self._updated(captured) or captured,
            captured=captured,
            hash="",
            url=address,
            url_original=link.value if link else None,
            title=title,
            published=published,
            published_from=published_from,
            summary=self._plain("summary", raw.summary),
            content_html=content,
            authors=self._plains("authors", raw.authors),
            credits=self._plains("credits", raw.credits),
            tags=tuple(dict.fromkeys((*self._plains("tags", raw.tags), *context.tags))),
            language=self._language(title, content),
            publisher=self._plain("publisher", raw.publisher),
            image=picture,
            enclosures=self._enclosures(),
            guid=raw.guid.value if raw.guid else None,
            provenance=self._provenance,
        )  # fmt: skip
        return replace(revision, hash=_hash_of(revision))

    def _content(self, body: Any | None, address: str | None) -> str | None:
        if body is None:
            return None
        context = self._context
        content = html.clean(body, base=self._raw.base or address, junk=context.junk, placeholders=context.placeholders)
        if content:
            self._note("content_html", self._raw.content[0].where)
        return content

    def _note(self, name: str, where: str | None) -> None:
        if where:
            self._provenance[name] = where

    def _plain(self, name: str, candidates: Iterable[Found]) -> str | None:
        for found in candidates:
            if value := text.plain(found.value):
                self._note(name, found.where)
                return value
        return None

    def _plains(self, name: str, candidates: Iterable[Found]) -> tuple[str, ...]:
        values: dict[str, str] = {}
        for found in candidates:
            if value := text.plain(found.value):
                values.setdefault(value, found.where)
        if values:
            self._note(name, next(iter(values.values())))
        return tuple(values)

    def _title(self, content: str | None, address: str | None) -> str:
        if title := self._plain("title", self._raw.title):
            return _shortened(title, LONGEST_TITLE_CHARACTERS)
        words = (
            " ".join(html.text_of(content).split())
            if content
            else text.plain(next((f.value for f in self._raw.summary), ""))
        )
        if words:
            self._note("title", "content")
            return _shortened(words, TITLE_CHARACTERS)
        if address or self._raw.guid:
            self._note("title", "url")
            return address or text.plain(self._raw.guid.value if self._raw.guid else "")
        raise ItemError(f"{self._raw.item}: neither a title nor a link nor text")

    def _published(self, captured: datetime) -> tuple[datetime, str, str | None]:
        """When the publisher says it appeared, the evidence that won, and the date as stated (None for a guess)."""
        read = [(found, date) for found in self._raw.published if (date := self._date(found, captured))]
        if read:
            found, date = read[dates.pick([date for _, date in read], zone=self._context.timezone)]
            self._note("published", found.where)
            return date.value, _evidence(found.where), date.value.isoformat()
        if self._raw.captured is not None:
            self._note("published", "archive:epoch")
            return captured, "archive", None
        self._note("published", "first_seen")
        return captured, "first_seen", None

    def _updated(self, captured: datetime) -> datetime | None:
        for found in self._raw.updated:
            if date := self._date(found, captured):
                self._note("updated", found.where)
                return date.value
        return None

    def _date(self, found: Found, captured: datetime) -> dates.Date | None:
        context = self._context
        date = dates.read(
            found.value, zone=context.timezone, taken=captured, formats=context.formats, strip=context.strip,
            order=context.order, languages=(context.language,) if context.language else (), calendar=context.calendar,
        )  # fmt: skip
        return dates.plausible(date, taken=captured, zone=context.timezone) if date else None

    def _image(self, body: Any | None) -> Image | None:
        for found in self._raw.images:
            address = media.absolute_image(found.url, self._raw.base)
            if address and _shown(address, found.width, found.height, self._context.placeholders):
                self._note("image", found.where)
                caption = text.plain(found.caption or "") or None
                return Image(
                    address,
                    caption=caption,
                    alt=text.plain(found.alt or "") or None,
                    width=found.width,
                    height=found.height,
                )
        return self._first_picture(body) if body is not None else None

    def _first_picture(self, body: Any) -> Image | None:
        for element in body.iter("img"):
            address = media.image_address(element, self._raw.base, placeholders=self._context.placeholders)
            if address and address.startswith("http"):
                figure = next(element.iterancestors("figure"), None)
                caption = figure.find(".//figcaption") if figure is not None else None
                words = text.plain("".join(caption.itertext())) if caption is not None else None
                self._note("image", "body:img")
                return Image(address, caption=words or None, alt=text.plain(element.get("alt") or "") or None)
        return None

    def _enclosures(self) -> tuple[Enclosure, ...]:
        kept: dict[str, Enclosure] = {}
        for found in self._raw.enclosures:
            address = url.clean(found.url, base=self._raw.base)
            if address:
                kept.setdefault(
                    address, Enclosure(address, type=found.type, length=found.length, duration=found.duration)
                )
        if kept:
            self._note("enclosures", "body" if self._raw.captured else "feed")
        return tuple(kept.values())

    def _language(self, title: str, content: str | None) -> str | None:
        sample = f"{title} {content or ''}"[:LANGUAGE_SAMPLE]
        stated = [*self._raw.language, *([Found(self._context.language, "source")] if self._context.language else [])]
        for found in stated:
            if tag := language.tag(found.value):
                self._note("language", found.where)
                return language.refine_chinese(text.plain(sample)) if tag == "zh" else tag
        detected = language.detect(text.plain(sample))
        self._note("language", "text" if detected else None)
        return detected


def _hash_of(revision: Revision) -> str:
    """The hash of what a reader sees: of pictures and players the address alone, for sizes are stated or not."""
    return content_hash({
        "title": revision.title, "summary": revision.summary, "content": revision.content_html,
        "authors": revision.authors, "tags": revision.tags, "image": revision.image.url if revision.image else None,
        "enclosures": [enclosure.url for enclosure in revision.enclosures],
    })  # fmt: skip


def _shown(address: str, width: int | None, height: int | None, placeholders: tuple[re.Pattern[str], ...]) -> bool:
    return address.startswith("http") and not image.is_placeholder(
        address, width=width, height=height, extra=placeholders
    )


def _evidence(where: str) -> str:
    """The kind of evidence a provenance names: the word before its colon; JSON-LD and meta tags are the page's."""
    kind = where.partition(":")[0]
    return "page" if kind in ("ld", "meta", "page", "url") else kind


def _shortened(text: str, most_characters: int) -> str:
    return text if len(text) <= most_characters else text[: most_characters - 1].rstrip() + "…"
