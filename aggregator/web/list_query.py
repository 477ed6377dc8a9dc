"""What the address of a list asks for: filters, a search, and where the page begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from aggregator.publish.json_record import rfc3339
from aggregator.store.browse import EntryFilter, EntryPosition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Entry

NO_FILTER = EntryFilter()
DEFAULT_LIMIT = 30
MAX_LIMIT = 100
_MAX_VALUE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The query of a list's address."""

    wanted: EntryFilter = NO_FILTER
    before: EntryPosition | None = None
    limit: int = DEFAULT_LIMIT

    @property
    def is_plain(self) -> bool:
        """Whether it asks for the newest entries of a view and nothing else."""
        return self.wanted == NO_FILTER and self.before is None

    def parameters(self) -> dict[str, str]:
        """Return what stands in the address; the defaults are left out."""
        stated = {
            "q": self.wanted.search,
            "source": self.wanted.source,
            "language": self.wanted.language,
            "tag": self.wanted.tag,
        }
        parameters = {name: value for name, value in stated.items() if value is not None}
        if self.before is not None:
            parameters["before"] = format_position(self.before)
        if self.limit != DEFAULT_LIMIT:
            parameters["limit"] = str(self.limit)
        return parameters

    def href(self) -> str:
        """Return the address, relative to the list itself."""
        return f"?{urlencode(self.parameters(), errors='replace', safe=':,')}"

    def narrow(self, **changes: str | None) -> ListQuery:
        """Return the query with another filter, from the newest entry on."""
        return replace(self, wanted=replace(self.wanted, **changes), before=None)

    def after(self, entry: Entry) -> ListQuery:
        """Return the query for what stands behind an entry."""
        return replace(self, before=EntryPosition(entry.published, entry.id))


def parse_query(parameters: Mapping[str, str]) -> ListQuery:
    """Read the query of an address; an empty value is no filter. Raises ValueError."""
    values = {}
    for name in ("source", "language", "tag", "q"):
        value = parameters.get(name, "").replace("\0", "")  # PostgreSQL has no such text
        values[name] = value.strip()[:_MAX_VALUE_LENGTH] or None
    wanted = EntryFilter(values["source"], values["language"], values["tag"], values["q"])

    before = None
    if parameters.get("before"):
        before = parse_position(parameters["before"])
    limit = int(parameters.get("limit") or DEFAULT_LIMIT)
    if limit < 1:
        raise ValueError("limit is less than 1")
    return ListQuery(wanted, before, min(limit, MAX_LIMIT))


def format_position(position: EntryPosition) -> str:
    """Write a position as `2026-07-03T05:40:00Z,UUID`, without an id as the time alone."""
    published = rfc3339(position.published)
    if position.id is None:
        return published
    return f"{published},{position.id.removeprefix('urn:uuid:')}"


def parse_position(text: str) -> EntryPosition:
    """Read what `format_position` writes. Raises ValueError."""
    time_text, _, id_text = text.partition(",")
    published = datetime.fromisoformat(time_text)
    if published.tzinfo is None:
        published = published.replace(tzinfo=UTC)
    try:
        published = published.astimezone(UTC)
    except OverflowError as e:
        raise ValueError(f"{time_text} is no time in UTC") from e
    return EntryPosition(published, UUID(id_text).urn if id_text else None)
