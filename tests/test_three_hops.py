"""Our own feed, followed by a second instance whose feed a third one follows: nothing is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aggregator.publish.json_record import entry_record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/">
<id>tag:harbour.example,2026:feed</id><title>Harbour Gazette</title>
<link href="https://harbour.example/"/><updated>2026-07-04T11:00:00Z</updated>
<entry xml:lang="fr"><id>tag:harbour.example,2026:1</id><title>Le brouillard &lt;sur&gt; le port</title>
<link href="https://harbour.example/1"/>
<published>2026-07-04T09:30:00.25Z</published><updated>2026-07-04T10:15:00.125Z</updated>
<author><name>Ada Lane</name></author><author><name>Bo Quay</name></author>
<contributor><name>Cem Oz</name></contributor><media:credit>AFP</media:credit>
<category term="mer"/><category term="météo"/>
<summary>Le brouillard reste au-dessus du port.</summary>
<content type="html">&lt;p&gt;Le brouillard reste au-dessus du port, et les bateaux attendent dans la
rade depuis trois jours.&lt;/p&gt;&lt;p&gt;Personne ne sait quand il partira.&lt;/p&gt;</content>
<link rel="via" href="https://wire.example/1"/>
<link rel="replies" type="text/html" href="https://harbour.example/1#comments"/>
<wfw:commentRss>https://harbour.example/1/comments.xml</wfw:commentRss>
<link rel="enclosure" href="https://cdn.example/1.mp3" type="audio/mpeg" length="1234" title="Audio"/>
<link rel="enclosure" href="https://cdn.example/1.pdf" type="application/pdf" length="77"/>
<link rel="enclosure" href="magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a"/>
<link rel="enclosure" href="https://cdn.example/second.png" type="image/png" length="9"/>
<link rel="enclosure" href="https://cdn.example/untyped.bin"/>
<media:content url="https://cdn.example/1.mp3" type="audio/mpeg" duration="95"/>
<media:content url="https://img.example/fog.jpg" medium="image" width="800" height="600">
<media:title>Bateaux</media:title><media:description>Des bateaux dans la rade.</media:description>
</media:content>
<podcast:transcript url="https://cdn.example/1.vtt" type="text/vtt" language="fr" rel="captions"/>
<podcast:transcript url="https://cdn.example/1.html" type="text/html"/>
<podcast:chapters url="https://cdn.example/1.json" type="application/json+chapters"/>
<podcast:alternateEnclosure type="audio/opus" length="3" title="Opus" lang="fr">
<podcast:source uri="https://cdn.example/1.opus"/></podcast:alternateEnclosure>
</entry>
<entry xml:lang="en"><id>tag:harbour.example,2026:2</id><title>Not signed, on another site</title>
<link href="https://wharf.example/2"/><published>2026-07-03T09:00:00Z</published>
<updated>2026-07-03T09:00:00Z</updated><summary>It is about the wharf and what was built there.</summary>
<media:content url="https://img.example/wharf.jpg" medium="image"><media:title>A wharf</media:title>
</media:content>
<source><id>tag:wharf.example,2026:feed</id><title>Wharf Weekly</title>
<updated>2026-07-03T09:00:00Z</updated><link href="https://wharf.example/"/></source></entry>
<entry xml:lang="en"><id>tag:harbour.example,2026:3</id><title>A note without a link</title>
<published>2026-07-02T09:00:00Z</published><updated>2026-07-02T09:00:00Z</updated>
<author><name>Ada Lane</name></author>
<content type="html">&lt;p&gt;There is nothing to open, but something to read.&lt;/p&gt;</content></entry>
</feed>
"""
# What every instance states for itself.
_OWN_FIELDS = ("source", "first_seen", "guid", "provenance", "revision", "url_original")


def _carried(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _OWN_FIELDS}


async def _hop(home: Any, origin: Any, path: str, clock: Any) -> tuple[list[dict[str, Any]], str]:
    """Follow a feed; return the entries by their dates, and the document that is published."""
    home.follow(f'{{id: upstream, url: "{origin.url(path)}", adapter: feed, full_text: never}}')
    async with home.app(clock) as app:
        [outcome] = await app.cycle()
        assert (outcome.status, outcome.rejected) == ("ok", ())
        app.publish()
        entries = app.view_entries(app.config.views[0])
    return [entry_record(entry) for entry in entries], home.feed().decode()


def test_our_own_feed_loses_nothing_in_three_hops(
    tmp_path_factory: pytest.TempPathFactory, way: Any, home: Any, clock: Any
) -> None:
    def another(name: str) -> Any:
        root: Path = tmp_path_factory.mktemp(name)
        return type(home)(root)

    async def story() -> list[list[dict[str, Any]]]:
        hops = []
        document = FEED
        async with way.Origin() as origin:
            for number, instance in enumerate([home, another("second"), another("third")]):
                origin.pages[f"/{number}"] = way.Reply(document)
                records, document = await _hop(instance, origin, f"/{number}", clock)
                hops.append(records)
        return hops

    first, second, third = asyncio.run(story())

    assert len(first) == 3
    assert [_carried(record) for record in second] == [_carried(record) for record in first]
    assert [_carried(record) for record in third] == [_carried(record) for record in first]
    fullest, unsigned, _ = first
    assert fullest["published"] == "2026-07-04T09:30:00.250000Z"
    assert fullest["updated"] == "2026-07-04T10:15:00.125000Z"
    assert fullest["authors"] == ["Ada Lane", "Bo Quay"]
    assert (fullest["contributors"], fullest["credits"]) == (["Cem Oz"], ["AFP"])
    assert fullest["via"] == ["https://wire.example/1"]
    assert fullest["comments"] == "https://harbour.example/1#comments"
    assert fullest["comments_feed"] == "https://harbour.example/1/comments.xml"
    assert fullest["image"] == {
        "url": "https://img.example/fog.jpg",
        "caption": "Des bateaux dans la rade.",
        "alt": "Bateaux",
        "width": 800,
        "height": 600,
    }
    assert [list(enclosure.values()) for enclosure in fullest["enclosures"]] == [
        ["https://cdn.example/1.mp3", "audio/mpeg", 1234, 95, "Audio", None, None],
        ["https://cdn.example/1.pdf", "application/pdf", 77, None, None, None, None],
        [
            "magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a",
            *("application/x-bittorrent", None, None, None, None, None),
        ],
        ["https://cdn.example/second.png", "image/png", 9, None, None, None, None],
        ["https://cdn.example/untyped.bin", None, None, None, None, None, None],
        ["https://cdn.example/1.vtt", "text/vtt", None, None, None, "captions", "fr"],
        ["https://cdn.example/1.html", "text/html", None, None, None, "transcript", None],
        [
            "https://cdn.example/1.json",
            *("application/json+chapters", None, None, None, "chapters", None),
        ],
        ["https://cdn.example/1.opus", "audio/opus", 3, None, "Opus", "alternate", "fr"],
    ]
    assert (unsigned["publisher"], unsigned["authors"]) == ("Wharf Weekly", [])
    assert (unsigned["image"]["alt"], unsigned["image"]["caption"]) == ("A wharf", None)
