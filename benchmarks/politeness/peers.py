"""The other readers: each is run over the same origin as its users run it, and knows nothing of being watched.

Rule: a program is only run where it is installed, in a home of its own, and sees no network but the origin's.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.politeness.judge import fault_of
from benchmarks.politeness.origin import Origin
from benchmarks.politeness.scenario import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.politeness.scenario import Scenario

PACED_RUNS = 2  # one at once after the other: whoever was asked to wait leaves the second out
_LONGEST_SECONDS = 400.0
_READER = """
import sys
from reader import make_reader
with open(sys.argv[2], encoding="utf-8") as urls:
    wanted = urls.read().split()
with make_reader(sys.argv[1]) as reader:
    for feed in list(reader.get_feeds()):
        (reader.enable_feed_updates if feed.url in wanted else reader.disable_feed_updates)(feed)
    for url in wanted:
        reader.add_feed(url, exist_ok=True)
    reader.update_feeds(scheduled=sys.argv[3] == "paced", workers=10)
"""
_NEWSBOAT = "auto-reload no\nreload-threads 10\n"


@dataclass(frozen=True, slots=True)
class Peer:
    """A reader: the program, how it tells its version, and the commands of one run over `urls` in `home`."""

    program: str
    version: Callable[[str], Sequence[str]]
    commands: Callable[[str, Path, Sequence[str], bool], list[Sequence[str]]]


def _newsboat(program: str, home: Path, urls: Sequence[str], paced: bool) -> list[Sequence[str]]:
    (home / "config").write_text(_NEWSBOAT, encoding="utf-8")
    (home / "urls").write_text("\n".join(urls) + "\n", encoding="utf-8")
    files = ("-u", str(home / "urls"), "-c", str(home / "cache.db"), "-C", str(home / "config"))
    return [(program, *files, "-x", "reload")]


def _rss2email(program: str, home: Path, urls: Sequence[str], paced: bool) -> list[Sequence[str]]:
    base = (program, "-c", str(home / "config.cfg"), "-d", str(home / "data.json"))
    known = home / "known"
    if not known.exists():
        known.write_text("\n".join(urls), encoding="utf-8")
        adding = [(*base, "add", f"feed{number}", url) for number, url in enumerate(urls)]
        return [(*base, "new", "reader@example.org"), *adding, (*base, "run", "--no-send")]
    numbers = [
        str(number) for number, url in enumerate(known.read_text("utf-8").split()) if url in urls
    ]
    return [(*base, "run", "--no-send", *numbers)]


def _reader(program: str, home: Path, urls: Sequence[str], paced: bool) -> list[Sequence[str]]:
    (home / "urls").write_text("\n".join(urls), encoding="utf-8")
    return [
        (
            program,
            "-c",
            _READER,
            str(home / "reader.db"),
            str(home / "urls"),
            "paced" if paced else "forced",
        )
    ]


PEERS: Mapping[str, Peer] = {
    "newsboat": Peer("newsboat", lambda program: (program, "--version"), _newsboat),
    "rss2email": Peer("r2e", lambda program: (program, "--version"), _rss2email),
    "reader": Peer(
        sys.executable,
        lambda program: (program, "-c", "import reader; print(reader.__version__)"),
        _reader,
    ),
}


async def version(name: str, program: str | None = None) -> str | None:
    """Name a reader with its version, None where it is not installed; `program` stands for what is on the path."""
    found = shutil.which(program or PEERS[name].program)
    if found is None:
        return None
    status, said = await _run(PEERS[name].version(found), {})
    words = said.decode(errors="replace").split()
    return (
        f"{name} {next((word for word in words if word[0].isdigit()), '')}".strip()
        if status == 0
        else None
    )


async def play(
    name: str, scenarios: Sequence[Scenario], place: Path, program: str | None = None
) -> dict[str, str | None]:
    """Play what can be judged of a client without a schedule; return the fault of each, None for none.

    `place` is an empty folder. Raises: RuntimeError where the client never asked anything: it is not at work.
    """
    judged = [scenario for scenario in scenarios if not scenario.needs_pace]
    async with Origin(judged, clock=lambda: datetime.now(UTC)) as origin:
        runner = _Runner(PEERS[name], program or PEERS[name].program, place, origin)
        await runner.rounds([one for one in judged if one.polls], paced=False)
        await runner.rounds([one for one in judged if one.hours], paced=True)
        if not any(map(origin.asked, judged)):
            raise RuntimeError(f"{name} asked nothing: {runner.said[-1].decode(errors='replace')}")
        return {
            scenario.name: fault_of(scenario, Log(origin.asked(scenario))) for scenario in judged
        }


@dataclass(frozen=True, slots=True)
class _Runner:
    peer: Peer
    program: str
    place: Path
    origin: Origin
    said: list[bytes] = field(default_factory=list)

    async def rounds(self, scenarios: Sequence[Scenario], *, paced: bool) -> None:
        """Run as often as each scenario wants it, or twice at the reader's own pace; all together."""
        home = self.place / ("paced" if paced else "forced")
        home.mkdir()
        wanted = {one.name: PACED_RUNS if paced else one.polls for one in scenarios}
        for poll in range(max(wanted.values(), default=0)):
            self.origin.poll = poll
            urls = [
                url for one in scenarios if wanted[one.name] > poll for url in self.origin.urls(one)
            ]
            for command in self.peer.commands(self.program, home, urls, paced):
                _, said = await _run(
                    command,
                    {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)},
                )
                self.said.append(said)


async def _run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
    """Run a command to its end, or until it took far too long."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", **environment},
    )
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            said, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        said, _ = await process.communicate()
    return process.returncode or 0, said
