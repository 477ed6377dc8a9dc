"""What we read of every feed, beside what bare feedparser reads of it: each difference has a rule that wants it.

`data/feedparser_differences.json` holds them: document -> `item.field` -> the name of the rule. A difference without
an entry there is a mistake of ours, and an entry without a difference is out of date.
"""

from __future__ import annotations

import json
from calendar import timegm
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import feedparser
import pytest

from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.normalize.text import plain_text
from aggregator.normalize.url import page_key
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Revision

DATA = Path(__file__).parent / "data"
FEEDS = DATA / "feeds"
CASES = sorted(path.name for path in FEEDS.glob("*.xml"))
DIFFERENCES: dict[str, dict[str, str]] = json.loads(
    (DATA / "feedparser_differences.json").read_text("utf-8")
)
ADDRESS = "https://feeds.example/all.xml"

RULES = {
    "authors": "each name once, and no top-level domain is cut at its fourth letter",
    "base": "a relative link is resolved against the feed's site, which a FeedBurner address is not",
    "binary": "a picture in base64 is no text",
    "broken-off": "half an article is none: it would be an edit of the whole one",
    "caption": "media:description says what is in a picture; the item's own text stands before it",
    "channel-author": "an item without an author has the feed's",
    "charset": "RULES §3: valid UTF-8 beats the label, labels mean their supersets, the feed's language tells the rest",
    "dtd": "entities that the DTD declares as texts are replaced, outside CDATA",
    "content-elsewhere": "a page that is the content of an entry without a link is its link",
    "first-link": "the first link is the item's",
    "id-is-address": "an id that is a web address is a link, however isPermaLink is spelled",
    "longest": "the longest text is the article, in whichever element it stands",
    "mended": "malformed XML is mended before it is parsed, so that no item and no text is lost",
    "no-address": "RULES §1: only http and https are links; an id that is none is no link",
    "no-atom": "a single entry is a document of Atom's namespace (RFC 4287 §2)",
    "nothing": "an item with nothing in it is rejected and counted",
    "one-date": "RULES §2: the one date of an RSS item is when it appeared, not when it was changed",
    "original-link": "the link before FeedBurner is the item's",
    "raw-dates": "RULES §2: dates are read again from what was written",
    "text": "RFC 4287 §3.1.1: a text has no markup; feedparser does not tell, and plain_text takes it out",
    "source-author": "RFC 4287 §4.2.2: an entry without an author has those of its source",
    "title": "an entry without a title is named by its text or its id",
    "verbatim-id": "an id stays as it is written, no address is made of it",
}


def bare(body: bytes, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What feedparser itself gives, with its own sanitizer and resolver."""
    try:
        read = feedparser.parse(
            BytesIO(body), response_headers={"content-location": ADDRESS, **headers}
        )
    except (OverflowError, ValueError):  # it has no rule for `&#99999999999;`
        return []
    return [dict(item) for item in read["entries"]]


def ours(body: bytes, headers: dict[str, str]) -> dict[int, Revision]:
    """What the feed adapter and normalize give, by the number of the item."""
    capture = Capture("s", ADDRESS, datetime(2026, 7, 4, 12, tzinfo=UTC), body, headers=headers)
    try:
        found = parse_captures([capture], ParseTask("s", "feed"), load_sites())
    except SourceError:
        return {}
    rejected = {rejection.label for rejection in found.rejected}
    numbers = (number for number in range(1, 20_000) if f"item {number}" not in rejected)
    return dict(zip(numbers, found.revisions, strict=False))


def differences(body: bytes, headers: dict[str, str]) -> Iterator[tuple[str, object, object]]:
    theirs, mine = bare(body, headers), ours(body, headers)
    for number in range(1, max(len(theirs), *mine, 0) + 1):
        item = theirs[number - 1] if number <= len(theirs) else None
        if item is None or number not in mine:
            yield f"{number}", item and item.get("title"), number in mine and mine[number].title
            continue
        for field, (seen, read) in compared(item, mine[number]).items():
            if seen != read:
                yield f"{number}.{field}", seen, read


def compared(item: dict[str, Any], revision: Revision) -> dict[str, tuple[object, object]]:
    """Give for each field what feedparser has, brought into the form of ours, and what we have."""
    stated = max(
        (part["value"] for part in item.get("content", ())), key=len, default=""
    ) or item.get("summary", "")
    link = item.get("link")
    names = [
        name
        for author in item.get("authors", ())
        if (name := author.get("name") or author.get("email"))
    ]
    pairs: dict[str, tuple[object, object]] = {
        "title": (plain_text(item.get("title", "")), revision.title),
        "link": (
            link and page_key(urljoin(ADDRESS, link)),
            revision.url and page_key(revision.url),
        ),
        "id": (item.get("id") or None, revision.guid),
        "authors": (names, list(revision.authors)),
        "text": (plain_text(stated), plain_text(revision.content_html or revision.summary or "")),
    }
    for field, moment in (("published", revision.published), ("updated", revision.at)):
        when = item.get(f"{field}_parsed")
        if when:
            pairs[field] = (
                datetime.fromtimestamp(timegm(when), UTC).isoformat(),
                moment.isoformat(),
            )
    return pairs


@pytest.mark.parametrize("name", CASES)
def test_every_difference_has_a_rule(name: str) -> None:
    expected = json.loads((FEEDS / f"{name}.expected.json").read_text("utf-8"))

    found = {
        place: (seen, read)
        for place, seen, read in differences((FEEDS / name).read_bytes(), expected.get("given", {}))
    }

    assert {
        place: found.get(place) for place in found.keys() ^ DIFFERENCES.get(name, {}).keys()
    } == {}


def test_every_rule_is_explained_and_used() -> None:
    used = {rule for document in DIFFERENCES.values() for rule in document.values()}

    assert used == set(RULES)
    assert set(DIFFERENCES) <= set(CASES)
