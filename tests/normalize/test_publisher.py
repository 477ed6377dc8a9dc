"""Whether a source is an article's own publisher: by what it is, not by what it says alone."""

from __future__ import annotations

import pytest

from aggregator.normalize.publisher import CERTAIN, CLAIMED, LIKELY, UNKNOWN, document_origin

ARTICLE = "https://www.harbour.example/a/1"


def tier(
    address: str,
    *,
    home: str | None = None,
    stated: tuple[str, ...] = (),
    links: tuple[str | None, ...] = (),
    link: str | None = ARTICLE,
    taken_from: tuple[str, ...] = (),
) -> int:
    origin = document_origin(address, home=home, stated=stated, links=links)
    return origin.tier(link, taken_from=taken_from)


@pytest.mark.parametrize(
    ("address", "home", "expected"),
    [
        ("https://www.harbour.example/feed", "https://harbour.example/", CERTAIN),
        ("https://feeds.harbour.example/all", None, CERTAIN),
        ("http://feeds.feedburner.com/harbour", "https://harbour.example/", CERTAIN),
        ("https://feedpress.me/harbour", None, CLAIMED),
        ("https://rss.app/feeds/1.xml", "https://news.harbour.example/", CERTAIN),
        ("http://feeds.feedburner.com/blog", "https://blog.example.net/", UNKNOWN),
        ("https://notfeedburner.com/harbour", "https://harbour.example/", CLAIMED),
        ("https://mirror.example.net/feed", "https://harbour.example/", CLAIMED),
        ("file:///saved/harbour.xml", "https://harbour.example/", CLAIMED),
        ("file:///saved/harbour.xml", "file:///saved/", UNKNOWN),
        ("https://blog.example.net/feed", "https://blog.example.net/", UNKNOWN),
        ("https://blog.example.net/feed", None, UNKNOWN),
        ("https://www.harbour.example/feed", "https://blog.example.net/", UNKNOWN),
    ],
    ids=[
        "own host",
        "own host, no home",
        "proxy with the home",
        "proxy without a home",
        "proxy with a page of the site as home",
        "proxy with another home",
        "no proxy",
        "claimed home, other host",
        "file with the home",
        "file with a relative home",
        "link blog",
        "link blog without a home",
        "own host that claims another home",
    ],
)
def test_the_host_and_the_claimed_home_tell_whose_a_document_is(
    address: str, home: str | None, expected: int
) -> None:
    assert tier(address, home=home) == expected


@pytest.mark.parametrize(
    ("address", "home", "link", "expected"),
    [
        (
            "https://feeds.bbci.co.uk/news/rss.xml",
            "https://www.bbc.co.uk/news",
            "https://www.bbc.com/news/1",
            CLAIMED,
        ),
        ("https://feeds.bbc.co.uk/rss", None, "https://www.bbc.com/news/1", CLAIMED),
        (
            "https://one.blogspot.com/feed",
            "https://one.blogspot.com/",
            "https://one.example.org/1",
            UNKNOWN,
        ),
        (
            "https://one.blogspot.de/feed",
            "https://one.blogspot.de/",
            "https://two.blogspot.fr/1",
            UNKNOWN,
        ),
        ("http://10.0.0.1/feed", "http://10.0.0.1/", "http://10.0.0.2/1", UNKNOWN),
        ("http://localhost/feed", "http://localhost/", "http://harbour.example/1", UNKNOWN),
        ("https://bbc.example.net/feed", None, "https://www.bbc.com/news/1", UNKNOWN),
    ],
)
def test_a_publisher_with_several_domains_is_known_by_its_brand(
    address: str, home: str | None, link: str, expected: int
) -> None:
    assert tier(address, home=home, link=link) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("harbour.example",), CERTAIN),
        (("blog.example.net", "www.harbour.example"), CERTAIN),
        (("harbour.test",), CLAIMED),
        (("blog.example.net",), UNKNOWN),
    ],
)
def test_a_stated_site_outweighs_host_and_home(stated: tuple[str, ...], expected: int) -> None:
    assert tier(ARTICLE, home=ARTICLE, stated=stated) == expected


def test_a_victims_home_may_be_claimed_but_that_is_never_certain() -> None:
    assert tier("https://evil.example.net/feed", home="https://harbour.example/") < CERTAIN


def test_an_item_that_names_where_it_was_taken_from_is_that_publishers_claim() -> None:
    planet = "https://planet.example.net/atom.xml"

    assert tier(planet, taken_from=("tag:x", "https://harbour.example/feed")) == CLAIMED
    assert tier(planet, taken_from=("https://other.example.org/feed",)) == UNKNOWN


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [(8, 2, LIKELY), (10, 0, LIKELY), (9, 0, UNKNOWN), (7, 3, UNKNOWN), (8, 3, UNKNOWN)],
)
def test_a_document_whose_links_lead_to_a_site_is_likely_its_own(
    own: int, others: int, expected: int
) -> None:
    links = (ARTICLE,) * own + ("https://other.example.org/",) * others + (None,) * 20

    assert tier("https://blog.example.net/feed", links=links) == expected


def test_what_has_no_link_nobody_else_can_tell() -> None:
    assert tier("https://blog.example.net/feed", link=None) == CERTAIN
