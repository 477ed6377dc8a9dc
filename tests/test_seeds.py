"""The two seed documents give exactly the values beside them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import Capture
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

FOLDER = Path(__file__).parent.parent / "seeds"
SEEDS = sorted(
    path.with_name(path.name.replace(".expected.json", ".txt"))
    for path in FOLDER.glob("*.expected.json")
)
TAKEN = datetime(2026, 1, 1, tzinfo=UTC)


def instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def test_both_seeds_are_there() -> None:
    assert [path.stem for path in SEEDS] == ["000_5babfa852594e368", "002_1649f93ecfe387c8"]


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_a_seed_gives_exactly_what_is_expected(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    unwanted = expected.pop("must_not_contain")
    capture = Capture("saved", path.as_uri(), TAKEN, path.read_bytes())

    (revision,) = parse_captures([capture], ParseTask("saved", "archive"), load_sites()).revisions

    paragraphs = html_to_text(revision.content_html or "").split("\n\n")
    given: dict[str, Any] = {
        "url": revision.url,
        "title": revision.title,
        "published": instant(revision.published),
        "published_from": revision.published_from,
        "updated": instant(revision.published),  # of a first revision
        "language": revision.language,
        "publisher": revision.publisher,
        "summary": revision.summary,
        "image": revision.image
        and {key: asdict(revision.image)[key] for key in ("url", "caption")},
        "credits": list(revision.credits),
        "captured": instant(revision.captured),
        "paragraphs": len(paragraphs),
        "first_paragraph": paragraphs[0],
        "last_paragraph": paragraphs[-1],
    }
    assert {key: given[key] for key in expected} == expected
    assert [text for text in unwanted if text in (revision.content_html or "")] == []
    assert (revision.content_html or "").count("<p>") == expected["paragraphs"]
