"""Every document is valid by RFC 4287's own grammar and rules (`data/atom.rng`), and that grammar has teeth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from aggregator.model import FeedInfo
from aggregator.publish import SourceInfo, ViewInfo, atom

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.publish.view import ContentMode

_SCHEMA = Path(__file__).parent / "data" / "atom.rng"
_SCHEMATRON = "{http://www.ascc.net/xml/schematron}"
_NAMES = {"atom": "http://www.w3.org/2005/Atom"}


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(_SCHEMA))


@cache
def _rules() -> list[tuple[str, str, str]]:
    rules = etree.parse(_SCHEMA).iter(f"{_SCHEMATRON}rule")
    return [
        (rule.get("context"), check.get("test"), check.text)
        for rule in rules
        for check in rule.iter(f"{_SCHEMATRON}assert")
    ]


def _faults(document: bytes) -> list[str]:
    tree = etree.fromstring(document, etree.XMLParser(huge_tree=True))
    grammar = _grammar()
    grammar.validate(tree)
    broken = [
        message
        for context, test, message in _rules()
        for node in tree.xpath(f"//{context}", namespaces=_NAMES)
        if not node.xpath(f"boolean({test})", namespaces=_NAMES)
    ]
    return [error.message for error in grammar.error_log] + broken


def test_the_whole_view_is_valid(view: ViewInfo, articles: dict[str, Entry]) -> None:
    assert _faults(atom.render(view, list(articles.values()))) == []


def test_every_article_is_valid_alone_and_without_a_public_url(articles: dict[str, Entry]) -> None:
    faults = {
        name: _faults(atom.render(ViewInfo("v", ""), [entry])) for name, entry in articles.items()
    }

    assert faults == {name: [] for name in articles}


def test_a_view_with_everything_is_valid(view: ViewInfo, articles: dict[str, Entry]) -> None:
    url = "https://harbour.example.org/"
    said = FeedInfo("Harbour", "tag:harbour.example.org,2026:f", url, f"{url}i.png", "© Harbour")
    sources = dict.fromkeys(view.sources, SourceInfo("Harbour", url, f"{url}feed", said))
    whole = replace(view, description="Of the day", icon_url=f"{url}v.png", sources=sources)

    assert _faults(atom.render(whole, list(articles.values()))) == []


@pytest.mark.parametrize("content", ["summary", "none"])
def test_a_view_without_contents_is_valid(
    view: ViewInfo, articles: dict[str, Entry], content: ContentMode
) -> None:
    shown = replace(view, content=content)

    assert _faults(atom.render(shown, list(articles.values()))) == []


def test_a_view_without_entries_is_valid(view: ViewInfo) -> None:
    assert _faults(atom.render(view, [])) == []


def test_a_huge_article_is_valid_and_whole(view: ViewInfo, articles: dict[str, Entry]) -> None:
    markup = "<p>雾 &amp; fog</p>" * 400_000  # 8 MB
    document = atom.render(view, [replace(articles["emoji"], content_html=markup)])

    tree = etree.fromstring(document, etree.XMLParser(huge_tree=True))
    assert _faults(document) == []
    assert tree.findtext(".//atom:content", namespaces=_NAMES) == markup


@pytest.mark.parametrize(
    ("valid", "broken"),
    [
        (b"<updated>2026", b"<updated>26"),
        (b'type="audio/mpeg"', b'type="audio"'),
        (b'xml:lang="zh-Hans"', b'xml:lang="zh_Hans"'),
        (b"<generator>", b'<generator by="us">'),
        (b"<title>A note</title>", b""),
        (b"<published>", b"<published/><published>"),
        (b"<name>Saved articles</name>", b""),
    ],
)
def test_the_grammar_refuses_a_broken_document(
    view: ViewInfo, articles: dict[str, Entry], valid: bytes, broken: bytes
) -> None:
    document = atom.render(view, list(articles.values()))

    assert valid in document
    assert _faults(document.replace(valid, broken)) != []


@pytest.mark.parametrize(
    ("valid", "broken", "fault"),
    [
        (
            b"<author>\n      <name>All news &amp; more</name>\n    </author>",
            b"",
            "An atom:feed must have an atom:author",
        ),
        (
            b'<content type="text">Only a title</content>',
            b"",
            "An atom:entry must have at least one atom:link",
        ),
    ],
)
def test_the_rules_refuse_what_the_grammar_cannot(
    view: ViewInfo, articles: dict[str, Entry], valid: bytes, broken: bytes, fault: str
) -> None:
    document = atom.render(view, list(articles.values()))

    assert valid in document
    assert _faults(document.replace(valid, broken))[0].startswith(fault)
