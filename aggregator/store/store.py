"""The store: every article once, the schedule, and what each run left.

One thread writes at a time; any thread reads, and no reader writes. The store raises only
StoreError, whose message says what to do.
"""

from __future__ import annotations

import logging
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.store import (
    browse,
    captures,
    commit,
    copy_groups,
    daemon_lock,
    daily_figures,
    derived,
    document_columns,
    forgetting,
    listing,
    membership,
    outcomes,
    queries,
    retention,
    schedule,
)
from aggregator.store import view as views
from aggregator.store.archive import Archive
from aggregator.store.content import Compressor
from aggregator.store.engine import (
    create_engines,
    database_size,
    read_transaction,
    write_transaction,
)
from aggregator.store.health import HealthRecords
from aggregator.store.leftovers import RetentionPeriods
from aggregator.store.merge import known as newness
from aggregator.store.merge.leads import choose_leads
from aggregator.store.migrations import migrate
from aggregator.store.queries import EntryBuilder
from aggregator.store.upkeep import Upkeep
from aggregator.store.wrong_clock import correct_future_times

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from types import TracebackType
    from typing import Self

    from aggregator.known_items import KnownItems
    from aggregator.model import (
        Capture,
        Entry,
        Evidence,
        LeadReason,
        Outcome,
        Result,
        Revision,
        SourceState,
    )
    from aggregator.store.browse import EntryPosition, Headline
    from aggregator.store.document_columns import SourceOrigin
    from aggregator.store.engine import Engines
    from aggregator.store.membership import Arrival, Deletion, EntryCopy
    from aggregator.store.merge.known import KnownArticle
    from aggregator.store.queries import VisibleRevision
    from aggregator.store.retention import PruneResult, RetainedView
    from aggregator.store.view import Selection

logger = logging.getLogger(__name__)
# Entries whose words and copies are made in one turn of the writer: some 0.3 s.
ENTRIES_PER_TURN = 500


class Store:
    """An open store; close it, or use it in a `with` statement."""

    def __init__(self, engines: Engines, *, text_of: Callable[[str], str]) -> None:
        self._engines = engines
        self._text_of = text_of
        self._compressor = Compressor()

    @classmethod
    def open(cls, url: str, *, text_of: Callable[[str], str]) -> Self:
        """Open the store at a SQLAlchemy `url`, made or migrated where needed.

        `text_of` gives the plain text of sanitized HTML: it is not stored.
        Raises: StoreError where the store cannot be opened or is of a newer version.
        """
        engines = create_engines(url)
        store = cls(engines, text_of=text_of)
        try:
            migrate(engines)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Close all connections."""
        self._engines.read.dispose()
        self._engines.write.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def lock_for_daemon(self) -> AbstractContextManager[None]:
        """Hold the store as its one daemon until the context ends, or the process does.

        Raises: StoreError where another daemon holds it, naming its pid.
        """
        return daemon_lock.lock_store(self._engines)

    def sync_sources(
        self, sources: Iterable[tuple[str, str, datetime] | tuple[str, str, datetime, int]]
    ) -> None:
        """Make the store follow the configuration.

        Each source is (name, location, when it is due for the first time, priority of its copies or none for 0).
        A source that is gone is no longer polled, its entries stay; another location makes a source due as if it were
        new, and ends its run. Another priority decides anew which copy represents the others.
        """
        wanted: dict[str, tuple[str, datetime]] = {}
        priorities: dict[str, int] = {}
        for name, location, first_due, *priority in sources:
            wanted[name] = (location, first_due)
            priorities[name] = priority[0] if priority else 0
        with write_transaction(self._engines) as connection:
            changed = schedule.sync_sources(connection, wanted, priorities)
            if changed:
                choose_leads(connection, changed, compressor=self._compressor)
                copy_groups.regroup_all(connection)

    def claim(
        self,
        now: datetime,
        *,
        limit: int,
        lease: timedelta,
        sources: Collection[str] | None = None,
        force: bool = False,
        new: bool = False,
    ) -> list[SourceState]:
        """Lease at most `limit` sources that are due, the longest overdue first, from `sources` or from all.

        `force` takes also what is not due or gone, but neither what another process runs nor what asked for time.
        `new` takes also what was never polled, before its first time.
        """
        with write_transaction(self._engines) as connection:
            correct_future_times(connection, now, compressor=self._compressor)
            return schedule.claim(
                connection, now, limit=limit, lease=lease, sources=sources, force=force, new=new
            )

    def release(self, states: Iterable[SourceState]) -> None:
        """Give claims back without a run: they are due as before."""
        with write_transaction(self._engines) as connection:
            schedule.release(connection, states)

    def forgive(self, sources: Collection[str], *, hosts: Collection[str], now: datetime) -> None:
        """Make these sources due at `now`, as if they had never failed, and forget what these hosts asked for."""
        with write_transaction(self._engines) as connection:
            schedule.forgive(connection, sources, hosts, now)

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next source may be claimed, `now` where one may be already, None where none is polled."""
        with read_transaction(self._engines) as connection:
            due = schedule.next_due(connection)
        return None if due is None else max(due, now)

    def states(self) -> list[SourceState]:
        """Return the states of all configured sources, by name."""
        with read_transaction(self._engines) as connection:
            return schedule.states(connection)

    def count_sources(self) -> tuple[int, int]:
        """Return how many configured sources there are, and how many of them failed last."""
        with read_transaction(self._engines) as connection:
            return schedule.count_sources(connection)

    def source_origins(self) -> dict[str, SourceOrigin]:
        """Return what is known of the documents of all sources, by the source's name."""
        with read_transaction(self._engines) as connection:
            return document_columns.source_origins(connection)

    def outcomes(self, source: str | None, limit: int) -> list[Outcome]:
        """Return the newest outcomes of a source, None for all sources, newest first."""
        with read_transaction(self._engines) as connection:
            return outcomes.newest_outcomes(connection, source, limit)

    def last_outcomes(self) -> dict[str, Outcome]:
        """Return the newest outcome of each source; a source without any is not there."""
        with read_transaction(self._engines) as connection:
            return outcomes.last_outcomes(connection)

    def month(self, source_id: str | None, now: datetime) -> daily_figures.Month:
        """Return the daily figures of a source, None for all sources, for the 30 days until `now`."""
        with read_transaction(self._engines) as connection:
            return daily_figures.read_month(connection, source_id, now)

    def failing_count(self) -> int:
        """Return how many configured sources failed at their last run."""
        with read_transaction(self._engines) as connection:
            return browse.count_failing(connection)

    @property
    def health(self) -> HealthRecords:
        """The verdicts on the sources, and their changes."""
        return HealthRecords(self._engines)

    def last_change(self) -> datetime | None:
        """Return when the newest run that brought or changed an entry began; None where none ever did."""
        with read_transaction(self._engines) as connection:
            return outcomes.last_change(connection)

    def host_waits(self) -> dict[str, datetime]:
        """Return the hosts that asked to wait, each with until when; some of it may be over."""
        with read_transaction(self._engines) as connection:
            return schedule.host_waits(connection)

    def commit(self, results: Sequence[Result], *, now: datetime) -> list[Outcome]:
        """Write the results of claimed runs in one transaction; return their outcomes, counted, in the same order.

        A result whose claim was lost writes nothing and gets a note; one whose data cannot be written fails alone."""
        with write_transaction(self._engines) as connection:
            return commit.commit(connection, results, now=now, compressor=self._compressor)

    def prune(
        self,
        now: datetime,
        keep: Mapping[str, timedelta],
        *,
        default: timedelta | None = None,
        retained_views: Sequence[RetainedView] = (),
        dry_run: bool = False,
    ) -> PruneResult:
        """Delete what is no longer listed for longer than its source keeps it, and old captures and outcomes.

        `keep` is by configured source; `default` holds for what other sources brought, None for ever. What any source
        lists, or a folder still has, is never deleted, nor what a view of its own `keep` shows (`retained_views`). With
        `dry_run` it only tells. Takes the writer's turn many times, not long.
        """
        terms = RetentionPeriods(now, keep, default)
        result = retention.prune(
            self._engines,
            terms,
            opener=self._entry_builder(),
            retained_views=retained_views,
            dry_run=dry_run,
        )
        while not dry_run and self.update_indexes():
            pass
        return result

    def vacuum(self) -> None:
        """Give deleted space back to the system; takes as long as copying the database, and as much space."""
        retention.vacuum(self._engines)

    def delete_entries(self, ids: Collection[str], *, now: datetime) -> int:
        """Delete the entries with these ids for good: a source that still lists them does not bring them back.

        Returns how many there were.
        """
        return forgetting.delete_entries(self._engines, ids, now)

    def update_indexes(self, most: int = ENTRIES_PER_TURN) -> bool:
        """Complete the search index and the groups of copies for at most `most` entries.

        Returns whether more may be left. The writer calls it after its commits, before it publishes:
        until then a search does not find new entries, and views show all copies of them.
        """
        with write_transaction(self._engines) as connection:
            return derived.complete(connection, most)

    def has_unindexed(self) -> bool:
        """Tell whether a search would miss entries that the writer has not indexed yet."""
        with read_transaction(self._engines) as connection:
            return derived.has_unindexed(connection)

    def has_uncompared(self) -> bool:
        """Tell whether entries may have copies that the writer has not found yet."""
        with read_transaction(self._engines) as connection:
            return derived.has_uncompared(connection)

    def entries(
        self,
        *,
        source: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        search: str | None = None,
    ) -> Iterator[Entry]:
        """Yield entries, newest first, with little memory; `since` is the earliest `published`.

        `search` are words that all must be in title, summary or content, "quoted" where they must follow one another;
        letter case, accents and widths aside. Whole words are meant; any part of a Chinese, Japanese, Thai … text.
        """
        with read_transaction(self._engines) as connection:
            found = queries.entries(
                connection, self._entry_builder(), source_name=source, since=since, search=search
            )
            with closing(found):
                yield from islice(found, limit)

    def find_entries(
        self, id_or_url: str, *, url_key: Callable[[str], str] | None = None
    ) -> list[Entry]:
        """Return the entries that an id, a URL or an identity key leads to; several where a key was used again.

        `url_key` makes the identity key of a URL, so that any spelling of it finds the entry.
        """
        with read_transaction(self._engines) as connection:
            return queries.find_entries(
                connection, self._entry_builder(), id_or_url, url_key=url_key
            )

    def entry_urls(self, ids: Collection[str]) -> dict[str, str]:
        """Return where the entries with these ids can be read; one without an address, or unknown, is not there."""
        if not ids:
            return {}
        with read_transaction(self._engines) as connection:
            return queries.entry_urls(connection, ids)

    def find_by_id_prefix(self, digits: str) -> list[Entry]:
        """Return the entries whose id begins with these hexadecimal digits (dashes aside, at most 32), newest first."""
        with read_transaction(self._engines) as connection:
            return queries.find_by_id_prefix(connection, self._entry_builder(), digits)

    def find_known(self, revisions: Sequence[Revision]) -> list[KnownArticle | None]:
        """Return what is known of the articles of `revisions` (of one source), in their order; None of unknown ones."""
        with read_transaction(self._engines) as connection:
            return newness.find_known(connection, revisions)

    def known_items(self, source: str) -> KnownItems:
        """Return the items that a source listed last and that need not be read again."""
        with read_transaction(self._engines) as connection:
            return listing.load_known_items(connection, source)

    def extent(self) -> tuple[int, int]:
        """Return how many entries there are, and the size of the database in bytes."""
        with read_transaction(self._engines) as connection:
            return browse.count_entries(connection), database_size(connection)

    def entry_counts(self) -> dict[str, int]:
        """Return how many entries each source brought first; a source without any is not there."""
        with read_transaction(self._engines) as connection:
            return browse.entry_counts(connection)

    def history(self, entry_id: str, *, source: str | None = None) -> list[VisibleRevision]:
        """Return the revisions that the shown source, or `source`, stated of an entry, oldest first."""
        with read_transaction(self._engines) as connection:
            return queries.history(connection, self._entry_builder(), entry_id, source_name=source)

    def statement(self, entry_id: str, *, source: str) -> Entry | None:
        """Return an entry as if `source` alone told it; None if it does not tell it."""
        with read_transaction(self._engines) as connection:
            return queries.load_statement(
                connection, self._entry_builder(), entry_id, source_name=source
            )

    def lead_reason(self, entry_id: str) -> LeadReason | None:
        """Return why the first teller of an entry is shown; None if no other tells it."""
        with read_transaction(self._engines) as connection:
            return queries.find_lead_reason(connection, entry_id)

    def evidence(self, entry_id: str, *, source: str | None = None) -> tuple[Evidence, ...]:
        """Return how the dates of an entry were stated, those of `published` first; none where the id is unknown.

        With `source` they are the dates of that source's statement.
        """
        with read_transaction(self._engines) as connection:
            return queries.evidence(connection, self._entry_builder(), entry_id, source_name=source)

    def view(
        self,
        limit: int,
        *,
        language: str | None = None,
        source: str | None = None,
        tag: str | None = None,
        predicate: Callable[[Entry], bool] | None = None,
        group_copies: bool = True,
        sources: tuple[str, ...] = (),
        max_per_source: int | None = None,
        now: datetime,
    ) -> list[Entry]:
        """Return the newest `limit` entries, and for 48 hours those that came too late to be among them.

        The other arguments are those of `Selection`; `predicate` reads whole entries until enough pass.
        """
        selection = views.Selection(
            language, source, tag, predicate, group_copies, sources, max_per_source
        )
        with read_transaction(self._engines) as connection:
            return views.view_entries(
                connection, self._entry_builder(), limit, selection=selection, now=now
            )

    def browse(
        self,
        limit: int,
        *,
        selection: Selection,
        search: str | None = None,
        before: EntryPosition | None = None,
    ) -> list[Entry]:
        """Return a page of a view: the newest `limit` entries behind `before`, None for the newest of all.

        A search finds at most `browse.MAX_MATCHES` entries, the last stored first.
        """
        with read_transaction(self._engines) as connection:
            return browse.browse_entries(
                connection,
                self._entry_builder(),
                limit,
                selection=selection,
                search=search,
                before=before,
            )

    def edited_entries(self, limit: int, *, selection: Selection) -> list[Entry]:
        """Return the `limit` entries of a selection that were edited last, the last edited first."""
        with read_transaction(self._engines) as connection:
            return browse.edited_entries(
                connection, self._entry_builder(), limit, selection=selection
            )

    @property
    def archive(self) -> Archive:
        """The entries in the order in which they arrived."""
        return Archive(self._engines, self._entry_builder())

    @property
    def upkeep(self) -> Upkeep:
        """The work on the store as a whole."""
        return Upkeep(self._engines)

    def headlines(self, ids: Collection[str]) -> dict[str, Headline]:
        """Return a line about each entry by its id, the oldest first; an unknown one is not there."""
        if not ids:
            return {}
        with read_transaction(self._engines) as connection:
            return browse.load_headlines(connection, ids)

    def selects(self, entry_id: str, selection: Selection) -> bool:
        """Tell whether a selection admits an entry, its copies aside."""
        with read_transaction(self._engines) as connection:
            return membership.selects(connection, self._entry_builder(), entry_id, selection)

    def selected_copies(self, entry_id: str, selection: Selection) -> list[EntryCopy]:
        """Return the copies of an entry that a selection admits, itself among them, the one that is shown first."""
        with read_transaction(self._engines) as connection:
            return membership.selected_copies(
                connection, self._entry_builder(), entry_id, selection
            )

    def rank(self, entry_id: str, selection: Selection) -> int | None:
        """Return the place of an entry among all that a selection shows, newest first, from 1; None if it has none."""
        with read_transaction(self._engines) as connection:
            return membership.rank(connection, self._entry_builder(), entry_id, selection)

    def arrival(self, entry_id: str) -> Arrival | None:
        """Return when an entry was stored; None for an unknown one."""
        with read_transaction(self._engines) as connection:
            return membership.arrival(connection, entry_id)

    def find_by_title(self, text: str, limit: int) -> list[Entry]:
        """Return at most `limit` entries whose title has every word and "quoted phrase" of `text`, newest first."""
        with read_transaction(self._engines) as connection:
            return membership.find_by_title(connection, self._entry_builder(), text, limit)

    def find_deletion(self, keys: Collection[str]) -> Deletion | None:
        """Return what is left of the deleted article with one of these keys; None where none was deleted."""
        with read_transaction(self._engines) as connection:
            return membership.find_deletion(connection, keys)

    def deleted_keys_of_id(self, digits: str) -> list[str]:
        """Return the keys of deleted articles whose ids begin with these hexadecimal digits."""
        with read_transaction(self._engines) as connection:
            return membership.deleted_keys_of_id(connection, digits)

    def sources_of_site(self, host: str) -> list[str]:
        """Return the sources that first brought an entry whose link is on a host, by name; `www.` aside."""
        with read_transaction(self._engines) as connection:
            return membership.sources_of_site(connection, host)

    def newest_captures(self, source: str) -> Iterator[Capture]:
        """Yield the newest capture of each address of a source, the newest first."""
        with (
            read_transaction(self._engines) as connection,
            closing(membership.newest_captures(connection, source)) as found,
        ):
            yield from found

    def captures(self, source: str) -> Iterator[Capture]:
        """Yield the captures of a source, oldest first."""
        with (
            read_transaction(self._engines) as connection,
            closing(captures.load_captures(connection, source)) as found,
        ):
            yield from found

    def _entry_builder(self) -> EntryBuilder:
        return EntryBuilder(self._text_of)
