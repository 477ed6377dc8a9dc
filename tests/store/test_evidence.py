"""How the dates of an entry were stated is kept, and is told of the version whose date it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.model import Evidence

if TYPE_CHECKING:
    from aggregator.store import Store

EARLY = Evidence(
    "published", "1 March 2026 13:00 +0200", "feed:published", "minute", 120, form="rfc5322"
)
LATE = Evidence("published", "2026-03-02", "feed:published", "day", zone="Europe/Paris", form="iso")
FUTURE = Evidence(
    "published",
    "2036-03-02",
    "feed:published",
    "day",
    zone="UTC",
    form="iso",
    refused="in the future",
)
MODIFIED = Evidence("updated", "2026-03-02T11:00:00Z", "feed:updated", "second", 0, form="iso")


def test_the_evidence_of_a_date_is_that_of_the_version_whose_date_it_is(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a", 0, "first", published=start, evidence=(EARLY,))])
    bring(
        store,
        [revise("a", 24, "edited", published=start.replace(day=2), evidence=(LATE, MODIFIED))],
    )
    [entry] = store.find_entries("url:a")

    assert (entry.published, entry.revision) == (start, 2)
    assert store.evidence(entry.id) == (EARLY, MODIFIED)


def test_what_was_not_believed_is_kept_with_the_reason(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a", evidence=(FUTURE,), published_from="first_seen")])

    assert store.evidence(store.find_entries("url:a")[0].id) == (FUTURE,)


def test_another_spelling_of_a_date_is_no_edit(store: Store, revise: Any, bring: Any) -> None:
    bring(store, [revise("a", 0, evidence=(EARLY,))])

    assert bring(store, [revise("a", 1, evidence=(LATE,))]).same == 1
    assert store.evidence(store.find_entries("url:a")[0].id) == (EARLY,)


def test_of_an_unknown_entry_nothing_was_stated(store: Store) -> None:
    assert (
        store.evidence("urn:uuid:00000000-0000-0000-0000-000000000000")
        == store.evidence("nonsense")
        == ()
    )
