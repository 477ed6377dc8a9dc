"""Walls are errors, never content."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.adapters.html.bot_wall import detect_wall

HTML = {"Content_Type": "text/html; charset=utf-8"}
PAGE = b"<!doctype html><html><title>%s</title><body>%s</body></html>"

WALLS: dict[str, list[Any]] = {
    "a Cloudflare challenge": [
        (403, {"cf_mitigated": "challenge"}, b""),
        (200, {"cf_mitigated": "challenge"}, b"x"),
        (503, {}, PAGE % (b"Just a moment...", b"<script>window._cf_chl_opt={}</script>")),
        (403, {}, PAGE % (b"Attention Required! | Cloudflare", b"<div id='cf-error-details'>")),
    ],
    "a DataDome challenge": [
        (403, {"x_datadome": "protected"}, b""),
        (
            200,
            {},
            PAGE % (b"a.example", b"<script>var dd={'host':'geo.captcha-delivery.com'}</script>"),
        ),
        (
            200,
            {"x_datadome": "protected"},
            PAGE % (b"a", b"<script src=https://ct.captcha-delivery.com/c.js></script>"),
        ),
    ],
    "a Vercel challenge": [
        (429, {"x_vercel_mitigated": "challenge"}, b""),
        (429, {}, PAGE % (b"Vercel Security Checkpoint", b"/.well-known/vercel/security/static")),
    ],
    "an AWS WAF challenge": [
        (202, {"x_amzn_waf_action": "challenge"}, b""),
        (405, {"x_amzn_waf_action": "captcha"}, b""),
    ],
    "an Imperva challenge": [
        (200, {}, PAGE % (b"", b"<iframe src=/_Incapsula_Resource>Incapsula incident ID: 1"))
    ],
    "a block page": [
        (200, {}, PAGE % (b"Access Denied", b"You don't have permission to access this server")),
        (200, {}, PAGE % (b"Pardon Our Interruption", b"<div class=g-recaptcha></div>")),
        (200, {}, PAGE % (b"Zugriff verweigert", b"Ihre Anfrage. Incident ID: 12")),
    ],
    "an Anubis challenge": [
        (200, {}, PAGE % (b"Making sure you&#39;re not a bot!", b"<script id=anubis_challenge>"))
    ],
}


@pytest.mark.parametrize(
    ("name", "case"), [(name, case) for name, cases in WALLS.items() for case in cases]
)
def test_a_wall_is_blocked_by_name_and_never_content(net: Any, name: str, case: Any) -> None:
    status, headers, body = case

    error = net.failed({"/": net.answer(status, body, **HTML, **headers)})

    assert (error.kind, error.status, str(error)) == (
        "blocked",
        status,
        f"127.0.0.1 answered with {name}",
    )


def test_a_wall_that_asks_to_wait_is_obeyed(net: Any) -> None:
    error = net.failed({"/": net.answer(429, x_vercel_mitigated="challenge", Retry_After="60")})

    assert error.retry_after.total_seconds() == 60


@pytest.mark.parametrize(
    "host", ["consent.google.com", "consent.yahoo.com", "guce.aol.com", "myprivacy.dpgmedia.nl"]
)
def test_a_redirect_to_a_consent_wall_is_blocked(net: Any, host: str) -> None:
    pages = {
        "/": net.answer(302, Location=f"http://{host}:{{port}}/ask"),
        "/ask": net.answer(200, b"<html>", **HTML),
    }

    error = net.failed(pages, resolve=net.names({host: ["127.0.0.1"]}))

    assert (error.kind, str(error)) == (
        "blocked",
        f"{host} answered with the consent wall of {host}",
    )


ARTICLES = [
    (PAGE % (b"Just a moment...", b"A novel"), HTML),
    (PAGE % (b"How captcha-delivery.com works", b"An article"), HTML),
    (
        b"<rss><title>Just a moment...</title>_cf_chl_opt</rss>",
        {"Content_Type": "application/rss+xml"},
    ),
    (PAGE % (b"News", b""), {**HTML, "x_datadome": "protected"}),
    (PAGE % (b"News", b""), {**HTML, "cf_mitigated": "none"}),
]


@pytest.mark.parametrize(("body", "headers"), ARTICLES)
def test_an_article_about_walls_is_no_wall(net: Any, body: bytes, headers: dict[str, str]) -> None:
    assert net.fetch({"/": net.answer(200, body, **headers)}).response.body == body


def test_a_refusal_whose_body_cannot_be_decoded_keeps_its_status(net: Any) -> None:
    error = net.failed({"/": net.answer(403, b"\x1f\x8bbroken", Content_Encoding="gzip")})

    assert (error.kind, error.status) == ("forbidden", 403)


def test_of_a_refusal_only_the_beginning_is_read(net: Any) -> None:
    async def endless(writer: Any) -> None:
        writer.write(b"HTTP/1.1 403 No\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    assert net.failed({"/": endless}).kind == "forbidden"


@pytest.mark.parametrize(
    "body",
    [
        PAGE % (b"Access Denied", b"<p>A film about a bank and its secrets.</p>"),
        PAGE % (b"The Gazette", b"<p>Your IP address shows unusual traffic.</p>"),
        PAGE % (b"Access Denied", b"captcha" + b"<p>An article of some length.</p>" * 1_000),
    ],
    ids=["only the title", "only the reason", "a large page"],
)
def test_one_mark_of_a_block_page_is_not_enough(body: bytes) -> None:
    assert detect_wall(200, {"content-type": "text/html"}, body, host="a.example") is None
