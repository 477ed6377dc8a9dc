"""Rules C1, D1 to D3: redirects, and what travels along them."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.fetch import Request


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed_and_the_answering_url_is_told(
    net: Any, status: int
) -> None:
    visit = net.fetch(
        {"/": net.answer(status, Location="a?b=c"), "/a?b=c": net.answer(200, b"x", ETag='"1"')}
    )

    here = f"http://127.0.0.1:{visit.port}"
    assert visit.response.body == b"x"
    assert visit.response.url == visit.response.validators.url == f"{here}/a?b=c"
    assert visit.response.hops == (f"{here}/", f"{here}/a?b=c")


@pytest.mark.parametrize(
    ("first", "second", "permanent"),
    [(301, 308, True), (308, 301, True), (301, 302, False), (307, 301, False), (302, 303, False)],
)
def test_d1_a_move_is_permanent_only_when_the_whole_chain_is(
    net: Any, first: int, second: int, permanent: bool
) -> None:
    pages = {
        "/": net.answer(first, Location="/b"),
        "/b": net.answer(second, Location="/c"),
        "/c": net.answer(200, b"x"),
    }

    response = net.fetch(pages).response

    assert response.permanent_to == (response.url if permanent else None)


def test_d1_without_a_redirect_nothing_has_moved(net: Any) -> None:
    assert net.fetch({"/": net.answer(200, b"x")}).response.permanent_to is None


def test_d3_five_redirects_are_followed_and_a_sixth_is_not(net: Any) -> None:
    pages = {f"/{n}": net.answer(302, Location=f"/{n + 1}") for n in range(6)} | {
        "/6": net.answer(200, b"x")
    }

    assert len(net.fetch(pages, "/1").response.hops) == 6
    error = net.failed(pages, "/0")
    assert error.kind == "redirect"
    assert "more than 5 redirects" in str(error)


def test_d3_a_loop_is_named_with_its_hops(net: Any) -> None:
    error = net.failed(
        {"/a": net.answer(302, Location="/b"), "/b": net.answer(302, Location="/a")}, "/a"
    )

    way = [part.rpartition("/")[2] for part in str(error).split(" -> ")]
    assert error.kind == "redirect"
    assert str(error).startswith("redirect loop: ")
    assert way == ["a", "b", "a"]


@pytest.mark.parametrize(
    "location",
    [
        "ftp://h/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://h/",
        "http://",
        "http:///x",
        "",
    ],
)
def test_a_redirect_to_what_is_no_http_url_is_refused(net: Any, location: str) -> None:
    assert net.failed({"/": net.answer(302, Location=location)}).kind == "redirect"


def test_c1_cookies_live_inside_one_chain_only(net: Any) -> None:
    cookie = "seen=1; Path=/; HttpOnly"
    pages = {
        "/": [
            net.answer(302, Location="/", Set_Cookie=cookie),
            net.answer(200, b"x"),
            net.answer(200, b"y"),
        ],
    }

    async def story(site: Any, fetcher: Any) -> list[str | None]:
        await fetcher.get(Request(site.url()))
        await fetcher.get(Request(site.url()))
        return [one.headers.get("cookie") for one in site.asked]

    assert net.visit(pages, story) == [None, "seen=1", None]


def test_a_url_that_sends_us_back_to_itself_with_the_same_cookie_is_a_loop(net: Any) -> None:
    error = net.failed({"/": net.answer(302, Location="/", Set_Cookie="seen=1")})

    assert str(error).startswith("redirect loop: ")


def test_cookies_do_not_reach_another_host(net: Any) -> None:
    pages = {
        "/": net.answer(302, Location="http://other.test:{port}/x", Set_Cookie="seen=1"),
        "/x": net.answer(200, b"x"),
    }
    resolve = net.names({"other.test": ["127.0.0.1"]})

    assert [one.headers.get("cookie") for one in net.fetch(pages, resolve=resolve).asked] == [
        None,
        None,
    ]


def test_what_was_meant_for_one_origin_is_not_told_to_another(net: Any) -> None:
    pages = {
        "/": net.answer(302, Location="/same"),
        "/same": net.answer(302, Location="http://other.test:{port}/x"),
        "/x": net.answer(200, b"x"),
    }
    secrets = {"basic_auth": ("me", "pä:ss"), "headers": {"X-Key": "k"}}

    asked = net.fetch(
        pages, request=secrets, resolve=net.names({"other.test": ["127.0.0.1"]})
    ).asked

    assert [(one.headers.get("authorization"), one.headers.get("x-key")) for one in asked] == [
        ("Basic bWU6cMOkOnNz", "k"),
        ("Basic bWU6cMOkOnNz", "k"),
        (None, None),
    ]


def test_a_password_in_a_url_is_sent_as_a_header_and_shown_nowhere(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[Any, Any]:
        response = await fetcher.get(Request(f"http://me:p%40ss@127.0.0.1:{site.port}/"))
        return response, site.asked[0].headers["authorization"]

    response, header = net.visit({"/": net.answer(200, b"x")}, story)

    assert header == "Basic bWU6cEBzcw=="
    assert "@" not in response.url + "".join(response.hops)
