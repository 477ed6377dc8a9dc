"""Views from the store to their files: what a source says of itself, and what a change moves."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aggregator.app import App, open_store
from aggregator.publish import OUTPUTS

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import View
    from aggregator.model import Entry

FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><id>tag:harbour.example,2026:feed</id>
<title>Harbour Gazette</title><link href="https://harbour.example/"/><icon>/i.png</icon>
<rights>© Harbour</rights><updated>2026-07-04T11:00:00Z</updated>
<entry><id>tag:harbour.example,2026:1</id><title>Fog on the pier</title>
<link href="https://harbour.example/1"/><updated>2026-07-03T10:00:00Z</updated>
<summary>It stays until the evening.</summary></entry></feed>"""


def _write_main(home: Any, views: str, public_url: str) -> None:
    home.path.write_text(
        f'server: {{listen: "127.0.0.1:0", public_url: "{public_url}"}}\n'
        f"network: {{allow_private: true, timeout: 20s}}\nviews: {views}\n",
        encoding="utf-8",
    )


def test_a_source_is_published_as_its_feed_tells_itself(home: Any, clock: Any, way: Any) -> None:
    _write_main(home, "[{id: merged}]", "https://feeds.example.org")

    async def story() -> list[dict[str, Any]]:
        sources = []
        async with way.Origin() as origin:
            origin.pages["/feed"] = way.Reply(FEED)
            for name in ("", ", name: My harbour"):
                home.follow(f'{{id: up, url: "{origin.url("/feed")}", full_text: never{name}}}')
                async with home.app(clock) as app:
                    await app.cycle()
                    app.publish()
                [item] = json.loads((home.root / "var/feeds/merged.json").read_bytes())["items"]
                sources.append(item["_aggregator"]["source"])
            assert [source.pop("feed_url") for source in sources] == [origin.url("/feed")] * 2
        return sources

    of_feed, named = asyncio.run(story())

    assert of_feed == {
        "id": "tag:harbour.example,2026:feed",
        "title": "Harbour Gazette",
        "home_page_url": "https://harbour.example/",
        "icon": "https://harbour.example/i.png",
        "rights": "© Harbour",
    }
    assert named == of_feed | {"title": "My harbour"}


def test_a_document_links_to_itself_under_its_public_url(home: Any, clock: Any) -> None:
    _write_main(home, "[{id: merged}]", "https://feeds.example.org/news/")
    home.follow()

    async def story() -> None:
        async with home.app(clock) as app:
            app.publish()

    asyncio.run(story())

    folder = home.root / "var" / "feeds"
    for kind in OUTPUTS:
        document = (folder / f"merged.{kind}").read_text(encoding="utf-8")
        assert f'"https://feeds.example.org/news/views/merged.{kind}"' in document


def test_a_new_entry_changes_only_the_documents_that_show_it(home: Any, clock: Any) -> None:
    _write_main(
        home, "[{id: all}, {id: north, where: {source: north}}]", "https://feeds.example.org"
    )
    (home.root / "south").mkdir()
    home.save("calm", "Calm in the harbour today")
    home.follow(
        "{id: north, path: ../../articles, adapter: archive}",
        "{id: south, path: ../../south, adapter: archive}",
    )

    async def publish() -> set[str]:
        async with home.app(clock) as app:
            await app.cycle(force=True)
            published = app.publish().values()
        return {view.path.name for view in published if view.has_changed}

    first = asyncio.run(publish())
    again = asyncio.run(publish())
    saved: Path = home.save("storm", "A storm is coming near")
    saved.rename(home.root / "south" / "storm.txt")
    later = asyncio.run(publish())

    assert first == {f"{view}.{kind}" for view in ("all", "north") for kind in OUTPUTS}
    assert again == set()
    assert later == {f"all.{kind}" for kind in OUTPUTS}


class Counting(App):
    """An App that counts how often it reads the entries of a view."""

    reads = 0

    def view_entries(self, view: View, limit: int | None = None) -> list[Entry]:
        self.reads += 1
        return super().view_entries(view, limit)


def test_the_entries_of_a_view_are_read_once_for_all_formats(home: Any, clock: Any) -> None:
    home.follow()
    config = home.load()
    with open_store(config) as store:
        app = Counting(config, store, clock=clock)
        app.publish()

    assert app.reads == 1
