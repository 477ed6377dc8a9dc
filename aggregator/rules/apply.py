"""Read a raw entry with a publisher's rules: their candidates go in front, what is not the article is taken out.

Rule: reading adds evidence and removes furniture; it decides nothing. Candidates that cannot be valid (a date that does
not parse, a placeholder image) are passed over, and only the element of a valid one leaves the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure, Found, RawEntry, RawImage
from aggregator.normalize import dates, html, image
from aggregator.normalize.html import media
from aggregator.normalize.html.tree import detach
from aggregator.rules.compiled import NO_FIELD, Field, SiteRules, zone
from aggregator.rules.document import Document, Match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from aggregator.rules.selector import Selector

LISTED = ("authors", "tags", "enclosures")
# A path from the root speaks of the article's body, wherever that was found: a page's own root says nothing of it.
_OF_BODY = re.compile(r"xpath:\s*\(*\s*/html/body\b")
_SPLIT = re.compile(r"[,，;；、]\s*")
_MEDIA_TYPES = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4v": "video/mp4",
    "m3u8": "application/vnd.apple.mpegurl",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "wav": "audio/wav",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A raw entry with the site's evidence in front, the parsed body without furniture, and what names the article."""

    raw: RawEntry
    body: Any | None
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def read(
    raw: RawEntry, rules: SiteRules, *, url: str | None, timezone: str, taken: datetime
) -> Reading:
    """Apply rules to a raw entry.

    `url` is its cleaned link, `timezone` holds for naive dates, `taken` is the time of capture.
    """
    content = next((found for found in raw.content if found.value.strip()), None)
    root = html.parse(content.value) if content else None
    site = site_evidence(raw, rules, url)
    key = _site_key(rules, url)
    if root is None:
        return Reading(site, None, keys=key, aliases=raw.aliases)
    document = Document(root, kind="body", url=url, source=content.value if content else None)
    reader = _Reader(rules, document, timezone, taken, base=raw.base)
    enriched = reader.enrich(site)
    aliases = (*raw.aliases, *_aliases(rules, document))
    reader.clear()
    return Reading(enriched, root, keys=key, aliases=tuple(dict.fromkeys(aliases)))


def read_page(
    known: RawEntry, rules: SiteRules, document: Document, *, taken: datetime
) -> RawEntry:
    """Put what the rules find on an article's own page in front of what is known of it; the page stays as it is.

    Titles are not cut here, and selectors that begin at `/html/body` wait: `read` applies both to the body.
    """
    timezone = timezone_of(rules, document.url, "UTC")
    found = _Reader(
        rules, document, timezone, taken, selects=lambda selector: not is_of_body(selector)
    ).values()
    return replace(
        known,
        title=(*found.title, *known.title),
        summary=(*found.summary, *known.summary),
        published=(*found.published, *known.published),
        updated=(*found.updated, *known.updated),
        authors=found.authors or known.authors,
        tags=found.tags or known.tags,
        credits=(*found.credits, *known.credits),
        language=(*found.language, *known.language),
        images=(*found.images, *known.images),
        enclosures=_once((*found.enclosures, *known.enclosures)),
        aliases=tuple(dict.fromkeys((*known.aliases, *_aliases(rules, document)))),
    )


def is_of_body(selector: Selector) -> bool:
    """Tell whether a selector speaks of an article's body, as a path from the root does."""
    return _OF_BODY.match(selector.source) is not None


def site_evidence(raw: RawEntry, rules: SiteRules, url: str | None) -> RawEntry:
    """Add what the rules say of every article of an edition: its language and its publisher."""
    edition = rules.edition(url)
    where = f"site:{rules.id}"
    language = (edition.language if edition else None) or rules.language
    publisher = (edition.publisher if edition else None) or rules.publisher
    return replace(
        raw,
        language=(*((Found(language, where),) if language else ()), *raw.language),
        publisher=(*((Found(publisher, where),) if publisher else ()), *raw.publisher),
    )


def timezone_of(rules: SiteRules | None, url: str | None, stated: str) -> str:
    """The zone of naive dates: the edition's, the site's, else what the source states."""
    if rules is None:
        return stated
    edition = rules.edition(url)
    return (edition.timezone if edition else None) or rules.timezone or stated


def _site_key(rules: SiteRules, url: str | None) -> tuple[str, ...]:
    match = rules.identity.search(url) if rules.identity and url else None
    return (f"{rules.id}:{match[1]}",) if match else ()


class _Reader:
    """Collects evidence from one document, remembering which elements it used up."""

    def __init__(
        self,
        rules: SiteRules,
        document: Document,
        timezone: str,
        taken: datetime,
        *,
        base: str | None = None,
        selects: Callable[[Selector], bool] = lambda _: True,
    ) -> None:
        self._rules = rules
        self._document = document
        self._timezone = timezone
        self._taken = taken
        self._base = base or document.home
        self._selects = selects
        self._used: list[Any] = []
        self._found: dict[Any, list[Match]] = {}

    def enrich(self, raw: RawEntry) -> RawEntry:
        found = self.values()
        title_tags = tuple(
            tag
            for item in raw.title[:1]
            for tag in cut_tags(item.value, self._rules.field("title"))
        )
        return replace(
            raw,
            title=self._titles((*found.title, *raw.title)),
            summary=(*found.summary, *raw.summary),
            published=(*found.published, *raw.published),
            updated=(*found.updated, *raw.updated),
            authors=found.authors or raw.authors,
            tags=(*(Found(tag, "title") for tag in title_tags), *found.tags, *raw.tags),
            credits=(*found.credits, *raw.credits),
            language=(*found.language, *raw.language),
            images=(*found.images, *raw.images),
            enclosures=_once((*found.enclosures, *raw.enclosures)),
        )

    def values(self) -> RawEntry:
        """Give what the rules find, and nothing else."""
        return RawEntry(
            item="",
            title=self._values("title"),
            summary=self._values("summary"),
            published=self._values("published"),
            updated=self._values("updated"),
            authors=self._values("authors"),
            tags=tuple(_split(self._values("tags"))),
            credits=tuple(self._credits()),
            language=self._values("language"),
            images=tuple(self._images()),
            enclosures=tuple(self._enclosures()),
        )

    def clear(self) -> None:
        """Take the used-up elements and the furniture out of the document."""
        for element in self._used:
            detach(element)
        for selector in self._rules.remove:
            for match in list(selector.elements(self._document)):
                detach(match)

    def _values(self, name: str) -> tuple[Found, ...]:
        rule = self._rules.field(name)
        valid = self._validity(name, rule)
        found: list[Found] = []
        for selector, remove in self._selected(rule):
            matches = list(self._finds(selector))
            if valid is not None:
                matches = [match for match in matches if valid(match)]
            if remove:
                self._used.extend(match.element for match in matches if match.element is not None)
            found.extend(Found(match.value, match.where) for match in matches)
            if found and name in LISTED:
                break
        return tuple(found)

    def _selected(self, rule: Field) -> Iterator[tuple[Selector, bool]]:
        return (candidate for candidate in rule.candidates if self._selects(candidate[0]))

    def _matches(self, rule: Field) -> Iterator[Match]:
        return (match for selector, _ in self._selected(rule) for match in self._finds(selector))

    def _finds(self, selector: Selector) -> Iterator[Match]:
        return selector(self._document, found=self._found)

    def _validity(self, name: str, rule: Field) -> Callable[[Match], bool] | None:
        """What a value has to be to count, None where anything does."""
        if name not in ("published", "updated"):
            return None
        return lambda match: (
            read_date(match.value, rule, timezone=self._timezone, taken=self._taken) is not None
        )

    def _titles(self, titles: Iterable[Found]) -> tuple[Found, ...]:
        rule = self._rules.field("title")
        return tuple(Found(cut(item.value, rule), item.where) for item in titles)

    def _credits(self) -> Iterator[Found]:
        rule = self._rules.field("credits")
        for match in self._matches(rule):
            yield from (Found(name, match.where) for name in names_in(match.value, rule))

    def _images(self) -> Iterator[RawImage]:
        rule = self._rules.field("image")
        captions = (
            m for selector in rule.caption if self._selects(selector) for m in self._finds(selector)
        )
        caption = next((match.value for match in captions), None)
        for match in self._matches(rule):
            if address := self._picture(match):
                alt = match.element.get("alt") if match.element is not None else None
                yield RawImage(address, match.where, caption=caption, alt=alt)

    def _picture(self, match: Match) -> str | None:
        """The address of a picture; where it only keeps the place of a lazy one, that one's."""
        base, junk = self._base, self._rules.placeholders
        address = media.absolute_image(match.value, base)
        if address and address.startswith("http") and not image.is_placeholder(address, extra=junk):
            return address
        lazy = match.element is not None and match.element.tag == "img"
        return media.image_address(match.element, base, placeholders=junk) if lazy else None

    def _enclosures(self) -> Iterator[Enclosure]:
        for match in self._matches(self._rules.field("enclosures")):
            yield Enclosure(match.value, type=media_type(match.value))


def _aliases(rules: SiteRules, document: Document) -> tuple[str, ...]:
    return tuple(
        f"{rules.id}:{match.value}" for selector in rules.alias for match in selector(document)
    )


def read_date(value: str, rule: Field, *, timezone: str, taken: datetime) -> dates.Date | None:
    return dates.read(
        value,
        zone=zone(timezone),
        taken=taken,
        formats=rule.formats,
        strip=rule.strip,
        order=rule.order,
        calendar=rule.calendar,
    )


def cut(value: str, rule: Field = NO_FIELD) -> str:
    """Cut what the rules say is no part of the value; the first pattern that matches counts."""
    for pattern in rule.cut:
        if match := pattern.search(value):
            return value[: match.start()] + value[match.end() :]
    return value


def cut_tags(value: str, rule: Field) -> Iterator[str]:
    for pattern in rule.cut:
        if match := pattern.search(value):
            if tag := match.groupdict().get("tag"):
                yield tag
            return


def names_in(value: str, rule: Field) -> list[str]:
    """What the names in a text stand for, in its order, each once; the text itself where no names are declared."""
    if not rule.names:
        return [value]
    places = sorted(
        (value.find(text), meaning) for text, meaning in rule.names.items() if text in value
    )
    return list(dict.fromkeys(meaning for _, meaning in places))


def _split(tags: Iterable[Found]) -> Iterator[Found]:
    for tag in tags:
        if tag.where.startswith("meta:"):
            yield from (Found(part, tag.where) for part in _SPLIT.split(tag.value) if part.strip())
        else:
            yield tag


def _once(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Give each address once, where it was found first, with all that is stated of it."""
    kept: dict[str, Enclosure] = {}
    for found in enclosures:
        first = kept.get(found.url, found)
        kept[found.url] = Enclosure(
            found.url,
            first.type or found.type,
            first.length or found.length,
            first.duration or found.duration,
        )
    return tuple(kept.values())


def media_type(address: str) -> str | None:
    """The media type that an address names a file of, None for one that names no sound and no film."""
    return _MEDIA_TYPES.get(address.partition("?")[0].partition("#")[0].rpartition(".")[2].lower())
