"""Turns one raw entry into one revision of the common schema.

Each field takes the first candidate that is *valid*, not merely present, and `provenance` says
which one that was.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aggregator.errors import ItemError
from aggregator.model import Candidate, Revision
from aggregator.normalize import html, language, text, url
from aggregator.normalize import observer as why
from aggregator.normalize.decisions import Decisions
from aggregator.normalize.entry_dates import DateChooser
from aggregator.normalize.entry_enclosures import choose_enclosures
from aggregator.normalize.entry_image import choose_image
from aggregator.normalize.entry_media import add_players, media_address, media_words
from aggregator.normalize.identity import content_hash, drop_unstorable, item_keys, text_keys
from aggregator.normalize.text.size import measure_text

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aggregator.model import RawEntry
    from aggregator.normalize.dates.calendars import Calendar
    from aggregator.normalize.dates.forms import Order
    from aggregator.normalize.entry_dates import Published
    from aggregator.normalize.observer import Observer

LONGEST_TITLE_CHARACTERS = 1_000  # longer ones are an article, or an attack
MAX_LINK_CHARACTERS = 2_500  # PostgreSQL indexes 2,704 bytes
TITLE_CHARACTERS = 100  # of the text that replaces a missing title (miniflux's figure)
LANGUAGE_SAMPLE = 1500  # characters


@dataclass(frozen=True, slots=True)
class NormalizeContext:
    """What is known of an item apart from itself: its source, the time of capture, its site's rules."""

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
    same_text_site: str | None = None  # the site that files its articles again under other URLs
    reuses_ids: bool = False
    host_alias: Mapping[str, str] = field(default_factory=dict)
    drop_params: tuple[str, ...] = ()
    keep_params: tuple[str, ...] = ()
    junk: tuple[re.Pattern[str], ...] = ()
    placeholders: tuple[re.Pattern[str], ...] = ()


def normalize(
    raw: RawEntry, body: Any | None, context: NormalizeContext, *, observer: Observer | None = None
) -> Revision:
    """Normalize one item.

    `body` is its parsed content, None if it has none; it is modified. `observer` hears of the
    decisions.

    Raises:
        ItemError: if the item has neither a title nor a link, a guid or text.
    """
    if observer:
        observer.item_started(raw)
    raw = add_players(raw, body)
    revision = _Normalizer(raw, context, observer).revision(body)
    if observer:
        observer.item_finished(revision)
    return revision


def choose_link(
    raw: RawEntry,
    *,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    on_candidate: Callable[[Candidate, str | None], None] = lambda *_: None,
) -> tuple[str | None, Candidate | None]:
    """Return the first candidate that is a link to open, cleaned, and the candidate itself.

    `drop` and `keep` are names of query parameters (see `url.clean`). `on_candidate` is called for each
    candidate that was looked at, with the reason why it is no link, None if it is one.
    """
    for candidate in raw.url:
        target = url.unwrap(candidate.value)
        address = url.clean(target, base=raw.base_url, drop=tuple(drop), keep=tuple(keep))
        if address and len(address) > MAX_LINK_CHARACTERS:
            on_candidate(candidate, why.TOO_LONG)
            continue
        if address:
            on_candidate(candidate, None)
            return address, candidate
        on_candidate(candidate, why.NO_LINK)
    return None, None


class _Normalizer:
    def __init__(self, raw: RawEntry, context: NormalizeContext, observer: Observer | None) -> None:
        self._raw = raw
        self._context = context
        self._decisions = Decisions(context.timezone, observer)
        self._captured = raw.captured or context.taken
        self._key_title: str | None = None  # what identity reads in place of the title
        self._dates = DateChooser(raw, context, self._decisions, captured=self._captured)

    def revision(self, body: Any | None) -> Revision:
        # The observer hears of the fields in this order; cleaning the content uses up the body.
        raw, context, decisions = self._raw, self._context, self._decisions
        address, link = self._link()
        picture = choose_image(raw, body, context, decisions)
        content = self._content(body, address)
        title = self._title_or_substitute(content, address)
        published = self._dates.choose_published()
        url_original = None
        if link:
            url_original = drop_unstorable(link.value)
            decisions.set_provenance("url", link.where)
        guid = self._guid()
        language_tag = self._language(title, content)

        revision = Revision(
            source=context.source,
            keys=self._keys(address, title, content, published),
            guarded=context.reuses_ids and bool(context.site_keys),
            at=self._dates.choose_updated() or self._captured,
            captured=self._captured,
            hash="",
            url=address,
            url_original=url_original,
            title=title,
            published=published.at,
            published_from=published.evidence,
            summary=decisions.first_text("summary", raw.summary),
            content_html=content,
            authors=decisions.all_names(raw.authors, language=language_tag),
            credits=decisions.all_texts("credits", raw.credits),
            tags=self._tags(),
            language=language_tag,
            publisher=decisions.first_text("publisher", raw.publisher),
            image=picture,
            enclosures=choose_enclosures(raw, picture, context, decisions),
            guid=guid,
            provenance=decisions.provenance,
            evidence=decisions.evidence,
            comments=next(self._addresses(raw.comments), None),
            contributors=decisions.all_texts("contributors", raw.contributors),
            comments_feed=next(self._addresses(raw.comments_feed), None),
            via=self._via(address),
        )
        size = measure_text(revision.title, revision.content_html, revision.summary)
        return replace(revision, hash=_hash_of(revision), text_size=size)

    def _link(self) -> tuple[str | None, Candidate | None]:
        return choose_link(
            self._raw,
            drop=self._context.drop_params,
            keep=self._context.keep_params,
            on_candidate=lambda candidate, reason: self._decisions.report("url", candidate, reason),
        )

    def _addresses(self, candidates: Iterable[Candidate]) -> Iterator[str]:
        """Yield URLs that are no links of the item; unlike that they may lead to `#comments`."""
        for candidate in candidates:
            address = url.clean(candidate.value, base=self._raw.base_url, keep_fragment=True)
            if address:
                yield address

    def _via(self, own_address: str | None) -> tuple[str, ...]:
        """Return the URLs where the author found the item, each once, without its own."""
        addresses = dict.fromkeys(self._addresses(self._raw.via))
        addresses.pop(own_address or "", None)
        return tuple(addresses)

    def _guid(self) -> str | None:
        guid = self._raw.guid
        if guid is None:
            return None
        self._decisions.report("guid", guid)
        self._decisions.set_provenance("guid", guid.where)
        return drop_unstorable(guid.value)

    def _keys(
        self, address: str | None, title: str, content: str | None, published: Published
    ) -> tuple[str, ...]:
        context = self._context
        aliases = context.aliases
        if not aliases:
            aliases = self._text_keys(title, content, published)
        stated = None
        if published.is_stated:
            stated = published.at.isoformat()
        return item_keys(
            self._raw,
            context.source,
            site=context.site_keys,
            address=address,
            aliases=aliases,
            host_alias=context.host_alias,
            title=self._key_title or title,
            published=stated,
        )

    def _text_keys(self, title: str, content: str | None, published: Published) -> tuple[str, ...]:
        site = self._context.same_text_site
        if site is None or content is None or not published.is_stated:
            return ()
        paragraphs = html.html_to_text(content).split("\n\n")
        return text_keys(site, title=title, paragraphs=paragraphs, published=published.at)

    def _content(self, body: Any | None, address: str | None) -> str | None:
        """Return the cleaned body; the first content that is not blank is where it comes from."""
        if body is None:
            return None
        content = html.clean(
            body,
            base=self._raw.base_url or address,
            junk=self._context.junk,
            placeholders=self._context.placeholders,
        )

        stated = next((found for found in self._raw.content_html if found.value.strip()), None)
        if stated is None:
            return content
        if content:
            self._decisions.report("content_html", stated)
            self._decisions.set_provenance("content_html", stated.where)
        else:
            self._decisions.report("content_html", stated, why.EMPTY)
        return content

    def _title_or_substitute(self, content: str | None, address: str | None) -> str:
        """Return the stated title, else the beginning of the text, else the URL or the guid.

        An item that is a picture or a recording and nothing else is named by that.
        """
        title = self._choose_title()
        if title:
            return _shorten(title, LONGEST_TITLE_CHARACTERS)

        opening = self._text_in_one_line(content)
        if opening:
            self._decisions.use_fallback("title", opening, "content")
            return _shorten(opening, TITLE_CHARACTERS)

        name = address
        if not name and self._raw.guid:
            name = text.plain_text(self._raw.guid.value)
        if not name:
            name = self._name_by_media(content)
        if not name:
            raise ItemError(self._raw.label, "neither a title nor a link nor text")
        self._decisions.use_fallback("title", name, "url")
        return name

    def _name_by_media(self, content: str | None) -> str | None:
        """Return what names an item of media alone; its URL tells it from others of the same words."""
        self._key_title = media_address(self._raw, content)
        if self._key_title is None:
            return None
        return media_words(self._raw, content) or self._key_title

    def _choose_title(self) -> str | None:
        """Return the first title; one that equals the site's name only if there is no other."""
        titles = self._raw.title
        if len(titles) < 2:
            return self._decisions.first_text("title", titles)

        site_names = {_fold(found) for found in self._raw.publisher}
        of_article, of_site = [], []
        for candidate in titles:
            if _fold(candidate) in site_names:
                of_site.append(candidate)
            else:
                of_article.append(candidate)

        title = self._decisions.first_text("title", of_article)
        if title is None:
            return self._decisions.first_text("title", titles)
        for candidate in of_site:
            self._decisions.report("title", candidate, why.SITE_NAME)
        return title

    def _text_in_one_line(self, content: str | None) -> str:
        """Return the text of the content, else that of the first summary."""
        if content:
            return " ".join(html.html_to_text(content).split())
        if self._raw.summary:
            summary = self._raw.summary[0]
            return text.plain_text(summary.value, summary.form)
        return ""

    def _tags(self) -> tuple[str, ...]:
        """Return the item's own tags, then those that its source adds, each once."""
        tags = self._decisions.all_texts("tags", self._raw.tags)
        return tuple(dict.fromkeys((*tags, *self._context.tags)))

    def _language(self, title: str, content: str | None) -> str | None:
        """Return the stated language, else the source's, else the one that the text is in.

        A language that is not written in the script of the text is not the text's.
        """
        stated = list(self._raw.language)
        if self._context.language:
            stated.append(Candidate(self._context.language, "source"))

        sample = f"{title} {content or ''}"[:LANGUAGE_SAMPLE]
        for candidate in stated:
            tag = language.canonical_tag(candidate.value)
            if tag is None:
                self._decisions.report("language", candidate, why.NO_LANGUAGE)
                continue
            if _is_in_other_script(sample, tag):
                self._decisions.report("language", candidate, why.OTHER_SCRIPT)
                continue

            self._decisions.report("language", candidate)
            self._decisions.set_provenance("language", candidate.where)
            if tag == "zh":
                return language.refine_chinese(text.plain_text(sample))
            return tag

        detected = language.detect_language(text.plain_text(sample))
        if detected:
            self._decisions.use_fallback("language", detected, "text")
        return detected


def _is_in_other_script(sample: str, tag: str) -> bool:
    """Tell whether a text cannot be in its stated language; without HTML only where needed."""
    if language.has_letters_of(tag, sample):
        return False
    return language.contradicts_script(tag, text.plain_text(sample))


def _hash_of(revision: Revision) -> str:
    """Return the hash of what a reader sees.

    Of pictures and attachments only the URL counts, for their sizes are stated or not.
    """
    image_url = None
    if revision.image:
        image_url = revision.image.url
    return content_hash(
        {
            "title": revision.title,
            "summary": revision.summary,
            "content": revision.content_html,
            "authors": revision.authors,
            "tags": revision.tags,
            "image": image_url,
            "enclosures": [enclosure.url for enclosure in revision.enclosures],
        }
    )


def _fold(found: Candidate) -> str:
    return text.fold(text.plain_text(found.value, found.form))


def _shorten(value: str, most_characters: int) -> str:
    if len(value) <= most_characters:
        return value
    return value[: most_characters - 1].rstrip() + "…"
