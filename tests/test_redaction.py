"""Values of the environment in what others read."""

from __future__ import annotations

import pytest

from aggregator.redaction import NO_SECRETS, make_secrets, merge_secrets

TOKEN = "s3cr3t/ä&x"


@pytest.mark.parametrize(
    "spelling",
    [
        TOKEN,
        "s3cr3t%2F%C3%A4%26x",
        "s3cr3t%2f%c3%a4%26x",
        "s3cr3t/%C3%A4&x",
        "%73%33cr3t/ä&x",
        "s3cr3t%252F%25C3%25A4%2526x",
        "s3cr3t/ä&amp;x",
        "s3cr3t/\\u00e4&x",
    ],
)
def test_a_value_is_hidden_in_each_spelling(spelling: str) -> None:
    secrets = make_secrets({"TOKEN": TOKEN})

    assert secrets.hide(f"https://a.example/{spelling}/1: HTTP 404") == (
        "https://a.example/${TOKEN}/1: HTTP 404"
    )
    assert secrets.hide_in_document(f"<{spelling}>".encode()) == b"<***>"
    assert secrets.occur_in(spelling)


def test_a_url_of_the_environment_is_hidden_with_the_values_in_it() -> None:
    url = "https://reader:pa55w0rd@a.example/private-0123456789abcdef/rss?auth=abcdef123&n=1"
    secrets = make_secrets({"FEED": url})

    assert secrets.hide(url) == "${FEED}"
    assert secrets.hide("http://b.example/private-0123456789abcdef/x?auth=abcdef123&n=1") == (
        "http://b.example/${FEED}/x?auth=${FEED}&n=1"
    )
    assert secrets.hide("user reader, password pa55w0rd") == "user reader, password ${FEED}"


def test_the_longer_of_two_values_is_hidden_as_a_whole() -> None:
    secrets = make_secrets({"SHORT": "abc1", "LONG": "abc123"})

    assert secrets.hide("abc123 abc1") == "${LONG} ${SHORT}"


def test_a_value_of_three_characters_is_ignored() -> None:
    assert make_secrets({"N": "abc", "O": "%41%42"}).hide("abc AB") == "abc AB"


@pytest.mark.parametrize(
    "common", ["world", "news.example.org", "localhost:80", "https://a.example"]
)
def test_a_word_or_a_host_is_hidden_in_messages_and_stays_in_documents(common: str) -> None:
    secrets = make_secrets({"PART": common})

    assert secrets.hide(f"from={common}/1") == "from=${PART}/1"
    assert secrets.hide_in_document(f"at {common}/1".encode()) == f"at {common}/1".encode()


def test_a_word_is_hidden_in_urls_and_stays_in_sentences() -> None:
    secrets = make_secrets({"PART": "opensesame"})

    assert secrets.hide("an opensesame, at /opensesame?opensesames") == (
        "an opensesame, at /${PART}?opensesames"
    )
    assert secrets.mask("/opensesame/1 ?k=opensesame&x opensesame, opensesame-x") == (
        "/***/1 ?k=***&x opensesame, opensesame-x"
    )


def test_bytes_that_are_no_utf_8_stay_in_a_document() -> None:
    secrets = make_secrets({"TOKEN": "s3cr3t"})

    assert secrets.hide_in_document(b"\xff\xfes3cr3t\xe9") == b"\xff\xfe***\xe9"


def test_the_secrets_before_and_after_a_reload_are_hidden() -> None:
    both = merge_secrets([make_secrets({"A": "s3cr3t"}), NO_SECRETS, make_secrets({"A": "n3w3r"})])

    assert both.hide("s3cr3t n3w3r") == "${A} ${A}"
