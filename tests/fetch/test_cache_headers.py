"""Rules B4 and B5: what headers say about time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch import Request
from aggregator.fetch.cache_headers import read_hints
from aggregator.model import PollingHints, Validators

NOON = "Wed, 01 Jul 2026 12:00:00 GMT"  # the tests' present
ONE = "Wed, 01 Jul 2026 13:00:00 GMT"

CASES = [
    ({"cache-control": "max-age=600"}, 600),
    ({"cache-control": 'public, Max-Age = "600"'}, 600),
    ({"cache-control": "max-age=600", "age": "100"}, 500),
    ({"cache-control": "max-age=600", "age": "700"}, None),
    ({"cache-control": "max-age=999999999999999999999"}, 9_999_999_999),
    ({"cache-control": "max-age=0"}, None),
    ({"cache-control": "max-age=-1"}, None),
    ({"cache-control": "max-age=soon"}, None),
    ({"cache-control": "s-maxage=600"}, None),
    ({"cache-control": "no-cache, max-age=600"}, None),
    ({"cache-control": 'no-cache="set-cookie", max-age=600'}, 600),
    ({"cache-control": 'no-cache="set-cookie, max-age=5", max-age=600'}, 600),
    ({"cache-control": "max-age=600, no-cache=Set-Cookie"}, 600),
    ({"cache-control": 'no-cache="set-cookie", no-store, max-age=600'}, None),
    ({"cache-control": 'no-cache="", max-age=600'}, None),
    ({"cache-control": 'private="x-a, no-cache", max-age=600'}, 600),
    ({"cache-control": "max-age=600, no-store"}, None),
    ({"cache-control": "no-store", "expires": ONE}, None),
    ({"cache-control": "max-age=600", "expires": ONE}, 600),
    ({"cache-control": "public", "expires": ONE}, 3600),
    ({"expires": ONE}, 3600),
    ({"expires": ONE, "date": "Wed, 01 Jul 2026 12:30:00 GMT"}, 1800),
    ({"expires": ONE, "date": "gibberish"}, 3600),
    ({"expires": NOON}, None),
    ({"expires": "0"}, None),
    ({"expires": "-1"}, None),
    ({"expires": "Fri, 31 Dec 9999 23:59:59 GMT"}, 251_619_393_599),
    ({"expires": "Fri, 31 Dec 9999 23:59:59 -1400"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "seconds"), CASES)
def test_b4_max_age_and_expires_say_how_long_to_wait(
    net: Any, headers: dict[str, str], seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)

    assert read_hints(headers, net.now) == PollingHints(max_age=expected)


def test_b4_a_304_says_so_too(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> Any:
        known = Validators(url=site.url(), etag='"1"')
        return (await fetcher.get(Request(site.url(), validators=known))).hints

    assert net.visit({"/": net.answer(304, Cache_Control="max-age=60")}, story) == PollingHints(
        max_age=timedelta(minutes=1)
    )


def test_b4_repeated_cache_control_lines_are_one_list(net: Any) -> None:
    page = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nCache-Control: no-store\r\nContent-Length: 0\r\n\r\n"

    assert net.fetch({"/": page}).response.hints == PollingHints()


def test_b5_a_date_to_wait_for_counts_on_the_servers_own_clock(net: Any) -> None:
    headers = {"retry-after": ONE, "date": "Wed, 01 Jul 2026 12:50:00 GMT"}

    assert read_hints(headers, net.now) == PollingHints(retry_after=timedelta(minutes=10))


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from(["cache-control", "expires", "date", "age", "retry-after"]),
        st.text(max_size=40)
        | st.sampled_from(["max-age=", "Wed, 31 Dec 9999 23:59:59 GMT", "٣", "9" * 400]),
    )
)
def test_no_header_is_too_strange_to_be_read(headers: dict[str, str]) -> None:
    from datetime import UTC, datetime

    hints = read_hints(headers, datetime(2026, 7, 1, tzinfo=UTC))

    assert hints.max_age is None or timedelta(0) < hints.max_age
    assert hints.retry_after is None or timedelta(0) <= hints.retry_after
