"""Rules D2, D4 and the classes of error."""

from __future__ import annotations

import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from aggregator.errors import SourceError
from aggregator.fetch import Request
from aggregator.fetch.error_mapping import to_source_error
from aggregator.fetch.request_url import parse_target

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "http"),
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "http"),
        (410, "gone"),
        (429, "http"),
        (451, "http"),
        (500, "http"),
        (503, "http"),
        (599, "http"),
        (204, "http"),
        (300, "http"),
    ],
)
def test_d4_a_status_without_a_document_is_an_error_of_its_class(
    net: Any, status: int, kind: str
) -> None:
    error = net.failed(
        {"/feed?key=secret": net.answer(status, b"" if status == 204 else b"x")}, "/feed?key=secret"
    )

    assert (error.kind, error.status) == (kind, status)
    assert str(error).startswith(f"HTTP {status}")
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("Wed, 01 Jul 2026 12:10:00 GMT", 600), ("99999999999", 9999999999), ("0", 0)],
)
def test_b5_retry_after_is_read_as_seconds_and_as_a_date(
    net: Any, header: str, seconds: int
) -> None:
    error = net.failed({"/": net.answer(429, Retry_After=header)})

    assert (error.status, error.retry_after) == (429, timedelta(seconds=seconds))


@pytest.mark.parametrize("header", ["soon", "-5", "", "Wed, 01 Jul 2020 12:00:00 GMT", "1.5", "²"])
def test_b5_a_retry_after_that_means_nothing_is_none(net: Any, header: str) -> None:
    assert (
        net.failed(
            {"/": net.answer(503, Retry_After=header.encode().decode("latin-1"))}
        ).retry_after
        is None
    )


def test_203_is_a_document(net: Any) -> None:
    assert net.fetch({"/": net.answer(203, b"x")}).response.status == 200


def caught(request: Request, net: Any, **changes: Any) -> SourceError:
    async def story(site: Any, fetcher: Any) -> SourceError:
        with pytest.raises(SourceError) as error:
            await fetcher.get(request)
        return error.value

    failure = net.visit({}, story, **changes)
    assert isinstance(failure, SourceError)
    return failure


def test_a_name_that_does_not_exist_is_a_dns_error(net: Any) -> None:
    async def nowhere(host: str, port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "nope")

    error = caught(Request("http://gone.test/?key=secret"), net, resolve=nowhere)

    assert (error.kind, str(error)) == ("dns", "gone.test cannot be looked up (no such host)")


def test_a_name_server_that_is_silent_is_a_dns_error(net: Any) -> None:
    async def silent(host: str, port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    assert str(caught(Request("http://a.test/"), net, resolve=silent)) == (
        "a.test cannot be looked up (the DNS does not answer)"
    )


def test_a_port_where_nobody_listens_is_a_connect_error(net: Any) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        error = caught(Request(f"http://127.0.0.1:{held.getsockname()[1]}/"), net)

    assert error.kind == "connect"
    assert str(error).startswith("no connection to 127.0.0.1 (")


def test_a_proxy_that_cannot_be_reached_is_a_connect_error_that_keeps_its_password(
    net: Any,
) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        proxy = f"http://me:secret@127.0.0.1:{held.getsockname()[1]}"
        error = caught(Request("http://a.test/", proxy=proxy), net, resolve=net.names({}))

    assert error.kind == "connect"
    assert str(error).startswith("the proxy cannot be reached")
    assert "secret" not in str(error)


def test_plain_http_on_a_tls_port_is_a_tls_error(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> str:
        with pytest.raises(SourceError) as error:
            await fetcher.get(Request(f"https://127.0.0.1:{site.port}/"))
        return error.value.kind

    assert net.visit({}, story, greeting=b"HTTP/1.1 400 Bad\r\n\r\n") == "tls"


def test_a_certificate_nobody_vouches_for_is_a_tls_error(net: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DATA / "self-signed.pem")

    async def story(site: Any, fetcher: Any) -> SourceError:
        with pytest.raises(SourceError) as error:
            await fetcher.get(Request(f"https://127.0.0.1:{site.port}/"))
        return error.value

    error = net.visit({"/": net.answer(200, b"x")}, story, tls=context)

    assert (error.kind, str(error)) == (
        "tls",
        "no secure connection to 127.0.0.1 (self-signed certificate)",
    )


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/9 what\r\n\r\n", b"\x00\x01\x02\r\n\r\n"]
)
def test_an_answer_that_is_not_http_is_unreadable(net: Any, garbage: bytes) -> None:
    assert net.failed({"/": garbage}).kind == "unreadable"


def test_an_answer_that_breaks_off_is_an_error_and_not_half_a_document(net: Any) -> None:
    async def breaks(writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    error = net.failed({"/": breaks})

    assert (error.kind, str(error)) == (
        "connect",
        "127.0.0.1 broke off the connection before its answer was complete",
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "file:///etc/passwd",
        "data:text/html,x",
        "javascript:x",
        "//h/x",
        "h/x",
        "",
        "http:h",
        "http://",
        "http:///x",
        "http://[::1",
        "http://h:0/",
        "http://h:99999/",
        "http://h:x/",
        "http://a b/",
        "http://h\\@g/",
        "http://h/a\r\nHost: x",
        "http://h/\x00",
        "http://h\t.x/",
        "http://" + "a" * 20_000,
        "http://h<x>/",
        "http://\udcff/",
        "http://\u200b/",
        "http://a..b\u3002/",
    ],
)
def test_a_url_that_is_not_plain_http_is_blocked(net: Any, url: str) -> None:
    assert caught(Request(url), net, resolve=net.names({})).kind in ("blocked", "dns")


@pytest.mark.parametrize(
    "url", ["http://h/a\r\nHost: x", "http://h/\x00", "http://h/\x7f", "http://h/a\tb"]
)
def test_a_url_with_control_characters_is_refused_before_anything_else(net: Any, url: str) -> None:
    error = caught(Request(url), net, resolve=net.names({}))

    assert (error.kind, str(error)) == ("blocked", "refused URL: it contains control characters")


def test_a_host_in_another_script_is_asked_in_its_ascii_form(net: Any) -> None:
    resolve = net.names({"xn--mnchen-3ya.test": ["127.0.0.1"]})

    async def story(site: Any, fetcher: Any) -> str:
        return str((await fetcher.get(Request(f"http://münchen.test:{site.port}/"))).url)

    assert net.visit({"/": net.answer(200)}, story, resolve=resolve).startswith(
        "http://xn--mnchen-3ya.test:"
    )


def test_a_proxy_that_refuses_is_a_connect_error(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> SourceError:
        with pytest.raises(SourceError) as error:
            await fetcher.get(Request("https://a.test/", proxy=site.url()))
        return error.value

    error = net.visit({"a.test:443": net.answer(407)}, story, resolve=net.names({}))

    assert (error.kind, str(error)) == ("connect", "the proxy answered HTTP 407")


def test_a_name_without_addresses_is_a_dns_error(net: Any) -> None:
    error = caught(Request("http://a.test/"), net, resolve=net.names({"a.test": []}))

    assert (error.kind, str(error)) == ("dns", "a.test cannot be looked up (a.test has no address)")


@pytest.mark.parametrize(
    ("raised", "kind", "message"),
    [
        (aiohttp.ConnectionTimeoutError("x"), "timeout", "no connection to a.test in time"),
        (ssl.SSLError(1, "BAD_RECORD"), "tls", "the secure connection to a.test failed"),
        (aiohttp.ServerDisconnectedError(), "connect", "a.test broke off the connection"),
        (aiohttp.ClientPayloadError(), "connect", "a.test broke off the connection"),
        (aiohttp.InvalidURL("x"), "blocked", "the request to http://a.test/?… cannot be sent"),
    ],
)
def test_what_the_client_raises_becomes_an_error_of_its_class(
    raised: Exception, kind: str, message: str
) -> None:
    error = to_source_error(raised, parse_target("http://a.test/?key=secret"))

    assert error.kind == kind
    assert str(error).startswith(message)
