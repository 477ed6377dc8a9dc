"""An observer hears of what is decided, in order, and changes nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from aggregator.errors import ItemError
from aggregator.model import Candidate, RawEntry, RawImage
from aggregator.normalize import html
from aggregator.normalize.entry import NormalizeContext, normalize

if TYPE_CHECKING:
    from aggregator.model import Enclosure, Revision
    from aggregator.normalize.dates import Date

CONTEXT = NormalizeContext(
    source="news", taken=datetime(2026, 7, 1, 12, tzinfo=UTC), timezone=ZoneInfo("Europe/Paris")
)
URL = Candidate("https://news.example.org/1", "feed:link")


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.raw: list[RawEntry] = []
        self.told: list[tuple[str, str, str | None]] = []
        self.became_: list[Revision] = []

    def item_started(self, raw: RawEntry) -> None:
        self.raw.append(raw)

    def candidate_judged(
        self,
        field: str,
        candidate: Candidate | RawImage | Enclosure,
        reason: str | None,
        date: Date | None,
    ) -> None:
        value = candidate.value if isinstance(candidate, Candidate) else candidate.url
        self.told.append((field, value, reason))

    def item_finished(self, revision: Revision) -> None:
        self.became_.append(revision)


def heard(**fields: Any) -> tuple[Ear, Revision]:
    raw, ear = RawEntry(label="item 1", **{"url": (URL,)} | fields), Ear()
    return ear, normalize(raw, html.parse("<p>Text</p>"), CONTEXT, observer=ear)


def test_an_observer_hears_what_an_item_was_and_became() -> None:
    raw = RawEntry(label="item 1", url=(URL,), title=(Candidate("Lamps", "feed:title"),))
    ear = Ear()

    revision = normalize(raw, None, CONTEXT, observer=ear)

    assert (ear.raw, ear.became_) == ([raw], [revision])
    assert revision == normalize(raw, None, CONTEXT)


def test_an_item_that_is_rejected_became_nothing() -> None:
    ear = Ear()

    with pytest.raises(ItemError):
        normalize(RawEntry(label="item 1"), None, CONTEXT, observer=ear)

    assert (len(ear.raw), ear.became_) == (1, [])


def test_every_candidate_that_is_looked_at_is_told_and_none_behind_the_winner() -> None:
    ear, _ = heard(
        content_html=(Candidate("<p>Text</p>", "feed:content"),),
        url=(Candidate("javascript:x", "a"), URL, Candidate("https://news.example.org/2", "b")),
        title=(Candidate(" ", "a"), Candidate("Lamps", "b"), Candidate("More", "c")),
        authors=(Candidate("Lin", "a"), Candidate(" ", "b"), Candidate("Lin", "c")),
        language=(Candidate("??", "a"), Candidate("en", "b")),
        image=(
            RawImage("blank.gif", "a"),
            RawImage("javascript:x", "b"),
            RawImage("/lamp.jpg", "c"),
        ),
    )

    assert ear.told == [
        ("url", "javascript:x", "no link to open"),
        ("url", URL.value, None),
        ("image", "blank.gif", "no address of a picture"),
        ("image", "javascript:x", "no address of a picture"),
        ("image", "/lamp.jpg", "no address of a picture"),
        ("content_html", "<p>Text</p>", None),
        ("title", " ", "empty"),
        ("title", "Lamps", None),
        ("published", "2026-07-01T12:00:00+00:00", None),
        ("language", "??", "no language tag"),
        ("language", "en", None),
        ("authors", "Lin", None),
        ("authors", " ", "empty"),
        ("authors", "Lin", "said already"),
    ]


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        (("Example News", "Lamps"), "Lamps"),
        (("EXAMPLE  News", "Lamps", "More"), "Lamps"),
        (("Lamps", "Example News"), "Lamps"),
        (("Example News", "Example News"), "Example News"),
        (("Example News", " "), "Example News"),
        (("Example News",), "Example News"),
    ],
)
def test_a_title_that_is_the_name_of_the_site_gives_way_to_any_other(
    titles: tuple[str, ...], title: str
) -> None:
    publisher = (Candidate("Example News", "meta:og:site_name"),)

    _, revision = heard(
        title=tuple(Candidate(text, "page:x") for text in titles), publisher=publisher
    )

    assert revision.title == title
