"""An article that several sources tell: who they are, and what each one says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.model import Evidence, Teller

if TYPE_CHECKING:
    from aggregator.store import Store

LONG = "The old bridge opens again after nine years. " * 20
NOTE = "We have waited nine years for this bridge, worth reading."
LINKS = {"source": "links", "tier": 0, "title": "Bridge open (2026)"}
STATED = Evidence("published", "noon", "feed:published")


def sides(outcome: Any) -> tuple[int, int, int]:
    return outcome.new, outcome.changed, outcome.same


def test_a_single_source_has_its_comments_and_no_tellers(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a", comments="https://example.org/a#comments")])

    [entry] = store.entries()
    assert (entry.comments, entry.tellers) == ("https://example.org/a#comments", ())
    assert store.lead_reason(entry.id) is None


def test_tellers_are_listed_with_the_one_that_is_shown_first(
    store: Store, revise: Any, bring: Any
) -> None:
    note = revise("a", text=NOTE, comments="https://links.example/1", **LINKS)
    bring(store, [note], source="links")
    bring(store, [revise("a", 1, LONG, comments="https://example.org/a#c")])
    bring(store, [revise("a", 2, LONG + "Edited.", comments="https://example.org/a#c")])

    [entry] = store.entries()
    url = "https://example.org/a"
    assert entry.tellers == (
        Teller("news", url, "https://example.org/a#c", tier=3, letters=747, revisions=2),
        Teller("links", url, "https://links.example/1", tier=0, letters=48, revisions=1),
    )
    assert (entry.source, entry.title, entry.comments) == (
        "links",
        "Title of a",
        "https://example.org/a#c",
    )
    assert store.lead_reason(entry.id) == "publisher"


def test_a_new_teller_changes_the_entry_only_with_links_of_its_own(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a", text=LONG, comments="https://example.org/a#c")])
    silent = bring(store, [revise("a", 1, NOTE, **LINKS)], source="links")
    planet = revise(
        "a", 2, NOTE, source="planet", tier=0, url="https://planet.example/a", title="Bridge"
    )
    moved = bring(store, [planet], source="planet")
    forum = revise("a", 3, NOTE, source="forum", tier=0, comments="https://forum.example/1")
    discussed = bring(store, [forum], source="forum")

    assert [sides(outcome) for outcome in (silent, moved, discussed)] == [
        (0, 0, 1),
        (0, 1, 0),
        (0, 1, 0),
    ]


def test_each_teller_has_a_statement_and_revisions_of_its_own(
    store: Store, revise: Any, bring: Any, start: Any
) -> None:
    bring(store, [revise("a", text=LONG)])
    late = start + timedelta(hours=1)
    note = {**LINKS, "published": late, "evidence": (STATED,)}
    bring(store, [revise("a", 1, NOTE, **note)], source="links")
    bring(store, [revise("a", 2, NOTE + "!", **note)], source="links")
    [entry] = store.entries()

    statement = store.statement(entry.id, source="links")

    assert statement is not None
    assert (statement.id, statement.source, statement.title) == (
        entry.id,
        "links",
        "Bridge open (2026)",
    )
    assert (statement.published, statement.first_seen, statement.revision, statement.tellers) == (
        late,
        late,
        2,
        (),
    )
    assert statement.updated == start + timedelta(hours=2)
    assert statement.provenance == {"title": "feed:title", "published": "feed:published"}
    assert [
        (one.number, one.entry.source, one.entry.content_text)
        for one in store.history(entry.id, source="links")
    ] == [(1, "links", NOTE), (2, "links", NOTE + "!")]
    assert [one.entry.content_text for one in store.history(entry.id)] == [LONG.strip()]
    assert store.evidence(entry.id, source="links") == (STATED,)
    assert store.evidence(entry.id) == ()


def test_a_source_that_does_not_tell_an_entry_has_no_statement(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a")])
    [entry] = store.entries()

    assert store.statement(entry.id, source="links") is None
    assert store.history(entry.id, source="links") == []
    assert store.evidence(entry.id, source="links") == ()
    assert store.statement("nonsense", source="news") is None


def test_evidence_of_another_source_names_it_as_provenance_does(
    store: Store, revise: Any, bring: Any
) -> None:
    bring(store, [revise("a", text=NOTE, **LINKS)], source="links")
    bring(store, [revise("a", 1, LONG, evidence=(STATED,))])
    [entry] = store.entries()

    [evidence] = store.evidence(entry.id)

    assert entry.provenance["published"] == evidence.where == "news/feed:published"
