"""The pure middle of the way: captures in, revisions out. Picklable on both sides, so it runs in any process.

Rule: one bad item is one message; a document that cannot be read at all is the source's error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator import adapters
from aggregator.errors import ItemError, SourceError
from aggregator.model import Found, Hints, RawEntry, Revision
from aggregator.normalize.entry import Context, link_of, normalize
from aggregator.normalize.identity import distinct
from aggregator.sites.reading import read, timezone_of
from aggregator.sites.rules import zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model import Capture, Parsed
    from aggregator.sites.rules import SiteRules, Sites

MAX_ITEMS = 10_000  # a document (RULES: hostile input)
MAX_ITEM_CHARACTERS = 2 * 1024 * 1024  # of an entry's content, and of its summary
NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Job:
    """What the middle needs to know of a source.

    `carrier` is an adapter's name, `site` the name of the rules it insists on, None where the address decides. A
    timezone that the user stated for the source outweighs the one that site rules know.
    """

    source: str
    carrier: str
    site: str | None = None
    timezone: str = "UTC"
    timezone_stated: bool = False
    language: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """What became of some captures: revisions in document order, a message for each rejected item, notes, and hints.

    `shares` tells for each capture how many of the revisions it brought.
    """

    revisions: tuple[Revision, ...] = ()
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hints: Hints = NO_HINTS
    title: str | None = None
    shares: tuple[int, ...] = ()


def digest(captures: Iterable[Capture], job: Job, sites: Sites) -> Digest:
    """Parse, read and normalize captures of one source, in order.

    Raises:
        SourceError: where a document is not readable at all.
    """
    revisions: list[Revision] = []
    rejected: list[str] = []
    notes: list[str] = []
    shares: list[int] = []
    hints, title = NO_HINTS, None
    for capture in captures:
        parsed = adapters.parse(job.carrier, capture)
        rejected.extend(parsed.rejected)
        if parsed.repaired:
            notes.append("repaired: the document is not well-formed and was read loosely")
        hints, title = parsed.hints, parsed.title
        found = _document(parsed, capture, job, sites, rejected)
        shares.append(len(found))
        revisions.extend(found)
    return Digest(tuple(revisions), tuple(rejected), tuple(notes), hints, title, tuple(shares))


def _document(parsed: Parsed, capture: Capture, job: Job, sites: Sites, rejected: list[str]) -> list[Revision]:
    if len(parsed.entries) > MAX_ITEMS:
        rejected.append(f"{len(parsed.entries) - MAX_ITEMS} items beyond the limit of {MAX_ITEMS:,} a document")
    revisions: list[Revision] = []
    for raw in parsed.entries[:MAX_ITEMS]:
        try:
            revisions.append(_item(raw, capture, parsed, job, sites))
        except ItemError as e:
            rejected.append(str(e))
        except (SourceError, MemoryError):
            raise
        except Exception as e:  # noqa: BLE001 - foreign bytes through foreign code: one item is lost, never its source
            rejected.append(f"{raw.item}: cannot be read ({type(e).__name__}: {e})")
    return distinct(revisions)


def _item(raw: RawEntry, capture: Capture, parsed: Parsed, job: Job, sites: Sites) -> Revision:
    if any(len(found.value) > MAX_ITEM_CHARACTERS for found in (*raw.content, *raw.summary)):
        raise ItemError(f"{raw.item}: more than {MAX_ITEM_CHARACTERS:,} characters")
    address, _ = link_of(raw)
    rules = _rules(job, sites, address or capture.url)
    captured = raw.captured or capture.taken
    timezone = job.timezone if job.timezone_stated else timezone_of(rules, address, job.timezone)
    if parsed.title and not raw.publisher:
        raw = _with_publisher(raw, parsed.title)
    reading = read(raw, rules, url=address, timezone=timezone, taken=captured)
    published = rules.field("published")
    return normalize(
        reading.raw,
        reading.body,
        Context(
            source=job.source, taken=capture.taken, timezone=zone(timezone), language=job.language, tags=job.tags,
            formats=published.formats, strip=published.strip, order=published.order, calendar=published.calendar,
            site_keys=reading.keys, aliases=reading.aliases, guarded=rules.reused, host_alias=rules.host_alias,
            drop_params=rules.drop_params, keep_params=rules.keep_params, junk=rules.remove_text,
            placeholders=rules.placeholders,
        ),
    )  # fmt: skip


def _rules(job: Job, sites: Sites, address: str) -> SiteRules:
    if job.site is not None:
        return sites.named(job.site)
    return sites.of(address) or sites.named("saved")


def _with_publisher(raw: RawEntry, title: str) -> RawEntry:
    return replace(raw, publisher=(Found(title, "feed:title"),))


__all__ = ["Digest", "Job", "digest"]
