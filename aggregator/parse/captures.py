"""The pure middle of the way: captures in, revisions out. Picklable on both sides, so it runs in any process.

Rule: one bad item is one message; a document that cannot be read at all is the source's error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator import adapters
from aggregator.adapter_table import ADAPTERS, ARTICLE
from aggregator.errors import ItemError, SourceError
from aggregator.model import Candidate, ParsedDocument, RawEntry, Rejection, Revision
from aggregator.normalize import dates
from aggregator.normalize.corrections import correct_raw_entry, correct_revision
from aggregator.normalize.entry import NormalizeContext, choose_link, normalize
from aggregator.normalize.filters import make_filter
from aggregator.normalize.identity import (
    KEYED_BY_URL,
    count_guids,
    demote_shared_links,
    distrust_guids,
)
from aggregator.normalize.image import drop_logos
from aggregator.normalize.publisher import document_origin
from aggregator.normalize.text.truncated import is_truncated
from aggregator.normalize.url import fragment_key, same_site
from aggregator.parse.task import PageRequest, ParseResult, ParseTask, concat
from aggregator.rules.apply import apply_rules, choose_timezone
from aggregator.rules.compiled import add_source_rules, load_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.model import Capture
    from aggregator.normalize.observer import Observer
    from aggregator.rules.compiled import CompiledField, SiteRules, Sites

MAX_ITEMS = 10_000  # a document (RULES: hostile input)
MAX_ITEM_CHARACTERS = 2 * 1024 * 1024  # of an entry's content, and of its summary
MAX_DATES = 4  # of an item that may prove the order of day and month
KEYED_BY_URL_BEFORE = f"{KEYED_BY_URL}: its guids named several items before"


def parse_captures(
    captures: Iterable[Capture], job: ParseTask, sites: Sites, *, witness: Observer | None = None
) -> ParseResult:
    """Parse, read and normalize captures of one source, in order; `witness` is told why each item became what it is.

    Raises:
        SourceError: where a document is not readable at all.
    """
    return concat([_parse_document(capture, job, sites, witness) for capture in captures])


def rules_for(job: ParseTask, capture: Capture, sites: Sites) -> SiteRules:
    """Return the rules that a document is read with.

    Those that the source insists on, else its host's, else those of the system that made the page,
    else those for publishers without rules; the source's own in front.
    """
    sites = sites.for_adapter(job.adapter)
    if job.site is not None:
        return _with_own_rules(job, sites.get(job.site))
    found = sites.find_by_url(capture.url) or _by_fingerprint(job, capture, sites)
    return _with_own_rules(job, found or sites.fallback)


def _by_fingerprint(job: ParseTask, capture: Capture, sites: Sites) -> SiteRules | None:
    if not adapters.find_adapter(job.adapter).is_page:
        return None
    from aggregator.adapters.html import parse_page  # on demand: a feed needs no page to be read

    try:
        return sites.find_by_fingerprint(parse_page(capture))
    except SourceError:
        return None  # the adapter says it better


def _with_own_rules(job: ParseTask, rules: SiteRules) -> SiteRules:
    if job.page_rules is None:
        return rules
    return add_source_rules(job.page_rules, rules)


def _parse_document(
    capture: Capture, job: ParseTask, sites: Sites, witness: Observer | None
) -> ParseResult:
    rules = rules_for(job, capture, sites)
    if job.adapter == ARTICLE:
        parsed = _parse_article(capture, job, rules)
    else:
        parsed = adapters.parse(job.adapter, capture, rules)
    rejected = list(parsed.rejected)
    surplus = len(parsed.entries) - MAX_ITEMS
    if surplus > 0:
        reason = f"{surplus} items beyond the limit of {MAX_ITEMS:,} a document"
        rejected.append(Rejection(None, reason))
    reader = _ItemNormalizer(capture, parsed, job, sites, rules, witness)
    items: list[_Item] = []
    entries, keyed = _judge_guids(parsed.entries[:MAX_ITEMS], job)
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
    chosen = reader.keep_selected(_judge_tiers(items, capture, parsed, job))
    separated = demote_shared_links(
        [item.revision for item in chosen], [item.raw.trusted_guid for item in chosen]
    )
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
        ignore_guids=job.ignore_guids or bool(keyed),
        is_inferred=parsed.is_inferred,
    )


def _parse_article(capture: Capture, job: ParseTask, rules: SiteRules) -> ParsedDocument:
    """Read one article's own page; `next_urls` are its next pages."""
    from aggregator.adapters import article  # on demand: most feeds bring their articles with them

    pages = (capture, *job.next_pages)
    try:
        raw = article.read_pages(pages, rules, item=job.item, adapter=job.list_adapter)
    except ItemError as e:
        return ParsedDocument(rejected=(Rejection(e.label, e.reason),))
    return ParsedDocument(entries=(raw,), next_urls=article.find_next_pages(pages[-1], rules))


def _judge_guids(
    entries: tuple[RawEntry, ...], job: ParseTask
) -> tuple[tuple[RawEntry, ...], tuple[str, ...]]:
    """Mark guids that name several items, now or before; return the items and the notes on it."""
    guids = count_guids(entries)
    by_url = guids.are_unreliable or job.ignore_guids
    entries = distrust_guids(entries, repeated=guids.repeated, by_url=by_url)
    if guids.are_unreliable:
        return entries, (f"{KEYED_BY_URL}: {guids}",)
    if job.ignore_guids and job.adapter != ARTICLE:
        return entries, (KEYED_BY_URL_BEFORE,)
    return entries, ()


def _notes(parsed: ParsedDocument) -> tuple[str, ...]:
    if not parsed.is_repaired:
        return parsed.notes
    repaired = "repaired: the document is not well-formed and was read loosely"
    return (repaired, *parsed.notes)


@dataclass(frozen=True, slots=True)
class _Item:
    """An item as it was stated, and what it became; `page` is where its article's own page is, if that is wanted."""

    raw: RawEntry
    revision: Revision
    page: str | None


def _judge_tiers(
    items: list[_Item], capture: Capture, parsed: ParsedDocument, job: ParseTask
) -> list[_Item]:
    """State for each item how sure it is that its source is its own publisher.

    An article's own page and a saved article are the publisher's word.
    """
    if job.adapter in ("archive", ARTICLE):
        return items
    links = [item.revision.url for item in items]
    origin = document_origin(capture.url, home=parsed.home, stated=job.publisher_sites, links=links)
    judged = []
    for item in items:
        tier = origin.tier(item.revision.url, taken_from=item.raw.taken_from)
        judged.append(replace(item, revision=replace(item.revision, tier=tier)))
    return judged


def _page_requests(
    items: Sequence[_Item], revisions: Sequence[Revision]
) -> tuple[PageRequest, ...]:
    """Return which items want their page; a link that several items share is the page of none."""
    requests = []
    for index, (item, revision) in enumerate(zip(items, revisions, strict=True)):
        shares_its_link = revision.keys != item.revision.keys
        if item.page is not None and not shares_its_link:
            requests.append(PageRequest(index, item.raw, item.page))
    return tuple(requests)


class _ItemNormalizer:
    """Reads the items of one document."""

    def __init__(
        self,
        capture: Capture,
        parsed: ParsedDocument,
        job: ParseTask,
        sites: Sites,
        rules: SiteRules,
        witness: Observer | None,
    ) -> None:
        self._capture = capture
        self._parsed = parsed
        self._job = job
        self._sites = sites.for_adapter(job.adapter)
        self._document_rules = rules
        self._witness = witness
        self._own_rules: dict[str, SiteRules] = {}
        self._chosen = make_filter(job.include, job.exclude)
        self._proven_order = dates.find_order(_stated_dates(parsed.entries))

    def item(self, raw: RawEntry) -> _Item:
        """Read, put right and normalize one item. Raises ItemError where it is none."""
        if any(
            len(found.value) > MAX_ITEM_CHARACTERS for found in (*raw.content_html, *raw.summary)
        ):
            raise ItemError(raw.label, f"more than {MAX_ITEM_CHARACTERS:,} characters")
        if self._parsed.title and not raw.publisher:
            raw = replace(
                raw, publisher=(Candidate(self._parsed.title, f"{self._job.adapter}:title"),)
            )
        revision = self._revision(raw)
        return _Item(raw, revision, self._page(revision))

    def keep_selected(self, items: list[_Item]) -> list[_Item]:
        """Keep what the source's filters let through."""
        if self._chosen is None:
            return items
        kept = []
        for item in items:
            if self._chosen(item.revision, unread=item.page is not None):
                kept.append(item)
        return kept

    def _revision(self, raw: RawEntry) -> Revision:
        job, capture = self._job, self._capture
        address, _ = choose_link(raw)
        rules = self._rules(address)
        timezone = job.timezone
        if not job.timezone_stated:
            timezone = choose_timezone(rules, address, timezone)
        reading = apply_rules(
            raw, rules, url=address, timezone=timezone, taken=raw.captured or capture.taken
        )
        published = self._dates(rules)
        context = NormalizeContext(
            source=job.source,
            taken=capture.taken,
            timezone=load_zone(timezone),
            language=job.language,
            tags=job.tags,
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
        if job.corrections is None:
            return normalize(reading.raw, reading.body, context, observer=self._witness)
        told = correct_raw_entry(reading.raw, job.corrections)
        body = reading.body
        if not told.content_html:
            body = None
        revision = normalize(told, body, context, observer=self._witness)
        return correct_revision(revision, told, corrections=job.corrections, context=context)

    def _rules(self, address: str | None) -> SiteRules:
        """The rules of an article: those of its host; where it has none, those of the list that names it."""
        if self._job.site is not None or self._job.adapter == ARTICLE:
            return self._document_rules
        found = self._sites.find_by_url(address or self._capture.url)
        if found is None and ADAPTERS[self._job.adapter].is_list:
            return self._document_rules
        found = found or self._sites.fallback
        if found.id not in self._own_rules:
            self._own_rules[found.id] = _with_own_rules(self._job, found)
        return self._own_rules[found.id]

    def _dates(self, rules: SiteRules) -> CompiledField:
        """How dates are written: as the list has them, and as the articles themselves do."""
        stated = rules.field("published")
        carriers = (ADAPTERS[self._job.adapter], ADAPTERS[self._job.list_adapter])
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

    def _page(self, revision: Revision) -> str | None:
        """Return the URL of the article's own page if it is to be read, else None."""
        task = self._job
        if revision.url is None or task.full_text == "never":
            return None
        if task.adapter in ("archive", ARTICLE):
            return None
        if task.full_text == "always":
            return revision.url
        if ADAPTERS[task.adapter].is_list:
            has_text = bool(revision.content_html)
        else:
            has_text = not self._is_cut_short(revision, revision.url)
        if has_text:
            return None
        return revision.url

    def _is_cut_short(self, revision: Revision, address: str) -> bool:
        """Tell whether the text of a feed's item is to be completed from its page.

        Not from another site's, not for something to listen to or watch, and not if the item is but
        a place in the page, such as a remark.
        """
        own_sites = (self._capture.url, self._parsed.home or "")
        if not any(same_site(address, home) for home in own_sites):
            return False
        if fragment_key(address) or _has_media(revision):
            return False
        return is_truncated(revision)


def _stated_dates(entries: Iterable[RawEntry]) -> Iterator[str]:
    for raw in entries:
        for found in (*raw.published[:MAX_DATES], *raw.updated[:MAX_DATES]):
            yield found.value


def _has_media(revision: Revision) -> bool:
    """Tell whether an item is a broadcast: what it has to say is in its sound or film."""
    types = [found.type or "" for found in revision.enclosures]
    return any(kind.startswith(("audio/", "video/")) for kind in types)


__all__ = ["PageRequest", "ParseResult", "ParseTask", "concat", "parse_captures", "rules_for"]
