"""Which URLs are one page, which are not, and what becomes of those that are none."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize import url
from aggregator.normalize.url.tracking import NAMES

DATA = Path(__file__).parent / "data"


def pairs(name: str) -> list[tuple[str, str]]:
    groups = json.loads((DATA / name).read_text("utf-8"))
    return [pair for group in groups for pair in combinations(group, 2)]


PIECES = [
    *"/?#&=%.@:[]\\;+ \t\n",
    "http:",
    "https://",
    "//",
    "www.",
    "a.b",
    "%2e",
    "%2F",
    "%C3",
    "%A9",
    "é",
    "e\u0301",
    "&amp;",
    "amp;",
    "%61mp;",
    "#!",
    "#/",
    "utm_source",
    "ref",
    "\ud800",
    "\x00",
    "\u037e",
    "\u212a",
]
HOSTILE = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@pytest.mark.parametrize(("one", "other"), pairs("url_equal.json"))
def test_two_spellings_of_one_page_have_one_key(one: str, other: str) -> None:
    assert url.page_key(one) == url.page_key(other)


@pytest.mark.parametrize(("one", "other"), pairs("url_different.json"))
def test_two_pages_have_two_keys(one: str, other: str) -> None:
    assert url.page_key(one) != url.page_key(other)


@pytest.mark.parametrize(
    "case",
    json.loads((DATA / "url_clean.json").read_text("utf-8")),
    ids=lambda case: case["url"][:60],
)
def test_the_url_to_open_is_as_the_table_says(case: dict[str, object]) -> None:
    arguments = dict(case)
    expected, address = arguments.pop("clean"), arguments.pop("url")

    assert url.clean(address, **arguments) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_every_tracking_parameter_is_dropped_in_any_case(name: str) -> None:
    name = name.replace("*", "x")

    assert (
        url.clean(f"https://example.org/?{name}=1&id=2&{name.upper()}=3")
        == "https://example.org/?id=2"
    )


@pytest.mark.parametrize(
    ("address", "key"), json.loads((DATA / "url_keys.json").read_text("utf-8"))
)
def test_the_key_of_today_is_the_key_of_ever(address: str, key: str) -> None:
    """Stored keys outlive the program: who changes what a key is made of raises KEY_VERSION and takes the old along."""
    assert url.KEY_VERSION == 2
    assert url.page_key(address) == key


def test_the_key_has_neither_scheme_nor_www_and_a_sorted_query() -> None:
    assert (
        url.page_key("HTTPS://WWW.Example.org:443/a/../b/%7Ex/?b=2&a=1&a=0&c=#top")
        == "//example.org/b/~x?a=1&a=0&b=2&c="
    )


@pytest.mark.parametrize(
    ("address", "document", "fragment"),
    [
        ("https://www.example.org/a/#comment-4", "//example.org/a", "#comment-4"),
        ("//example.org/a?b=1#v1.2", "//example.org/a?b=1", "#v1.2"),
        ("https://example.org/a#xtor=RSS-1", "//example.org/a", ""),
        ("https://example.org/#!/news/12", "//example.org/#!/news/12", "#!/news/12"),
        ("urn:uuid:1#2", "urn:uuid:1#2", ""),
    ],
)
def test_a_key_is_its_document_and_the_place_in_it(
    address: str, document: str, fragment: str
) -> None:
    assert url.document_key(address) == document
    assert url.fragment_key(address) == fragment
    assert url.page_key(address).removesuffix(fragment) == document.removesuffix(fragment)


def test_an_alias_brings_a_mirror_to_its_host() -> None:
    alias = {"m.example.org": "www.example.org", "example.cn": "example.org"}

    found = {
        url.page_key(address, alias=alias)
        for address in (
            "https://m.example.org/a",
            "http://www.example.cn/a/",
            "https://EXAMPLE.org/a",
        )
    }

    assert found == {"//example.org/a"}


def test_a_parameter_that_a_site_keeps_stays_in_the_key() -> None:
    address = "https://example.org/?campaign_id=3&player=1"

    assert (
        url.page_key(address, keep={"campaign_id"}, drop={"player"})
        == "//example.org/?campaign_id=3"
    )


@pytest.mark.parametrize(
    "text", ["", "mailto:a@example.org", "http://[::1", "javascript:alert(1)", "a b", "urn:uuid:1"]
)
def test_the_key_of_what_is_no_url_is_the_text_itself(text: str) -> None:
    assert url.page_key(text) == text


@settings(deadline=None, max_examples=200, derandomize=True)
@given(HOSTILE | HOSTILE.map("https://example.org/".__add__))
def test_the_key_of_a_key_is_that_key(text: str) -> None:
    once = url.page_key(text)

    assert url.page_key(once) == once


@settings(deadline=None, max_examples=200, derandomize=True)
@given(HOSTILE, st.none() | HOSTILE)
def test_only_http_urls_leave_whatever_comes_in(text: str, base: str | None) -> None:
    found = url.clean(text, base=base)

    assert found is None or found[:7].lower() == "http://" or found[:8].lower() == "https://"
    assert found is None or (
        url.host(found) and not any(character in found for character in '\n\t\r\x00 "<>')
    )


@settings(deadline=None, max_examples=150, derandomize=True)
@given(HOSTILE)
def test_cleaning_does_not_change_which_page_it_is(text: str) -> None:
    found = url.clean(f"https://example.org/{text}")

    assert found is None or url.page_key(found) == url.page_key(f"https://example.org/{text}")


@settings(deadline=None, max_examples=150, derandomize=True)
@given(HOSTILE, HOSTILE)
def test_unwrapping_and_comparing_never_raise(text: str, other: str) -> None:
    assert url.unwrap(text) or not text
    assert url.same_site(text, other) in {True, False}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/" + "a/../" * 20_000,
        "https://example.org/?" + "b=1&" * 25_000,
        "https://example.org/" + "%2" * 50_000,
        "https://example.org/a" + "\u0301\u0316" * 50_000,
        "https://" + "é" * 100_000,
        "https://" + "@" * 100_000,
        "http:" + "/" * 100_000,
        " " * 100_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_url_of_a_hundred_thousand_characters_is_read_like_any_other(text: str) -> None:
    url.clean(text, base="https://example.org/")

    assert url.page_key(url.page_key(text)) == url.page_key(text)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://User@WWW.Example.org.:8080/a", "www.example.org"),
        ("//例え.jp", "xn--r8jz45g.jp"),
        ("http://evil.example\\@good.example/", "evil.example"),
        ("https://[2001:DB8::1]/", "[2001:db8::1]"),
        ("mailto:a@example.org", None),
        ("/a", None),
    ],
)
def test_the_host_is_lower_case_and_ascii(address: str, host: str | None) -> None:
    assert url.host(address) == host


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.rfi.fr/a", "http://m.rfi.fr/b", True),
        ("https://news.bbc.co.uk/", "https://www.bbc.co.uk/", True),
        ("https://bbc.co.uk/", "https://itv.co.uk/", False),
        ("https://a.people.com.cn/", "https://b.people.com.cn/", True),
        ("https://people.com.cn/", "https://sina.com.cn/", False),
        ("https://one.github.io/", "https://two.github.io/", False),
        ("https://rfi.fr/", "https://rfi.my/", False),
        ("http://10.0.0.1/", "http://20.0.0.1/", False),
        ("http://10.0.0.1/a", "http://10.0.0.1/b", True),
        ("mailto:a@example.org", "mailto:a@example.org", False),
    ],
)
def test_two_urls_are_of_one_site_when_their_registrable_domain_is_one(
    one: str, other: str, same: bool
) -> None:
    assert url.same_site(one, other) is same


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1&usg=x",
        "https://www.google.co.uk/url?q=https://example.org/a?b=1",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1&h=x",
        "https://out.reddit.com/t3_x?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1&token=x",
        "https://vk.com/away.php?to=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://href.li/?https://example.org/a?b=1",
        "https://t.umblr.com/redirect?z=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1&t=x",
        "https://www.youtube.com/redirect?q=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://getpocket.com/redirect?url=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://www.awin1.com/cread.php?awinmid=1&ued=https%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://example-org.cdn.ampproject.org/c/s/example.org/a?b=1",
        "https://www.google.com/amp/s/example.org/a?b=1",
        "https://www.google.com/url?url=https%3A%2F%2Fhref.li%2F%3Fhttps%3A%2F%2Fexample.org%2Fa%3Fb%3D1",
        "https://example.org/a?b=1",
    ],
)
def test_a_redirector_gives_way_to_its_target(wrapped: str) -> None:
    assert url.unwrap(wrapped) == "https://example.org/a?b=1"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.google.com/search?q=https://example.org/",
        "https://www.google.com/url?url=javascript:alert(1)",
        "https://feeds.feedburner.com/~r/x/~3/abc/",
        "https://www.facebook.com/a?u=https://example.org/",
        "https://www.youtube.com/watch?v=1",
        "not a url",
    ],
)
def test_what_leads_nowhere_else_stays(address: str) -> None:
    assert url.unwrap(address) == address


@pytest.mark.parametrize(
    ("address", "site", "brand"),
    [
        ("https://www.bbc.co.uk/news", "bbc.co.uk", "bbc"),
        ("https://bbc.com/", "bbc.com", "bbc"),
        ("https://one.github.io/", "one.github.io", None),
        ("https://github.com/one", "github.com", None),
        ("https://a.blogspot.co.uk/", "blogspot.co.uk", None),
        ("http://localhost:8080/", "localhost", None),
        ("http://10.0.0.1/", "10.0.0.1", None),
        ("http://[2001:db8::1]/", "[2001:db8::1]", None),
        ("file:///a.xml", None, None),
    ],
)
def test_a_site_is_what_its_owner_has_registered(
    address: str, site: str | None, brand: str | None
) -> None:
    assert (url.site_of(address), url.brand_of(address)) == (site, brand)
