"""Real feed readers read the document back without loss."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from aggregator.normalize.url.valid import valid_url
from aggregator.publish import OUTPUTS, SourceInfo, ViewInfo, atom
from aggregator.publish.entry_parts import (
    contributor_names,
    copy_urls,
    other_places,
    published_entry,
    title_of,
)
from aggregator.publish.view import source_urn
from aggregator.publish.xml_element import clean_text, clean_texts, drop_illegal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from aggregator.model import Entry


# The articles that have everything a reader shows.
_WHOLE = ("the fullest", "Chinese", "Arabic, from right to left", "emoji")


def _read(document: bytes) -> Any:
    return feedparser.parse(BytesIO(document), sanitize_html=False, resolve_relative_uris=False)


def test_feedparser_finds_a_well_formed_atom_feed(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    read = _read(atom.render(view, list(articles.values())))

    assert (read.bozo, read.version, read.feed.title) == (False, "atom10", "All news & more")
    assert [entry.id for entry in read.entries] == [entry.id for entry in articles.values()]


@pytest.mark.parametrize("kind", ["atom", "rss"])
def test_feedparser_reads_every_entry_back(
    view: ViewInfo, articles: dict[str, Entry], kind: str
) -> None:
    document = OUTPUTS[kind].render(view, list(articles.values()))

    read = [_as_feedparser_has_it(entry) for entry in _read(document).entries]

    assert read == [_as_published(entry, view, kind) for entry in articles.values()]


def _as_feedparser_has_it(read: Any) -> dict[str, Any]:
    contents = read.get("content", ())
    creators = read.get("authors", ())
    links = read.get("links", ())
    return {
        "id": read.id,
        "url": read.get("link"),
        "title": read.title,
        "summary": read.get("summary"),
        "content": contents[0].value if contents else None,
        "published": read.published_parsed[:6],
        "updated": read.updated_parsed[:6],
        "authors": [author.name for author in creators],
        "contributors": [person.get("name") for person in read.get("contributors", ())],
        "tags": [tag.term for tag in read.get("tags", ())],
        "source": (read.source.title, read.source.id, read.source.get("link")),
        "credits": [credit["content"] for credit in read.get("media_credit", ())],
        "links": {
            relation: [link.href for link in links if link.rel == relation]
            for relation in ("related", "via", "enclosure")
        },
        "picture": read.get("media_thumbnail", [None])[0],
    }


def _as_published(entry: Entry, view: ViewInfo, kind: str) -> dict[str, Any]:
    shown = published_entry(entry, view)
    source = view.sources.get(entry.source, SourceInfo("gone"))
    source_id = source_urn(entry.source)
    summary = clean_text(shown.summary) or None
    content = drop_illegal(shown.content_html or "") or None
    url = shown.url
    if kind == "rss":
        summary = escape(summary, quote=False) if summary else content
        content = content if clean_text(shown.summary) else None
    else:
        # feedparser makes a link of an id, and a summary of a content.
        url = url or entry.id
        if content is None and not entry.url:
            content = summary or entry.title
        summary = summary or content
    image = shown.image
    size = {} if image is None else {"width": image.width, "height": image.height}
    files = [enclosure.url for enclosure in shown.enclosures]
    return {
        "id": entry.id,
        "url": url,
        "title": title_of(shown),
        "summary": summary,
        "content": content,
        "published": entry.published.timetuple()[:6],
        "updated": entry.updated.timetuple()[:6],
        "authors": list(shown.authors),
        "contributors": contributor_names(entry),
        "tags": clean_texts(entry.tags),
        "source": (source.title, source_id, source.url or source_id),
        "credits": list(entry.credits),
        "links": {
            "related": copy_urls(shown, view),
            "via": [place.url for place in other_places(shown, view)],
            "enclosure": files if kind == "atom" else files[:1],
        },
        "picture": None
        if image is None
        else {"url": image.url} | {name: str(value) for name, value in size.items() if value},
    }


def test_feedparser_reads_enclosures_pictures_and_copies_back(
    view: ViewInfo, articles: dict[str, Entry]
) -> None:
    (read,) = _read(atom.render(view, [articles["the fullest"]])).entries
    links = [link.href for link in read.links if link.rel == "related"]

    assert [(e.href, e.get("type"), e.get("length")) for e in read.enclosures] == [
        ("https://cdn.example.org/fog.mp3?a=1&b=2", "audio/mpeg", "1234567"),
        (
            "https://cdn.example.org/fog.bin",
            "text/html",
            None,
        ),  # feedparser's own default for a link
    ]
    assert [(m["url"], m.get("duration")) for m in read.media_content] == [
        ("https://img.example.org/fog.jpg?w=1&h=2", None),
        ("https://cdn.example.org/fog.mp3?a=1&b=2", "95"),
    ]
    assert read.media_thumbnail == [
        {"url": "https://img.example.org/fog.jpg?w=1&h=2", "width": "1200", "height": "800"}
    ]
    assert links == ["urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-0000000000ff"]


def test_reader_reads_the_document_back(
    view: ViewInfo, articles: dict[str, Entry], tmp_path: Path
) -> None:
    reader = pytest.importorskip(
        "reader", reason="the reader library is not installed (pip install reader)"
    )
    path = tmp_path / "merged.atom"
    path.write_bytes(atom.render(view, list(articles.values())))

    with closing(reader.make_reader(":memory:", feed_root="")) as library:
        library.add_feed(str(path))
        library.update_feed(str(path))
        read = {entry.id: entry for entry in library.get_entries()}

    assert set(read) == {entry.id for entry in articles.values()}
    assert [_as_reader_has_it(read[articles[name].id]) for name in _WHOLE] == [
        (
            entry.title,
            entry.url and valid_url(entry.url),
            published_entry(entry, view).content_html,
            _whole_second(entry.published),
            _whole_second(entry.updated),
        )
        for entry in (articles[name] for name in _WHOLE)
    ]
    enclosure = read[articles["the fullest"].id].enclosures[0]
    assert (enclosure.href, enclosure.type, enclosure.length) == (
        "https://cdn.example.org/fog.mp3?a=1&b=2",
        "audio/mpeg",
        1234567,
    )


def _as_reader_has_it(entry: Any) -> tuple[Any, ...]:
    return entry.title, entry.link, entry.content[0].value, entry.published, entry.updated


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed (apt install newsboat)"
)
def test_newsboat_reads_the_document_back(
    view: ViewInfo, articles: dict[str, Entry], tmp_path: Path
) -> None:
    (tmp_path / "merged.atom").write_bytes(atom.render(view, list(articles.values())))
    with _served(tmp_path) as root:
        read = _newsboat(tmp_path, f"{root}/merged.atom")

    assert [row["guid"] for row in read] == [entry.id for entry in articles.values()]
    assert [row["title"] for row in read][:4] == [articles[name].title for name in _WHOLE]
    assert [row["content"] for row in read][:4] == [
        published_entry(articles[name], view).content_html for name in _WHOLE
    ]
    assert [row["pubDate"] for row in read] == [
        int(entry.published.timestamp()) for entry in articles.values()
    ]
    assert {
        name: read[0][name] for name in ("url", "author", "enclosure_url", "enclosure_type")
    } == {
        "url": "https://harbour.example.org/a?id=1&lang=en",
        "author": "Ada Lane, Bo Quay",
        "enclosure_url": "https://cdn.example.org/fog.mp3?a=1&b=2",
        "enclosure_type": "audio/mpeg",
    }


def _newsboat(folder: Path, url: str) -> list[dict[str, Any]]:
    """Let newsboat fetch a feed once; return its items, newest first."""
    (folder / "urls").write_text(f"{url}\n", encoding="utf-8")
    (folder / "config").write_text("", encoding="utf-8")
    cache = folder / "cache.db"
    files = ["-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(cache)]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"}
    subprocess.run(
        ["newsboat", *files, "-x", "reload"],
        check=True,
        timeout=30,
        capture_output=True,
        env=environment,
    )
    with closing(sqlite3.connect(cache)) as connection:
        connection.row_factory = sqlite3.Row
        return [
            dict(row)
            for row in connection.execute("SELECT * FROM rss_item ORDER BY pubDate DESC, id")
        ]
