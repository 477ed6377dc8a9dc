"""One raw entry in, one revision in the common schema out.

Rule: each field takes the first candidate that is *valid*, not merely present, and `provenance` says which it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aggregator.errors import ItemError
from aggregator.model import Enclosure, Evidence, Found, Image, RawEntry, RawImage, Revision
from aggregator.normalize import dates, html, image, language, text, url
from aggregator.normalize import observer as why
from aggregator.normalize.dates import evidence
from aggregator.normalize.html import media
from aggregator.normalize.identity import content_hash, keys_of, storable, text_keys

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.normalize.dates.calendars import Calendar
    from aggregator.normalize.dates.forms import Order
    from aggregator.normalize.observer import Witness

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
    same_text: str | None = None  # the site whose articles are filed again under other addresses
    guarded: bool = False
    host_alias: Mapping[str, str] = field(default_factory=dict)
    drop_params: tuple[str, ...] = ()
    keep_params: tuple[str, ...] = ()
    junk: tuple[re.Pattern[str], ...] = ()
    placeholders: tuple[re.Pattern[str], ...] = ()


def normalize(
    raw: RawEntry, body: Any | None, context: Context, *, witness: Witness | None = None
) -> Revision:
    """Judge one item. `body` is its parsed content (used up), None where it has none.

    Raises:
        ItemError: where nothing names it.
    """
    if witness:
        witness.given(raw)
    revision = _Judge(raw, context, witness).decide(body)
    if witness:
        witness.became(revision)
    return revision


def link_of(
    raw: RawEntry,
    *,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    tell: Callable[[Found, str | None], None] = lambda *_: None,
) -> tuple[str | None, Found | None]:
    """The first candidate that is a link to open, cleaned, and the candidate itself; `tell` hears of each."""
    for found in raw.url:
        address = url.clean(
            url.unwrap(found.value), base=raw.base, drop=tuple(drop), keep=tuple(keep)
        )
        tell(found, None if address else why.NO_LINK)
        if address:
            return address, found
    return None, None


class _Judge:
    def __init__(self, raw: RawEntry, context: Context, witness: Witness | None) -> None:
        self._raw = raw
        self._context = context
        self._witness = witness
        self._provenance: dict[str, str] = {}
        self._evidence: list[Evidence] = []

    def decide(self, body: Any | None) -> Revision:
        raw, context = self._raw, self._context
        captured = raw.captured or context.taken
        address, link = link_of(
            raw,
            drop=context.drop_params,
            keep=context.keep_params,
            tell=lambda found, reason: self._judged("url", found, reason),
        )
        picture = self._image(body)
        content = self._content(body, address)
        title = self._title(content, address)
        published, published_from, stated = self._published(captured)
        self._note("url", link.where if link else None)
        if raw.guid:
            self._judged("guid", raw.guid)
            self._note("guid", raw.guid.where)
        revision = Revision(
            source=context.source,
            keys=keys_of(
                raw,
                context.source,
                site=context.site_keys,
                address=address,
                aliases=context.aliases
                or self._text_keys(title, content, published if stated else None),
                host_alias=context.host_alias,
                title=title,
                stated=stated,
            ),
            guarded=context.guarded and bool(context.site_keys),
            at=self._updated(captured) or captured,
            captured=captured,
            hash="",
            url=address,
            url_original=storable(link.value) if link else None,
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
            guid=storable(raw.guid.value) if raw.guid else None,
            provenance=self._provenance,
            evidence=evidence.kept(self._evidence),
        )
        return replace(revision, hash=_hash_of(revision))

    def _text_keys(
        self, title: str, content: str | None, published: datetime | None
    ) -> tuple[str, ...]:
        site = self._context.same_text
        if site is None or content is None or published is None:
            return ()
        return text_keys(
            site, title=title, paragraphs=html.text_of(content).split("\n\n"), published=published
        )

    def _content(self, body: Any | None, address: str | None) -> str | None:
        if body is None:
            return None
        context = self._context
        content = html.clean(
            body,
            base=self._raw.base or address,
            junk=context.junk,
            placeholders=context.placeholders,
        )
        stated = next((found for found in self._raw.content if found.value.strip()), None)
        if stated:
            self._judged("content_html", stated, None if content else why.EMPTY)
        if stated and content:
            self._note("content_html", stated.where)
        return content

    def _note(self, name: str, where: str | None) -> None:
        if where:
            self._provenance[name] = where

    def _judged(
        self,
        name: str,
        candidate: Found | RawImage | Enclosure,
        reason: str | None = None,
        date: dates.Date | None = None,
    ) -> None:
        if isinstance(candidate, Found) and name in evidence.FIELDS and (date or reason):
            zone = self._context.timezone
            self._evidence.append(evidence.stated(name, candidate, date, zone=zone, refused=reason))
        if self._witness:
            self._witness.judged(name, candidate, reason, date)

    def _stand_in(self, name: str, value: str, where: str) -> None:
        """What was not stated has a value all the same."""
        self._judged(name, Found(value, where))
        self._note(name, where)

    def _plain(self, name: str, candidates: Iterable[Found]) -> str | None:
        for found in candidates:
            value = text.plain(found.value)
            self._judged(name, found, None if value else why.EMPTY)
            if value:
                self._note(name, found.where)
                return value
        return None

    def _plains(self, name: str, candidates: Iterable[Found]) -> tuple[str, ...]:
        values: dict[str, str] = {}
        for found in candidates:
            value = text.plain(found.value)
            self._judged(
                name, found, why.EMPTY if not value else why.REPEATED if value in values else None
            )
            if value:
                values.setdefault(value, found.where)
        if values:
            self._note(name, next(iter(values.values())))
        return tuple(values)

    def _title(self, content: str | None, address: str | None) -> str:
        if title := self._stated_title():
            return _shortened(title, LONGEST_TITLE_CHARACTERS)
        words = (
            " ".join(html.text_of(content).split())
            if content
            else text.plain(next((f.value for f in self._raw.summary), ""))
        )
        if words:
            self._stand_in("title", words, "content")
            return _shortened(words, TITLE_CHARACTERS)
        if name := address or text.plain(self._raw.guid.value if self._raw.guid else ""):
            self._stand_in("title", name, "url")
            return name
        raise ItemError(f"{self._raw.item}: neither a title nor a link nor text")

    def _stated_title(self) -> str | None:
        """The first title; one that is the name of the site gives way to any other."""
        titles = self._raw.title
        if len(titles) < 2:
            return self._plain("title", titles)
        names = {text.fold(text.plain(found.value)) for found in self._raw.publisher}
        named = {found for found in titles if text.fold(text.plain(found.value)) in names}
        title = self._plain("title", [found for found in titles if found not in named])
        if title is None:
            return self._plain("title", titles)
        for found in titles:
            if found in named:
                self._judged("title", found, why.SITE_NAME)
        return title

    def _published(self, captured: datetime) -> tuple[datetime, str, str | None]:
        """When the publisher says it appeared, the evidence that won, and the date as stated (None for a guess)."""
        read = [
            (found, date)
            for found in self._raw.published
            if (date := self._date("published", found, captured))
        ]
        if read:
            chosen = dates.reconciled([date for _, date in read], zone=self._context.timezone)
            for other, inexact in read[:chosen]:
                self._judged("published", other, why.LESS_EXACT, inexact)
            found, date = read[chosen]
            self._judged("published", found, None, date)
            self._note("published", found.where)
            return date.value, _evidence(found.where), date.value.isoformat()
        if self._raw.captured is not None:
            self._stand_in("published", captured.isoformat(), "archive:epoch")
            return captured, "archive", None
        self._stand_in("published", captured.isoformat(), "first_seen")
        return captured, "first_seen", None

    def _updated(self, captured: datetime) -> datetime | None:
        for found in self._raw.updated:
            if date := self._date("updated", found, captured):
                self._judged("updated", found, None, date)
                self._note("updated", found.where)
                return date.value
        return None

    @cached_property
    def _date_languages(self) -> tuple[str, ...]:
        """The language that dates are written in: the source's, else that of the page or the site.

        What a feed says of itself is left out: `en-us` is what its software put there, and would swap days and months.
        """
        stated = (
            found.value for found in self._raw.language if not found.where.startswith("feed:")
        )
        tags = (self._context.language, *map(language.tag, stated))
        return next(((tag,) for tag in tags if tag), ())

    def _date(self, name: str, found: Found, captured: datetime) -> dates.Date | None:
        """Read a date that may be; who believes it says so."""
        context = self._context
        date = dates.read(
            found.value,
            zone=context.timezone,
            taken=captured,
            formats=context.formats,
            strip=context.strip,
            order=context.order,
            languages=self._date_languages,
            calendar=context.calendar,
        )
        likely = dates.plausible(date, taken=captured, zone=context.timezone) if date else None
        if likely is None:
            self._judged(name, found, why.IN_FUTURE if date else why.NO_DATE, date)
        return likely

    def _image(self, body: Any | None) -> Image | None:
        for found in self._raw.images:
            address = media.absolute_image(found.url, self._raw.base)
            reason = _hidden(address, found, self._context.placeholders)
            self._judged("image", found, reason)
            if address and not reason:
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
            address = media.image_address(
                element, self._raw.base, placeholders=self._context.placeholders
            )
            if address and address.startswith("http"):
                figure = next(element.iterancestors("figure"), None)
                caption = figure.find(".//figcaption") if figure is not None else None
                words = text.plain("".join(caption.itertext())) if caption is not None else None
                self._stand_in("image", address, "body:img")
                return Image(
                    address, caption=words or None, alt=text.plain(element.get("alt") or "") or None
                )
        return None

    def _enclosures(self) -> tuple[Enclosure, ...]:
        kept: dict[str, Enclosure] = {}
        for found in self._raw.enclosures:
            address = url.clean(found.url, base=self._raw.base)
            self._judged(
                "enclosures",
                found,
                why.NO_LINK if not address else why.REPEATED if address in kept else None,
            )
            if address:
                kept.setdefault(
                    address,
                    Enclosure(
                        address, storable(found.type or "") or None, found.length, found.duration
                    ),
                )
        if kept:
            stated = next(
                (_evidence(one.where) for one in (*self._raw.url, *self._raw.title)), "feed"
            )
            self._note("enclosures", "body" if self._raw.captured else stated)
        return tuple(kept.values())

    def _language(self, title: str, content: str | None) -> str | None:
        sample = f"{title} {content or ''}"[:LANGUAGE_SAMPLE]
        stated = [
            *self._raw.language,
            *([Found(self._context.language, "source")] if self._context.language else []),
        ]
        for found in stated:
            tag = language.tag(found.value)
            self._judged("language", found, None if tag else why.NO_LANGUAGE)
            if tag:
                self._note("language", found.where)
                return language.refine_chinese(text.plain(sample)) if tag == "zh" else tag
        detected = language.detect(text.plain(sample))
        if detected:
            self._stand_in("language", detected, "text")
        return detected


def _hash_of(revision: Revision) -> str:
    """The hash of what a reader sees: of pictures and players the address alone, for sizes are stated or not."""
    return content_hash(
        {
            "title": revision.title,
            "summary": revision.summary,
            "content": revision.content_html,
            "authors": revision.authors,
            "tags": revision.tags,
            "image": revision.image.url if revision.image else None,
            "enclosures": [enclosure.url for enclosure in revision.enclosures],
        }
    )


def _hidden(
    address: str | None, found: RawImage, placeholders: tuple[re.Pattern[str], ...]
) -> str | None:
    """Why an image is none to show, None where it is."""
    if not address or not address.startswith("http"):
        return why.NO_PICTURE
    placeholder = image.is_placeholder(
        address, width=found.width, height=found.height, extra=placeholders
    )
    return why.PLACEHOLDER if placeholder else None


def _evidence(where: str) -> str:
    """The kind of evidence a provenance names: the word before its colon; JSON-LD and meta tags are the page's."""
    kind = where.partition(":")[0]
    return "page" if kind in ("ld", "meta", "page", "url") else kind


def _shortened(text: str, most_characters: int) -> str:
    return text if len(text) <= most_characters else text[: most_characters - 1].rstrip() + "…"
