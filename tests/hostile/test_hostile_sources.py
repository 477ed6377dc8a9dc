"""Everything hostile, through the whole way: a clear error in time, little memory, nobody else disturbed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aggregator import config as configuration
from aggregator.errors import ConfigError

MOST_MIB = 300
SLACK_SECONDS = 1.5  # beyond the deadline of 2 s: the machine may be busy
MOST_DELAY_SECONDS = 2.0
REFUSED = {
    "deep-json": ("parse", "depth limit"),
    "gzip-bomb": ("too-large", "larger than 16777216 bytes once decompressed"),
    "gzip-twice": ("too-large", "larger than 16777216 bytes once decompressed"),
    "gzip-thrice": ("unreadable", "3 content codings"),
    "brotli-bomb": ("too-large", "larger than 16777216 bytes once decompressed"),
    "zstd-bomb": ("too-large", "larger than 16777216 bytes once decompressed"),
    "drip": ("timeout", "no complete answer from 127.0.0.1 within 2 s"),
    "endless-headers": ("too-large", "headers of 127.0.0.1 are too large"),
    "hop-0": ("redirect", "more than 5 redirects"),
    "loopback": ("blocked", "127.0.0.1 is refused (loopback)"),
    "a-name-of-loopback": ("blocked", "its address 127.0.0.1 is loopback"),
    "to-loopback": ("blocked", "127.0.0.1 is refused (loopback)"),
    "to-a-name-of-loopback": ("blocked", "its address 127.0.0.1 is loopback"),
    "to-private": ("blocked", "10.0.0.1 is refused (private)"),
    "to-metadata": ("blocked", "169.254.169.254 is refused (cloud metadata)"),
    "to-metadata-by-name": ("blocked", "its address 169.254.169.254 is cloud metadata"),
    "to-decimal-loopback": ("blocked", "an address in disguise"),
    "to-mapped-loopback": ("blocked", "IPv4-mapped"),
    "to-file": ("redirect", "only http and https are fetched, not 'file'"),
    "to-gopher": ("redirect", "only http and https are fetched, not 'gopher'"),
}
TAMED = (
    "attributes",
    "comments",
    "laughs",
    "quadratic",
    "external-file",
    "external-http",
    "deep-xml",
    "deep-html",
    "markup-bomb",
    "half-open",
    "smuggle",
)
BEYOND = "items after number 10000 were left out"
# What is large: the number of its items, and what is rejected last.
LARGE: dict[str, tuple[int, list[str]]] = {
    "long-name": (2, []),
    "long-url": (2, []),
    "long-guid": (2, []),
    "long-item": (2, ["item 1: a text of 8385884 characters, over the limit of 2097152"]),
    "many-divs": (2, []),
    "many-json-items": (10_001, [BEYOND]),
    "empty-json-items": (10_001, [BEYOND]),
}
SLACK_OF_LARGE_SECONDS = 8.0  # 14 MB are read, and 10,000 items judged
ALL = (*REFUSED, *TAMED, *LARGE)


def test_every_case_has_its_verdict(aftermath: Any) -> None:
    assert sorted(aftermath.cases) == sorted(ALL)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_ends_in_an_error_of_its_class(aftermath: Any, name: str) -> None:
    kind, words = REFUSED[name]
    found = aftermath.cases[name]

    assert (found["status"], found["error"], found["found"]) == ("failed", kind, 0)
    assert words in found["message"]


@pytest.mark.parametrize("name", TAMED)
def test_what_can_be_read_harmlessly_is_read(aftermath: Any, name: str) -> None:
    assert (aftermath.cases[name]["status"], aftermath.cases[name]["error"]) == ("ok", None)


@pytest.mark.parametrize("name", LARGE)
def test_what_is_too_large_costs_one_item(aftermath: Any, name: str) -> None:
    found = aftermath.cases[name]

    assert (found["status"], found["error"]) == ("ok", None)
    assert (found["found"], found["rejected"][-1:]) == LARGE[name]


@pytest.mark.parametrize("name", ALL)
def test_nothing_takes_longer_than_its_deadline(aftermath: Any, name: str) -> None:
    slack = SLACK_OF_LARGE_SECONDS if name in LARGE else SLACK_SECONDS

    assert aftermath.cases[name]["seconds"] <= 2.0 + slack


@pytest.mark.parametrize("name", ALL)
def test_the_program_and_its_parsers_stay_small(aftermath: Any, name: str) -> None:
    assert 0 < aftermath.cases[name]["mib"] < MOST_MIB


@pytest.mark.parametrize("name", ALL)
def test_a_healthy_source_in_the_same_cycle_is_not_held_up(aftermath: Any, name: str) -> None:
    assert aftermath.cases[name]["healthy_status"] == "ok"
    assert aftermath.cases[name]["healthy_seconds"] <= MOST_DELAY_SECONDS


def test_nothing_of_it_reaches_a_view(aftermath: Any) -> None:
    for view in aftermath.views.values():
        assert "A healthy story" in view
        assert not re.search("HOSTILE-MARK|root:|X-Smuggled", view)
        assert len(view) < 50_000


def test_what_lies_inside_is_never_asked(aftermath: Any) -> None:
    assert [one for one in aftermath.asked if "/leak" in one or "meta-data" in one] == []


def test_a_location_smuggles_no_header(aftermath: Any) -> None:
    lines = next(one for one in aftermath.asked if one.startswith("GET /after")).split("\r\n")

    assert lines[0] == "GET /after%20HTTP/1.1%0d%0aX-Smuggled:%201 HTTP/1.1"
    assert [line for line in lines[1:] if "smuggled" in line.lower()] == []


def test_a_thousand_redirects_are_five(aftermath: Any) -> None:
    assert len([one for one in aftermath.asked if one.startswith("GET /hop-")]) == 6


@pytest.mark.parametrize(
    "url", ["http://example.org/\r\nX-Smuggled: 1", "file:///etc/passwd", "gopher://example.org/"]
)
def test_a_url_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Any, url: str) -> None:
    path = tmp_path / "aggregator.yaml"
    path.write_text(f"sources: [{{id: a, url: {url!r}}}]".replace("'", '"'))

    with pytest.raises(ConfigError):
        configuration.load_config(path, env={})
