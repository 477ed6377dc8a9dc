"""How it is found out that the items of a feed are excerpts of their pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.model import Revision
from aggregator.run.excerpts import Probe, judge_probes

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def revision(words: int) -> Revision:
    return Revision(
        source="news",
        keys=("url:1",),
        guarded=False,
        at=NOW,
        captured=NOW,
        hash="1",
        url="https://a.example/1",
        url_original=None,
        title="Title",
        published=NOW,
        published_from="feed",
        content_html=f"<p>{'word ' * words}</p>",
    )


def probe(page_words: int | None, *, listed_words: int = 20, may_succeed: bool = False) -> Probe:
    page = None if page_words is None else revision(page_words)
    return Probe(revision(listed_words), page, may_succeed)


LONG, SHORT, FAILED, BUSY = probe(300), probe(40), probe(None), probe(None, may_succeed=True)


@pytest.mark.parametrize(
    ("probes", "finding"),
    [
        ([LONG, LONG, LONG], True),
        ([LONG, LONG, FAILED], True),
        ([LONG, LONG, BUSY], True),
        ([LONG, SHORT, SHORT], False),
        ([LONG, FAILED, FAILED], False),
        ([FAILED, FAILED, FAILED], False),
        ([LONG, BUSY, FAILED], None),
        ([probe(100, listed_words=60)] * 3, False),
    ],
)
def test_items_are_excerpts_if_two_pages_are_much_longer(
    probes: list[Probe], finding: bool | None
) -> None:
    assert judge_probes(probes) is finding
