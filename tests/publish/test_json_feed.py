"""The JSON Feed document: whole bytes, and valid by `data/json_feed.schema.json`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.adapters.feed import parse
from aggregator.model import Capture, Enclosure, FeedInfo
from aggregator.publish import SourceInfo, ViewInfo, json_feed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Entry
    from aggregator.publish.view import ContentMode


_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
}
_WORDS = """
    $schema $defs $ref title type const required properties patternProperties additionalProperties
    items anyOf pattern minLength
"""
_KNOWN_WORDS = frozenset(_WORDS.split())


def _find_faults(
    value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$"
) -> Iterator[str]:
    """Yield where the value breaks the schema; `root` has the definitions.

    It knows the words of JSON Schema that the file uses, and needs no library.
    """
    unknown = schema.keys() - _KNOWN_WORDS
    assert not unknown, f"the validator does not know {unknown}"
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]

    if "const" in schema and value != schema["const"]:
        yield f"{at} is not {schema['const']}"
    kind = schema.get("type")
    if kind and not _is_a(value, kind):
        yield f"{at} is no {kind}"
        return
    if isinstance(value, str):
        yield from _faults_of_text(value, schema, at)
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from _find_faults(part, schema.get("items", {}), root, f"{at}[{place}]")
    if isinstance(value, dict):
        yield from _faults_of_object(value, schema, root, at)


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _faults_of_text(value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{at} is too short"
    if not re.search(schema.get("pattern", ""), value):
        yield f"{at} does not match: {value}"


def _faults_of_object(
    value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str
) -> Iterator[str]:
    choices = schema.get("anyOf", ())
    if choices and all(list(_find_faults(value, choice, root, at)) for choice in choices):
        yield f"{at} is none of the alternatives"
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at} lacks {name}"
    for name, part in value.items():
        found = [schema["properties"][name]] if name in schema.get("properties", {}) else []
        for pattern, inner in schema.get("patternProperties", {}).items():
            if re.search(pattern, name):
                found.append(inner)
        if not found and schema.get("additionalProperties") is False:
            yield f"{at} has {name}"
        for inner in found:
            yield from _find_faults(part, inner, root, f"{at}.{name}")


@pytest.fixture(scope="module")
def schema(data: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((data / "json_feed.schema.json").read_text("utf-8"))
    return loaded


def _faults(document: bytes, schema: dict[str, Any]) -> list[str]:
    return list(_find_faults(json.loads(document), schema, schema))


def _item(view: ViewInfo, entry: Entry) -> dict[str, Any]:
    [item] = json.loads(json_feed.render(view, [entry]))["items"]
    loaded: dict[str, Any] = item
    return loaded


def test_the_document_is_the_stored_one_to_the_byte(
    view: ViewInfo, articles: dict[str, Entry], data: Path
) -> None:
    document = json_feed.render(view, list(articles.values()))

    assert document == (data / "merged.json").read_bytes()


@pytest.mark.parametrize("content", ["full", "summary", "none"])
def test_every_article_is_valid(
    view: ViewInfo, articles: dict[str, Entry], schema: dict[str, Any], content: ContentMode
) -> None:
    url = "https://harbour.example.org/"
    described = replace(view, description="Of the day", icon_url=f"{url}v.png", content=content)
    bare = ViewInfo("v", "", content=content)
    entries = list(articles.values())

    assert _faults(json_feed.render(described, entries), schema) == []
    assert _faults(json_feed.render(bare, entries), schema) == []
    assert _faults(json_feed.render(view, []), schema) == []


@pytest.mark.parametrize(
    ("valid", "broken"),
    [
        (b"version/1.1", b"version/1"),
        (b'"title": "All news & more"', b'"name": "All news"'),
        (b'"feed_url": "https:', b'"feed_url": "/'),
        (b'"date_published": "2026-07-03T05:40:00Z"', b'"date_published": "Fri, 03 Jul 2026"'),
        (b'"language": "zh-Hans"', b'"language": "zh_Hans"'),
        (b'"mime_type": "audio/mpeg"', b'"type": "audio/mpeg"'),
        (b'"duration_in_seconds": 95', b'"duration_in_seconds": "95"'),
        (b'"content_text":', b'"content":'),
        (b'"id": "urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-000000000001"', b'"id": 1'),
    ],
)
def test_the_schema_refuses_a_broken_document(
    view: ViewInfo, articles: dict[str, Entry], schema: dict[str, Any], valid: bytes, broken: bytes
) -> None:
    document = json_feed.render(view, list(articles.values()))

    assert valid in document
    assert _faults(document.replace(valid, broken), schema) != []


def test_what_json_feed_has_no_key_for_is_in_the_extension(articles: dict[str, Entry]) -> None:
    home = "https://harbour.example.org/"
    said = FeedInfo("H", "tag:harbour.example.org,2026:f", home, f"{home}i.png", "© Harbour")
    view = ViewInfo(
        "v", "V", sources={"harbour": SourceInfo("Harbour", f"{home}feed", f"{home}feed", said)}
    )
    captions = Enclosure("https://cdn.example.org/1.vtt", "text/vtt", kind="captions")
    song = Enclosure("https://cdn.example.org/1.mp3", "audio/mpeg", 7, 95, "A song", language="fr")
    entry = replace(
        articles["several tellers"],
        guid="9",
        credits=("AFP",),
        contributors=("Cem Oz",),
        comments_feed=f"{home}9.xml",
        via=("https://wire.example/9",),
        enclosures=(song, captions),
    )

    item = _item(view, entry)

    assert item["attachments"] == [
        {
            "url": "https://cdn.example.org/1.mp3",
            "mime_type": "audio/mpeg",
            "title": "A song",
            "size_in_bytes": 7,
            "duration_in_seconds": 95,
            "_aggregator": {"language": "fr"},
        }
    ]
    assert item["_aggregator"] == {
        "source": {
            "id": "tag:harbour.example.org,2026:f",
            "title": "Harbour",
            "feed_url": f"{home}feed",
            "home_page_url": home,
            "icon": f"{home}i.png",
            "rights": "© Harbour",
        },
        "contributors": ["Cem Oz"],
        "credits": ["AFP"],
        "enclosure_parts": [
            {"url": "https://cdn.example.org/1.vtt", "type": "text/vtt", "kind": "captions"}
        ],
        "via": [
            {"url": "https://planet.example/go?to=9&x", "title": "folder"},
            {"url": "https://other.example.org/9", "title": "gone"},
            {"url": "https://wire.example/9"},
        ],
        "comments": [f"{home}9#comments", "https://links.example.org/item?id=9"],
        "comments_feed": f"{home}9.xml",
        "guid": "9",
        "published_from": "feed",
        "first_seen": "2026-06-01T12:00:00Z",
        "revision": 1,
    }


def test_our_own_reader_reads_every_entry_back(view: ViewInfo, articles: dict[str, Entry]) -> None:
    entries = list(articles.values())
    document = json_feed.render(view, entries)

    read = parse(
        Capture("s", "https://feeds.example.org/feed.json", entries[0].published, document)
    )

    told = [(raw.guid and raw.guid.value, [tag.value for tag in raw.tags]) for raw in read.entries]
    assert (read.title, read.rejected) == ("All news & more", ())
    assert told == [(item["id"], item.get("tags", [])) for item in json.loads(document)["items"]]
