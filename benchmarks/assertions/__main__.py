"""The command: `python -m benchmarks.assertions FOLDER`.

Every document below the folder that has an expectation is served on loopback, fetched, parsed and
normalized as a source of its own, and judged. Nothing is stored: documents with the same links
would otherwise be one article. A document whose items are rejected because nothing names them is
served again with ids. Exit status 1 if an expectation failed, 2 if there was none.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from aiohttp import web

from aggregator import config as configuration
from aggregator.dry_run import open_dry_run_session, try_source
from benchmarks.assertions.case import name_items, read_cases
from benchmarks.assertions.judge import Judgement, Reading, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aggregator.config import Config
    from aggregator.dry_run import DryRun
    from benchmarks.assertions.case import Case

_CONFIG = """
database: sqlite:///store.db
output: feeds
network: {allow_private: true}
defaults: {full_text: never}
sources:
"""
_TYPES = {".json": "application/feed+json", ".html": "text/html"}
_SEEN_CHARACTERS = 300  # of what stood in the place of an expected value


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge a folder; without `arguments` that of the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.assertions", description=__doc__)
    parser.add_argument("folder", type=Path, help="documents with `Expect:` in their first comment")
    folder = parser.parse_args(arguments).folder
    cases = list(read_cases(folder))
    if not cases:
        print(f"{folder}: no document with an expectation", file=sys.stderr)
        return 2

    with TemporaryDirectory(prefix="assertions-") as place:
        readings = asyncio.run(_read_all(cases, Path(place)))
    counts: Counter[Verdict] = Counter()
    for case, reading in zip(cases, readings, strict=True):
        judgements = [judge(term, reading) for term in case.terms]
        counts.update(judgement.verdict for judgement in judgements)
        _print_failures(case, judgements, folder)

    print(
        f"{len(cases)} documents, {counts.total()} expectations: {counts[Verdict.HELD]} held,"
        f" {counts[Verdict.FAILED]} failed, {counts[Verdict.NOT_ASKED]} not asked"
    )
    return 1 if counts[Verdict.FAILED] else 0


def _print_failures(case: Case, judgements: Sequence[Judgement], folder: Path) -> None:
    failed = [found for found in judgements if found.verdict is Verdict.FAILED]
    if not failed:
        return
    print(f"{case.path.relative_to(folder)}: {case.description}")
    for judgement in failed:
        print(f"  expected {judgement.term}")
        print(f"  seen     {judgement.seen[:_SEEN_CHARACTERS]}")


async def _read_all(cases: Sequence[Case], place: Path) -> list[Reading]:
    """Read each document as a source of its own, in order."""
    async with _origin(cases) as port:
        config = _write_config(cases, place, port)
        async with open_dry_run_session(config) as session:
            readings = []
            for as_it_is, named in zip(config.sources[::2], config.sources[1::2], strict=True):
                run = await try_source(config, as_it_is, session=session)
                if run.document_result.rejected:
                    run = await try_source(config, named, session=session)
                readings.append(_reading(run))
            return readings


def _reading(run: DryRun) -> Reading:
    outcome = run.result.outcome
    document = run.document_result
    if outcome.error is not None and not document.rejected:
        return Reading(error=f"{outcome.error}: {outcome.message}")
    return Reading(
        revisions=document.revisions,
        feed_title=document.title,
        is_repaired=any(note.startswith("repaired") for note in document.notes),
    )


def _write_config(cases: Sequence[Case], place: Path, port: int) -> Config:
    lines = []
    for index, case in enumerate(cases):
        suffix = case.path.suffix or ".xml"
        url = f"http://127.0.0.1:{port}/{index}{suffix}"
        lines.append(f'  - {{id: case-{index}, url: "{url}"}}\n')
        lines.append(f'  - {{id: case-{index}-named, url: "{url}?named=1"}}\n')
    path = place / "aggregator.yaml"
    path.write_text(_CONFIG + "".join(lines), encoding="utf-8")
    return configuration.load_config(path, env={})


@asynccontextmanager
async def _origin(cases: Sequence[Case]) -> AsyncIterator[int]:
    """Serve the documents on loopback at `/0.xml`, `/1.xml` …; give the port."""

    async def answer(request: web.Request) -> web.Response:
        index = int(request.match_info["index"])
        if index >= len(cases):
            raise web.HTTPNotFound
        return _response(cases[index], with_ids="named" in request.query)

    app = web.Application()
    app.router.add_get(r"/{index:\d+}.{suffix:\w+}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _response(case: Case, *, with_ids: bool) -> web.Response:
    body = name_items(case.body) if with_ids else case.body
    headers = {"Content-Type": _TYPES.get(case.path.suffix, "application/xml")}
    for name, value in case.headers.items():
        headers = {known: it for known, it in headers.items() if known.lower() != name.lower()}
        headers[name] = value
    status = int(headers.pop("Status", "200"))
    return web.Response(status=status, headers=headers, body=body)


if __name__ == "__main__":
    sys.exit(main())
