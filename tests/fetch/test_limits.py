"""Limits: size after decompression, headers, and the whole time."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from contextlib import suppress
from datetime import timedelta
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import zstd
from aggregator.errors import SourceError
from aggregator.fetch.content_encoding import decode_body

PLAIN = b"<feed>" + b"word " * 2_000 + b"</feed>"
BOMB = b"\0" * 4_000_000


def bare_deflate(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_c5_each_coding_is_undone_and_the_size_on_the_wire_is_told(net: Any, coding: str) -> None:
    packed = CODINGS[coding](PLAIN)

    response = net.fetch({"/": net.answer(200, packed, Content_Encoding=coding.upper())}).response

    assert (response.body, response.wire_bytes) == (PLAIN, len(packed))


@pytest.mark.parametrize("coding", CODINGS)
def test_a_body_is_never_inflated_past_the_limit(net: Any, coding: str) -> None:
    packed = CODINGS[coding](BOMB)
    assert len(packed) < 50_000

    error = net.failed({"/": net.answer(200, packed, Content_Encoding=coding)}, max_body=1_000_000)

    assert (error.kind, str(error)) == (
        "too-large",
        "the body is larger than 1000000 bytes once decompressed",
    )


@pytest.mark.parametrize("coding", CODINGS)
def test_a_large_body_within_the_limit_is_undone_whole(coding: str) -> None:
    assert decode_body(CODINGS[coding](BOMB), coding, limit=16_000_000) == BOMB


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("cut", [1, 4, 9])
def test_a_compressed_body_that_ends_early_is_an_error(coding: str, cut: int) -> None:
    with pytest.raises(SourceError) as error:
        decode_body(CODINGS[coding](PLAIN)[:-cut], coding, limit=1_000_000)

    assert error.value.kind == "unreadable"


def test_a_body_of_exactly_the_limit_passes() -> None:
    for coding, packed in CODINGS.items():
        assert decode_body(packed(PLAIN), coding, limit=len(PLAIN)) == PLAIN
        with pytest.raises(SourceError):
            decode_body(packed(PLAIN), coding, limit=len(PLAIN) - 1)


def test_deflate_without_its_wrapper_is_undone() -> None:
    assert decode_body(bare_deflate(PLAIN), "deflate", limit=1_000_000) == PLAIN


def test_gzip_of_several_members_and_padding_is_undone() -> None:
    assert (
        decode_body(gzip.compress(b"a") + gzip.compress(b"b") + b"\0\0", "gzip", limit=10) == b"ab"
    )


def test_members_of_a_gzip_file_share_one_limit() -> None:
    with pytest.raises(SourceError):
        decode_body(gzip.compress(b"a" * 6) * 2, "gzip", limit=10)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_more_parts_than_a_file_has_is_refused_before_they_are_decoded(
    coding: str,
) -> None:
    empty = CODINGS[coding](b"")

    assert decode_body(empty * 1_000, coding, limit=10) == b""
    with pytest.raises(SourceError) as error:
        decode_body(empty * 800_000, coding, limit=10)

    assert (error.value.kind, str(error.value)) == (
        "unreadable",
        f"the {coding} body cannot be decoded (it has more than 1000 parts)",
    )


def test_empty_members_in_a_small_body_do_not_hold_up_the_daemon(net: Any) -> None:
    packed = gzip.compress(gzip.compress(b"") * 800_000)
    assert len(packed) < 50_000

    error = net.failed({"/": net.answer(200, packed, Content_Encoding="gzip")})

    assert (error.kind, str(error)) == (
        "unreadable",
        "the gzip body cannot be decoded (it has more than 1000 parts)",
    )


def test_members_share_their_beginning_with_the_end_of_the_part_before() -> None:
    """Parts of 16 KiB are handed over; members end anywhere in them."""
    noise = random.Random(1)
    texts = [noise.randbytes(size) for size in (16_370, 16_384, 1, 0, 40_000)]
    packed = b"".join(gzip.compress(text) for text in texts)

    assert decode_body(packed, "gzip", limit=100_000) == b"".join(texts)


@pytest.mark.parametrize("coding", CODINGS)
def test_decoding_ends_at_the_deadline_of_the_fetch(coding: str) -> None:
    with pytest.raises(SourceError) as error:
        decode_body(CODINGS[coding](PLAIN), coding, limit=1_000_000, deadline=0.0)

    assert (error.value.kind, str(error.value)) == (
        "timeout",
        "the body was not decompressed in time",
    )


def test_a_body_labelled_gzip_that_is_plain_is_taken_as_it_is() -> None:
    assert decode_body(PLAIN, "gzip", limit=1_000_000) == PLAIN


def test_a_gzip_file_without_a_label_is_inflated_as_well() -> None:
    assert decode_body(gzip.compress(PLAIN), None, limit=1_000_000) == PLAIN


def test_two_codings_are_undone_in_reverse_and_three_are_refused() -> None:
    packed = brotli.compress(gzip.compress(PLAIN))

    assert decode_body(packed, "gzip, br", limit=1_000_000) == PLAIN
    with pytest.raises(SourceError, match="3 content codings"):
        decode_body(packed, "gzip, br, gzip", limit=1_000_000)


@pytest.mark.parametrize(
    "label", ["identity", "UTF-8", "none", "aws-chunked", "*", "a, b, c", "gzip, aws-chunked"]
)
def test_a_label_that_names_no_coding_is_ignored(label: str) -> None:
    assert decode_body(PLAIN, label, limit=1_000_000) == PLAIN


def test_a_known_coding_beside_an_unknown_one_is_undone() -> None:
    packed = gzip.compress(PLAIN)

    assert decode_body(packed, "gzip, aws-chunked", limit=1_000_000) == PLAIN
    assert decode_body(packed, "utf-8", limit=1_000_000) == PLAIN


def test_an_unknown_coding_is_named_where_the_body_is_no_text() -> None:
    with pytest.raises(SourceError, match="unknown content coding 'compress'"):
        decode_body(b"\x1f\x9d\x90<\xc4", "compress", limit=1_000_000)
    utf_16 = "<feed/>".encode("utf-16")
    assert decode_body(utf_16, "utf-16", limit=1_000_000) == utf_16


@pytest.mark.parametrize("coding", CODINGS)
def test_a_document_with_a_label_and_no_coding_is_taken_as_it_is(coding: str) -> None:
    assert decode_body(PLAIN, coding, limit=1_000_000) == PLAIN


@settings(deadline=None, max_examples=100, derandomize=True)
@given(body=st.binary(max_size=200), coding=st.sampled_from([*CODINGS]), magic=st.booleans())
def test_any_bytes_are_decoded_within_the_limit_or_refused(
    body: bytes, coding: str, magic: bool
) -> None:
    with suppress(SourceError):
        assert (
            len(decode_body((b"\x1f\x8b\x08\x00" if magic else b"") + body, coding, limit=1_000))
            <= 1_000
        )


def test_a_stated_length_over_the_limit_is_refused_before_the_body_is_read(net: Any) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        await writer.drain()

    assert net.failed({"/": endless}).kind == "too-large"


def test_an_endless_body_is_cut_at_the_limit(net: Any) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    error = net.failed({"/": endless}, max_body=200_000)

    assert (error.kind, str(error)) == ("too-large", "the body is larger than 200000 bytes")


def test_a_source_may_have_a_limit_of_its_own(net: Any) -> None:
    assert net.failed({"/": net.answer(200, b"12345")}, request={"max_body": 4}).kind == "too-large"


async def headers_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"y" * 100 + b"\r\n")
        await writer.drain()


async def one_header_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        writer.write(b"y" * 10_000)
        await writer.drain()


@pytest.mark.parametrize("page", [headers_for_ever, one_header_for_ever])
def test_headers_without_an_end_are_refused(net: Any, page: Any) -> None:
    error = net.failed({"/": page})

    assert (error.kind, str(error)) == ("too-large", "the headers of 127.0.0.1 are too large")


def test_headers_of_more_than_32_kib_together_are_refused(net: Any) -> None:
    fits = {f"X_{n}": "y" * 3_000 for n in range(10)}

    assert net.fetch({"/": net.answer(200, b"x", **fits)}).response.body == b"x"
    assert net.failed({"/": net.answer(200, b"x", **fits, X_last="y" * 3_000)}).kind == "too-large"


def test_many_small_headers_are_read(net: Any) -> None:
    many = {f"X_{n}": "y" for n in range(200)}

    assert net.fetch({"/": net.answer(200, b"x", **many)}).response.body == b"x"


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("page", [drip_body, say_nothing])
def test_one_deadline_holds_for_the_whole_fetch(net: Any, page: Any) -> None:
    error = net.failed({"/": page}, timeout=timedelta(seconds=0.1))

    assert (error.kind, str(error)) == ("timeout", "no complete answer from 127.0.0.1 within 0.1 s")


def test_the_deadline_is_one_for_all_hops(net: Any) -> None:
    def slow(number: int) -> Any:
        async def page(writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.08)
            writer.write(net.answer(302, Location=f"/{number + 1}"))

        return page

    pages = {f"/{number}": slow(number) for number in range(6)}

    assert net.failed(pages, "/0", timeout=timedelta(seconds=0.2)).kind == "timeout"


def test_a_large_body_is_decoded_beside_the_loop(net: Any) -> None:
    plain = random.Random(1).randbytes(400_000)

    assert (
        net.fetch(
            {"/": net.answer(200, gzip.compress(plain), Content_Encoding="gzip")}
        ).response.body
        == plain
    )


def test_a_body_without_a_stated_length_is_read_to_its_end(net: Any) -> None:
    assert net.fetch({"/": net.answer(200, PLAIN, length=False)}).response.body == PLAIN
