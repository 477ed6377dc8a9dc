"""Turns captures into revisions: adapter, site rules, normalization, filters.

It is pure, and what goes in and comes out can be pickled, so it runs in any process. One bad item
is one rejection; a document that cannot be read at all is the source's error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator import adapters
from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.errors import ItemError, SourceError
from aggregator.known_items import ReadMarkup
from aggregator.model import Candidate, FeedInfo, ParsedDocument, RawEntry, Rejection, Revision
from aggregator.normalize import dates
from aggregator.normalize.corrections import correct_raw_entry, correct_revision
from aggregator.normalize.entry import NormalizeContext, choose_link, normalize
from aggregator.normalize.filters import make_filter
from aggregator.normalize.identity import (
    KEYED_BY_URL,
    count_guids,
    demote_shared_links,
    distrust_guids,
    has_link_twice,
)
from aggregator.normalize.image import drop_logos
from aggregator.normalize.publisher import document_origin
from aggregator.normalize.value_limits import MAX_NAME_CHARACTERS, CutValues, limit_values
from aggregator.parse.article_links import MIN_EXCERPTS, ArticleLinks
from aggregator.parse.known import (
    WholeDocumentNeededError,
    has_guid_twice,
    has_lasting_dates,
    unread_revision,
    with_salt,
)
from aggregator.parse.task import PageRequest, ParseResult, ParseTask, concat
from aggregator.rules.apply import apply_rules, choose_timezone
from aggregator.rules.compiled import add_source_rules, load_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.known_items import KnownItems
    from aggregator.model import Capture
    from aggregator.normalize.observer import Observer
    from aggregator.rules.compiled import CompiledField, SiteRules, Sites

MAX_ITEM_CHARACTERS = 2 * 1024 * 1024  # of an entry's content, and of its summary
MAX_FEED_CHARACTERS = 2_000  # of a feed's title, id, rights and URLs
MAX_DATES = 4  # of an item that may prove the order of day and month
KEYED_BY_URL_BEFORE = f"{KEYED_BY_URL}: its guids named several items before"


def parse_captures(
    captures: Iterable[Capture], task: ParseTask, sites: Sites, *, observer: Observer | None = None
) -> ParseResult:
    """Parse and normalize captures of one source, in order; `observer` sees each decision.

    Raises:
        SourceError: a document cannot be read at all.
    """
    return concat([_parse_document(capture, task, sites, observer) for capture in captures])


def rules_for(task: ParseTask, capture: Capture, sites: Sites) -> SiteRules:
    """Return the rules that apply to a document.

    They are those that the source names, else those of its host, else those whose fingerprint the
    page has, else the general ones. The source's own rules come first.
    """
    sites = sites.for_adapter(task.adapter)
    if task.site is not None:
        return _with_own_rules(task, sites.get(task.site))
    found = sites.find_by_url(capture.url) or _by_fingerprint(task, capture, sites)
    return _with_own_rules(task, found or sites.fallback)


def _by_fingerprint(task: ParseTask, capture: Capture, sites: Sites) -> SiteRules | None:
    if not adapters.find_adapter(task.adapter).is_page:
        return None
    from aggregator.adapters.html import parse_page  # on demand: a feed needs no HTML parser

    try:
        return sites.find_by_fingerprint(parse_page(capture))
    except SourceError:
        return None  # the adapter reports the error in more detail


def _with_own_rules(task: ParseTask, rules: SiteRules) -> SiteRules:
    if task.page_rules is None:
        return rules
    return add_source_rules(task.page_rules, rules)


def _parse_document(
    capture: Capture, task: ParseTask, sites: Sites, observer: Observer | None
) -> ParseResult:
    known = with_salt(task, capture, sites)
    try:
        return _read_document(capture, task, sites, observer, known)
    except WholeDocumentNeededError:
        whole = replace(known, items={}) if known else None
        return _read_document(capture, task, sites, observer, whole)


def _read_document(
    capture: Capture,
    task: ParseTask,
    sites: Sites,
    observer: Observer | None,
    known: KnownItems | None,
) -> ParseResult:
    rules = rules_for(task, capture, sites)
    parsed = _limit_document(_parse_by_adapter(capture, task, rules, known), capture)
    rejected = list(parsed.rejected)
    reader = _ItemNormalizer(capture, parsed, task, sites, rules, observer)
    items = _known_items(parsed, known, task, capture)
    is_plain = not has_guid_twice(parsed.entries, [item.revision for item in items])
    if items and not is_plain:
        raise WholeDocumentNeededError
    entries, keyed = _judge_guids(parsed.entries, task)
    for raw in entries:
        try:
            items.append(reader.item(raw))
        except ItemError as e:
            rejected.append(Rejection(e.label, e.reason))
        except (SourceError, MemoryError):
            raise
        except Exception as e:  # noqa: BLE001 - foreign bytes through foreign code: one item is lost, never its source
            reason = f"cannot be read ({type(e).__name__}: {e})"
            rejected.append(Rejection(raw.label, reason))
    if parsed.known:
        items.sort(key=_number_of)
    chosen = reader.keep_selected(_judge_tiers(items, capture, parsed, task))
    listed = [item.revision for item in chosen]
    if not is_plain or has_link_twice(listed):
        if parsed.known:
            raise WholeDocumentNeededError
        listed = [replace(revision, read=None) for revision in listed]
    separated = demote_shared_links(listed, [item.raw.trusted_guid for item in chosen])
    revisions = drop_logos(separated)
    return ParseResult(
        revisions,
        tuple(rejected),
        (*_notes(parsed), *keyed),
        parsed.hints,
        parsed.title,
        (len(revisions),),
        page_requests=_page_requests(chosen, revisions),
        next_urls=parsed.next_urls,
        filtered=len(items) - len(chosen),
        ignore_guids=task.ignore_guids or bool(keyed),
        is_inferred=parsed.is_inferred,
        excerpts=_possible_excerpts(chosen, revisions),
        has_excerpts=task.has_excerpts,
        feed=_feed_info(parsed),
        declined=parsed.declined,
    )


def _known_items(
    parsed: ParsedDocument, known: KnownItems | None, task: ParseTask, capture: Capture
) -> list[_Item]:
    items: list[_Item] = []
    if known is None:
        return items
    for markup in parsed.known:
        raw = RawEntry(f"item {markup.number + 1}", markup=markup)
        items.append(_Item(raw, unread_revision(markup, known, task, capture), None, is_known=True))
    return items


def _number_of(item: _Item) -> int:
    """Return the place of an item in its feed, which its label names."""
    return int(item.raw.label.rpartition(" ")[2])


def _parse_by_adapter(
    capture: Capture, task: ParseTask, rules: SiteRules, known: KnownItems | None
) -> ParsedDocument:
    if task.adapter == ARTICLE:
        return _parse_article(capture, task, rules)
    if task.site is not None and adapters.find_adapter(task.adapter).is_page:
        alone = _parse_article_alone(capture, task, rules)
        if alone is not None:
            return alone
    return adapters.parse(task.adapter, capture, rules, known)


def _parse_article_alone(
    capture: Capture, task: ParseTask, rules: SiteRules
) -> ParsedDocument | None:
    """Read the page of a source that names site rules if it is an article's own, else return None."""
    from aggregator.adapters.article.not_article import is_article_by_rules
    from aggregator.adapters.html import parse_page

    if not is_article_by_rules(parse_page(capture), rules):
        return None
    parsed = _parse_article(capture, task, rules)
    if not parsed.entries:
        return None
    note = "the page is an article, not a list: it is read as one"
    return replace(parsed, next_urls=(), notes=(note,))


def _limit_document(parsed: ParsedDocument, capture: Capture) -> ParsedDocument:
    """Cut the values that are over a limit."""
    cut = CutValues()
    entries = []
    for raw in parsed.entries:
        limited, fields = limit_values(raw, base_url=capture.url)
        cut.add(fields)
        if fields:
            limited = replace(limited, markup=None)  # the note on it is to be made each time
        entries.append(limited)

    title = parsed.title
    if title is not None:
        title = title[:MAX_NAME_CHARACTERS]
    return replace(
        parsed,
        entries=tuple(entries),
        title=title,
        notes=(*parsed.notes, *cut.notes()),
    )


def _feed_info(parsed: ParsedDocument) -> FeedInfo:
    """Return what the document says of itself, without what is too long or no URL of the web."""
    return FeedInfo(
        _short_text(parsed.title),
        _short_text(parsed.feed_id),
        _web_url(parsed.home),
        _web_url(parsed.icon),
        _short_text(parsed.rights),
    )


def _short_text(text: str | None) -> str | None:
    if text and len(text) <= MAX_FEED_CHARACTERS:
        return text
    return None


def _web_url(url: str | None) -> str | None:
    short = _short_text(url)
    if short and short.lower().startswith(("http://", "https://")):
        return short
    return None


def _parse_article(capture: Capture, task: ParseTask, rules: SiteRules) -> ParsedDocument:
    """Read one article's own page; `next_urls` are its next pages."""
    from aggregator.adapters import article  # on demand: most feeds have whole articles

    pages = (capture, *task.next_pages)
    try:
        raw = article.read_pages(pages, rules, item=task.item, adapter=task.list_adapter)
    except ItemError as e:
        return ParsedDocument(rejected=(Rejection(e.label, e.reason),))
    return ParsedDocument(entries=(raw,), next_urls=article.find_next_pages(pages[-1], rules))


def _judge_guids(
    entries: tuple[RawEntry, ...], task: ParseTask
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """Mark guids that name several items, now or before; return the items and the notes on it."""
    guids = count_guids(entries)
    by_url = guids.are_unreliable or task.ignore_guids
    entries = distrust_guids(entries, repeated=guids.repeated, by_url=by_url)
    if guids.are_unreliable:
        return entries, (f"{KEYED_BY_URL}: {guids}",)
    if task.ignore_guids and task.adapter != ARTICLE:
        return entries, (KEYED_BY_URL_BEFORE,)
    return entries, ()


def _notes(parsed: ParsedDocument) -> tuple[str, ...]:
    if not parsed.is_repaired:
        return parsed.notes
    repaired = "repaired: the document is not well-formed and was read loosely"
    return (repaired, *parsed.notes)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item and its revision; `page` is the URL of its article's own page if that is to be read.

    `may_be_excerpt` is only set if that is to be found out.
    """

    raw: RawEntry
    revision: Revision
    page: str | None
    may_be_excerpt: bool = False
    is_known: bool = False


def _judge_tiers(
    items: list[_Item], capture: Capture, parsed: ParsedDocument, task: ParseTask
) -> list[_Item]:
    """Set the tier of each item: how sure it is that the source is the article's publisher.

    An article's own page and a saved article keep the highest tier.
    """
    if task.adapter in ("archive", ARTICLE):
        return items
    links = [item.revision.url for item in items]
    origin = document_origin(
        capture.url, home=parsed.home, stated=task.publisher_sites, links=links
    )
    judged = []
    for item in items:
        tier = origin.tier(item.revision.url, taken_from=item.raw.taken_from)
        if tier != item.revision.tier:
            item = replace(item, revision=replace(item.revision, tier=tier))
        judged.append(item)
    return judged


def _page_requests(
    items: Sequence[_Item], revisions: Sequence[Revision]
) -> tuple[PageRequest, ...]:
    """Return the requests for articles' own pages; a link that several items share is no page of theirs."""
    requests = []
    for index, (item, revision) in enumerate(zip(items, revisions, strict=True)):
        shares_its_link = revision.keys != item.revision.keys
        if item.page is not None and not shares_its_link:
            requests.append(PageRequest(index, item.raw, item.page))
    return tuple(requests)


def _possible_excerpts(
    items: Sequence[_Item], revisions: Sequence[Revision]
) -> tuple[PageRequest, ...]:
    """Return requests for the pages of the items if all of them are short, else ()."""
    if len(items) < MIN_EXCERPTS:
        return ()
    with_pages = []
    for item in items:
        if item.page is None and not item.may_be_excerpt:
            return ()
        page = item.revision.url if item.may_be_excerpt and item.page is None else None
        with_pages.append(replace(item, page=page))
    return _page_requests(with_pages, revisions)


class _ItemNormalizer:
    """Normalizes the items of one document."""

    def __init__(
        self,
        capture: Capture,
        parsed: ParsedDocument,
        task: ParseTask,
        sites: Sites,
        rules: SiteRules,
        observer: Observer | None,
    ) -> None:
        self._capture = capture
        self._parsed = parsed
        self._task = task
        self._sites = sites.for_adapter(task.adapter)
        self._document_rules = rules
        self._observer = observer
        self._own_rules: dict[str, SiteRules] = {}
        self._date_rules: dict[str, CompiledField] = {}
        self._chosen = make_filter(task.include, task.exclude)
        self._links = ArticleLinks(task, url=capture.url, home=parsed.home)
        self._looks_for_excerpts = self._links.looks_for_excerpts()
        self._proven_order = dates.find_order(_stated_dates(parsed.entries))

    def item(self, raw: RawEntry) -> _Item:
        """Apply rules and corrections to one item and normalize it. Raises ItemError."""
        if any(
            len(found.value) > MAX_ITEM_CHARACTERS for found in (*raw.content_html, *raw.summary)
        ):
            raise ItemError(raw.label, f"more than {MAX_ITEM_CHARACTERS:,} characters")
        if self._parsed.title and not raw.publisher:
            raw = replace(
                raw, publisher=(Candidate(self._parsed.title, f"{self._task.adapter}:title"),)
            )
        revision, rules, is_lasting = self._revision(raw)
        page = self._links.page_to_read(revision, rules)
        may_be_excerpt = False
        if self._looks_for_excerpts:
            may_be_excerpt = self._links.may_be_excerpt(revision, rules)
        if raw.markup and is_lasting and page is None and not may_be_excerpt:
            guid = raw.guid.value if raw.guid else None
            image = revision.image.url if revision.image else None
            read = ReadMarkup(raw.markup, guid, image=image)
            revision = replace(revision, read=read)
        return _Item(raw, revision, page, may_be_excerpt)

    def keep_selected(self, items: list[_Item]) -> list[_Item]:
        """Keep the items that pass the source's filters."""
        if self._chosen is None:
            return items
        kept = []
        for item in items:
            if item.is_known or self._chosen(item.revision, unread=item.page is not None):
                kept.append(item)
        return kept

    def _revision(self, raw: RawEntry) -> tuple[Revision, SiteRules, bool]:
        """Return the revision of an item, the rules that apply to it, and whether its dates last."""
        task, capture = self._task, self._capture
        address, _ = choose_link(raw)
        rules = self._rules(address)
        timezone = task.timezone
        if not task.timezone_stated:
            timezone = choose_timezone(rules, address, timezone)
        reading = apply_rules(
            raw, rules, url=address, timezone=timezone, taken=raw.captured or capture.taken
        )
        published = self._dates_of(rules)
        context = NormalizeContext(
            source=task.source,
            taken=capture.taken,
            timezone=load_zone(timezone),
            language=task.language,
            tags=task.tags,
            formats=published.formats,
            strip=published.strip,
            order=published.order or self._proven_order,
            calendar=published.calendar,
            site_keys=reading.keys,
            aliases=reading.aliases,
            reuses_ids=rules.reuses_ids,
            host_alias=rules.host_alias,
            same_text_site=rules.id if rules.matches_by_text else None,
            drop_params=rules.drop_params,
            keep_params=rules.keep_params,
            junk=rules.remove_text,
            placeholders=rules.placeholders,
        )
        is_lasting = False
        if raw.markup is not None and not published.strip:
            is_lasting = has_lasting_dates(reading.raw, capture.taken)
        if task.corrections is None:
            revision = normalize(reading.raw, reading.body, context, observer=self._observer)
            return revision, rules, is_lasting
        told = correct_raw_entry(reading.raw, task.corrections)
        body = reading.body
        if not told.content_html:
            body = None
        revision = normalize(told, body, context, observer=self._observer)
        corrected = correct_revision(revision, told, corrections=task.corrections, context=context)
        return corrected, rules, is_lasting

    def _rules(self, address: str | None) -> SiteRules:
        """Return the rules of an article: those of its host, else those of the list that names it."""
        if self._task.site is not None or self._task.adapter == ARTICLE:
            return self._document_rules
        found = self._sites.find_by_url(address or self._capture.url)
        if found is None:
            if ADAPTERS[self._task.adapter].is_list:
                return self._document_rules
            found = self._sites.fallback
        if found.id not in self._own_rules:
            self._own_rules[found.id] = _with_own_rules(self._task, found)
        return self._own_rules[found.id]

    def _dates_of(self, rules: SiteRules) -> CompiledField:
        if rules.id not in self._date_rules:
            self._date_rules[rules.id] = self._dates(rules)
        return self._date_rules[rules.id]

    def _dates(self, rules: SiteRules) -> CompiledField:
        """Return how dates are written, in the list and in the articles themselves."""
        stated = rules.field("published")
        carriers = (ADAPTERS[self._task.adapter], ADAPTERS[self._task.list_adapter])
        if not any(carrier.is_list for carrier in carriers):
            return stated

        listed = self._document_rules.listing.field("published")
        calendar = listed.calendar
        if calendar == "gregorian":
            calendar = stated.calendar
        return replace(
            stated,
            formats=(*listed.formats, *stated.formats),
            strip=(*listed.strip, *stated.strip),
            order=listed.order or stated.order,
            calendar=calendar,
        )


def _stated_dates(entries: Iterable[RawEntry]) -> Iterator[str]:
    for raw in entries:
        for found in (*raw.published[:MAX_DATES], *raw.updated[:MAX_DATES]):
            yield found.value


__all__ = ["PageRequest", "ParseResult", "ParseTask", "concat", "parse_captures", "rules_for"]
