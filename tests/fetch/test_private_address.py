"""Who may be dialled: on every hop, and by whatever name."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import SourceError
from aggregator.fetch import Fetcher, Request
from aggregator.fetch.connector import AddressRefusedError, GuardedResolver, guarded_socket
from aggregator.fetch.private_address import host_refusal_reason, refusal_reason

DATA = Path(__file__).parent / "data"
CASES = json.loads((DATA / "addresses.json").read_text())


@pytest.mark.parametrize(("address", "reason"), CASES["addresses"].items())
def test_an_address_is_refused_by_its_block(address: str, reason: str | None) -> None:
    assert refusal_reason(address) == reason


@pytest.mark.parametrize(("host", "reason"), CASES["hosts"].items())
def test_a_host_in_numbers_is_refused_however_it_is_spelled(host: str, reason: str | None) -> None:
    assert host_refusal_reason(host) == reason


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.text(max_size=40) | st.ip_addresses().map(str))
def test_no_address_is_too_strange_to_be_judged(text: str) -> None:
    assert refusal_reason(text) is None or isinstance(refusal_reason(text), str)
    assert host_refusal_reason(text) is None or isinstance(host_refusal_reason(text), str)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(st.ip_addresses())
def test_nothing_passes_that_the_standard_library_calls_private(address: Any) -> None:
    if refusal_reason(str(address)) is None and not str(address).startswith("64:ff9b::"):
        assert address.is_global
        assert not address.is_multicast


def refused(net: Any, url: str, resolve: Any = None, **changes: Any) -> SourceError:
    async def run() -> SourceError:
        async with Fetcher(
            net.settings(allow_private=False, **changes), resolve=resolve
        ) as fetcher:
            with pytest.raises(SourceError) as caught:
                await fetcher.get(Request(url))
            return caught.value

    return asyncio.run(run())


@pytest.mark.parametrize(
    "url", [f"http://{host}/" for host, reason in CASES["url_hosts"].items() if reason]
)
def test_a_private_address_in_a_url_is_blocked(net: Any, url: str) -> None:
    error = refused(net, url)

    assert error.kind == "blocked"
    assert "refused" in str(error)


@pytest.mark.parametrize(
    "address", [address for address, reason in CASES["addresses"].items() if reason]
)
def test_a_name_of_a_private_address_is_blocked(net: Any, address: str) -> None:
    error = refused(net, "http://a.test/", net.names({"a.test": [address]}))

    assert error.kind == "blocked"
    assert "a.test is refused" in str(error)


def test_the_systems_own_look_up_is_guarded_as_well(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[bytes, str]:
        found = await fetcher.get(Request(site.url("/", "localhost"), allow_private=True))
        with pytest.raises(SourceError) as caught:
            await fetcher.get(Request(site.url("/", "localhost")))
        return found.body, caught.value.kind

    assert net.visit({"/": net.answer(200, b"x")}, story, allow_private=False) == (b"x", "blocked")


def test_localhost_is_blocked(net: Any) -> None:
    assert (
        refused(net, "http://localhost:1/", net.names({"localhost": ["127.0.0.1", "::1"]})).kind
        == "blocked"
    )


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "inside.test"]
)
def test_a_redirect_to_a_private_address_is_blocked_on_that_hop(net: Any, inside: str) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[str, list[str]]:
        with pytest.raises(SourceError) as caught:
            # The site plays the proxy, so that its first answer comes from a public host.
            await fetcher.get(Request("http://public.test/", proxy=site.url()))
        return caught.value.kind, [one.target for one in site.asked]

    resolve = net.names({"public.test": ["93.184.216.34"], "inside.test": ["10.0.0.1"]})
    pages = {"http://public.test/": net.answer(302, Location=f"http://{inside}/x")}

    assert net.visit(pages, story, allow_private=False, resolve=resolve) == (
        "blocked",
        ["http://public.test/"],
    )


def test_a_dns_that_answers_otherwise_the_second_time_is_blocked(net: Any) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    async def turncoat(host: str, port: int) -> list[str]:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def look_up() -> None:
        resolver = GuardedResolver(turncoat, guarded=True)
        assert [one["host"] for one in await resolver.resolve("a.test", 80)] == ["93.184.216.34"]
        with pytest.raises(AddressRefusedError):
            await resolver.resolve("a.test", 80)

    asyncio.run(look_up())


def test_only_the_public_addresses_of_a_name_are_dialled(net: Any) -> None:
    async def look_up() -> list[str]:
        names = net.names({"a.test": ["10.0.0.1", "93.184.216.34", "::1"]})
        return [
            one["host"] for one in await GuardedResolver(names, guarded=True).resolve("a.test", 80)
        ]

    assert asyncio.run(look_up()) == ["93.184.216.34"]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1%lo"]
)
def test_the_socket_that_is_about_to_dial_checks_its_own_address(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    with pytest.raises(AddressRefusedError):
        guarded_socket((family, socket.SOCK_STREAM, 0, "", (address, 80)))


def test_the_socket_of_a_public_address_is_made() -> None:
    guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("93.184.216.34", 80))).close()


def test_a_look_up_that_lies_past_the_resolver_still_meets_the_socket(
    net: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(
        "aggregator.fetch.connector._public_addresses", lambda host, addresses: addresses
    )

    error = refused(net, "http://a.test/", net.names({"a.test": ["127.0.0.1"]}))

    assert (error.kind, str(error).split(";")[0]) == ("blocked", "127.0.0.1 is refused (loopback)")


def test_a_source_may_be_allowed_a_private_address_while_others_are_not(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[bytes, str]:
        mine = await fetcher.get(Request(site.url(), allow_private=True))
        with pytest.raises(SourceError) as caught:
            await fetcher.get(Request(site.url()))
        return mine.body, caught.value.kind

    assert net.visit({"/": net.answer(200, b"x")}, story, allow_private=False) == (b"x", "blocked")


def test_a_source_may_be_denied_what_all_others_may(net: Any) -> None:
    assert net.failed({"/": net.answer(200)}, request={"allow_private": False}).kind == "blocked"


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "inside.test"])
def test_a_proxy_is_no_way_around(net: Any, host: str) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[str, int]:
        with pytest.raises(SourceError) as caught:
            await fetcher.get(Request(f"http://{host}/", proxy=site.url()))
        return caught.value.kind, len(site.asked)

    resolve = net.names({"inside.test": ["10.0.0.1"]})
    assert net.visit({}, story, allow_private=False, resolve=resolve) == ("blocked", 0)


@pytest.mark.parametrize("host", ["93.184.216.34", "unknown.test", "public.test"])
def test_through_a_proxy_public_and_unknown_names_go(net: Any, host: str) -> None:
    async def story(site: Any, fetcher: Any) -> bytes:
        return bytes((await fetcher.get(Request(f"http://{host}/x", proxy=site.url()))).body)

    pages = {f"http://{host}/x": net.answer(200, b"proxied")}
    resolve = net.names({"public.test": ["93.184.216.34"]})
    assert net.visit(pages, story, allow_private=False, resolve=resolve) == b"proxied"
