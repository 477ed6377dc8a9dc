"""Applies a publisher's rules to a raw entry: adds what they find, removes what is not the article.

The rules' values go in front of those that the entry has; what counts is decided later. Values that
cannot be valid (a date that does not parse, a placeholder image) are left out, and only the element
of a valid value is removed from the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aggregator.model import Candidate, Enclosure, RawEntry, RawImage
from aggregator.normalize import html, image, text
from aggregator.normalize.entry_enclosures import complete_enclosure
from aggregator.normalize.html import media
from aggregator.normalize.html.tree import detach
from aggregator.rules.captions import place_captions
from aggregator.rules.document import Document, SelectorMatch
from aggregator.rules.field_value import cut_value, find_names, read_date, tags_from_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from aggregator.rules.compiled import CompiledField, SiteRules
    from aggregator.rules.selector import Selector

# Fields of which the first selector that finds something gives all values.
_LIST_FIELDS = ("authors", "tags", "enclosures")
# A path from the root is meant for the article's body, wherever in the page that was found.
_BODY_PATH = re.compile(r"xpath:\s*\(*\s*/html/body\b")
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


_NOTHING_FOUND = RawEntry("")


@dataclass(frozen=True, slots=True)
class RuledEntry:
    """What the rules make of a raw entry.

    `raw` has the site's values in front. `body` is the content without removed elements, a tree or
    a simple body, None if there is none. `keys` and `aliases` identify the article.
    """

    raw: RawEntry
    body: Any | None
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def apply_rules(
    raw: RawEntry, rules: SiteRules, *, url: str | None, timezone: str, taken: datetime
) -> RuledEntry:
    """Apply rules to a raw entry.

    `url` is its cleaned link, `timezone` holds for naive dates, `taken` is the time of capture.
    """
    with_edition = _add_edition(raw, rules, url)
    keys = _site_keys(rules, url)

    content = _first_content(raw)
    if content and not rules.reads_body:
        simple = html.read_simple(content)
        if simple is not None:
            enriched = _enrich(with_edition, _NOTHING_FOUND, rules)
            return RuledEntry(enriched, simple, keys=keys, aliases=raw.aliases)

    root = html.parse(content) if content else None
    if root is None:
        return RuledEntry(with_edition, None, keys=keys, aliases=raw.aliases)

    title = ""
    if raw.title:
        first = raw.title[0]
        title = text.plain_text(cut_value(first.value, rules.field("title")), first.form)
    document = Document(root, kind="body", url=url, source=content, title=title)
    reader = _RuleReader(rules, document, timezone, taken, base=raw.base_url)
    enriched = _enrich(with_edition, reader.values(), rules)
    aliases = dict.fromkeys((*raw.aliases, *_aliases(rules, document)))
    reader.remove_elements()
    reader.place_captions()
    return RuledEntry(enriched, root, keys=keys, aliases=tuple(aliases))


def apply_to_page(
    known: RawEntry, rules: SiteRules, document: Document, *, taken: datetime
) -> RawEntry:
    """Put what the rules find on an article's own page in front of what is known of it.

    The page is not changed. Titles are not cut here, and selectors that begin at `/html/body` are
    skipped: `read` applies both to the body.
    """
    timezone = choose_timezone(rules, document.url, "UTC")
    reader = _RuleReader(
        rules, document, timezone, taken, selects=lambda selector: not is_body_path(selector)
    )
    aliases = dict.fromkeys((*known.aliases, *_aliases(rules, document)))
    found = reader.values()
    return _put_in_front(
        found,
        known,
        title=(*found.title, *known.title),
        tags=found.tags or known.tags,
        aliases=tuple(aliases),
    )


def is_body_path(selector: Selector) -> bool:
    """Return whether a selector is meant for an article's body, as a path from the root is."""
    return _BODY_PATH.match(selector.source) is not None


def choose_timezone(rules: SiteRules | None, url: str | None, stated: str) -> str:
    """Return the zone of naive dates: the edition's, else the site's, else the source's `stated`."""
    if rules is None:
        return stated

    edition = rules.edition(url)
    if edition is not None and edition.timezone:
        return edition.timezone
    return rules.timezone or stated


def _first_content(raw: RawEntry) -> str | None:
    for content in raw.content_html:
        if content.value.strip():
            return content.value
    return None


def _add_edition(raw: RawEntry, rules: SiteRules, url: str | None) -> RawEntry:
    """Add the language and the publisher of the edition, else of the site."""
    language, publisher = rules.language, rules.publisher
    edition = rules.edition(url)
    if edition is not None:
        language = edition.language or language
        publisher = edition.publisher or publisher

    if not language and not publisher:
        return raw
    where = f"site:{rules.id}"
    languages, publishers = raw.language, raw.publisher
    if language:
        languages = (Candidate(language, where), *languages)
    if publisher:
        publishers = (Candidate(publisher, where), *publishers)
    return replace(raw, language=languages, publisher=publishers)


def _site_keys(rules: SiteRules, url: str | None) -> tuple[str, ...]:
    """Return the article's key from its URL, none if the rules find none there."""
    if rules.identity is None or not url:
        return ()

    match = rules.identity.search(url)
    if match is None:
        return ()
    return (f"{rules.id}:{match[1]}",)


def _enrich(raw: RawEntry, found: RawEntry, rules: SiteRules) -> RawEntry:
    """Put what the rules found in front, and cut titles; what is cut off may be a tag."""
    rule = rules.field("title")
    title_tags: list[Candidate] = []
    for title in raw.title[:1]:
        title_tags.extend(Candidate(tag, "title") for tag in tags_from_cut(title.value, rule))

    titles = []
    for title in (*found.title, *raw.title):
        value = cut_value(title.value, rule)
        titles.append(title if value == title.value else replace(title, value=value))

    return _put_in_front(
        found,
        raw,
        title=tuple(titles),
        tags=(*title_tags, *found.tags, *raw.tags),
        aliases=raw.aliases,
    )


def _put_in_front(
    found: RawEntry,
    known: RawEntry,
    *,
    title: tuple[Candidate, ...],
    tags: tuple[Candidate, ...],
    aliases: tuple[str, ...],
) -> RawEntry:
    """Put values that were found in front of the known ones; found authors replace the known.

    The caller decides on the title, the tags and the aliases.
    """
    return replace(
        known,
        title=title,
        summary=(*found.summary, *known.summary),
        published=(*found.published, *known.published),
        updated=(*found.updated, *known.updated),
        authors=found.authors or known.authors,
        tags=tags,
        credits=(*found.credits, *known.credits),
        language=(*found.language, *known.language),
        image=(*found.image, *known.image),
        enclosures=_merge_enclosures((*found.enclosures, *known.enclosures)),
        aliases=aliases,
    )


class _RuleReader:
    """Reads the values of one document and remembers which elements to remove."""

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
        self._base = base or document.base_url
        self._selects = selects
        self._used_elements: list[Any] = []
        self._matches_by_finder: dict[Any, list[SelectorMatch]] = {}

    def values(self) -> RawEntry:
        """Return what the rules find, and nothing else."""
        return RawEntry(
            label="",
            title=self._values("title"),
            summary=self._values("summary"),
            published=self._values("published"),
            updated=self._values("updated"),
            authors=self._values("authors"),
            tags=tuple(_split_keywords(self._values("tags"))),
            credits=tuple(self._credits()),
            language=self._values("language"),
            image=tuple(self._images()),
            enclosures=tuple(self._enclosures()),
        )

    def remove_elements(self) -> None:
        """Remove the elements of used values, and those that the rules name, from the document."""
        for element in self._used_elements:
            detach(element)
        for selector in self._rules.remove:
            for element in list(selector.elements(self._document)):
                detach(element)

    def place_captions(self) -> None:
        """Put each caption that the rules name into a figure with the image before it."""
        captions: set[Any] = set()
        for selector in self._rules.captions:
            captions.update(selector.elements(self._document))
        place_captions(self._document.root, captions)

    def _values(self, name: str) -> tuple[Candidate, ...]:
        rule = self._rules.field(name)
        values: list[Candidate] = []
        for selector, remove in rule.candidates:
            if not self._selects(selector):
                continue

            matches = [one for one in self._find(selector) if self._is_valid(one, name, rule)]
            for match in matches:
                values.append(Candidate(match.value, match.where))
                if remove and match.element is not None:
                    self._used_elements.append(match.element)

            if values and name in _LIST_FIELDS:
                break
        return tuple(values)

    def _is_valid(self, match: SelectorMatch, name: str, rule: CompiledField) -> bool:
        """Return whether a value counts: a date has to parse, anything goes for other fields."""
        if name not in ("published", "updated"):
            return True
        date = read_date(match.value, rule, timezone=self._timezone, taken=self._taken)
        return date is not None

    def _find_matches(self, selectors: Iterable[Selector]) -> Iterator[SelectorMatch]:
        for selector in selectors:
            if self._selects(selector):
                yield from self._find(selector)

    def _find(self, selector: Selector) -> Iterator[SelectorMatch]:
        return selector(self._document, found=self._matches_by_finder)

    def _credits(self) -> Iterator[Candidate]:
        rule = self._rules.field("credits")
        for match in self._find_matches(_selectors(rule)):
            for name in find_names(match.value, rule):
                yield Candidate(name, match.where)

    def _images(self) -> Iterator[RawImage]:
        rule = self._rules.field("image")
        caption_match = next(self._find_matches(rule.caption), None)
        caption = caption_match.value if caption_match else None

        for match in self._find_matches(_selectors(rule)):
            address = self._image_address(match)
            if address is None:
                continue
            alt = None
            if match.element is not None:
                alt = match.element.get("alt")
            yield RawImage(address, match.where, caption=caption, alt=alt)

    def _image_address(self, match: SelectorMatch) -> str | None:
        """Return the URL of an image; of a lazy one's placeholder, that of the lazy image."""
        placeholders = self._rules.placeholders
        address = media.absolute_image_url(match.value, self._base)
        if address and address.startswith("http"):
            if not image.is_placeholder(address, extra=placeholders):
                return address

        if match.element is None or match.element.tag != "img":
            return None
        return media.find_image_url(match.element, self._base, placeholders=placeholders)

    def _enclosures(self) -> Iterator[Enclosure]:
        rule = self._rules.field("enclosures")
        for match in self._find_matches(_selectors(rule)):
            yield Enclosure(match.value, type=guess_media_type(match.value))


def _selectors(rule: CompiledField) -> list[Selector]:
    return [selector for selector, _ in rule.candidates]


def _aliases(rules: SiteRules, document: Document) -> Iterator[str]:
    for selector in rules.alias:
        for match in selector(document):
            yield f"{rules.id}:{match.value}"


def _split_keywords(tags: Iterable[Candidate]) -> Iterator[Candidate]:
    """Split the values of `meta` elements at commas; other tags are single ones."""
    for tag in tags:
        if not tag.where.startswith("meta:"):
            yield tag
            continue
        for keyword in _SPLIT.split(tag.value):
            if keyword.strip():
                yield Candidate(keyword, tag.where)


def _merge_enclosures(enclosures: Iterable[Enclosure]) -> tuple[Enclosure, ...]:
    """Return each URL once, where it came first, with all that is known of it."""
    merged: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        first = merged.get(enclosure.url, enclosure)
        merged[enclosure.url] = complete_enclosure(first, enclosure)
    return tuple(merged.values())


def guess_media_type(address: str) -> str | None:
    """Return the media type by the extension of a URL, None if it is no audio and no video."""
    path = address.partition("?")[0].partition("#")[0]
    extension = path.rpartition(".")[2].lower()
    return _MEDIA_TYPES.get(extension)
