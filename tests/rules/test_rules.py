"""Rules are found by host, editions by the beginning of the address, and one's own come before those one extends."""

from __future__ import annotations

import pytest

from aggregator.rules.loader import load_sites

SITES = load_sites()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.voachinese.com/a/1.html", "voa"),
        ("https://learningenglish.voanews.com/a/1.html", "voa"),
        ("http://www.rfi.fr//cn/x", "rfi"),
        ("https://RFI.FR/cn/x", "rfi"),
        ("https://user@www.dw.com:443/zh/a-1", "dw"),
        ("https://notrfi.fr/x", None),
        ("https://rfi.fr.example.org/x", None),
        ("http://[::1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_rules_of_an_address(url: str | None, name: str | None) -> None:
    rules = SITES.find_by_url(url)

    assert (rules.id if rules else None) == name


@pytest.mark.parametrize(
    ("url", "language", "publisher"),
    [
        ("https://www.rfi.fr/cn/x", "zh-Hans", "法国国际广播电台"),
        ("http://www.rfi.fr//tw/x", "zh-Hant", "法國國際廣播電台"),
        ("https://www.rfi.fr/en/x", "en", "RFI"),
        ("https://www.voachinese.com/a/1.html", "zh-Hans", "美国之音"),
        ("https://www.voanews.com/a/1.html", "en", "Voice of America"),
        ("https://ir.voanews.com/a/1.html", "fa", "صدای آمریکا"),
        ("https://www.voaafrique.com/a/1.html", "fr", "VOA Afrique"),
        ("https://www.dw.com/zh/x/a-1", "zh", "德国之声"),
        ("https://www.bbc.com/zhongwen/trad/x", "zh-Hant", "BBC News 中文"),
    ],
)
def test_the_edition_of_an_address(url: str, language: str, publisher: str) -> None:
    rules = SITES.find_by_url(url)
    edition = rules.edition(url) if rules else None

    assert edition is not None
    assert (edition.language, edition.publisher) == (language, publisher)


def test_an_address_of_no_edition_has_none() -> None:
    assert SITES.get("rfi").edition("https://www.rfi.fr/xx/y") is None
    assert SITES.get("rfi").edition(None) is None


def test_a_name_without_rules_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SITES.get("nobody")
