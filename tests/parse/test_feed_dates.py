"""Dates of whole feeds: what a document states beside an item's date also counts.

tests/normalize/data/feed_dates.json holds feeds, each as a list of items: the elements with dates, and
the date that must be believed (UTC) with the element it is from. All is captured on 4 July 2026 at noon.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Capture, Revision
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

DATA = Path(__file__).parents[1] / "normalize" / "data" / "feed_dates.json"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text("utf-8"))
SITES = load_sites()
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"{}><id>urn:x:feed</id><title>Harbour</title>{}</feed>'
)
RSS = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">'
    "<channel><title>Harbour</title>{}{}</channel></rss>"
)


def document(kind: str, language: str | None, items: list[dict[str, str]]) -> str:
    """Return a feed with these dates of its items, in this language."""
    if kind == "json":
        dated = [
            {"id": f"g{number}", "title": "A title", **item} for number, item in enumerate(items)
        ]
        feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Harbour", "items": dated}
        return json.dumps(feed | ({"language": language} if language else {}))
    if kind == "atom":
        attribute = f' xml:lang="{language}"' if language else ""
        return ATOM.format(attribute, "".join(map(atom_entry, range(len(items)), items)))
    element = f"<language>{language}</language>" if language else ""
    return RSS.format(element, "".join(map(rss_item, range(len(items)), items)))


def rss_item(number: int, dates: dict[str, str]) -> str:
    return f"<item><guid>g{number}</guid><title>A title</title>{elements(dates)}</item>"


def atom_entry(number: int, dates: dict[str, str]) -> str:
    return f"<entry><id>urn:x:{number}</id><title>A title</title>{elements(dates)}</entry>"


def elements(dates: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in dates.items())


def read(case: dict[str, Any]) -> tuple[Revision, ...]:
    body = document(case["feed"], case.get("language"), [dates for dates, *_ in case["items"]])
    capture = Capture("news", "https://harbour.example/feed", TAKEN, body.encode())
    return parse_captures([capture], ParseTask("news", "feed"), SITES).revisions


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["rule"])
def test_the_dates_of_a_feed_are_read_as_the_rule_says(case: dict[str, Any]) -> None:
    revisions = read(case)

    assert [
        [one.published.replace(tzinfo=None).isoformat(), one.provenance["published"]]
        for one in revisions
    ] == [expected for _, *expected in case["items"]]
