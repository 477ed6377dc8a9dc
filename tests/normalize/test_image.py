"""Image addresses: proxies, placeholders, sets, and when two addresses are one picture."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.normalize import image

PICTURE = "https://example.org/a/b.jpg"
ENCODED = "https%3A%2F%2Fexample.org%2Fa%2Fb.jpg"


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://images.weserv.nl?url=example.org/a/b.jpg",
        "https://images.weserv.nl/?url=example.org/a/b.jpg&w=300",
        f"https://images.weserv.nl/?w=300&url={ENCODED}",
        "https://images.weserv.nl/?url=ssl:example.org/a/b.jpg",
        "https://images.weserv.nl/?url=//example.org/a/b.jpg",
        "https://wsrv.nl/?url=https%253A%252F%252Fexample.org%252Fa%252Fb.jpg",
        "http://wsrv.nl?url=example.org/a/b.jpg",
        "https://i0.wp.com/example.org/a/b.jpg?fit=300%2C200&ssl=1",
        "//i3.wp.com/example.org/a/b.jpg",
        "https://example-org.cdn.ampproject.org/i/s/example.org/a/b.jpg",
        "https://cdn.ampproject.org/ii/w820/s/example.org/a/b.jpg",
        f"https://www.example.org/_next/image?url={ENCODED}&w=640&q=75",
        "https://example.org/_next/image?url=%2Fa%2Fb.jpg&w=640&q=75",
        "https://www.example.org/cdn-cgi/image/width=80,fit=cover/https://example.org/a/b.jpg",
        "https://example.org/cdn-cgi/image/width=80/a/b.jpg",
        f"https://external-content.duckduckgo.com/iu/?u={ENCODED}&f=1",
        f"https://proxy.duckduckgo.com/iu/?u={ENCODED}",
        f"https://substackcdn.com/image/fetch/w_1456,c_limit,f_auto,q_auto:good,fl_progressive:steep/{ENCODED}",
        f"https://substackcdn.com/image/fetch/$s_!x!,w_1456/{ENCODED}",
        f"https://res.cloudinary.com/demo/image/fetch/w_3,f_auto/{ENCODED}",
        "https://res.cloudinary.com/demo/image/fetch/https://example.org/a/b.jpg",
        "https://images.weserv.nl/?url=https%3A%2F%2Fi0.wp.com%2Fexample.org%2Fa%2Fb.jpg",
        PICTURE,
    ],
)
def test_a_proxy_gives_way_to_its_picture(wrapped: str) -> None:
    assert image.unwrap(wrapped) == PICTURE


def test_the_pictures_own_query_stays() -> None:
    found = [
        image.unwrap("https://i0.wp.com/example.org/a.jpg?v=2&w=300"),
        image.unwrap(
            "https://res.cloudinary.com/demo/image/fetch/w_3/https://example.org/a.jpg?v=2"
        ),
    ]

    assert found == ["https://example.org/a.jpg?v=2"] * 2


def test_more_than_three_proxies_are_not_followed() -> None:
    address = (
        "https://images.weserv.nl/?url=wsrv.nl/?url=wsrv.nl/?url=wsrv.nl/?url=example.org/a.jpg"
    )

    assert image.unwrap(address) == "https://wsrv.nl/?url=example.org/a.jpg"


@pytest.mark.parametrize(
    "address",
    [
        "https://images.weserv.nl/",
        "https://images.weserv.nl/?url=",
        "https://images.weserv.nl/?url=javascript:alert(1)",
        "https://i0.wp.com/uploads/a.jpg",
        "https://external-content.duckduckgo.com/ip3/example.org.ico",
        "https://substackcdn.com/image/upload/a.jpg",
        "https://example.org/image/fetch/https://example.com/a.jpg",
        "data:image/gif;base64,R0",
        "http://example-org.cdn.ampproject.org/logo.png",
        "http://[::1",
        "",
    ],
)
def test_what_holds_no_picture_of_another_stays(address: str) -> None:
    assert image.unwrap(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "data:image/gif;base64,R0",
        "about:blank",
        "https://example.org/blank.gif",
        "https://example.org/img/spacer.png",
        "https://example.org/placeholder-16x9.svg?v=2",
        "https://example.org/img_transparent.png",
        "https://example.org/BLANK.GIF",
        "https://example.org/pixel.gif",
        "https://example.org/1x1.png",
        "https://example.org/tracking-pixel.png",
    ],
)
def test_a_placeholder_is_told_by_its_name(address: str) -> None:
    assert image.is_placeholder(address)


@pytest.mark.parametrize(
    "address",
    [
        PICTURE,
        "https://example.org/blanket.jpg",
        "https://example.org/mont-blanc.jpg",
        "https://example.org/pixel-9-review.jpg",
        "https://example.org/portrait-1x1.jpg",
        "https://example.org/placeholders/a.jpg",
        "https://blank.example/a.jpg",
    ],
)
def test_a_picture_that_only_sounds_like_one_is_kept(address: str) -> None:
    assert not image.is_placeholder(address)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1, 1, True),
        (0, 0, True),
        (0, 1, True),
        (1, 300, False),
        (None, 1, False),
        (640, 360, False),
    ],
)
def test_a_pixel_is_told_by_its_stated_size(
    width: int | None, height: int | None, expected: bool
) -> None:
    assert image.is_placeholder(PICTURE, width=width, height=height) is expected


def test_a_site_names_its_own_placeholders() -> None:
    extra = (re.compile(r"_w268_h151\.png$"),)

    assert image.is_placeholder("https://example.org/x_w268_h151.png", extra=extra)
    assert not image.is_placeholder(PICTURE, extra=extra)


@pytest.mark.parametrize(
    ("srcset", "best"),
    [
        ("", None),
        (" , ", None),
        ("a.jpg", "a.jpg"),
        ("a.jpg, b.jpg 2x", "b.jpg"),
        ("a.jpg 1x,b.jpg 1.5x", "b.jpg"),
        ("a.jpg 300w, b.jpg 900w, c.jpg 600w", "b.jpg"),
        ("a.jpg 900w, b.jpg 900w", "a.jpg"),
        ("a.jpg 3x, b.jpg 100w", "b.jpg"),
        ("a.jpg 640w 480h, b.jpg 320w", "a.jpg"),
        (
            "\n https://example.org/w_424,c_limit/a.jpg 424w,\n https://example.org/w_848,c_limit/a.jpg 848w",
            "https://example.org/w_848,c_limit/a.jpg",
        ),
        ("data:image/gif;base64,R0lGOD 2000w, a.jpg 10w", "a.jpg"),
        ("a.jpg (min-width: 1px, x) 9w, b.jpg 8w", "a.jpg"),
        ("a.jpg bogus, b.jpg 2x", "b.jpg"),
        ("a.jpg,", "a.jpg"),
    ],
)
def test_the_best_of_a_set_is_the_widest_then_the_densest(srcset: str, best: str | None) -> None:
    assert image.best_of_srcset(srcset) == best


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            "https://gdb.example.org/0f-1_cx0_cy7_cw0_w1023_r1_s.jpg",
            "https://gdb.example.org/0f-1_tv_w900.jpg",
            True,
        ),
        (
            "https://images.weserv.nl?url=gdb.example.org/0f-1_r1_s_w900.jpg",
            "http://gdb.example.org/0f-1.jpg",
            True,
        ),
        (
            "https://s.example.org/display/0f-1/w:1280/p:16x9/N.jpg",
            "https://s.example.org/display/0f-1/w:310/N.jpg",
            True,
        ),
        ("https://example.org/a-1024x768.jpg?w=3", "https://www.example.org/a.jpg", True),
        ("https://example.org/a-scaled.jpg", "https://example.org/a.jpg?quality=80&ssl=1", True),
        ("https://example.org/a.jpg?i=1", "https://example.org/a.jpg?i=2", False),
        ("https://gdb.example.org/0f-1_w900.jpg", "https://gdb.example.org/0f-2_w900.jpg", False),
        ("https://example.org/a.jpg", "https://example.org/a.png", False),
    ],
)
def test_two_sizes_of_one_picture_have_one_key(one: str, other: str, same: bool) -> None:
    assert (image.image_key(one) == image.image_key(other)) is same


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.text() | st.text("a.j,/ 12wx:()?&=%\n").map("https://i0.wp.com/".__add__))
def test_no_address_raises(value: str) -> None:
    assert isinstance(image.unwrap(value) + image.image_key(value), str)
    assert image.is_placeholder(value) in {True, False}
    assert image.best_of_srcset(value) != ""
