"""Pages with gold values are found in the layouts of the public sets, and scored."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.articles import (
    GoldPage,
    GoldValues,
    Reading,
    Tally,
    load_pages,
    main,
    read_by_aggregator,
    score,
)

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://news.example.org/lamps"
WORDS = "The lamplighter of the old harbour counts the lamps each evening. " * 6
PAGE = (
    f"<html lang=en><head><title>Ninety lamps</title><link rel='canonical' href='{URL}'></head><body>"
    f"<article><h1>Ninety lamps</h1><p>By Ada Wick</p><time datetime=2026-07-03>3 July</time><p>{WORDS}</p></article>"
)
GOLD = GoldValues(URL, WORDS.strip(), "Ninety lamps", "2026-07-03", ("Ada Wick",))


def write(folder: Path, name: str, content: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "gold"),
    [
        (
            {
                "a.html": PAGE,
                "a.json": {
                    "url": URL,
                    "text": WORDS,
                    "title": "Ninety lamps",
                    "date": "2026-07-03T10:00:00Z",
                    "authors": ["Ada Wick"],
                },
            },
            GOLD,
        ),
        ({"a.html": PAGE, "a.txt": WORDS}, GoldValues(text=WORDS.strip())),
        (
            {
                "a.html": PAGE,
                "a.json": {"expected": {"cleaned_text": WORDS, "author": None, "date": ""}},
            },
            GoldValues(text=WORDS.strip(), date=""),
        ),
        (
            {
                "html/a.html": PAGE,
                "text/a.txt": WORDS,
                "metadata/a.json": {"author": "", "top_image": "/i.jpg"},
            },
            GoldValues(text=WORDS.strip(), authors=(), image="/i.jpg"),
        ),
        (
            {
                "html/a.html.gz": PAGE,
                "ground-truth.json": {"a": {"articleBody": WORDS, "url": URL}},
            },
            GoldValues(URL, WORDS.strip()),
        ),
        (
            {"cache/a.html": PAGE, "eval.json": {URL: {"file": "a.html", "date": "2026-07-03"}}},
            GoldValues(URL, date="2026-07-03"),
        ),
        (
            {
                "a/source.html": PAGE,
                "a/expected.html": f"<p>{WORDS}</p>",
                "a/expected-metadata.json": {"title": "Ninety lamps", "byline": "Ada Wick"},
            },
            GoldValues(text=WORDS.strip(), title="Ninety lamps", authors=("Ada Wick",)),
        ),
    ],
    ids=["beside", "text", "unfluff", "newspaper", "benchmark", "by-url", "readability"],
)
def test_pages_and_their_values_are_found_in_each_layout(
    tmp_path: Path, files: dict[str, object], gold: GoldValues
) -> None:
    for name, content in files.items():
        write(tmp_path, name, content)

    (page,) = load_pages(tmp_path)

    assert (page.url, page.body, page.gold) == (URL, PAGE.encode(), gold)


def test_a_page_without_values_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.html", PAGE)

    assert list(load_pages(tmp_path)) == []
    assert main([str(tmp_path)]) == 1


def test_words_are_counted_as_often_as_they_occur_and_values_given_for_nothing_are_invented(
    tmp_path: Path,
) -> None:
    gold = GoldValues(URL, "lamps lamps harbour boats", "Lamps", "", (), "https://x.example/i.jpg")
    page = GoldPage(tmp_path / "a.html", URL, b"", gold)
    reading = Reading(
        "Lamps harbour night", "lamps!", "2026-07-03", ("Ada Wick",), "http://y.example/i.jpg"
    )

    found = score([page], lambda _page: reading)

    assert (found.texts, found.precision, found.recall) == (1, 2 / 3, 2 / 4)
    assert found.f == pytest.approx(4 / 7)
    assert found.bag_f == pytest.approx(4 / 7)
    assert found.fields == {
        "title": Tally(wanted=1, given=1, right=1),
        "date": Tally(given=1, invented=1),
        "authors": Tally(given=1, invented=1),
        "image": Tally(wanted=1, given=1, right=1),
    }


def test_the_whole_program_reads_the_page(tmp_path: Path) -> None:
    page = GoldPage(tmp_path / "a.html", URL, PAGE.encode(), GOLD)

    reading = read_by_aggregator(page)

    assert (reading.title, reading.date, reading.authors) == (
        "Ninety lamps",
        "2026-07-03",
        ("Ada Wick",),
    )
    assert score([page], read_by_aggregator).recall == 1.0


def test_the_command_prints_a_line_for_each_tool(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "a.html", PAGE)
    write(tmp_path, "a.json", {"url": URL, "text": WORDS})

    assert main([str(tmp_path), "--worst", "1"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 pages"
    assert lines[2].startswith("aggregator ")
    assert lines[-1].endswith("a.html")
