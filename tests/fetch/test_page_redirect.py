"""A page that sends its reader on by itself is told from a page that is there to be read."""

from __future__ import annotations

import pytest

from aggregator.fetch.messages import Response
from aggregator.fetch.page_redirect import find_page_redirect

URL = "https://news.example.org/a/"
TEXT = "<p>" + "The harbour is quiet today, and the ferry is late again. " * 10 + "</p>"


def target(body: str, *, status: int = 200) -> str | None:
    return find_page_redirect(Response(status, URL, body.encode()))


@pytest.mark.parametrize(
    "body",
    [
        "<html><meta http-equiv='refresh' content=\"0; url='/b'\">",
        "<!doctype html><META content='0;URL=/b' HTTP-EQUIV=Refresh>",
        "<html><meta http-equiv=refresh content=0,/b>",
        f"<html><meta http-equiv=refresh content='1; url=/b'>{TEXT}",
        "<html><meta http-equiv=refresh content='5; url=/b'>You are sent on in five seconds",
        "<html><noscript><meta http-equiv=refresh content='0; url=/b'></noscript>",
        "<script>window.location.replace('/b')</script>",
        '<script>location.href = "\\/b";</script>',
        "<html><script>var x = 1; document.location='/\\u0062'\n</script>",
        "<html><script>if (1) {location.assign('https://news.example.org/b')}</script>",
    ],
)
def test_a_page_sends_its_reader_on(body: str) -> None:
    assert target(body) == "https://news.example.org/b"


@pytest.mark.parametrize(
    "body",
    [
        f"<html><meta http-equiv=refresh content='5; url=/b'>{TEXT}",
        f"<html><noscript><meta http-equiv=refresh content='0; url=/b'></noscript>{TEXT}",
        f"<html><script>location.href = '/b'</script>{TEXT}",
        "<html><!-- <meta http-equiv=refresh content='0; url=/b'> -->",
        "<html><meta http-equiv=refresh content='300'>",
        "<html><meta http-equiv=refresh content='0; url=/a/#top'>",
        "<html><meta http-equiv=refresh content='0; url=javascript:x()'>",
        "<html><meta name=refresh content='0; url=/b'>",
        "<html><script>location.href = '/b' + location.search</script>",
        "<html><script>top.location = '/b'</script>",
        "<html><script>location.reload()</script>",
        "<rss><meta http-equiv='refresh' content='0; url=/b'/></rss>",
    ],
)
def test_a_page_that_is_to_be_read_stays(body: str) -> None:
    assert target(body) is None


def test_an_error_page_sends_nobody_on() -> None:
    assert target("<html><meta http-equiv=refresh content='0; url=/b'>", status=404) is None


@pytest.mark.parametrize("part", ["<meta ", "<noscript>", "<script>", "<!--", "<style", "<", "\\"])
def test_what_is_open_to_the_end_sends_nobody_on(part: str) -> None:
    assert target("<html>" + part * (16_000 // len(part))) is None
