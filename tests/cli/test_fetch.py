from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.app import App, open_store
from aggregator.cli.context import Invocation

if TYPE_CHECKING:
    from tests.cli.conftest import Project, Said

OUTCOME_KEYS = [
    "source",
    "started",
    "ms",
    "status",
    "found",
    "new",
    "changed",
    "same",
    "rejected",
    "notes",
    "renewed_guids",
    "http_status",
    "size_bytes",
    "error",
    "message",
]


def columns(line: str) -> list[str]:
    return re.sub(r"\d+$", "", line).split()


def test_the_outcomes_are_a_table_on_stdout_and_nothing_is_said_besides(project: Project) -> None:
    said = project.call("fetch")

    assert (said.code, said.err) == (0, "")
    head, row = said.lines
    assert head.split() == [
        "source",
        "status",
        "new",
        "changed",
        "same",
        "rejected",
        "ms",
        "message",
    ]
    assert columns(row) == ["saved", "ok", "3", "0", "0", "0"]
    assert project.atom.read_text(encoding="utf-8").count("<entry") == 3


def test_the_outcomes_are_json_with_stable_keys(project: Project) -> None:
    [outcome] = project.call("fetch", "--format", "json").json

    assert list(outcome) == OUTCOME_KEYS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", outcome.pop("started"))
    assert outcome.pop("ms") >= 0
    assert outcome == {
        "source": "saved",
        "status": "ok",
        "found": 3,
        "new": 3,
        "changed": 0,
        "same": 0,
        "rejected": [],
        "notes": [],
        "renewed_guids": 0,
        "http_status": None,
        "size_bytes": outcome["size_bytes"],
        "error": None,
        "message": None,
    }


def test_each_rejected_item_is_told_on_stderr_and_is_no_failure(project: Project) -> None:
    project.write("saved/bad.txt", "nonsense")
    project.write("saved/worse.txt", "more nonsense")

    said = project.call("fetch")

    assert said.code == 0
    assert columns(said.lines[1]) == ["saved", "ok", "3", "0", "0", "2"]
    bad, worse = said.err.splitlines()
    assert bad.startswith("saved: rejected: bad.txt: ")
    assert worse.startswith("saved: rejected: worse.txt: ")


def test_a_second_cycle_asks_nobody_and_says_when_next(fetched: Project) -> None:
    said = fetched.call("fetch")

    assert (said.code, said.out) == (0, "")
    assert re.fullmatch(
        r"nothing is due; next is saved in \d+ (min|h) \(every 1 h\); --force asks now\n", said.err
    )


def test_json_is_an_array_even_where_nobody_was_asked(fetched: Project) -> None:
    assert fetched.call("fetch", "--format", "json").json == []


def test_force_asks_what_is_not_due_and_finds_nothing_new(fetched: Project) -> None:
    said = fetched.call("fetch", "--force")

    assert (said.code, columns(said.lines[1])) == (0, ["saved", "unchanged", "0", "0", "0", "0"])


def test_full_and_force_read_everything_again(fetched: Project) -> None:
    said = fetched.call("fetch", "--force", "--full")

    assert (said.code, columns(said.lines[1])) == (0, ["saved", "ok", "0", "0", "3", "0"])


def test_a_source_that_is_named_and_not_due_says_so(fetched: Project) -> None:
    said = fetched.call("fetch", "saved")

    assert (said.code, said.out) == (0, "")
    assert re.fullmatch(
        r"saved: not asked: not due, next in \d+ (min|h) \(every 1 h\); --force asks now\n",
        said.err,
    )


def test_new_sources_are_asked_at_once_however_many_they_are(project: Project, way: Any) -> None:
    async def story() -> tuple[Said, Said]:
        async with way.Origin(
            {f"/{n}": way.Reply(way.rss(f"one of {n}", path=str(n))) for n in range(60)}
        ) as origin:
            lines = (
                f"- {{id: s{n}, url: '{origin.url(f'/{n}')}', allow_private: true}}\n"
                for n in range(60)
            )
            project.write("config/sources/many.yaml", "".join(lines))
            first = await asyncio.to_thread(project.call, "fetch", "--format", "json")
            return first, await asyncio.to_thread(project.call, "fetch")

    first, second = asyncio.run(story())

    assert (first.code, first.err) == (0, "")
    assert [(one["source"], one["status"]) for one in first.json] == [
        *((f"s{n}", "ok") for n in range(60)),
        ("saved", "ok"),
    ]
    assert (second.code, second.out) == (0, "")
    assert second.err.startswith("nothing is due; next is ")


def test_what_was_not_due_is_counted_with_the_next_of_it(fetched: Project) -> None:
    fetched.write("config/sources/more.yaml", "- {id: more, path: ../../saved, adapter: archive}\n")

    said = fetched.call("fetch")

    assert (said.code, [columns(line)[:2] for line in said.lines[1:]]) == (0, [["more", "ok"]])
    assert re.fullmatch(
        r"1 not due, next is saved in \d+ (min|h) \(every 1 h\); --force asks them too\n", said.err
    )
    assert fetched.call("fetch", "more", "--force").err == ""
    assert fetched.call("fetch", "-q").err == ""


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_whose_servers_asked_to_wait_is_counted_apart(
    project: Project, way: Any, force: tuple[str, ...]
) -> None:
    async def story() -> tuple[Said, ...]:
        busy = way.Reply(status=429, headers={"Retry-After": "7200"})
        async with way.Origin({"/": busy}) as origin:
            line = f"- {{id: busy, url: '{origin.url()}', adapter: feed, allow_private: true}}\n"
            project.write("config/sources/busy.yaml", line)
            calls = (("busy",), force, force)
            return tuple(
                [await asyncio.to_thread(project.call, "fetch", *words) for words in calls]
            )

    first, second, third = asyncio.run(story())

    wait = r"next is busy in (\d+ min|2 h) \(Retry-After\)"
    assert first.code == 1
    assert columns(second.lines[1])[0] == "saved"
    assert re.fullmatch(rf"1 not asked, the servers asked to wait; {wait}\n", second.err)
    if force:
        assert third.err == second.err
    else:
        assert re.fullmatch(
            r"nothing is due; next is saved in .* \(every 1 h\); --force asks now\n", third.err
        )


def test_a_source_that_another_process_asks_is_left_to_it(fetched: Project) -> None:
    async def meanwhile() -> Said:
        config = Invocation(fetched.config, explicit=True).load()
        with open_store(config) as store:
            async with App(config, store) as other:
                await other.claim(limit=1, force=True)
                return await asyncio.to_thread(fetched.call, "fetch", "saved", "--force")

    said = asyncio.run(meanwhile())
    assert (said.code, said.out, said.err) == (
        0,
        "",
        "saved: not asked: another process asks it at this moment\n",
    )


def test_only_the_sources_that_are_named_are_asked(project: Project) -> None:
    project.write(
        "config/sources/more.yaml", "- {id: more, path: ../../more/*.txt, adapter: archive}\n"
    )
    (project.root / "more").mkdir()

    outcomes = project.call("fetch", "more", "--format", "json").json

    assert [(outcome["source"], outcome["new"]) for outcome in outcomes] == [("more", 0)]


def test_outcomes_come_in_the_order_of_the_configuration(project: Project) -> None:
    for name in ("zebra", "ant"):
        (project.root / name).mkdir()
    lines = (
        f"- {{id: {name}, path: ../../{name}, adapter: archive}}\n" for name in ("zebra", "ant")
    )
    project.write("config/sources/more.yaml", "".join(lines))

    outcomes = project.call("fetch", "--format", "json").json

    assert [outcome["source"] for outcome in outcomes] == ["zebra", "ant", "saved"]


def test_an_unknown_source_is_refused_with_the_one_that_was_meant(project: Project) -> None:
    said = project.call("fetch", "savd")

    assert (said.code, said.out, said.err) == (
        2,
        "",
        "aggregator: there is no source `savd`, did you mean `saved`?\n",
    )


def test_a_disabled_source_is_refused_with_its_place(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    project.write("config/sources/off.yaml", "- {id: off, path: ../../off, enabled: false}\n")

    said = project.call("fetch", "off")

    assert said.code == 2
    assert said.err.endswith(
        "source `off` is disabled (`enabled: false`, config/sources/off.yaml:1)\n"
    )


def test_a_source_that_fails_is_told_once_and_does_not_stop_the_others(project: Project) -> None:
    project.write(
        "config/sources/gone.yaml", "- {id: gone, path: ../../nowhere/*.txt, adapter: archive}\n"
    )

    said = project.call("fetch")

    gone, saved = said.lines[1:]
    assert (said.code, said.err) == (1, "")
    assert gone.split()[:2] == ["gone", "failed"]
    assert gone.endswith(f"missing: no such folder: {project.root / 'nowhere'}")
    assert columns(saved) == ["saved", "ok", "3", "0", "0", "0"]
    assert project.atom.exists()


def test_a_note_is_told_on_stderr_alone(project: Project) -> None:
    project.write("config/sources/news.yaml", "- {id: torn, path: ../../feed.xml, adapter: feed}\n")
    project.write(
        "feed.xml",
        "<rss version='2.0'><channel><item><title>One</title><link>https://a.example/</link></item>",
    )

    said = project.call("fetch")

    assert columns(said.lines[1]) == ["torn", "ok", "1", "0", "0", "0"]
    assert (
        said.err == "torn: note: repaired: the document is not well-formed and was read loosely\n"
    )


def test_quiet_says_nothing_of_what_was_rejected(project: Project) -> None:
    project.write("saved/bad.txt", "nonsense")

    assert project.call("fetch", "-q").err == ""


def test_verbose_shows_the_line_of_each_run(project: Project) -> None:
    project.write(
        "config/sources/gone.yaml", "- {id: gone, path: ../../nowhere/*.txt, adapter: archive}\n"
    )

    said = project.call("fetch", "-v")

    assert " level=info source=saved status=ok found=3 new=3 " in said.err
    assert " level=warning source=gone status=failed " in said.err


def test_nothing_is_published_where_nothing_changed(fetched: Project) -> None:
    fetched.atom.write_text("as it was")

    fetched.call("fetch", "--force")

    assert fetched.atom.read_text() == "as it was"


def test_a_view_that_is_missing_is_written_though_nothing_changed(fetched: Project) -> None:
    document = fetched.atom.read_bytes()
    fetched.atom.unlink()

    fetched.call("fetch")

    assert fetched.atom.read_bytes() == document


def test_a_view_that_a_killed_cycle_left_behind_is_written(fetched: Project) -> None:
    document = fetched.atom.read_bytes()
    fetched.atom.write_text("from before the last change")
    os.utime(fetched.atom, (1_000_000_000, 1_000_000_000))

    fetched.call("fetch")

    assert fetched.atom.read_bytes() == document


def test_a_changed_configuration_is_published_though_nothing_else_changed(
    fetched: Project,
) -> None:
    fetched.write(
        "config/sources/news.yaml",
        "- {id: saved, path: ../../saved/*.txt, adapter: archive, exclude: {title: bridge}}\n",
    )
    os.utime(fetched.atom, (1_800_000_000, 1_800_000_000))
    os.utime(fetched.root / "config/sources/news.yaml", (1_800_000_001, 1_800_000_001))
    assert b"A bridge opens" in fetched.atom.read_bytes()

    fetched.call("fetch")

    assert b"A bridge opens" not in fetched.atom.read_bytes()


def test_outcomes_are_printed_even_where_the_output_folder_cannot_be_written(
    project: Project,
) -> None:
    project.write("config/aggregator.yaml", "output: ../saved/1.txt\nsources: sources/*.yaml\n")

    said = project.call("fetch")

    assert said.code == 3
    assert columns(said.lines[1]) == ["saved", "ok", "3", "0", "0", "0"]
    assert said.err.startswith("aggregator: cannot write ")


def test_a_store_that_is_no_database_is_told_in_one_line(project: Project) -> None:
    project.write("var/aggregator.db", "nonsense " * 1000)

    said = project.call("fetch")

    assert (said.code, said.out, said.err.count("\n")) == (3, "", 1)
    assert "is no database or is damaged" in said.err


def test_an_interrupt_gives_the_sources_back(project: Project, environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/feed"
        line = f"- {{id: slow, url: '{address}', adapter: feed, allow_private: true}}\n"
        project.write("config/sources/slow.yaml", line)
        words = project.process("fetch", "slow")
        with subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            silent.settimeout(30)
            connection, _ = silent.accept()  # it waits for an answer now
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            connection.close()

    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    with open_store(Invocation(project.config, explicit=True).load()) as store:
        claimed = store.claim(
            datetime.now(UTC), limit=9, lease=timedelta(minutes=1), sources=["slow"], force=True
        )
    assert [state.source for state in claimed] == ["slow"]


def test_a_terminal_gets_a_bar_on_stderr_that_is_gone_in_the_end(
    project: Project, environment: dict[str, str]
) -> None:
    leader, follower = os.openpty()
    plain = {**environment, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        project.process("fetch"), env=plain, stdout=subprocess.PIPE, stderr=follower
    ) as process:
        os.close(follower)
        shown = everything(leader)
        assert process.stdout is not None
        out = process.stdout.read().decode()

    assert "1/1" in shown
    assert shown.endswith(("\x1b[2K", "\x1b[?25h", "\r"))
    assert columns(out.splitlines()[1]) == ["saved", "ok", "3", "0", "0", "0"]


def everything(leader: int) -> str:
    shown = b""
    while True:
        try:
            part = os.read(leader, 4096)
        except OSError:  # the other end is closed
            part = b""
        if not part:
            os.close(leader)
            return shown.decode()
        shown += part
