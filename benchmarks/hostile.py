"""A mutation fuzzer: damaged feeds, JSON and pages go the whole way from adapter to published feed.

Whatever comes in, the end is a result or an error that was foreseen, what is published
is well-formed, and cleaning HTML twice gives the same as once. The same seed gives the same cases.

    python -m benchmarks.hostile [SECONDS] [--seed N]
"""

from __future__ import annotations

import random
import sys
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from lxml import etree

from aggregator.cli.report.preview import entry_from_revision
from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.normalize import html
from aggregator.parse.captures import parse_captures
from aggregator.parse.task import ParseTask
from aggregator.publish import OUTPUTS, ViewInfo
from aggregator.publish.json_record import entry_record
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aggregator.model import Revision
    from aggregator.parse.task import ParseResult
    from aggregator.rules.compiled import Sites

_DATA = Path(__file__).parents[1] / "tests"
_TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
_UNFORESEEN = "cannot be read ("  # begins the reason against an item that raised
_MAX_FIXTURE_BYTES = 60_000  # larger ones take too much of the time
_FOLDERS = (
    ("feed", "adapters/data/feeds", ("*.xml", "*.json", "*.rss", "*.atom")),
    ("page", "adapters/data/listings", ("*.html",)),
    ("page", "pages/data", ("**/*.html",)),
    ("article", "adapters/data/articles", ("*.html",)),
    ("json", "adapters/data/json", ("*.json",)),
    ("json", "adapters/data/listings", ("*.json",)),
    ("sitemap", "adapters/data/sitemaps", ("*.xml",)),
)
# What has hurt parsers before, ours or others'.
_PIECES = (
    *(b"<a:b>", b"<article& class=x>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&", b"&#0;"),
    *(b"&#xD800;", b"<pre>", b"<source src=/a.mp3>", b"<style>", b"<script>", b"<textarea>"),
    *(b"<title>", b"<xmp>", b"<plaintext>", b"<svg>", b"<math>", b"<table>", b"</p>", b"<li>"),
    *(b'<sup id="fn1">', b'<a href="#fn1">', b'<li id="fn1">', b"<br>", b"<div>", b"<p>"),
    *(
        b"</a:b>",
        b"<_ x:y=1>",
        b"<x-\xc3\xa9.b#c>",
        b'<p class="a.b:c[d]">',
        b'<?xml encoding="utf-16"?>',
    ),
    *(b"\x00", b"\xff", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"1e999", b"NaN"),
    *(b"99999999999999999999", b"-1", b'"', b"'", b"\\ud800", b"{", b"[", b"]", b"}", b","),
    *(b"9999-12-31T23:59:59+14:00", b"0001-01-01T00:00:00-14:00", b"http://[::1", b"javascript:a"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A document, and the adapter that is to read it; `name` says where it comes from."""

    name: str
    adapter: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong with a case."""

    case: Case
    what: str

    def __str__(self) -> str:
        return f"{self.case.name}: {self.what}"


def fixtures() -> tuple[Case, ...]:
    """Return all fixtures that are small enough, in a fixed order."""
    cases = []
    for adapter, folder, patterns in _FOLDERS:
        for pattern in patterns:
            for path in sorted((_DATA / folder).glob(pattern)):
                body = path.read_bytes()
                is_answer = path.name.endswith(".expected.json")
                if not is_answer and len(body) <= _MAX_FIXTURE_BYTES:
                    cases.append(Case(path.name, adapter, body))
    return tuple(cases)


def mutations(seed: int, known: Sequence[Case]) -> Iterator[Case]:
    """Yield damaged fixtures without end."""
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        case = chance.choice(known)
        body = case.body
        for _ in range(chance.randint(1, 6)):
            body = chance.choice(_MUTATIONS)(chance, body)
        yield Case(f"{case.name}, seed {seed}, case {number}", case.adapter, body)


def _insert(chance: random.Random, body: bytes) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 50)) + body[at:]


def _insert_at_tag(chance: random.Random, body: bytes) -> bytes:
    at = body.find(b">", chance.randint(0, len(body))) + 1
    return body[:at] + chance.choice(_PIECES) + body[at:]


def _remove(chance: random.Random, body: bytes) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] + body[at + chance.randint(1, 200) :]


def _repeat(chance: random.Random, body: bytes) -> bytes:
    start = chance.randint(0, len(body))
    end = start + chance.randint(1, 400)
    return body[:end] + body[start:end] * chance.choice((1, 1, 30)) + body[end:]


def _swap(chance: random.Random, body: bytes) -> bytes:
    first, second = sorted(chance.randint(0, len(body)) for _ in range(2))
    return body[:first] + body[second:] + body[first:second]


def _flip(chance: random.Random, body: bytes) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] + bytes([chance.randint(0, 255)]) + body[at + 1 :]


_MUTATIONS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _insert,
    _insert_at_tag,
    _insert_at_tag,
    _remove,
    _repeat,
    _swap,
    _flip,
)


def check(case: Case, sites: Sites) -> list[Finding]:
    """Take one document the whole way; return what is wrong with the end."""
    capture = Capture("fuzz", "https://news.example.org/list", _TAKEN, case.body)
    try:
        result = parse_captures([capture], ParseTask("fuzz", case.adapter), sites)
    except SourceError as error:
        return [Finding(case, str(error))] if error.kind == "internal" else []
    except Exception as error:  # noqa: BLE001 - what is looked for
        return [Finding(case, f"{type(error).__name__}: {error}")]
    return [Finding(case, what) for what in _judge(result)]


def _judge(result: ParseResult) -> Iterator[str]:
    for rejection in result.rejected:
        if rejection.reason.startswith(_UNFORESEEN):
            yield str(rejection)
    for revision in result.revisions:
        yield from _judge_html(revision)
    try:
        _publish(result.revisions)
    except Exception as error:  # noqa: BLE001 - what is looked for
        yield f"publishing: {type(error).__name__}: {error}"


def _judge_html(revision: Revision) -> Iterator[str]:
    content = revision.content_html
    if content is None:
        return
    root = html.parse(content)
    again = None
    if root is not None:
        again = html.clean(root, base=revision.url)
    if again != content:
        yield f"cleaned again, {content!r} becomes {again!r}"


def _publish(revisions: Sequence[Revision]) -> None:
    entries = [entry_from_revision(revision) for revision in revisions]
    for output in OUTPUTS.values():
        document = output.render(ViewInfo("fuzz", "Fuzz"), entries)
        if output.media_type.endswith("json"):
            orjson.loads(document)
        else:
            etree.fromstring(document)
    for entry in entries:
        orjson.loads(orjson.dumps(entry_record(entry)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for some seconds and print what is found; exit status 1 if something is."""
    parser = ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    end = time.monotonic() + asked.seconds
    sites = load_sites(None)
    count = found = 0
    for case in mutations(asked.seed, fixtures()):
        if time.monotonic() > end:
            break
        count += 1
        for finding in check(case, sites):
            found += 1
            print(finding, flush=True)
    print(f"{count} cases, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
