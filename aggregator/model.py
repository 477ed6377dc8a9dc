"""The frozen values of every stage: Capture -> RawEntry -> Revision -> Entry, and the Outcome of a run.

A value is made by one stage and read by the next; nothing here does anything. Every datetime is aware and UTC.
Absent is None or an empty tuple, never "" or 0 or "now".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from aggregator.source_health import WELL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from aggregator.errors import ErrorClass
    from aggregator.known_items import ItemMarkup, ReadMarkup
    from aggregator.source_health import RunFigures, SourceHealth, VerdictChange


@dataclass(frozen=True, slots=True)
class Capture:
    """The bytes that were fetched, once, as they came (after content decoding).

    `url` is the one that answered (a `file:` URL for a file); `headers` have lower-case names; `status` is 200 for
    files.
    """

    source: str
    url: str
    taken: datetime
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a conditional request needs, byte for byte as the server sent it (RFC 9110 §8.8); it belongs to `url`."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class PollingHints:
    """What a server or a document asks of those who poll it; None where it asks nothing."""

    max_age: timedelta | None = None
    retry_after: timedelta | None = None
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()  # 0 = Monday


NO_HINTS = PollingHints()

# "text" is shown as written; "html" is decoded once; "mixed" is text in which publishers also write
# markup (titles of RSS). None: unknown, and perhaps escaped several times.
TextForm = Literal["text", "html", "mixed"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value as it was found, and where (`feed:title`, `body:div[1]`, `ld:datePublished`, `site:rfi`)."""

    value: str
    where: str
    form: TextForm | None = None


@dataclass(frozen=True, slots=True)
class RawImage:
    """An image as an adapter states it; `url` may be relative, proxied, or a placeholder."""

    url: str
    where: str
    caption: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None


EnclosureKind = Literal["alternate", "transcript", "captions", "chapters"]


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attached file: audio, video, a document, a torrent.

    `length` is in bytes, `duration` in seconds, `type` a media type; None where not stated. `kind` is None for an
    attachment in its own right; others belong to one: `alternate` is the same in another format.
    """

    url: str
    type: str | None = None
    length: int | None = None
    duration: int | None = None
    title: str | None = None
    kind: EnclosureKind | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class RawEntry:
    """What an adapter states about one item, unjudged.

    A field is called as in `Revision` and `Entry`. It holds candidates, the adapter's favourite first; the first
    *valid* one wins later. `label` names the item in messages (a file name, `item 3`). `base_url` is what relative
    links resolve against. Dates are raw strings. `summary` and `content_html` are HTML. `captured` is the document's
    own time of capture (a saved article's epoch), None where the capture's own time holds. `trusted_guid` is False
    where the document repeats this guid. `aliases` are keys by which its site knows the article (`rfi:7k2`).
    `comments` are URLs of its comments page, `comments_feed` those of their feed, `via` those where its author found
    it. `keeps_id` tells that the guid is an id of this program, because the document is a feed of its own.
    `taken_from` are those of the feed and the site that it was taken from (atom:source). `position` is its place in a
    page's list, 0 for the first: what states no date is ordered by it. `markup` is what it was read from, None if it
    cannot be known again by that.
    """

    label: str
    base_url: str | None = None
    url: tuple[Candidate, ...] = ()
    guid: Candidate | None = None
    trusted_guid: bool = True
    title: tuple[Candidate, ...] = ()
    summary: tuple[Candidate, ...] = ()
    content_html: tuple[Candidate, ...] = ()
    published: tuple[Candidate, ...] = ()
    updated: tuple[Candidate, ...] = ()
    authors: tuple[Candidate, ...] = ()
    tags: tuple[Candidate, ...] = ()
    credits: tuple[Candidate, ...] = ()
    language: tuple[Candidate, ...] = ()
    publisher: tuple[Candidate, ...] = ()
    image: tuple[RawImage, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    captured: datetime | None = None
    aliases: tuple[str, ...] = ()
    comments: tuple[Candidate, ...] = ()
    taken_from: tuple[str, ...] = ()
    contributors: tuple[Candidate, ...] = ()
    comments_feed: tuple[Candidate, ...] = ()
    via: tuple[Candidate, ...] = ()
    keeps_id: bool = False
    position: int = 0
    markup: ItemMarkup | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """An item that becomes no entry, and why; `label` is that of its `RawEntry`, None if several items are meant.

    >>> str(Rejection("item 3", "no title"))
    'item 3: no title'
    """

    label: str | None
    reason: str

    def __str__(self) -> str:
        if self.label is None:
            return self.reason
        return f"{self.label}: {self.reason}"


class SharedPart(NamedTuple):
    """A block or title that the pages of a source share: its hash, and how its text begins.

    `text` is "" in what older versions stored.
    """

    hash: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """What a document says of itself: its id, title, site, icon and rights; None where it says nothing.

    `home` and `icon` are absolute http(s) URLs. Its date is left out: it changes with every poll.
    """

    title: str | None = None
    id: str | None = None
    home: str | None = None
    icon: str | None = None
    rights: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What an adapter read from one capture: items in document order, and those that it could not read.

    `title` and `home` are the document's own (a feed's title, its site's URL), as are `feed_id`, `icon` (a URL)
    and `rights`. `is_repaired` means that the document
    was not well-formed and was read loosely. `next_urls` are the absolute URLs of further documents of the same source:
    a list's next page, the children of a sitemap index. `is_empty_list` means that a list is there and empty,
    `is_inferred` that no rule and no markup for machines says where its items are. `notes` say what a person should
    know (`items by JSON-LD`). `declined` says why feedparser had to read a feed, None if it had not.
    `known` are the items that were not read because they are known.
    """

    entries: tuple[RawEntry, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    title: str | None = None
    home: str | None = None
    is_repaired: bool = False
    hints: PollingHints = PollingHints()
    next_urls: tuple[str, ...] = ()
    is_empty_list: bool = False
    is_inferred: bool = False
    notes: tuple[str, ...] = ()
    feed_id: str | None = None
    icon: str | None = None
    rights: str | None = None
    declined: str | None = None
    known: tuple[ItemMarkup, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """The picture of an entry: absolute http(s) URL with proxies unwrapped."""

    url: str
    caption: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was stated of a date, to the letter, and what was made of it.

    `field` is `published` or `updated`, `raw` the text as it was written (cut where no date is that long). `offset` is
    what it stated, in minutes east of Greenwich; where it stated none `zone` says in which zone it was read. `form`
    names what read it (`rfc5322`, `words`). `refused` says why the value is not believed, None for the one that is.
    """

    field: str
    raw: str
    where: str
    precision: str | None = None
    offset: int | None = None
    zone: str | None = None
    form: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class TextSize:
    """How many letters a text has (characters that are no space), and a hash of it with its title."""

    letters: int
    text_hash: bytes


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of an article, as one capture stated it: the output of normalize, the input of the store.

    `keys` identify the article, the one that its id is made of first; any shared key means the same article.
    `guarded` tells that the publisher re-uses the first key: another title and a date more than a day apart is then
    another article. `at` places this version among the others: the publisher's own modified date, else the time of
    capture. `hash` is over the content without its dates. `captured` is when this version was picked up. `evidence`
    holds the dates as they were stated.

    The item's link is the last of `keys` that begins with `url:`; behind the others it names the
    article no more, because several items of the document have it. `tier` says how sure it is that
    the source is the article's own publisher, 3 (certain) to 0, see normalize/publisher.py.
    `comments` is the URL of the comments, `comments_feed` of their feed; `via`: where the author found it.
    Neither they nor `contributors` are part of `hash`. `text_size` is None where nobody measured the text yet.
    `read` is the markup that says all of it, None if the item is to be read again in any case.
    """

    source: str
    keys: tuple[str, ...]
    guarded: bool
    at: datetime
    captured: datetime
    hash: str
    url: str | None
    url_original: str | None
    title: str
    published: datetime
    published_from: str
    summary: str | None = None
    content_html: str | None = None
    authors: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    publisher: str | None = None
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    guid: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    tier: int = 3
    comments: str | None = None
    text_size: TextSize | None = None
    contributors: tuple[str, ...] = ()
    comments_feed: str | None = None
    via: tuple[str, ...] = ()
    read: ReadMarkup | None = None


@dataclass(frozen=True, slots=True)
class Teller:
    """One of several sources that tell an article.

    `url` and `comments` are where it says that the article and its comments are, `letters` is the
    length of its text. `tier` is that of its revision, `revisions` says how many it has.
    """

    source: str
    url: str | None
    comments: str | None
    tier: int
    letters: int
    revisions: int


LeadReason = Literal["followed", "text", "priority", "publisher", "size", "version", "date", "id"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One article in the common schema, as it is shown: its newest revision, with what the store knows of it.

    `id` is `urn:uuid:` of a UUIDv5 over the identity key. `published` is the earliest that was stated, `updated` the
    newest revision's time (for the first revision: `published`), `first_seen` the earliest capture.

    `comments` is the URL of the comments, `comments_feed` of their feed; `via`: where the author found it.
    `tellers` are the sources that tell the article, the one that is shown first; () if there is only one. Where there
    are several, the provenance of a value that is not from `source` begins with its source: `blog/feed:title`.
    """

    id: str
    source: str
    url: str | None
    url_original: str | None
    title: str
    summary: str | None
    content_html: str | None
    content_text: str | None
    published: datetime
    published_from: str
    updated: datetime
    first_seen: datetime
    authors: tuple[str, ...]
    credits: tuple[str, ...]
    tags: tuple[str, ...]
    language: str | None
    publisher: str | None
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    guid: str | None
    revision: int
    duplicates: tuple[str, ...]
    provenance: Mapping[str, str]
    comments: str | None = None
    tellers: tuple[Teller, ...] = ()
    contributors: tuple[str, ...] = ()
    comments_feed: str | None = None
    via: tuple[str, ...] = ()

    @property
    def lead_source(self) -> str:
        """The id of the source whose statement is shown."""
        return self.tellers[0].source if self.tellers else self.source


Status = Literal["ok", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class ForgottenEntry:
    """The id of an entry that was let go of for good, and when."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one run of one source.

    `status` is `unchanged` where nothing had to be parsed (304, same bytes, same folder). `rejected` holds one message
    for each rejected item, `notes` what a person should know though nothing failed (`repaired`).
    `renewed_guids` counts the items whose guids were all new while their links were the same.
    `figures` are None where no document was read. `verdict_change` is what the run changed in the
    verdict on its source, None for nothing; it is not part of the outcome that is stored.
    """

    source: str
    started: datetime
    ms: int
    status: Status
    found: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    renewed_guids: int = 0
    http_status: int | None = None
    size_bytes: int | None = None
    error: ErrorClass | None = None
    message: str | None = None
    figures: RunFigures | None = None
    verdict_change: VerdictChange | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What the store remembers of a source between runs; the schedule is the column `next_fetch_at`.

    `reason` says why then (`every 15 min`, `Retry-After`, `max-age`, `3 failures`). Before `not_before` not even a
    forced run may ask (Retry-After); None where nothing forbids it. `folder` is the manifest of a folder of saved
    articles: file name -> (mtime in ns, size in bytes). `hints` are those of its last document, which hold until the
    next: a 304 says nothing of them. `by_url` tells that its guids were caught naming several items each: its items are
    told apart by their links. `detected_adapter` is what its last document was read by, None before
    the first. `read_again` has the next document read even if it is unchanged: more is in it than
    was taken. `discovered_feed` is the feed that its page names and that is fetched instead;
    `moved_to` is where permanent redirects lead, seen `moved_seen` times in a row.
    `last_change` is when its bytes last differed from those before, None where that is not known.
    `has_excerpts` tells whether the items of its feed are excerpts of what is on their pages, None
    until that was found out. `shared_parts` are the blocks and titles that the pages of
    its articles share. `feed` is what its last document said of itself. `health` is judged by
    the store when a run is committed.
    """

    source: str
    next_fetch_at: datetime
    reason: str | None = None
    lease: int = 0
    validators: Validators | None = None
    body_hash: str | None = None
    detected_adapter: str | None = None
    read_again: bool = False
    discovered_feed: str | None = None
    failures: int = 0
    gone: bool = False
    last_run: datetime | None = None
    last_success: datetime | None = None
    moved_to: str | None = None
    moved_seen: int = 0
    folder: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    not_before: datetime | None = None
    hints: PollingHints = PollingHints()
    by_url: bool = False
    last_change: datetime | None = None
    has_excerpts: bool | None = None
    shared_parts: tuple[SharedPart, ...] = ()
    feed: FeedInfo = FeedInfo()
    health: SourceHealth = WELL

    @property
    def never_polled(self) -> bool:
        """Whether no run has ended yet at this location: every run leaves a reason."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one run of one source, committed in one transaction if its lease still holds.

    `keep_sightings` is True for folders of saved articles, which come in any order; False for
    polls, where only a change is kept. `host_waits` are the hosts that asked to wait, and until
    when. `shares` is the number of revisions of each capture, in order; () if unknown.
    `is_complete` is False if there is more to read at once (a large folder). `rejections` are
    the rejected items of the run's documents; the store has only their messages. `declined` says
    why feedparser had to read the feed; it is only logged.
    """

    state: SourceState
    outcome: Outcome
    captures: tuple[Capture, ...] = ()
    revisions: tuple[Revision, ...] = ()
    keep_sightings: bool = False
    host_waits: Mapping[str, datetime] = field(default_factory=dict)
    shares: tuple[int, ...] = ()
    is_complete: bool = True
    rejections: tuple[Rejection, ...] = ()
    declined: str | None = None
