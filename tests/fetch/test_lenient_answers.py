"""Answers that browsers take and a strict parser refuses; two lengths are still refused."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.fetch import Request
from aggregator.fetch.response_head import ResponseHead

BODY = b"<rss><channel><title>T</title></channel></rss>"
LENGTH = b"Content-Length: 46"
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"2e\r\n" + BODY + b"\r\n0\r\n\r\n"


def reply(*headers: bytes, body: bytes = BODY, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", b""]) + body


ANSWERS = {
    "a blank in a name": reply(b"X Bad: 1", LENGTH),
    "a tab in a name": reply(b"X\tBad: 1", LENGTH),
    "a name in UTF-8": reply("X-é: 1".encode(), LENGTH),
    "a name in Latin-1": reply(b"X-\xe9: 1", LENGTH),
    "a blank before the colon": reply(b"X-Name : v", LENGTH),
    "no name": reply(b": empty", LENGTH),
    "a bad name with a folded line": reply(b"X Bad: 1", b"\tand more", LENGTH),
    "a folded line before all headers": reply(b" lost", LENGTH),
    "one length twice": reply(LENGTH, b"content-length:46"),
    "one length twice in a line": reply(b"Content-Length: 46, 46"),
    "a length before the chunks": reply(b"Content-Length: 5", CHUNKED, body=CHUNKS),
    "a length after the chunks": reply(CHUNKED, b"Content-Length: 5", body=CHUNKS),
    "the coding `identity`": reply(b"Transfer-Encoding: identity", LENGTH),
    "line feeds alone": reply(b"X Bad: 1", LENGTH).replace(b"\r\n", b"\n"),
    "early hints before": reply(b"X Bad: 1", status=b"103 Early Hints", body=b"")
    + reply(b"X Bad: 1", LENGTH),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_browsers_take_is_read(net: Any, name: str) -> None:
    response = net.fetch({"/": ANSWERS[name]}).response

    assert (response.status, response.body) == (200, BODY)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_head_is_repaired_the_same_byte_by_byte(name: str) -> None:
    whole = ResponseHead()
    dripping = ResponseHead()

    at_once = whole.feed(ANSWERS[name])
    dripped = b"".join(dripping.feed(bytes([byte])) for byte in ANSWERS[name])

    # What follows the head is not the head's: its owner stops feeding it.
    assert dripped == at_once
    assert whole.is_complete


REFUSED = {
    "two lengths": (
        reply(LENGTH, b"Content-Length: 5"),
        " (duplicate content-length at 'Content-Length')",
    ),
    "two lengths in a line": (
        reply(b"Content-Length: 46, 5"),
        " (invalid character in content-length at 'Content-Length')",
    ),
    "no colon": (reply(b"nonsense", LENGTH), " (invalid header token at 'nonsense')"),
    "a NUL in a name": (reply(b"X\0: 1", LENGTH), " (invalid header token at 'X\\x00')"),
    "a lone CR in a name": (reply(b"X\rY: 1", LENGTH), " (invalid header token at 'X\\rY')"),
    "a NUL in a value": (reply(b"X: secret\0", LENGTH), ""),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", " (bad status line at 'SSH-2.0-OpenSSH')"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_may_hide_a_second_answer_is_refused_and_named(net: Any, name: str) -> None:
    answer, reason = REFUSED[name]

    error = net.failed({"/": answer})

    assert (error.kind, str(error)) == (
        "unreadable",
        f"the answer of 127.0.0.1 is not HTTP{reason}",
    )


def test_good_headers_pass_byte_for_byte() -> None:
    answer = reply(b'ETag: "a b"', b"X-Text:  two  blanks ", b"Set-Cookie: a=\xe9", LENGTH)

    assert ResponseHead().feed(answer) == answer


def test_a_connection_with_two_framings_is_not_used_again(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> int:
        for path in ("/fine", "/fine", "/doubtful", "/fine"):
            await fetcher.get(Request(site.url(path)))
        connections: int = site.connections
        return connections

    doubtful = reply(b"Content-Length: 5", CHUNKED, body=CHUNKS)

    assert net.visit({"/doubtful": doubtful, "/fine": reply(LENGTH)}, story) == 2


def test_a_head_without_end_is_passed_on_and_refused(net: Any) -> None:
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-Name: value\r\n" * 10_000

    error = net.failed({"/": endless})

    assert (error.kind, str(error)) == ("too-large", "the headers of 127.0.0.1 are too large")


@pytest.mark.parametrize(
    "part",
    [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"\r\n", b"\n"],
    ids=["early-hints", "continue", "blank-lines", "line-feeds"],
)
def test_what_comes_before_an_answer_has_an_end(net: Any, part: bytes) -> None:
    few = part * 100 + reply(LENGTH)
    many = part * (70_000 // len(part)) + reply(LENGTH)

    error = net.failed({"/": many})

    assert net.fetch({"/": few}).response.body == BODY
    assert (error.kind, str(error)) == ("too-large", "the headers of 127.0.0.1 are too large")


def test_chunks_of_one_byte_each_are_read_unless_they_are_many(net: Any) -> None:
    chunk = b"1\r\na\r\n"
    few = reply(CHUNKED, body=chunk * 10_000 + b"0\r\n\r\n")
    many = reply(CHUNKED, body=chunk * 400_000 + b"0\r\n\r\n")

    error = net.failed({"/": many})

    assert net.fetch({"/": few}).response.body == b"a" * 10_000
    assert (error.kind, str(error)) == ("unreadable", "the body has more chunk sizes than content")


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 226])
def test_a_whole_body_is_a_document_under_each_status_of_success(net: Any, status: int) -> None:
    response = net.fetch({"/": net.answer(status, BODY)}).response

    assert (response.status, response.body) == (200, BODY)


@pytest.mark.parametrize("status", [201, 202, 206, 226])
def test_an_empty_body_is_none_under_a_careless_status(net: Any, status: int) -> None:
    error = net.failed({"/": net.answer(status, b" ")})

    assert (error.kind, error.status) == ("http", status)


@pytest.mark.parametrize(
    ("content_range", "is_whole"),
    [
        ("bytes 0-45/46", True),
        ("Bytes 0-45/46", True),
        ("bytes 0-45/47", False),
        ("bytes 1-46/47", False),
        ("bytes 0-45/*", False),
        ("nonsense", False),
    ],
)
def test_a_part_of_a_document_is_an_error(net: Any, content_range: str, is_whole: bool) -> None:
    pages = {"/": net.answer(206, BODY, Content_Range=content_range)}

    if is_whole:
        assert net.fetch(pages).response.body == BODY
    else:
        assert net.failed(pages).status == 206
