"""Site rules load whole or not at all: every mistake of every file is told at once, with its place."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from lxml.html import fromstring

from aggregator.config import ArticleRules, Fields, PageRules
from aggregator.errors import ConfigError
from aggregator.rules.compiled import add_source_rules
from aggregator.rules.loader import load_sites, shipped_names
from aggregator.rules.selector import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.rules.compiled import Sites

    Loads = Callable[..., Sites]

MISTAKES = json.loads((Path(__file__).parent / "mistakes.json").read_text(encoding="utf-8"))


@pytest.fixture
def loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loads:
    """Load a folder of rules files: `paper="…"` is sites/paper.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites").mkdir()

    def loads(**files: str) -> Sites:
        for name, text in files.items():
            (tmp_path / "sites" / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
        return load_sites(tmp_path / "sites")

    return loads


def problems(loads: Loads, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loads(**files)
    return [str(problem) for problem in caught.value.problems]


def test_the_rules_that_ship_load_and_are_known_by_name() -> None:
    sites = load_sites()

    assert (
        sites.names
        == shipped_names()
        == {
            "bbc",
            "cna",
            "dw",
            "france24",
            "nyt-cn",
            "reuters",
            "rfa",
            "rferl",
            "rfi",
            "saved",
            "voa",
            "wordpress",
            "zaobao",
        }
    )
    assert sites.get("saved").hosts == ()


def test_a_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    assert load_sites(tmp_path / "sites").names == shipped_names()


def test_a_users_file_adds_a_publisher(loads: Loads) -> None:
    sites = loads(
        paper="{id: paper, hosts: [paper.example.org], extends: saved, timezone: Asia/Tokyo}"
    )

    rules = sites.find_by_url("https://www.paper.example.org/1")
    assert rules is not None
    assert (rules.id, rules.timezone) == ("paper", "Asia/Tokyo")
    assert "paper" in sites


def test_a_users_file_replaces_the_shipped_one_of_its_id(loads: Loads) -> None:
    sites = loads(mine="{id: rfi, hosts: [rfi.fr], timezone: UTC}")

    assert sites.names == shipped_names()
    assert sites.get("rfi").timezone == "UTC"
    assert sites.get("rfi").remove == ()


def test_rules_that_extend_others_put_theirs_in_front(loads: Loads) -> None:
    sites = loads(
        paper="""
            id: paper
            hosts: [paper.example.org]
            extends: voa
            publisher: The Paper
            article: {remove: .advert}
            fields: {authors: .by}
            """
    )

    rules, base = sites.get("paper"), sites.get("voa")
    assert (rules.publisher, rules.timezone, rules.reuses_ids, rules.hosts) == (
        "The Paper",
        "UTC",
        True,
        ("paper.example.org",),
    )
    assert [selector.source for selector in rules.remove[:1]] == [".advert"]
    assert rules.remove[1:] == base.remove
    assert [selector.source for selector, _ in rules.field("authors").candidates][:2] == [
        ".by",
        ".links__list a*",
    ]
    assert rules.field("title") == base.field("title")


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["text"])
def test_a_mistake_is_named_with_its_place(loads: Loads, case: dict[str, Any]) -> None:
    assert problems(loads, paper=case["text"]) == case["problems"]


def test_the_mistakes_of_every_file_are_told_at_once(loads: Loads) -> None:
    found = problems(
        loads,
        first="{id: first, extends: second, nam: x}",
        second="{id: second, timezone: Nowhere}",
        third="{id: third, extends: fourth}\n",
        fourth="{id: third}\n",
    )

    assert found == [
        "sites/first.yaml:1: nam: unknown key `nam`, did you mean `name`?",
        "sites/second.yaml:1: timezone: must be an IANA timezone, such as Europe/Paris, not `Nowhere`",
        "sites/third.yaml:1: id: `third` is used twice, first in sites/fourth.yaml",
    ]


def test_rules_that_extend_each_other_are_refused(loads: Loads) -> None:
    found = problems(
        loads, first="{id: first, extends: second}", second="{id: second, extends: first}"
    )

    assert found == [
        "sites/first.yaml:1: extends: goes in a circle: first -> second -> first",
        "sites/second.yaml:1: extends: goes in a circle: second -> first -> second",
    ]


def test_a_page_of_an_unknown_host_is_known_by_its_system_but_not_by_its_publisher() -> None:
    root = fromstring(
        '<html><head><meta name="generator" content="WordPress 6.9"></head><body><p>One</p></body></html>'
    )
    preset = load_sites().find_by_fingerprint(Document(root, kind="page"))

    assert preset is not None
    assert (preset.id, preset.identity, preset.timezone, preset.publisher) == (
        "wordpress",
        None,
        None,
        None,
    )
    assert [one.source for one in preset.body[:2]] == [".entry-content*", ".wp-block-post-content"]
    assert (
        load_sites().find_by_fingerprint(
            Document(fromstring("<html><body><p>One</p></body></html>"), kind="page")
        )
        is None
    )


def test_a_sources_own_rules_stand_before_those_of_its_site() -> None:
    own = PageRules(
        items=("li.story",),
        fields=Fields.model_validate({"title": "b"}),
        article=ArticleRules.model_validate({"body": "#text", "fields": {"title": "h1.own"}}),
    )
    rules = add_source_rules(own, load_sites().get("wordpress"))

    assert [one.source for one in rules.listing.items] == ["li.story"]
    assert [one.source for one, _ in rules.listing.field("title").candidates] == ["b"]
    assert rules.listing.next == ()
    assert [one.source for one in rules.body[:2]] == ["#text", ".entry-content*"]
    assert [one.source for one, _ in rules.field("title").candidates][:2] == [
        "h1.own",
        "h1.entry-title",
    ]
