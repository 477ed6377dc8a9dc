"""Rules C2 to C6: what is sent, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.fetch import FetchSettings


def test_c2_to_c5_the_headers_are_these_and_no_others(net: Any) -> None:
    visit = net.fetch({"/": net.answer(302, Location="/x"), "/x": net.answer(200, b"x")})

    for one in visit.asked:
        assert one.headers == {
            "host": f"127.0.0.1:{visit.port}",
            "user-agent": "aggregator/1 (+https://a.example)",
            "accept": visit.asked[0].headers["accept"],
            "accept-encoding": "gzip, br, zstd",
        }


@pytest.mark.parametrize(
    "path",
    [
        "/a//b/../c;d?x=1&&y=%zz&z=%C3%A9%e9",
        "/?a=b+c%20d",
        "/%7Euser/./",
        "/x?=",
        "/?q=http://h/?a|b{c}\"'<>",
    ],
)
def test_c3_the_url_goes_out_as_it_was_written(net: Any, path: str) -> None:
    assert [one.target for one in net.fetch({path: net.answer(200, b"x")}, path).asked] == [path]


def test_c3_only_what_cannot_stand_in_a_request_line_is_encoded(net: Any) -> None:
    asked = net.fetch({"/%C3%A9%20%zz": net.answer(200, b"x")}, "/é %zz#fragment").asked

    assert [one.target for one in asked] == ["/%C3%A9%20%zz"]


def test_c3_a_location_goes_out_as_it_was_written(net: Any) -> None:
    pages = {
        "/": net.answer(302, Location="http://127.0.0.1:{port}/a/../%7e?x=%zz"),
        "/a/../%7e?x=%zz": net.answer(200),
    }

    assert net.fetch(pages).asked[1].target == "/a/../%7e?x=%zz"


def test_c4_the_program_names_itself_and_its_version() -> None:
    assert FetchSettings().user_agent.startswith("aggregator/")


def test_c4_a_source_may_have_a_user_agent_of_its_own(net: Any) -> None:
    assert (
        net.fetch({"/": net.answer(200)}, request={"user_agent": "me/2"})
        .asked[0]
        .headers["user-agent"]
        == "me/2"
    )


def test_c6_nothing_is_asked_that_was_not_asked_for(net: Any) -> None:
    assert [one.target for one in net.fetch({"/feed": net.answer(200, b"x")}, "/feed").asked] == [
        "/feed"
    ]


def test_only_headers_a_reader_can_use_are_kept(net: Any) -> None:
    page = net.answer(
        200,
        b"x",
        Content_Type="text/html; charset=x",
        Set_Cookie="a=b",
        Server="s",
        Link="<u>; rel=hub",
    )

    assert net.fetch({"/": page}).response.headers == {
        "content-type": "text/html; charset=x",
        "link": "<u>; rel=hub",
    }


def test_a_header_that_would_smuggle_a_line_is_not_sent(net: Any) -> None:
    error = net.failed({"/": net.answer(200)}, request={"headers": {"X": "a\r\nEvil: b"}})

    assert error.kind == "blocked"
    assert "Evil" not in str(error)
