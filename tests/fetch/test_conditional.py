"""Rules A1 to A13: conditional requests."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.fetch import Request
from aggregator.model import Validators

CONDITIONS = ("if-none-match", "if-modified-since")


def asked_again(net: Any, *answers: bytes) -> list[dict[str, str]]:
    """Fetch once for each answer, each time with the validators of the time before; the conditional headers sent."""

    async def story(site: Any, fetcher: Any) -> list[dict[str, str]]:
        known = None
        for _ in answers:
            known = (await fetcher.get(Request(site.url(), validators=known))).validators
        return [
            {name: value for name, value in one.headers.items() if name in CONDITIONS}
            for one in site.asked
        ]

    found: list[dict[str, str]] = net.visit({"/": list(answers)}, story)
    return found


@pytest.mark.parametrize(
    "etag", ['"abc"', 'W/"abc"', "abc", '"a b,c"', '"é"'.encode().decode("latin-1"), "'x'", '"']
)
def test_a1_if_none_match_is_the_last_etag_byte_for_byte(net: Any, etag: str) -> None:
    sent = asked_again(net, net.answer(200, b"x", ETag=etag), net.answer(304))

    assert sent == [{}, {"if-none-match": etag}]


@pytest.mark.parametrize(
    "date",
    ["Wed, 01 Jul 2026 10:00:00 GMT", "2026-07-01 10:00", "yesterday", "0", "Wed,  1 Jul 26"],
)
def test_a2_if_modified_since_is_the_last_date_byte_for_byte_however_odd(
    net: Any, date: str
) -> None:
    sent = asked_again(net, net.answer(200, b"x", Last_Modified=date), net.answer(304))

    assert sent == [{}, {"if-modified-since": date}]


def test_a3_both_received_are_both_sent(net: Any) -> None:
    sent = asked_again(
        net, net.answer(200, b"x", ETag='"1"', Last_Modified="then"), net.answer(304)
    )

    assert sent == [{}, {"if-none-match": '"1"', "if-modified-since": "then"}]


def test_a4_none_received_none_sent(net: Any) -> None:
    sent = asked_again(
        net, net.answer(200, b"x", Date="Wed, 01 Jul 2026 10:00:00 GMT"), net.answer(200, b"x")
    )

    assert sent == [{}, {}]


def test_a5_an_empty_etag_is_no_etag(net: Any) -> None:
    assert net.fetch({"/": net.answer(200, b"x", ETag="")}).response.validators is None


def test_an_etag_that_could_not_go_back_byte_for_byte_is_no_etag(net: Any) -> None:
    assert net.fetch({"/": net.answer(200, b"x", ETag='"\xe9"')}).response.validators is None


def test_a6_the_same_body_with_new_validators_gives_the_new_ones(net: Any) -> None:
    sent = asked_again(
        net, net.answer(200, b"x", ETag='"1"'), net.answer(200, b"x", ETag='"2"'), net.answer(304)
    )

    assert sent == [{}, {"if-none-match": '"1"'}, {"if-none-match": '"2"'}]


def test_a7_the_same_date_with_a_new_etag_gives_the_new_etag(net: Any) -> None:
    sent = asked_again(
        net,
        net.answer(200, b"x", ETag='"1"', Last_Modified="then"),
        net.answer(200, b"y", ETag='"2"', Last_Modified="then"),
        net.answer(304),
    )

    assert sent[2] == {"if-none-match": '"2"', "if-modified-since": "then"}


def test_a8_a_304_that_carries_a_new_validator_renews_it_and_keeps_the_other(net: Any) -> None:
    sent = asked_again(
        net,
        net.answer(200, b"x", ETag='"1"', Last_Modified="then"),
        net.answer(304, ETag='"2"'),
        net.answer(304),
        net.answer(304),
    )

    renewed = {"if-none-match": '"2"', "if-modified-since": "then"}
    assert sent[1:] == [{"if-none-match": '"1"', "if-modified-since": "then"}, renewed, renewed]


def test_a8_a_304_that_carries_a_new_date_renews_it_and_keeps_the_etag(net: Any) -> None:
    first = net.answer(200, b"x", ETag='"1"', Last_Modified="then")

    sent = asked_again(net, first, net.answer(304, Last_Modified="later"), net.answer(304))

    assert sent[2] == {"if-none-match": '"1"', "if-modified-since": "later"}


def test_a9_the_second_request_is_already_conditional_and_a_304_has_no_body(net: Any) -> None:
    async def story(site: Any, fetcher: Any) -> tuple[Any, Any]:
        first = await fetcher.get(Request(site.url()))
        return first, await fetcher.get(Request(site.url(), validators=first.validators))

    first, second = net.visit({"/": [net.answer(200, b"x", ETag='"1"'), net.answer(304)]}, story)

    assert (first.status, first.body) == (200, b"x")
    assert (second.status, second.body, second.validators) == (304, b"", first.validators)


def test_a10_validators_that_vanish_from_a_200_are_forgotten(net: Any) -> None:
    sent = asked_again(
        net, net.answer(200, b"x", ETag='"1"'), net.answer(200, b"x"), net.answer(200, b"x")
    )

    assert sent == [{}, {"if-none-match": '"1"'}, {}]


def test_a11_a_fetcher_keeps_no_validators_of_its_own_so_that_they_survive_it(net: Any) -> None:
    known = {"etag": '"1"', "last_modified": None}

    async def story(site: Any, fetcher: Any) -> Any:
        return await fetcher.get(
            Request(site.url(), validators=Validators(url=site.url(), **known))
        )

    response = net.visit({"/": net.answer(304)}, story)

    assert response.status == 304
    assert response.validators == Validators(url=response.url, etag='"1"')


def test_a13_one_get_is_one_question(net: Any) -> None:
    assert [one.target for one in net.fetch({"/": net.answer(200, b"x")}).asked] == ["/"]


def test_validators_are_sent_only_to_the_url_that_gave_them(net: Any) -> None:
    pages = {
        "/": net.answer(302, Location="/feed"),
        "/feed": [net.answer(200, b"x", ETag='"1"'), net.answer(304)],
    }

    async def story(site: Any, fetcher: Any) -> tuple[Any, Any]:
        first = await fetcher.get(Request(site.url()))
        second = await fetcher.get(Request(site.url(), validators=first.validators))
        return second.status, [(one.target, one.headers.get("if-none-match")) for one in site.asked]

    status, sent = net.visit(pages, story)

    assert status == 304
    assert sent == [("/", None), ("/feed", None), ("/", None), ("/feed", '"1"')]


def test_a_304_to_an_unconditional_question_is_an_error(net: Any) -> None:
    error = net.failed({"/": net.answer(304)})

    assert (error.kind, error.status) == ("http", 304)
