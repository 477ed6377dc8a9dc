"""Deletes captures and outcomes that nobody needs any more.

The capture of an article's own page stays as long as the article. The capture of a file stays as long as the
file, and after that as long as its articles. Of documents that are fetched again and again the newest stay. A dry run
counts with the same query that deletes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from aggregator.store.engine import in_values
from aggregator.store.listing import name_in_folder
from aggregator.store.schema import capture, entry, outcome, source, source_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

KEPT_CAPTURES, KEPT_CAPTURES_FOR = 20, timedelta(days=7)  # of a polled source: whichever keeps more
KEPT_OUTCOMES = 1_000  # of a source


@dataclass(frozen=True, slots=True)
class RetentionPeriods:
    """How long things are kept: `keep` by configured source; `default` for what belongs to none, None for ever."""

    now: datetime
    keep: Mapping[str, timedelta]
    default: timedelta | None = None

    def has_expired(self, name: str, since: datetime) -> bool:
        """Tell whether the retention period of the source called `name` has passed since `since`."""
        keep = self.keep.get(name, self.default)
        return keep is not None and since + keep < self.now


def drop_captures(
    connection: sa.Connection,
    terms: RetentionPeriods,
    *,
    without: Collection[int] = (),
    dry_run: bool,
) -> int:
    """Delete captures; with `dry_run` only count them, as if the entries numbered `without` had gone already."""
    numbers = {
        *connection.scalars(_superseded_captures(connection, terms.now, without)),
        *_captures_of_missing_files(connection, terms, dry_run=dry_run),
        *_captures_of_removed_sources(connection, terms),
    }
    if numbers and not dry_run:
        connection.execute(sa.delete(capture).where(in_values(capture.c.id, numbers, connection)))
    return len(numbers)


def drop_outcomes(connection: sa.Connection, *, dry_run: bool) -> int:
    """Delete all but the newest outcomes of each source; with `dry_run` only count them."""
    rank = sa.func.row_number().over(partition_by=outcome.c.source_id, order_by=outcome.c.id.desc())
    ranked = sa.select(outcome.c.id, rank.label("rank")).subquery()
    old = sa.select(ranked.c.id).where(ranked.c.rank > KEPT_OUTCOMES)
    if dry_run:
        return connection.scalar(sa.select(sa.func.count()).select_from(old.subquery())) or 0
    return connection.execute(sa.delete(outcome).where(outcome.c.id.in_(old))).rowcount


def _superseded_captures(
    connection: sa.Connection, now: datetime, without: Collection[int]
) -> sa.Select[tuple[int]]:
    """Select what polled sources said before: of a stored article's page all but the newest, else all but the newest
    of the source."""
    article = sa.exists().where(entry.c.url == capture.c.url)
    if without:
        article = article.where(sa.not_(in_values(entry.c.id, without, connection)))
    place = sa.case((article, capture.c.url), else_="")
    ranked = sa.select(
        capture.c.id,
        capture.c.taken,
        sa.case((article, 1), else_=KEPT_CAPTURES).label("kept"),
        sa.func.row_number()
        .over(
            partition_by=(capture.c.source_id, place),
            order_by=(capture.c.taken.desc(), capture.c.id.desc()),
        )
        .label("rank"),
    )
    found = ranked.where(sa.not_(capture.c.url.startswith("file:"))).subquery()
    return sa.select(found.c.id).where(
        found.c.rank > found.c.kept, found.c.taken < now - KEPT_CAPTURES_FOR
    )


def _captures_of_missing_files(
    connection: sa.Connection, terms: RetentionPeriods, *, dry_run: bool
) -> Iterator[int]:
    """Yield captures of files that are missing for as long as their source keeps anything; mark those that are new.

    When a file left is not known: its time counts from the first look that misses it.
    """
    columns = (
        capture.c.id,
        capture.c.url,
        capture.c.orphaned,
        source.c.name,
        source_state.c.folder,
    )
    files = sa.select(*columns).join(source, source.c.id == capture.c.source_id)
    files = files.join(source_state, source_state.c.source_id == source.c.id)
    files = files.where(capture.c.url.startswith("file:"), source.c.active)

    lost = set()
    back = set()
    for row in connection.execute(files):
        missing = name_in_folder(row.url, row.folder) is None
        if missing and row.orphaned is None:
            lost.add(row.id)
        elif missing and terms.has_expired(row.name, row.orphaned):
            yield row.id
        elif not missing and row.orphaned is not None:
            back.add(row.id)
    if not dry_run:
        _set_orphaned(connection, lost, terms.now)
        _set_orphaned(connection, back, None)


def _set_orphaned(
    connection: sa.Connection, numbers: Collection[int], moment: datetime | None
) -> None:
    if numbers:
        orphans = in_values(capture.c.id, numbers, connection)
        connection.execute(sa.update(capture).where(orphans).values(orphaned=moment))


def _captures_of_removed_sources(
    connection: sa.Connection, terms: RetentionPeriods
) -> Iterable[int]:
    """Return all captures of sources that are configured no more, when the time of their entries is over."""
    query = (
        sa.select(source.c.id, source.c.name, source_state.c.last_run)
        .join(source_state)
        .where(sa.not_(source.c.active), source_state.c.last_run.is_not(None))
    )
    removed = set()
    for row in connection.execute(query):
        if row.name not in terms.keep and terms.has_expired(row.name, row.last_run):
            removed.add(row.id)
    if not removed:
        return ()

    captures = sa.select(capture.c.id).where(in_values(capture.c.source_id, removed, connection))
    return connection.scalars(captures).all()
