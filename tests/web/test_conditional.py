"""Conditional requests, compression and headers, as a feed reader or a proxy meets them."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]
import pytest

from aggregator import zstd
from aggregator.publish import make_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FEED = b"<feed>" + "大雾 fog ".encode() * 400 + b"</feed>"
TAG = make_document(FEED, "").etag
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstd.decompress(body),
}


def test_a_feed_comes_with_its_type_validators_and_lifetime(get: Callable[..., Any]) -> None:
    answer = get("/feed.atom")

    names = (
        "Content-Type",
        "ETag",
        "Last-Modified",
        "Cache-Control",
        "Vary",
        "Content-Length",
        "Content-Encoding",
    )
    assert (answer.status, answer.body) == (200, FEED)
    assert {name: answer.headers.get(name) for name in names} == {
        "Content-Type": "application/atom+xml; charset=utf-8",
        "ETag": f'"{TAG}"',
        "Last-Modified": "Fri, 03 Jul 2026 09:15:30 GMT",
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept-Encoding",
        "Content-Length": str(len(FEED)),
        "Content-Encoding": None,
    }


@pytest.mark.parametrize(
    ("held", "echoed"),
    [
        (f'"{TAG}"', f'"{TAG}"'),
        (f'W/"{TAG}"', f'"{TAG}"'),
        (f'"other", W/"{TAG}"', f'"{TAG}"'),
        (f'"{TAG}-gzip"', f'"{TAG}-gzip"'),
        (f'W/"{TAG}-br"', f'"{TAG}-br"'),
        (TAG, f'"{TAG}"'),
        ("*", f'"{TAG}"'),
    ],
)
def test_who_holds_the_document_in_any_coding_gets_304(
    get: Callable[..., Any], held: str, echoed: str
) -> None:
    answer = get("/feed.atom", If_None_Match=held)

    names = ("ETag", "Cache-Control", "Vary", "Last-Modified", "Content-Type", "Content-Length")
    assert (answer.status, answer.body) == (304, b"")
    assert {name: answer.headers[name] for name in names if name in answer.headers} == {
        "ETag": echoed,
        "Cache-Control": "public, max-age=60",
        "Vary": "Accept-Encoding",
        "Last-Modified": "Fri, 03 Jul 2026 09:15:30 GMT",
    }


@pytest.mark.parametrize(
    "held", ['"other"', f'"{TAG}x"', f'"{TAG}-deflate"', '""', ",", f'"*", "{TAG[:-1]}"']
)
def test_who_holds_another_document_gets_this_one(get: Callable[..., Any], held: str) -> None:
    answer = get("/feed.atom", If_None_Match=held)

    assert (answer.status, answer.body) == (200, FEED)


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Fri, 03 Jul 2026 09:15:30 GMT", 304),
        ("Sat, 04 Jul 2026 00:00:00 GMT", 304),
        ("Fri, 03 Jul 2026 09:15:29 GMT", 200),
        ("yesterday", 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
    ],
)
def test_a_date_is_compared_to_the_second(get: Callable[..., Any], since: str, status: int) -> None:
    assert get("/feed.atom", If_Modified_Since=since).status == status


def test_an_entity_tag_outweighs_a_date(get: Callable[..., Any]) -> None:
    answer = get(
        "/feed.atom", If_None_Match='"other"', If_Modified_Since="Sat, 04 Jul 2026 00:00:00 GMT"
    )

    assert answer.status == 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, *", "zstd"),
        ("*", "br"),
        ("gzip;q=0", None),
        ("gzip;q=nan", None),
        ("gzip;q=high, br;q=7", None),
        ("gzip;q=0.5, identity", None),
        ("identity", None),
        ("deflate, sdch", None),
        ("", None),
        (" , ;q=1,,", None),
    ],
)
def test_a_client_gets_the_coding_it_likes_best(
    get: Callable[..., Any], accepted: str, coding: str | None
) -> None:
    answer = get("/feed.atom", Accept_Encoding=accepted)

    decode = DECODERS[coding] if coding else bytes
    suffix = f"-{coding}" if coding else ""
    assert answer.headers.get("Content-Encoding") == coding
    assert (decode(answer.body), answer.headers["ETag"]) == (FEED, f'"{TAG}{suffix}"')


def test_a_small_document_is_not_compressed(get: Callable[..., Any]) -> None:
    answer = get("/views/zh.atom", Accept_Encoding="gzip, br")

    assert ("Content-Encoding" in answer.headers, answer.body) == (False, b"<feed/>")


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_head_gives_the_headers_of_get_and_no_body(talk: Callable[..., Any], coding: str) -> None:
    async def both(ask: Callable[..., Awaitable[Any]]) -> Any:
        return await ask("/feed.atom", Accept_Encoding=coding), await ask(
            "/feed.atom", method="HEAD", Accept_Encoding=coding
        )

    got, headed = talk(both)

    got.headers.pop("Date"), headed.headers.pop("Date")
    assert (headed.status, headed.body, headed.headers) == (200, b"", got.headers)


def test_a_document_is_compressed_once_for_all_who_ask(
    talk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    compress = brotli.compress

    def counted(data: bytes, **levels: Any) -> bytes:
        asked.append(len(data))
        compressed: bytes = compress(data, **levels)
        return compressed

    monkeypatch.setattr(brotli, "compress", counted)

    async def many(ask: Callable[..., Awaitable[Any]]) -> Any:
        return await asyncio.gather(*(ask("/feed.atom", Accept_Encoding="br") for _ in range(20)))

    bodies = {answer.body for answer in talk(many)}

    assert (asked, len(bodies)) == ([len(FEED)], 1)


@pytest.mark.parametrize("path", ["/feed.atom", "/", "/healthz", "/style.css", "/nowhere"])
def test_every_response_is_guarded(get: Callable[..., Any], path: str) -> None:
    headers = get(path).headers

    assert {
        name: headers.get(name)
        for name in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy")
    } == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
    assert headers["Server"] == "aggregator"
    assert headers["Content-Security-Policy"].split("; ") == [
        "default-src 'none'",
        "style-src 'self'",
        "img-src https: http: data:",
        "media-src https: http:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
