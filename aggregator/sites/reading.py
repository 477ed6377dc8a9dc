"""Read a raw entry with a publisher's rules: their candidates go in front, what is not the article is taken out.

Rule: reading adds evidence and removes furniture; it decides nothing. Candidates that cannot be valid (a date that does
not parse, a placeholder image) are passed over, and only the element of a valid one leaves the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Enclosure, Found, RawEntry, RawImage
from aggregator.normalize import dates, html, image, media
from aggregator.normalize.tree import detach
from aggregator.sites.rules import NO_FIELD, Field, SiteRules, zone
from aggregator.sites.selector import Document, Match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

LISTED = ("authors", "tags", "enclosures")
_SPLIT = re.compile(r"[,，;；、]\s*")
_MEDIA_TYPES = {
    "mp4": "video/mp4", "webm": "video/webm", "m4v": "video/mp4", "m3u8": "application/vnd.apple.mpegurl",
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "aac": "audio/aac", "wav": "audio/wav",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A raw entry with the site's evidence in front, the parsed body without furniture, and what names the article."""

    raw: RawEntry
    body: Any | None
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def read(raw: RawEntry, rules: SiteRules, *, url: str | None, timezone: str, taken: datetime) -> Reading:
    """Apply rules to a raw entry.

    `url` is its cleaned link, `timezone` holds for naive dates, `taken` is the time of capture.
    """
    content = next((found for found in raw.content if found.value.strip()), None)
    root = html.parse(content.value) if content else None
    site = site_evidence(raw, rules, url)
    key = _site_key(rules, url)
    if root is None:
        return Reading(site, None, keys=key)
    document = Document(root, kind="body", url=url, source=content.value if content else None)
    reader = _Reader(rules, document, timezone, taken)
    enriched = reader.enrich(site)
    aliases = tuple(f"{rules.id}:{match.value}" for selector in rules.alias for match in selector(document))
    reader.clear()
    return Reading(enriched, root, keys=key, aliases=tuple(dict.fromkeys(aliases)))


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

    def __init__(self, rules: SiteRules, document: Document, timezone: str, taken: datetime) -> None:
        self._rules = rules
        self._document = document
        self._timezone = timezone
        self._taken = taken
        self._used: list[Any] = []

    def enrich(self, raw: RawEntry) -> RawEntry:
        found = {
            name: self._values(name) for name in self._rules.fields if name not in ("image", "enclosures", "credits")
        }
        title_tags = tuple(tag for item in raw.title[:1] for tag in cut_tags(item.value, self._rules.field("title")))
        return replace(
            raw,
            title=self._titles((*found.get("title", ()), *raw.title)),
            summary=(*found.get("summary", ()), *raw.summary),
            published=(*found.get("published", ()), *raw.published),
            updated=(*found.get("updated", ()), *raw.updated),
            authors=found.get("authors", ()) or raw.authors,
            tags=(*(Found(tag, "title") for tag in title_tags), *_split(found.get("tags", ())), *raw.tags),
            credits=(*self._credits(), *raw.credits),
            language=(*found.get("language", ()), *raw.language),
            images=(*self._images(raw.base), *raw.images),
            enclosures=_once((*self._enclosures(), *raw.enclosures)),
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
        for selector, remove in rule.candidates:
            matches = [match for match in selector(self._document) if valid(match)]
            if remove:
                self._used.extend(match.element for match in matches if match.element is not None)
            found.extend(Found(match.value, match.where) for match in matches)
            if found and name in LISTED:
                break
        return tuple(found)

    def _validity(self, name: str, rule: Field) -> Callable[[Match], bool]:
        if name not in ("published", "updated"):
            return lambda _: True
        return lambda match: read_date(match.value, rule, timezone=self._timezone, taken=self._taken) is not None

    def _titles(self, titles: Iterable[Found]) -> tuple[Found, ...]:
        rule = self._rules.field("title")
        return tuple(Found(cut(item.value, rule), item.where) for item in titles)

    def _credits(self) -> Iterator[Found]:
        rule = self._rules.field("credits")
        for selector, _ in rule.candidates:
            for match in selector(self._document):
                yield from (Found(name, match.where) for name in names_in(match.value, rule))

    def _images(self, base: str | None) -> Iterator[RawImage]:
        rule = self._rules.field("image")
        caption = next((m.value for selector in rule.caption for m in selector(self._document)), None)
        for selector, _ in rule.candidates:
            for match in selector(self._document):
                address = media.absolute_image(match.value, base)
                if address and not image.is_placeholder(address, extra=self._rules.placeholders):
                    alt = match.element.get("alt") if match.element is not None else None
                    yield RawImage(address, match.where, caption=caption, alt=alt)

    def _enclosures(self) -> Iterator[Enclosure]:
        rule = self._rules.field("enclosures")
        for selector, _ in rule.candidates:
            for match in selector(self._document):
                yield Enclosure(match.value, type=_media_type(match))


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
    places = sorted((value.find(text), meaning) for text, meaning in rule.names.items() if text in value)
    return list(dict.fromkeys(meaning for _, meaning in places))


def _split(tags: Iterable[Found]) -> Iterator[Found]:
    for tag in tags:
        if tag.where.startswith("meta:"):
            yield from (Found(part, tag.where) for part in _SPLIT.split(tag.value) if part.strip())
        else:
            yield tag


def _once(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    return tuple({enclosure.url: enclosure for enclosure in reversed(tuple(enclosures))}.values())[::-1]


def _media_type(match: Match) -> str | None:
    extension = match.value.partition("?")[0].rpartition(".")[2].lower()
    if extension in _MEDIA_TYPES:
        return _MEDIA_TYPES[extension]
    return None
