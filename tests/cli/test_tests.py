"""`aggregator test`: every declared test is run from its saved capture, every failure is told with its place."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Project  # for types alone

FEED = """<rss version="2.0"><channel><title>Harbour</title><link>https://harbour.example/</link>
<item><title>A bridge opens</title><link>https://harbour.example/1</link>
<pubDate>Thu, 04 Jul 2024 10:00:00 +0200</pubDate></item></channel></rss>"""
LIST = "<html><body><ul>{}</ul></body></html>".format(
    "".join(
        f'<li class="c-card"><h3><a href="/{n}">Story number {n}</a></h3></li>' for n in range(14)
    )
)
SAVED = "<!--1718966343000-->\n[A bridge opens](https://harbour.example/1)\n------\n\n<p>The bridge.</p>\n"
SOURCES = """\
- https://quay.example/feed
- id: feed
  url: https://harbour.example/feed
  tests:
    - {capture: captures/feed.xml, first: {title: A bridge opens, published: "2024-07-04T08:00:00Z"}}
- id: list
  url: https://harbour.example/
  adapter: page
  items: article.card
  fields: {title: h3, url: a@href}
  tests:
    - capture: captures/list.html.gz
      min_items: 12
    - capture: captures/none.html
- {id: saved, path: ../../saved/*.txt, tests: [{capture: captures/one.txt, first: {url: https://harbour.example/1}}]}
"""
NEAR = "`article.card` finds nothing, `.c-card` would find 14"
RULES = """\
id: harbour
hosts: [harbour.example]
listing: {items: li.c-card, fields: {title: h3, url: a@href}}
tests:
  - {capture: ../sources/captures/list.html.gz, url: "https://harbour.example/", min_items: 14}
  - {capture: ../sources/captures/one.txt, first: {title: Two}}
"""


@pytest.fixture
def declared(project: Project) -> Project:
    project.write("config/sources/captures/feed.xml", FEED)
    project.write("config/sources/captures/one.txt", SAVED)
    packed = project.root / "config" / "sources" / "captures" / "list.html.gz"
    packed.write_bytes(gzip.compress(LIST.encode()))
    project.write("config/sources/news.yaml", SOURCES)
    return project


def test_each_failure_is_told_with_the_file_and_line_of_its_test(
    declared: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(declared.root)
    missing = declared.root / "config" / "sources" / "captures" / "none.html"

    said = declared.call("test")

    assert (said.code, said.out) == (1, "2 of 4 tests failed\n")
    assert said.err.splitlines() == [
        f"config/sources/news.yaml:12: [2].tests[0]: expected at least 12 items: {NEAR}",
        f"config/sources/news.yaml:14: [2].tests[1]: no capture {missing}",
    ]


def test_the_tests_of_site_rules_are_run_as_well(declared: Project) -> None:
    declared.write("config/sites/harbour.yaml", RULES)

    said = declared.call("test", "harbour")

    assert (said.code, said.out) == (1, "1 of 2 tests failed\n")
    assert said.err.endswith(
        "harbour.yaml:6: tests[1]: first.title: expected `Two`, found `A bridge opens`\n"
    )


def test_only_what_is_named_is_tested(declared: Project) -> None:
    said = declared.call("test", "feed", "saved", "feed")

    assert (said.code, said.out, said.err) == (0, "2 tests passed\n", "")


def test_json_lists_every_test_with_its_failures(declared: Project) -> None:
    said = declared.call("test", "--format", "json")

    assert said.code == 1
    assert [
        (one["name"], one["line"], one["path"], one["passed"], len(one["failures"]))
        for one in said.json
    ] == [
        ("feed", 5, "[1].tests[0]", True, 0),
        ("list", 12, "[2].tests[0]", False, 1),
        ("list", 14, "[2].tests[1]", False, 1),
        ("saved", 15, "[3].tests[0]", True, 0),
    ]
    assert said.json[1]["capture"] == str(
        declared.root / "config" / "sources" / "captures" / "list.html.gz"
    )
    assert said.json[1]["file"].endswith("news.yaml")


def test_sources_of_the_main_file_are_placed_by_their_key(project: Project) -> None:
    project.write(
        "config/aggregator.yaml",
        "sources:\n  - {id: a, url: 'https://a.example/'}\n  - {id: b, path: b.txt, tests: [{capture: x}]}\n",
    )

    said = project.call("test")

    assert "aggregator.yaml:3: sources[1].tests[0]: no capture " in said.err


@pytest.mark.parametrize("name", ["saved", "rfi"])
def test_where_nothing_is_declared_nothing_has_failed(project: Project, name: str) -> None:
    project.write("config/sites/rfi.yaml", "id: rfi\nhosts: [rfi.example]\n")

    said = project.call("test", name)

    assert (said.code, said.out, said.err) == (0, "no tests declared\n", "")


def test_a_name_that_nobody_has_is_refused(declared: Project) -> None:
    said = declared.call("test", "fed")

    assert (said.code, said.out) == (2, "")
    assert (
        said.err
        == "aggregator: there is no source and there are no site rules `fed`, did you mean `feed`?\n"
    )


def test_a_configuration_that_does_not_load_is_refused(project: Project) -> None:
    project.write(
        "config/sources/news.yaml",
        "- {id: a, url: 'https://a.example/', tests: [{capture: x, fisrt: {}}]}\n",
    )

    said = project.call("test")

    assert said.code == 2
    assert "unknown key `fisrt`, did you mean `first`?" in said.err
