"""Which charset the bytes of a document are read in."""

from __future__ import annotations

import codecs
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.adapters import feed, json_api, listing, sitemap
from aggregator.adapters.charset import DecodedText, decode, decode_document, decode_utf8
from aggregator.adapters.charset.detection import detect
from aggregator.adapters.charset.labels import CODECS
from aggregator.adapters.charset.letters import FREQUENT, LANGUAGES, LETTERS
from aggregator.config.page_rules import PageRules
from aggregator.model import Capture
from aggregator.rules.compiled import SiteRules, add_source_rules

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data" / "charsets"
LEGACY = json.loads((DATA / "legacy_charsets.json").read_text("utf-8"))
IDS = [f"{row['charset']}-{row['language']}-{row['sentences'][0][:8]}" for row in LEGACY]
PYTHON_NAMES = {"windows-874": "cp874"}
RULES = SiteRules(id="quay")
TAKEN = datetime(2026, 11, 2, 12, tzinfo=UTC)
BROKEN_FOUR = "broken text: 4 characters not valid in utf-8"


def capture(body: bytes) -> Capture:
    return Capture("quay", "https://quay.example.org/", TAKEN, body, headers={})


def rss(sentences: list[str], declaration: str = "") -> str:
    items = []
    for number, sentence in enumerate(sentences):
        items.append(
            f"<item><title>{sentence}</title><link>https://quay.example.org/{number}</link>"
            f"<description><![CDATA[<p class='text'>{sentence}.</p>]]></description></item>"
        )
    return (
        f"<?xml version='1.0'{declaration}?><rss version='2.0'><channel><title>News</title>"
        f"<link>https://quay.example.org/</link>{''.join(items)}</channel></rss>"
    )


def page(sentences: list[str]) -> str:
    articles = []
    for number, sentence in enumerate(sentences):
        articles.append(f"<article><h2><a href=/{number}>{sentence}</a></h2></article>")
    return (
        "<!doctype html><html><head><title>News</title><script>if (a < b) c = 'of the';</script>"
        "</head><body><nav><a href=/about>About us and the office</a></nav>"
        f"{''.join(articles)}</body></html>"
    )


def encode(text: str, charset: str) -> bytes:
    return text.encode(PYTHON_NAMES.get(charset, charset))


@pytest.mark.parametrize("row", LEGACY, ids=IDS)
@pytest.mark.parametrize("form", [rss, page], ids=["feed", "page"])
def test_a_legacy_charset_is_found_without_a_label(
    form: Callable[[list[str]], str], row: dict[str, Any]
) -> None:
    document = form(row["sentences"])

    assert decode(encode(document, row["charset"])) == document


@pytest.mark.parametrize("row", LEGACY, ids=IDS)
@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1"])
def test_a_false_label_of_servers_does_not_hide_the_charset(
    label: str, row: dict[str, Any]
) -> None:
    document = rss(row["sentences"], f" encoding='{label}'")

    decoded = decode(encode(document, row["charset"]), f"text/xml; charset={label}")

    assert decoded == document


@pytest.mark.parametrize("row", LEGACY, ids=IDS)
def test_a_true_label_is_kept(row: dict[str, Any]) -> None:
    document = rss(row["sentences"][:1], f" encoding='{row['charset']}'")

    assert decode(encode(document, row["charset"])) == document


@pytest.mark.parametrize("row", LEGACY, ids=IDS)
def test_two_broken_bytes_do_not_hide_the_charset(row: dict[str, Any]) -> None:
    document = encode(rss(row["sentences"]), row["charset"])
    broken = document.replace(b"</channel>", b"<!-- \xff\xff --></channel>")

    assert decode(broken).split("<!--")[0] == decode(document).split("</channel>")[0]


@pytest.mark.parametrize(
    ("encoded", "label", "text"),
    [
        ("Überfahrt".encode("cp1252"), "ISO-8859-1", "Überfahrt"),
        ("“quay”".encode("cp1252"), "latin1", "“quay”"),
        ("Przystań".encode("cp1250"), "x-cp1250", "Przystań"),
        ("пристань".encode("koi8_u"), "koi8-ru", "пристань"),
        ("пристань".encode("mac_cyrillic"), "x-mac-cyrillic", "пристань"),
        ("Überfahrt".encode("mac_roman"), "macintosh", "Überfahrt"),
        ("ท่าเรือ".encode("cp874"), "windows-874", "ท่าเรือ"),
        ("ท่าเรือ".encode("cp874"), "TIS-620", "ท่าเรือ"),
        ("מזח".encode("iso8859_8"), "iso-8859-8-i", "מזח"),
        ("부두".encode("cp949"), "ks_c_5601-1989", "부두"),
        ("똠방각하".encode("cp949"), "euc-kr", "똠방각하"),
        ("碼頭".encode("big5"), "cn-big5", "碼頭"),
        ("码头".encode("gb2312"), "gb_2312-80", "码头"),
        ("①番埠頭".encode("cp932"), "shift_jis", "①番埠頭"),
        ("埠頭".encode("euc_jp"), "x-euc-jp", "埠頭"),
        (b"\xad\xa1\xc8\xd6", "euc-jp", "①番"),
        ("埠頭".encode("iso2022_jp"), "iso-2022-jp", "埠頭"),
    ],
)
@pytest.mark.parametrize("place", ["http", "xml", "meta"])
def test_a_label_means_what_browsers_take_it_for(
    place: str, encoded: bytes, label: str, text: str
) -> None:
    if place == "http":
        decoded = decode(b"<p>" + encoded, f'text/html; charset="{label}"')
    elif place == "xml":
        declaration = f"<?xml version='1.0' encoding='{label}'?>".encode()
        decoded = decode(declaration + b"<p>" + encoded)
    else:
        decoded = decode(b"<p>" + encoded, labels=(label,))

    assert decoded.partition("<p>")[2] == text


def test_every_label_of_the_standard_has_a_codec() -> None:
    for codec in CODECS.values():
        codecs.lookup(codec)

    # 228 labels without those of UTF-16, x-user-defined and the unsafe ones, and `utf8mb4`.
    assert len(CODECS) == 216


def test_the_languages_of_every_charset_have_letters() -> None:
    named = {language for languages in LANGUAGES.values() for language in languages.split()}

    assert named - {"ja"} - FREQUENT.keys() == set()
    assert LETTERS.keys() - named == set()


def test_cut_characters_do_not_make_mojibake_of_utf8() -> None:
    parsed = feed.parse(capture((DATA / "cut_utf8_de.xml").read_bytes()))

    titles = [entry.title[0].value for entry in parsed.entries]
    assert titles == [f"Überall große Größenänderung für Füße und Öl {n}" for n in range(6)]
    assert [entry.summary[0].value.count("\ufffd") for entry in parsed.entries] == [1] * 6
    assert parsed.notes == ("broken text: 6 characters not valid in utf-8",)


@pytest.mark.parametrize(
    ("name", "title"), [("label_koi8_ru", "Привет, мир"), ("label_windows_874", "สวัสดีชาวโลก")]
)
def test_a_feed_with_a_rare_label_is_read(name: str, title: str) -> None:
    parsed = feed.parse(capture((DATA / f"{name}.xml").read_bytes()))

    assert [entry.title[0].value for entry in parsed.entries] == [title]


@pytest.mark.parametrize(
    ("body", "decoded"),
    [
        # Two whole characters against one that is cut.
        (b"\xc3\xa9t\xc3\xa9 \xc3", DecodedText("été \ufffd", "utf-8", 1)),
        # As many broken ones as whole ones are no UTF-8.
        ("é à Ã©".encode("cp1252"), DecodedText("é à Ã©", "cp1252")),
        ("été à".encode("cp1252"), DecodedText("été à", "cp1252")),
        # A U+FFFD that the document itself holds is not broken.
        ("\ufffd é \ufffd".encode(), DecodedText("\ufffd é \ufffd", "utf-8")),
        ("\ufffd é é".encode() + b"\xe9", DecodedText("\ufffd é é\ufffd", "utf-8", 1)),
        (b"", DecodedText("", "utf-8")),
    ],
)
def test_valid_and_broken_sequences_are_weighed(body: bytes, decoded: DecodedText) -> None:
    assert decode_document(body) == decoded


def test_western_bytes_that_are_labelled_utf8_are_read_as_windows_1252() -> None:
    body = "<p>Le café a fermé, l’été fini".encode("cp1252")

    assert decode(body, "text/html; charset=utf-8") == "<p>Le café a fermé, l’été fini"


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("has_mark", [True, False])
@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", "utf-16", "gb2312"])
@pytest.mark.parametrize("start", ["<?xml version='1.0'?><rss>", '{"a": "', "\n<html>"])
def test_utf16_and_utf32_are_known_by_their_bytes(
    start: str, label: str, has_mark: bool, charset: str
) -> None:
    text = f"{start}灯塔 лампа"
    mark = "\ufeff".encode(charset) if has_mark else b""

    assert decode(mark + text.encode(charset), f"text/xml; charset={label}") == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (codecs.BOM_UTF8 + "<p>Лампа на причале".encode("cp1251"), "<p>Лампа на причале"),
        (codecs.BOM_UTF16_LE + "<p>лампа".encode(), "<p>лампа"),
        (codecs.BOM_UTF8 + "<p>лампа".encode("utf-16-le"), "<p>лампа"),
        (codecs.BOM_UTF8 + "<p>лампа".encode(), "<p>лампа"),
        (codecs.BOM_UTF16_LE, ""),
    ],
)
def test_a_mark_in_front_of_something_else_is_ignored(body: bytes, text: str) -> None:
    assert decode(body) == text


def test_iso_2022_jp_is_known_by_its_escapes() -> None:
    assert decode("<p>灯台と漁船".encode("iso2022_jp")) == "<p>灯台と漁船"


def test_markup_is_no_evidence() -> None:
    scripts = "<script>var é = 'été à la';</script>".encode("cp1252") * 30
    text = "<p>Школьники посадили сто деревьев до зимы"

    assert detect(scripts + text.encode("cp1251"), (), None) == "cp1251"


@pytest.mark.parametrize("piece", [b"<script>", b"<script ", b"&lt;", b"<", b"<![CDATA[", b"\xe9<"])
def test_hostile_markup_costs_linear_time(piece: bytes) -> None:
    body = piece * (262_144 // len(piece)) + b"\xe9"

    start = time.process_time()
    decode(body)

    assert time.process_time() - start < 3


def test_the_stated_language_decides_between_charsets_of_one_letter() -> None:
    assert decode("<language>pl</language>Łódź, żółw".encode("cp1250")).endswith("Łódź, żółw")
    assert decode("<language>el</language>Αθήνα".encode("cp1253")).endswith("Αθήνα")


def test_notes_of_broken_text_come_with_every_kind_of_document() -> None:
    broken = b"\xc3 \xe9 \xc3 \xc3"
    text = "Öl und Fähre für Füße".encode() + broken
    item = b'{"title": "' + text + b'", "url": "https://quay.example.org/1"}'
    url = b"<url><loc>https://quay.example.org/1</loc><title>" + text + b"</title></url>"

    assert json_api.parse(capture(b"[" + item + b"]"), RULES).notes[0] == BROKEN_FOUR
    assert sitemap.parse(capture(b"<urlset>" + url + b"</urlset>"), RULES).notes == (BROKEN_FOUR,)
    links = b"<article><h2><a href=/1>" + text + b"</a></h2></article>"
    rules = add_source_rules(PageRules(items=["article"]), RULES)
    assert listing.parse(capture(b"<!doctype html><body>" + links), rules).notes[0] == BROKEN_FOUR


def test_utf8_that_is_broken_everywhere_is_none() -> None:
    assert decode_utf8("été à".encode("cp1252")) is None
    assert decode_utf8("été à".encode() + b"\xc3") == DecodedText("été à\ufffd", "utf-8", 1)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from(sorted(CODECS)), st.sampled_from(["ja", "x", ""]))
def test_every_input_gives_a_text(body: bytes, label: str, language: str) -> None:
    decoded = decode_document(body, f"text/html; charset={label}", language=language)

    assert decoded.text.encode("utf-8", "surrogatepass") is not None
