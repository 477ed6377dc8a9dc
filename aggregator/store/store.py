"""The store: every article once, the schedule, and what each run left.

Rule: one thread writes at a time, any thread reads. The store raises only StoreError, whose message says what to do.
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from itertools import count, islice
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.errors import StoreError
from aggregator.store import captures, commit, daemon_lock, derived, queries, retention, schedule
from aggregator.store import duplicates as groups
from aggregator.store import view as views
from aggregator.store.content import Compressor
from aggregator.store.engine import create_engines, read_transaction, write_transaction
from aggregator.store.leftovers import RetentionPeriods
from aggregator.store.merge import known as newness
from aggregator.store.migrations import migrate
from aggregator.store.queries import EntryBuilder
from aggregator.store.schema import entry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from types import TracebackType
    from typing import Self

    from aggregator.model import Capture, Entry, Evidence, Outcome, Result, Revision, SourceState
    from aggregator.store.engine import Engines
    from aggregator.store.merge.known import KnownArticle
    from aggregator.store.queries import VisibleRevision
    from aggregator.store.retention import PruneResult, RetainedView

logger = logging.getLogger(__name__)
# Entries whose words and copies are made in one turn of the writer: some 0.2 s.
ENTRIES_PER_TRANSACTION = 500
MAX_UPDATE_ROUNDS = 40  # turns that one reader takes for copies


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
        migrate(engines)
        return cls(engines, text_of=text_of)

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

    # --- the schedule ---------------------------------------------------------------------------------------------

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
            if schedule.sync_sources(connection, wanted, priorities):
                groups.regroup_all(connection)

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
            return schedule.claim(
                connection, now, limit=limit, lease=lease, sources=sources, force=force, new=new
            )

    def release(self, states: Iterable[SourceState]) -> None:
        """Give claims back without a run: they are due as before."""
        with write_transaction(self._engines) as connection:
            schedule.release(connection, states)

    def next_due(self, now: datetime) -> datetime | None:
        """Return when the next source may be claimed, `now` where one may be already, None where none is polled."""
        with read_transaction(self._engines) as connection:
            due = schedule.next_due(connection)
        return None if due is None else max(due, now)

    def states(self) -> list[SourceState]:
        """Return the states of all configured sources, by name."""
        with read_transaction(self._engines) as connection:
            return schedule.states(connection)

    def outcomes(self, source: str, limit: int) -> list[Outcome]:
        """Return the newest outcomes of a source, newest first."""
        with read_transaction(self._engines) as connection:
            return schedule.outcomes(connection, source, limit)

    def last_change(self) -> datetime | None:
        """Return when the newest run that brought or changed an entry began; None where none ever did."""
        with read_transaction(self._engines) as connection:
            return schedule.last_change(connection)

    def host_waits(self) -> dict[str, datetime]:
        """Return the hosts that asked to be left alone, each with until when; some of it may be over."""
        with read_transaction(self._engines) as connection:
            return schedule.host_waits(connection)

    # --- writing --------------------------------------------------------------------------------------------------

    def commit(self, results: Sequence[Result], *, now: datetime) -> list[Outcome]:
        """Write the results of claimed runs in one transaction; return their outcomes, counted, in the same order.

        A result whose claim was lost writes nothing and gets a note; one whose data cannot be written fails alone.
        """
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
        while not dry_run and self.update_indexes():
            pass
        return retention.prune(
            self._engines,
            terms,
            opener=self._entry_builder(),
            retained_views=retained_views,
            dry_run=dry_run,
        )

    def vacuum(self) -> None:
        """Give deleted space back to the system; takes as long as copying the database, and as much space."""
        retention.vacuum(self._engines)

    def delete_entries(self, ids: Collection[str], *, now: datetime) -> int:
        """Delete the entries with these ids for good: a source that still lists them does not bring them back.

        Returns how many there were.
        """
        uids = [queries.parse_uid(id_) for id_ in ids]
        with write_transaction(self._engines) as connection:
            numbers = list(connection.scalars(sa.select(entry.c.id).where(entry.c.uid.in_(uids))))
            retention.delete_with_tombstones(connection, numbers, now)
        return len(numbers)

    def update_indexes(self, most: int = ENTRIES_PER_TRANSACTION) -> bool:
        """Make the search index and the groups of copies of at most `most` entries each that are still without; tell
        whether more are left.

        Whoever searches or reads has it done before; a daemon does it when it has nothing else to write.
        """
        with write_transaction(self._engines) as connection:
            words = derived.WordCache(connection)
            return (
                max(
                    derived.compare_entries(connection, most, words),
                    derived.index_entries(connection, most, words),
                )
                == most
            )

    # --- reading --------------------------------------------------------------------------------------------------

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
        with self._up_to_date_reader(indexed=bool(search)) as connection:
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
        with self._up_to_date_reader() as connection:
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
        with self._up_to_date_reader() as connection:
            return queries.find_by_id_prefix(connection, self._entry_builder(), digits)

    def find_known(self, revisions: Sequence[Revision]) -> list[KnownArticle | None]:
        """Return what is known of the articles of `revisions` (of one source), in their order; None of unknown ones."""
        with read_transaction(self._engines) as connection:
            return newness.find_known(connection, revisions)

    def entry_counts(self) -> dict[str, int]:
        """Return how many entries each source brought first; a source without any is not there."""
        with read_transaction(self._engines) as connection:
            return queries.entry_counts(connection)

    def history(self, entry_id: str) -> list[VisibleRevision]:
        """Return the visible revisions of an entry, oldest first; none where the id is unknown."""
        with read_transaction(self._engines) as connection:
            return queries.history(connection, self._entry_builder(), entry_id)

    def evidence(self, entry_id: str) -> tuple[Evidence, ...]:
        """Return how the dates of an entry were stated, those of `published` first; none where the id is unknown."""
        with read_transaction(self._engines) as connection:
            return queries.evidence(connection, self._entry_builder(), entry_id)

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
        """Return the newest `limit` entries, and those that came too late to be among them, for 48 hours.

        `language` is a BCP 47 range (`zh` takes `zh-Hans`). `predicate` reads whole entries until enough pass.
        `group_copies` shows one of the copies that several sources have of a text: the best that the rest selects.
        `sources` takes entries of any of them, () of every source. Of one source no more than `max_per_source` entries
        are shown, None any number.
        """
        selection = views.Selection(
            language, source, tag, predicate, group_copies, sources, max_per_source
        )
        with self._up_to_date_reader() as connection:
            return views.view_entries(
                connection, self._entry_builder(), limit, selection=selection, now=now
            )

    def captures(self, source: str) -> Iterator[Capture]:
        """Yield the captures of a source, oldest first."""
        with (
            read_transaction(self._engines) as connection,
            closing(captures.load_captures(connection, source)) as found,
        ):
            yield from found

    @contextmanager
    def _up_to_date_reader(self, *, indexed: bool = False) -> Iterator[sa.Connection]:
        """Open a connection that sees one moment of the store at which all copies are known.

        With `indexed` all words are indexed, too. An older store that has its second source for
        the first time may be too much for one reader: its older entries follow later. A store that
        cannot be written, or that another process writes for long, is read as it is.
        """
        for round_number in count():
            may_update = round_number < MAX_UPDATE_ROUNDS
            with read_transaction(self._engines) as connection:
                uncompared = may_update and derived.has_uncompared(connection)
                unindexed = indexed and derived.has_unindexed(connection)
                if not uncompared and not unindexed:
                    yield connection
                    return
            try:
                self._update_for_reader(compare=uncompared, index=indexed)
            except StoreError as error:
                logger.warning("copies and words of new entries are not known yet: %s", error)
                break
        with read_transaction(self._engines) as connection:
            yield connection

    def _update_for_reader(self, *, compare: bool, index: bool) -> None:
        with write_transaction(self._engines) as connection:
            words = derived.WordCache(connection)
            if compare:
                derived.compare_entries(connection, ENTRIES_PER_TRANSACTION, words)
            if index:
                derived.index_entries(connection, ENTRIES_PER_TRANSACTION, words)

    def _entry_builder(self) -> EntryBuilder:
        return EntryBuilder(self._text_of)
