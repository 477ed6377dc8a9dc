"""What the pages show, as it is read from the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.app import App, open_store
from aggregator.config import Config, Source
from aggregator.config.settings import View, Where
from aggregator.daemon.page_content import read_entry, read_entry_list, read_source
from aggregator.daemon.status import DaemonSite, DaemonStatus
from aggregator.model import Outcome, Result, Revision
from aggregator.store.browse import EntryFilter, EntryPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 7, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An App with three sources; its views are all entries, those of a language, and young ones."""
    views = (
        View(id="merged", title="All"),
        View(id="zh", title="中文", where=Where(language=("zh",))),
        View(id="young", title="Young", keep=timedelta(hours=3)),
    )
    main = Config(database=f"sqlite:///{tmp_path}/store.db", output=tmp_path / "feeds", views=views)
    sources = (
        Source(id="a", name="Source A", url="https://a.example/feed"),
        Source(id="b", url="https://b.example/feed", tags=("x",)),
        Source(id="page", url="https://p.example/", adapter="page"),
    )
    config = main.with_sources((), sources=sources)
    with open_store(config) as store:
        store.sync_sources([(source.id, source.id, NOW) for source in sources])
        yield App(config, store, clock=lambda: NOW)


@pytest.fixture
def bring(app: App) -> Callable[..., None]:
    """Commit one run of a source with articles, each a name with other fields."""

    def commit(source: str, articles: dict[str, dict[str, Any]], *, hours: float = 0) -> None:
        at = NOW + hours * HOUR
        [state] = app.store.claim(at, limit=1, lease=HOUR, sources=[source], force=True)
        revisions = [_revision(source, name, at, fields) for name, fields in articles.items()]
        outcome = Outcome(source, at, 1, "ok", found=len(revisions))
        ran = replace(state, last_run=at, reason="every 1 h")
        app.store.commit([Result(ran, outcome, revisions=tuple(revisions))], now=at)
        while app.store.update_indexes():
            pass

    return commit


def _revision(source: str, name: str, at: datetime, fields: dict[str, Any]) -> Revision:
    values: dict[str, Any] = {
        "source": source,
        "keys": (f"url:{name}",),
        "guarded": False,
        "at": at,
        "captured": at,
        "hash": f"1:{fields.get('title', name)}",
        "url": f"https://a.example/{name}",
        "url_original": None,
        "title": name,
        "published": NOW - HOUR,
        "published_from": "feed",
    }
    return Revision(**values | fields)


def titles(app: App, view: str | None = None, limit: int = 9, **wanted: Any) -> list[str]:
    before = wanted.pop("before", None)
    found = read_entry_list(app, view, EntryFilter(**wanted), limit=limit, before=before)
    assert found is not None
    return [entry.title for entry in found.entries]


def test_a_list_is_a_page_of_its_view(app: App, bring: Any) -> None:
    old = NOW - 5 * HOUR
    bring("a", {"one": {"language": "zh-Hans"}, "two": {"published": old, "language": "en"}})

    assert titles(app) == ["one", "two"]
    assert titles(app, "zh") == ["one"]
    assert titles(app, "young") == ["one"]
    assert titles(app, "zh", language="en") == []
    assert titles(app, before=EntryPosition(NOW - 2 * HOUR)) == ["two"]
    assert read_entry_list(app, "none", EntryFilter(), limit=9, before=None) is None


def test_a_list_knows_whether_there_is_more(app: App, bring: Any) -> None:
    bring("a", {"one": {}, "two": {}, "three": {}})

    more = []
    for limit in (2, 3):
        found = read_entry_list(app, None, EntryFilter(), limit=limit, before=None)
        assert found is not None
        more.append((len(found.entries), found.has_older))
    assert more == [(2, True), (3, False)]


def test_a_search_finds_chinese_words_within_a_source(app: App, bring: Any) -> None:
    bring("a", {"港口工人罢工": {}, "北方新港口": {"published": NOW}, "芯片": {}})
    bring("b", {"港口": {}})

    assert titles(app, source="a", search="港口") == ["北方新港口", "港口工人罢工"]


def test_an_entry_has_its_statements_and_versions(app: App, bring: Any) -> None:
    bring("a", {"one": {"title": "first"}})
    bring("b", {"one": {"title": "as b tells it"}})
    for number in range(7):
        bring("a", {"one": {"title": f"edit {number}"}}, hours=number + 1)
    [shown] = app.store.entries()

    details = read_entry(app, shown.id.removeprefix("urn:uuid:"))
    assert details is not None
    assert details.entry == shown
    told = {statement.source: statement.title for statement in details.statements}
    assert told == {"a": "edit 6", "b": "as b tells it"}
    newest = [version.revision.title for version in details.revisions]
    assert (newest, details.left_out) == ([f"edit {number}" for number in range(1, 7)], 2)


@pytest.mark.parametrize("entry_id", ["", "x", "6b8f5c0e-2f0a-5d7e-8f6e-000000000001", "url:one"])
def test_an_unknown_entry_is_none(app: App, bring: Any, entry_id: str) -> None:
    bring("a", {"one": {}})

    assert read_entry(app, entry_id) is None


def test_a_source_has_its_runs_newest_first(app: App, bring: Any) -> None:
    bring("a", {"one": {}})
    bring("a", {"two": {}}, hours=1)

    details = read_source(app, "a")
    assert details is not None
    assert [outcome.new for outcome in details.outcomes] == [1, 1]
    assert (details.status.state_name, details.status.items) == ("ok", 2)
    assert details.status.outcome == details.outcomes[0]
    assert details.outcomes[0].started == NOW + HOUR
    assert read_source(app, "none") is None


def test_the_site_lists_sources_as_configured_and_exports_feeds(app: App, bring: Any) -> None:
    bring("b", {"one": {}})
    site = DaemonSite(DaemonStatus(NOW), lambda: app, lambda: 0, clock=lambda: NOW)

    listed = [(status.source.id, status.state_name, status.items) for status in site.sources()]
    assert listed == [("a", "new", 0), ("b", "ok", 1), ("page", "new", 0)]
    assert site.failing_count() == 0
    opml = site.opml().decode()
    assert (opml.count("<outline type"), "p.example" in opml) == (2, False)
