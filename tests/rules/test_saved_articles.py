"""Saved articles of many publishers become entries of the common schema: a new case is a file and what it must give."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.model import Capture
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from aggregator.model import Revision
    from aggregator.rules.compiled import Sites

CASES = sorted((Path(__file__).parent / "data").glob("*.txt"))
TAKEN = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = (
    "url",
    "url_original",
    "title",
    "summary",
    "content_html",
    "published",
    "published_from",
    "at",
    "captured",
    "authors",
    "credits",
    "tags",
    "language",
    "publisher",
    "image",
    "enclosures",
    "keys",
    "guarded",
    "provenance",
)
# What the collector, the publisher's page or a proxy put around the article.
FURNITURE = re.compile(
    r"weserv|feedx|获取更多RSS|rfi\.my|facebook\.com|whatsapp|selfpromo|share-button|<script|<style|class=|style=|#999|Array"
)


@pytest.fixture(scope="module")
def sites() -> Sites:
    return load_sites()


def article(path: Path, sites: Sites) -> Revision:
    capture = Capture("saved", path.as_uri(), TAKEN, path.read_bytes())
    (revision,) = parse_captures([capture], ParseTask("saved", "archive"), sites).revisions
    return revision


def stated(revision: Revision) -> dict[str, Any]:
    """A revision as its JSON shows it: absent keys left out, the body cut between its blocks."""
    values = {key: _plain(getattr(revision, key)) for key in KEYS}
    if values["url_original"] == values["url"]:
        del values["url_original"]
    if values["at"] == values["captured"]:
        del values["at"]
    if revision.content_html:
        values["content_html"] = re.split(
            r"(?<=</p>)(?=<)|(?<=</figure>)(?=<)|(?<=</iframe>)(?=<)", revision.content_html
        )
    return {key: value for key, value in values.items() if value not in (None, [], False)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {key: item for key, item in asdict(value).items() if item is not None}
    return value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_saved_article_gives_exactly_what_is_expected(path: Path, sites: Sites) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))

    assert stated(article(path, sites)) == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_furniture_is_left(path: Path, sites: Sites) -> None:
    revision = article(path, sites)

    shown = json.dumps(
        [revision.title, revision.summary, revision.content_html, _plain(revision.image)],
        ensure_ascii=False,
    )
    assert FURNITURE.findall(shown) == []


def test_every_article_has_its_expectation_and_the_reverse() -> None:
    expectations = {
        path.name.removesuffix(".expected.json") for path in CASES[0].parent.glob("*.expected.json")
    }

    assert {path.stem for path in CASES} == expectations
    assert len(CASES) >= 50


def test_rules_named_by_the_source_hold_for_any_host(sites: Sites, tmp_path: Path) -> None:
    path = tmp_path / "mirror.txt"
    body = "<div>05/02/2024 - 00:35</div><p>灯</p>"
    path.write_text(
        f"<!--1707090302000-->\n[灯 - 要闻分析](https://mirror.example.org/1)\n------\n\n{body}"
    )
    capture = Capture("saved", path.as_uri(), TAKEN, path.read_bytes())

    (revision,) = parse_captures(
        [capture], ParseTask("saved", "archive", site="rfi"), sites
    ).revisions

    assert (revision.title, revision.published) == ("灯", datetime(2024, 2, 4, 23, 35, tzinfo=UTC))


def test_the_zone_of_the_source_holds_where_the_publisher_has_no_rules(
    sites: Sites, tmp_path: Path
) -> None:
    path = tmp_path / "local.txt"
    path.write_text(
        "<!--1599200000000-->\n[A](https://news.example.org/1)\n------\n\n<div><i>2020-09-04 12:18:38</i></div><p>B</p>"
    )
    capture = Capture("saved", path.as_uri(), TAKEN, path.read_bytes())

    (revision,) = parse_captures(
        [capture], ParseTask("saved", "archive", timezone="Asia/Tokyo"), sites
    ).revisions

    assert revision.published == datetime(2020, 9, 4, 3, 18, 38, tzinfo=UTC)
