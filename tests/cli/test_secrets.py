"""Values of the environment never show: not in what a command prints, publishes or records."""

from __future__ import annotations

import asyncio
import gzip
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from aggregator.app import open_store
from aggregator.config import load_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Said  # for types alone

TOKEN = "s3cr3t/pâth"
KEY = "k3y-0f-th3-f33d"
PASSWORD = "pa55-w0rd-0f-m1ne"
SPELLINGS = (TOKEN, quote(TOKEN), quote(TOKEN, safe=""), KEY, PASSWORD, "s3cr3t")
HERE = "/" + quote(TOKEN)
FEED = f"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Harbour</title>
<link>{{origin}}/</link><atom:link rel="self" href="{{origin}}{HERE}/feed?key={KEY}"/>
<item><title>A bridge opens</title><link>{{origin}}{HERE}/1</link><guid isPermaLink="false">{KEY}-1</guid>
<pubDate>Thu, 04 Jul 2024 10:00:00 +0200</pubDate>
<description>The old &lt;a href="{{origin}}{HERE}/a"&gt;bridge&lt;/a&gt; opens, says {KEY}.</description></item>
</channel></rss>"""
SOURCES = """
- {id: good, url: '{origin}/${TOKEN}/feed?key=${KEY}', adapter: feed, full_text: never,
   http: {headers: {X-Key: '${KEY}'}, basic_auth: {username: me, password: '${PASSWORD}'}}}
- {id: lost, url: '{origin}/${TOKEN}/lost', adapter: feed}
- {id: moved, url: '{origin}/${TOKEN}/moved', adapter: feed}
- {id: circle, url: '{origin}/${TOKEN}/circle', adapter: feed}
- {id: away, url: '{origin}/${TOKEN}/away', adapter: feed}
- {id: page, url: '{origin}/${TOKEN}/page', full_text: never}
"""
CALLS = (
    ("preview", "good"),
    ("preview", "good", "--format", "json"),
    ("preview", "moved", "--format", "json"),
    ("preview", "good", "--record"),
    ("preview", "lost"),
    ("-v", "fetch"),
    ("fetch", "--force", "--format", "json"),
    ("fetch", "--force", "--full"),
    ("sources",),
    ("sources", "--format", "json"),
    ("entries",),
    ("entries", "--format", "json"),
    ("entries", "--format", "jsonl"),
    ("show", "{origin}" + HERE + "/1"),
    ("show", "{origin}" + HERE + "/1", "--format", "json", "--revisions", "--diff"),
    ("why", "{origin}" + HERE + "/1"),
    ("why", "{origin}" + HERE + "/nothing"),
    ("export",),
    ("export", "--format", "jsonl"),
    ("export", "--format", "jsonl", "--output", "{root}/out.jsonl"),
    ("check",),
    ("publish",),
    ("preview", "good", "--entry", "all"),
    ("preview", "page", "--entry", "all"),
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, way: Any, parser_program: Any) -> Any:
    """What each command printed, and the project that they left."""
    from tests.cli.conftest import Project

    project = Project(tmp_path_factory.mktemp("secret"))
    project.write(
        "config/aggregator.yaml", "network: {allow_private: true}\nsources: sources/*.yaml\n"
    )

    async def run_commands() -> list[tuple[tuple[str, ...], Said]]:
        async with way.Origin() as origin:
            here = origin.url("")
            feed = FEED.replace("{origin}", here)
            path = f"/{TOKEN}"
            origin.pages[f"{path}/feed"] = way.Reply(feed)
            origin.pages[f"{path}/1"] = way.Reply("<html></html>", 404, {})
            location = {"Location": f"{here}{HERE}/else/feed"}
            origin.pages[f"{path}/moved"] = way.Reply("", 301, location)
            origin.pages[f"{path}/else/feed"] = way.Reply(feed)
            origin.pages[f"{path}/circle"] = way.Reply(
                "", 302, {"Location": f"{here}{HERE}/circle"}
            )
            origin.pages[f"{path}/away"] = way.Reply(
                "", 302, {"Location": f"http://[{HERE}/{TOKEN.encode().hex()}"}
            )
            page = (
                f"<html><head><link rel=alternate type=application/rss+xml href='{HERE}/else/feed'>"
            )
            origin.pages[f"{path}/page"] = way.Reply(page, 200, {"Content-Type": "text/html"})
            project.write("config/sources/news.yaml", SOURCES.replace("{origin}", here))
            said = []
            for call in CALLS:
                words = [
                    word.replace("{origin}", here).replace("{root}", str(project.root))
                    for word in call
                ]
                said.append((call, await asyncio.to_thread(project.call, *words)))
            return said

    with pytest.MonkeyPatch.context() as patch, way.warmed(parser_program):
        for name, value in (("TOKEN", TOKEN), ("KEY", KEY), ("PASSWORD", PASSWORD)):
            patch.setenv(name, value)
        return asyncio.run(run_commands()), project


def shown_secrets(text: str) -> list[str]:
    return [spelling for spelling in SPELLINGS if spelling in text]


def read_text(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return data.decode("utf-8", "replace")


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[" ".join(call) for call in CALLS])
def test_no_command_prints_a_value_of_the_environment(told: Any, number: int) -> None:
    call, said = told[0][number]

    assert bool(said.out + said.err) is ("--output" not in call)
    assert shown_secrets(said.out + said.err) == []


def test_the_commands_did_what_they_should(told: Any) -> None:
    codes = {" ".join(call): said.code for call, said in told[0]}

    assert codes["preview good"] == codes["preview good --record"] == 0
    assert codes["-v fetch"] == 1
    assert codes["show {origin}" + HERE + "/1"] == 0
    assert len(told[0][12][1].lines) == 1


def test_the_published_feed_names_no_value_of_the_environment(told: Any) -> None:
    text = read_text(told[1].atom)

    assert "A bridge opens" in text
    assert shown_secrets(text) == []


@pytest.mark.parametrize(
    "pattern", ["var/remembered/*", "config/captures/*", "*/captures/*", "*.jsonl"]
)
def test_no_file_for_others_holds_a_value_of_the_environment(told: Any, pattern: str) -> None:
    for path in told[1].root.glob(pattern):
        assert shown_secrets(read_text(path)) == []


def test_the_stored_outcomes_name_the_variables(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "KEY", "PASSWORD"):
        monkeypatch.setenv(name, "x")
    config = load_config(told[1].config, env=os.environ)

    with open_store(config) as store:
        (lost,) = store.outcomes("lost", 1)
        (circle,) = store.outcomes("circle", 1)

    messages = [str(lost.message), str(circle.message)]
    assert [message.count("/${TOKEN}/") for message in messages] == [1, 2]


def test_a_capture_is_recorded_beside_the_source(told: Any) -> None:
    (path,) = (told[1].root / "config" / "sources" / "captures").iterdir()

    assert "A bridge opens" in read_text(path)
    assert shown_secrets(read_text(path)) == []
