"""Copies of invented articles are grouped, and nothing that sources only repeat."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.store import Store, hash_holders
from benchmarks.copies import Article, bring, complete, corpus, fill, revision_of, score_groups
from benchmarks.words import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Revision

HOUR = timedelta(hours=1)
CREDITS = (
    "Our theme music is by the Harlan Street Quartet and was recorded at Greywater Studios.",
    "The programme is produced by Imke Larsson and edited by Tom Okafor for Northlight Audio.",
    "You can support independent radio by becoming a member at northlight.example/members.",
    "Follow us wherever you listen, and leave a review so that other people can find the show.",
    "Write to the team at hello@northlight.example or leave a voice message at any hour.",
    "Northlight Audio is a network of independent shows from the coast and the islands.",
    "Sponsors of this season are Kestrel Coffee, the Vesna Savings Bank and Omber Ferries.",
)
WORDS = ENGLISH.words


@pytest.mark.no_cover
@pytest.mark.parametrize("days", [1, 3, 14])
def test_copies_are_grouped_and_boilerplate_is_not(
    template: Path, tmp_path: Path, days: int
) -> None:
    articles = corpus(days)
    with _new_store(template, tmp_path) as store:
        fill(store, articles)
        complete(store)
        score = score_groups(store, articles)

    assert score.wrong == ()
    assert score.recall >= 0.94 if days == 1 else score.recall >= 0.99


def test_all_episodes_of_two_shows_with_one_text_of_credits_are_shown(
    store: Store, start: Any
) -> None:
    articles = []
    for day in range(14):
        for show in ("morning", "evening"):
            articles.append(_episode(show, day))
    fill(store, articles)
    complete(store)

    assert len(store.view(100, now=start)) == 28


def test_a_neighbour_that_comes_changes_or_goes_has_copies_judged_again(
    store: Store, start: Any
) -> None:
    """Until a source repeats its credits they look like the text of two shows with one title."""
    title = "The news of the day"
    shows = [
        Article("one", "one", 0, title, ("Good evening, tonight we fish.", *CREDITS), "en"),
        Article("two", "two", 1, title, ("Hello from the morning team.", *CREDITS), "en"),
    ]
    later = []
    for day in (1, 2):
        paragraphs = (f"{_prose(day)}.", *CREDITS)
        later.append(Article("one", f"later {day}", 24 * day, _prose(day, 4), paragraphs, "en"))

    fill(store, shows)
    complete(store)
    seen = [_grouped(store)]
    fill(store, [*shows, *later])
    complete(store)
    seen.append(_grouped(store))
    edited = revision_of(replace(later[1], paragraphs=(f"{_prose(3)}.",)), 3)
    at = edited.at + HOUR
    bring(store, "one", [replace(edited, at=at, captured=at, hash="1:edited")])
    complete(store)
    seen.append(_grouped(store))
    bring(store, "one", [replace(revision_of(later[1], 3), at=at + HOUR, captured=at + HOUR)])
    complete(store)
    seen.append(_grouped(store))
    gone = [entry.id for entry in store.entries() if entry.title == later[0].title]
    store.delete_entries(gone, now=start)
    complete(store)
    seen.append(_grouped(store))

    assert seen == [{"one", "two"}, set(), {"one", "two"}, set(), {"one", "two"}]


def test_a_story_that_more_sources_have_than_may_repeat_a_hash_is_one_group(
    template: Path, tmp_path: Path
) -> None:
    text = (f"{_prose(1)}.",)
    count = hash_holders.MAX_REPETITIONS + 8
    articles = [Article(f"s{n}", "one", n, "A storm", text, "en") for n in range(count)]
    with _new_store(template, tmp_path) as store:
        fill(store, articles)
        complete(store)
        sizes = {len(entry.duplicates) for entry in store.entries()}

    assert sizes == {count - 1}


def test_credits_of_many_entries_make_no_pairs(template: Path, tmp_path: Path) -> None:
    articles = [_episode(f"show{show}", day) for show in range(30) for day in range(3)]
    with _new_store(template, tmp_path) as store:
        fill(store, articles)
        complete(store)
        rows, groups = _pairs_and_groups(store)

    assert (rows, groups) == (set(), {})


@pytest.mark.parametrize(
    ("repetitions", "holders"), [(32, 256), (5, 20)], ids=["as it is", "many common hashes"]
)
def test_whatever_the_order_the_same_entries_give_the_same_pairs_and_groups(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    repetitions: int,
    holders: int,
) -> None:
    monkeypatch.setattr(hash_holders, "MAX_REPETITIONS", repetitions)
    monkeypatch.setattr(hash_holders, "MAX_HOLDERS", holders)
    articles = [article for article in corpus(3) if article.language == "en"]
    seen = []
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with _new_store(template, folder) as store:
            _bring_in_any_order(store, articles, Random(seed))
            seen.append(_pairs_and_groups(store))

    assert [one == seen[0] for one in seen] == [True] * 3
    assert len(seen[0][1]) > 30


def _bring_in_any_order(store: Store, articles: list[Article], random: Random) -> None:
    """Bring articles in shuffled parts, with older versions, and with others that go again."""
    store.sync_sources([(name, name, _start(articles)) for name in _sources(articles)])
    revisions = [revision_of(article, number) for number, article in enumerate(articles)]
    random.shuffle(revisions)
    while revisions:
        size = random.choice((1, 3, 20, 60))
        part, revisions = revisions[:size], revisions[size:]
        by_source: dict[str, list[Revision]] = {}
        for revision in part:
            brought = by_source.setdefault(revision.source, [])
            brought.append(revision)
            if random.random() < 0.2:
                brought.append(_passing(revision))
            if random.random() < 0.1:
                bring(store, revision.source, [_older(revision)])
        for source, brought in by_source.items():
            bring(store, source, brought)
        if random.random() < 0.7:
            complete(store)
        if random.random() < 0.5:
            _delete_passing(store, _start(articles))
    _delete_passing(store, _start(articles))
    complete(store)


def _older(revision: Revision) -> Revision:
    """Make a version of an hour before, with other words."""
    at = revision.at - HOUR
    html = f"<p>{_prose(0)}</p>{(revision.content_html or '')[:300]}"
    return replace(revision, at=at, captured=at, hash=f"{revision.hash} older", content_html=html)


def _passing(revision: Revision) -> Revision:
    url = f"{revision.url}-passing"
    return replace(
        revision, keys=(f"url:{url}",), url=url, guid="passing", title=f"{revision.title} passing"
    )


def _delete_passing(store: Store, now: Any) -> None:
    store.delete_entries([e.id for e in store.entries() if e.guid == "passing"], now=now)


def _pairs_and_groups(store: Store) -> Any:
    uids = "SELECT id, uid FROM entry"
    pairs = "SELECT entry_id, other_id, strength, pending FROM pair"
    with store._engines.read.connect() as connection:
        names = {number: bytes(uid).hex() for number, uid in connection.execute(sa.text(uids))}
        rows = set()
        for one, other, strength, pending in connection.execute(sa.text(pairs)):
            rows.add((names[one], names[other], strength, pending))
    groups = {entry.id: entry.duplicates for entry in store.entries() if entry.duplicates}
    return rows, groups


def _episode(show: str, day: int) -> Article:
    own = _prose(f"{show} {day}", 8)
    title = _prose(f"title {show} {day}", 5)
    hours = 24 * day + (1 if show == "evening" else 0)
    return Article(show, f"{show} {day}", hours, title, (f"{own}.", *CREDITS), "en")


def _grouped(store: Store) -> set[str]:
    return {entry.source for entry in store.entries() if entry.duplicates}


def _sources(articles: list[Article]) -> list[str]:
    return sorted({article.source for article in articles})


def _start(articles: list[Article]) -> Any:
    return revision_of(articles[0], 0).published


def _prose(seed: object, count: int = 60) -> str:
    random = Random(f"{seed}")
    return " ".join(random.choice(WORDS) for _ in range(count)).capitalize()


def _new_store(template: Path, folder: Path) -> Store:
    path = folder / "store.db"
    path.write_bytes(template.read_bytes())
    return Store.open(f"sqlite:///{path}", text_of=str)
