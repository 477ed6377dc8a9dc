"""`aggregator doctor`: a source that was redesigned, and an installation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.app import open_store, utc_now
from aggregator.model import Capture, Outcome, Result
from aggregator.source_health import SourceHealth, Symptom

HOUR = timedelta(hours=1)
URL = "https://news.example/"
SOURCE = f"""- id: news
  url: {URL}
  adapter: page
  items: article.card
  fields: {{title: h2, published: {{from: .date, formats: ["%d/%m/%Y"]}}}}
"""


def page(name: str, tag: str, count: int = 5) -> bytes:
    items = "".join(
        f"<article class={name}><{tag}><a href='/news/{number}.html'>The long story of day {number}"
        f"</a></{tag}><span class=date>0{number + 1}/03/2026</span></article>"
        for number in range(count)
    )
    return f"<html lang=en><body><main>{items}</main></body></html>".encode()


@pytest.fixture
def broken(project: Any) -> Any:
    """A project with a source whose page has other classes since an hour."""
    project.write("config/sources/all.yaml", SOURCE)
    _store_runs(project, bad=page("story", "h4"))
    return project


def _store_runs(project: Any, *, bad: bytes) -> None:
    now = utc_now()
    symptom = Symptom("failure", "broken", "no-items: `article.card` finds nothing", 2, 2)
    health = SourceHealth("broken", (symptom.evidence,), now, now - HOUR, (symptom,))
    config = _load(project)
    with open_store(config) as store:
        store.sync_sources([("news", URL, now)])
        [state] = store.claim(now, limit=1, lease=HOUR)
        state = replace(
            state, reason="every 1 h", last_run=now, detected_adapter="page", health=health
        )
        captures = [
            Capture("news", URL, now - 2 * HOUR, page("card", "h2")),
            Capture("news", URL, now - HOUR, bad),
        ]
        outcome = Outcome("news", now, 1, "failed", error="no-items", message="`x` finds nothing")
        store.commit([Result(state, outcome, captures=tuple(captures))], now=now)


def _load(project: Any) -> Any:
    from aggregator.config import load_config

    return load_config(project.root / "config/aggregator.yaml", env={}, sites=())


def test_a_redesigned_page_gets_new_rules_that_were_tried(broken: Any) -> None:
    said = broken.call("doctor", "news")

    assert (said.code, said.err) == (1, "")
    assert said.lines[0].startswith("news: broken since 20")
    assert said.lines[2].startswith("last good capture: 20")
    assert said.lines[3].startswith("first bad capture: 20")
    assert said.lines[4:] == [
        "repair: these keys find 5 of 5 known articles again:",
        "",
        "  items: article.story",
        "  fields:",
        "    title: a",
        "    url: a@href",
        "    published:",
        "      from: .date",
        "      formats:",
        "        - '%d/%m/%Y'",
        "",
        "put them in place of the same keys of `news`, then `aggregator preview news`",
    ]


def test_a_page_without_the_known_articles_has_no_repair(project: Any) -> None:
    project.write("config/sources/all.yaml", SOURCE)
    _store_runs(project, bad=b"<html><body><p>We are moving house.</p></body></html>")

    said = project.call("doctor", "news", "--format", "json")

    assert said.code == 1
    assert (said.json["verdict"], said.json["repair"]) == (
        "broken",
        {
            "known": 5,
            "found": 0,
            "yaml": None,
            "reason": "the known articles are not in the new page, or no selector finds them",
        },
    )


def test_fewer_than_four_of_five_known_articles_are_no_repair(project: Any) -> None:
    project.write("config/sources/all.yaml", SOURCE)
    _store_runs(project, bad=page("story", "h4", count=3))

    said = project.call("doctor", "news")

    assert said.lines[4] == (
        "no repair: the best rules (`article.story`) find only 3 of 5 known articles"
    )


def test_a_source_that_is_well_needs_nothing(fetched: Any) -> None:
    said = fetched.call("doctor", "saved")

    assert (said.code, said.out, said.err) == (0, "saved: ok\n", "")


def test_an_unknown_source_is_a_usage_error(fetched: Any) -> None:
    said = fetched.call("doctor", "savd")

    assert (said.code, said.err) == (
        2,
        "aggregator: there is no source `savd`, did you mean `saved`?\n",
    )


def test_the_installation_is_checked(fetched: Any) -> None:
    fetched.write("config/aggregator.yaml", "server: {listen: '127.0.0.1:1'}\n")

    said = fetched.call("doctor", "--format", "json")

    assert (said.code, said.err) == (0, "")
    assert {check["check"]: check["ok"] for check in said.json} == {
        "versions": True,
        "configuration": True,
        "database": True,
        "output": True,
        "database folder": True,
        "clock": True,
        "port": True,
        "sources": True,
    }


def test_a_source_in_trouble_is_wrong_and_names_the_next_command(broken: Any) -> None:
    broken.write("config/aggregator.yaml", "server: {listen: '127.0.0.1:1'}\n")

    said = broken.call("doctor", "--format", "json")

    assert said.code == 1
    assert [check for check in said.json if not check["ok"]] == [
        {
            "check": "source news",
            "ok": False,
            "found": "broken: no-items: `x` finds nothing; see `aggregator doctor news`",
        }
    ]
