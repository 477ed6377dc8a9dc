"""The feed that a page recommends is found: its articles before its comments, whole formats before lesser ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.adapters import discovery
from aggregator.model import Capture

URL = "https://news.example.org/section/"


def page(body: str | bytes, content_type: str | None = "text/html; charset=utf-8") -> Capture:
    data = body.encode() if isinstance(body, str) else body
    headers = {"content-type": content_type} if content_type else {}
    return Capture("news", URL, datetime(2026, 1, 1, tzinfo=UTC), data, headers=headers)


def link(href: str, kind: str = "application/rss+xml", *, rel: str = "alternate", title: str = "") -> str:
    return f'<link rel="{rel}" type="{kind}" href="{href}" title="{title}">'


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([link("/feed.xml")], "https://news.example.org/feed.xml"),
        ([link("feed.xml")], "https://news.example.org/section/feed.xml"),
        ([link(" /feed.xml ", "Application/RSS+XML; charset=utf-8", rel="ALTERNATE home")], "https://news.example.org/feed.xml"),
        ([link("/a.rss"), link("/b.atom", "application/atom+xml")], "https://news.example.org/b.atom"),
        ([link("/a.rss"), link("/b.rss")], "https://news.example.org/a.rss"),
        ([link("/comments/feed"), link("/feed")], "https://news.example.org/feed"),
        ([link("/c.atom", "application/atom+xml", title="评论"), link("/a.rss")], "https://news.example.org/a.rss"),
        ([link("/f.json", "application/feed+json")], "https://news.example.org/f.json"),
        (['<base href="https://feeds.example.org/x/">', link("f.xml")], "https://feeds.example.org/x/f.xml"),
        ([link("/s.xml", rel="alternate stylesheet")], None),
        ([link("/s.css", "text/css")], None),
        ([link("/f.xml", rel="next")], None),
        (["<link rel=alternate type=application/rss+xml>"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_best_feed_of_a_page(links: list[str], expected: str | None) -> None:
    assert discovery.feed_of(page(f"<html><head>{''.join(links)}</head><body>x</body></html>")) == expected


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("<!DOCTYPE html><p>", None, True),
        ("\ufeff \n<HTML>", "text/plain", True),
        ("<p>hello", "text/html", True),
        ("<p>hello", "application/xhtml+xml", True),
        ("<p>hello", None, False),
        ('<?xml version="1.0"?><rss>', "text/html", False),
        ("<rss version='2.0'>", "text/html", False),
        ("<feed xmlns='x'>", "text/html", False),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "text/html", False),
        ("", "application/rss+xml", False),
    ],
)
def test_a_page_is_told_by_its_type_or_its_beginning(body: str, content_type: str | None, *, expected: bool) -> None:
    assert discovery.looks_like_html(page(body, content_type)) is expected


def test_no_bytes_raise() -> None:
    assert discovery.feed_of(page(b"\x00\xff<link rel=alternate href=\xff type=application/rss+xml>")) is not None
    assert discovery.feed_of(page(b"")) is None


@pytest.mark.parametrize("href", ["http://[::1", "javascript:alert(1)", "data:text/xml,x"])
def test_a_link_that_is_no_web_address_is_no_feed(href: str) -> None:
    assert discovery.feed_of(page(link(href))) is None


def test_a_broken_base_is_passed_over() -> None:
    assert discovery.feed_of(page('<base href="http://[">' + link("/feed"))) == "https://news.example.org/feed"
