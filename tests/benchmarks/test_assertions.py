"""Expectations about documents are judged by what the whole program makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.assertions.__main__ import main
from benchmarks.assertions.case import Case, name_items, read_case, split_terms
from benchmarks.assertions.judge import Reading, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable

ATOM = """<!--
Description: an entry with everything
Header:      Content-Type: application/atom+xml; charset=utf-8
Expect:      {expectation}
-->
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>Lamps &amp; piers</title>
<entry><title type="html">Three &lt;b&gt;lamps&lt;/b&gt;</title>
<link href="http://lamps.example/1"/><id>tag:lamps.example,2026:1</id>
<published>2026-05-04T10:00:00Z</published><updated>2026-05-05T10:00:00Z</updated>
<author><name>Ann Lee</name><email>ann@lamps.example</email></author>
<category term="lamps"/><category term="piers"/>
<link rel="enclosure" href="http://lamps.example/1.mp3" type="audio/mpeg" length="1000"/>
<summary>Short</summary>
<content type="html">&lt;p onclick="x()"&gt;They &lt;em&gt;burn&lt;/em&gt;.&lt;/p&gt;</content></entry>
<entry><title>Four</title><link href="http://lamps.example/2"/>
<id>tag:lamps.example,2026:2</id><updated>2026-05-05T11:00:00Z</updated></entry>
</feed>
"""
RSS = """<!--
Description: a title and a link
Expect:      {expectation}
-->
<rss version="2.0"><channel><title>Piers</title><item><title>Three lamps</title>
<link>http://lamps.example/1</link><comments>http://lamps.example/1#c</comments></item></channel></rss>
"""
HELD = """not bozo
len(entries) == 2
feed['title'] == u'Lamps &amp; piers'
feed['language'] == 'en'
entries[0]['title'] == 'Three <b>lamps</b>'
entries[0]['title_detail']['value'] == 'Three lamps'
entries[0].link == 'http://lamps.example/1'
entries[0]['id'] == 'tag:lamps.example,2026:1'
entries[0]['summary'] == 'Short'
entries[0]['content'][0]['value'] == '<p>They <em>burn</em>.</p>'
entries[0]['published_parsed'] == (2026, 5, 4, 10, 0, 0, 0, 124, 0)
entries[0]['updated'] == '2026-05-05T10:00:00Z'
entries[0]['author'] == 'Ann Lee (ann@lamps.example)'
entries[0]['authors'][0]['name'] == 'Ann Lee'
entries[0]['tags'][1]['term'] == 'piers'
entries[0]['enclosures'][0] == {'href': 'http://lamps.example/1.mp3', 'length': '1000'}
entries[0]['enclosures'][0]['type'] == 'audio/mpeg'
entries[1]['title'] == 'Four'""".splitlines()
FAILED = """len(entries) == 3
feed['title'] == 'Lamps'
feed['language'] == 'fr'
entries[0]['title'] == 'Four lamps'
entries[0]['link'] == 'http://lamps.example/2'
entries[0]['id'] == 'tag:lamps.example,2026:2'
entries[0]['summary'] == 'Long'
entries[0]['content'][0]['value'] == '<p>They burn.</p>'
entries[0]['published_parsed'] == (2026, 5, 4, 11, 0, 0, 0, 124, 0)
entries[0]['updated'] == '2026-05-06T10:00:00Z'
entries[0]['author'] == 'Bo Quay'
entries[0]['authors'][1]['name'] == 'Ann Lee'
entries[0]['tags'][0]['term'] == 'boats'
entries[0]['comments'] == 'http://lamps.example/1#c'
entries[0]['enclosures'][0] == {'href': 'http://lamps.example/1.mp3', 'length': '1001'}
entries[0]['enclosures'][1]['href'] == 'http://lamps.example/1.mp3'
entries[2]['title'] == 'Four'""".splitlines()
NOT_ASKED = """bozo
version == 'atom10'
entries[0]['title'] != 'x'
entries[0]['title'] == unknown
entries[0]['title_detail']['type'] == 'text/html'
entries[0]['author_detail']['email'] == 'ann@lamps.example'
entries[0]['author'] == 'ann@lamps.example'
entries[0]['published'] == ''
__import__('os').getcwd() == ''""".splitlines()


def write(folder: Path, name: str, document: str, expectations: Iterable[str]) -> None:
    text = document.replace("{expectation}", " and ".join(expectations))
    (folder / name).write_text(text, encoding="utf-8")


def test_a_folder_is_judged_and_each_failure_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "atom.xml", ATOM, (*HELD, *NOT_ASKED))
    write(tmp_path, "rss.xml", RSS, ["not bozo", "entries[0]['title'] == 'Four lamps'"])
    (tmp_path / "notes.txt").write_text("<!-- nothing is expected here -->", encoding="utf-8")

    code = main([str(tmp_path)])

    asked = len(HELD) + len(NOT_ASKED) + 2
    held = len(HELD) + 1
    said = capsys.readouterr()
    assert (code, said.err, said.out.splitlines()) == (
        1,
        "",
        [
            "rss.xml: a title and a link",
            "  expected entries[0]['title'] == 'Four lamps'",
            "  seen     'Three lamps'",
            f"2 documents, {asked} expectations: {held} held, 1 failed, {len(NOT_ASKED)} not asked",
        ],
    )


def test_what_holds_for_all_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = ["not bozo", "entries[0]['comments'] == 'http://lamps.example/1#c'"]
    write(tmp_path, "rss.xml", RSS, expected)

    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 documents, 2 expectations: 2 held, 0 failed, 0 not asked\n"


def test_every_wrong_expectation_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "atom.xml", ATOM, FAILED)

    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out.splitlines()
    shown = [line.removeprefix("  expected ") for line in said if "  expected " in line]
    assert shown == FAILED


def test_a_document_that_cannot_be_read_fails_with_its_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = RSS.replace("Expect:", "Header: Status: 404\nExpect:")
    write(tmp_path, "gone.xml", gone, ["not bozo", "entries[0]['title'] == 'Three lamps'"])

    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out.splitlines()
    seen = [line.partition(" at http:")[0] for line in said if "  seen " in line]
    assert seen == ["  seen     http: HTTP 404 Not Found"] * 2


@pytest.mark.parametrize(
    "expected",
    [
        "entries[0]['published'] == 'Mon, 04 May 2026 10:00:00 GMT'",
        "entries[0]['author'] == 'Ann Lee'",
    ],
)
def test_an_item_that_nothing_names_is_read_with_an_id(expected: str, tmp_path: Path) -> None:
    parts = "<author>Ann Lee</author><pubDate>Mon, 04 May 2026 10:00:00 GMT</pubDate>"
    bare = RSS[: RSS.index("<title>Three")] + parts + RSS[RSS.index("</item>") :]
    write(tmp_path, "bare.xml", bare, [expected])

    assert main([str(tmp_path)]) == 0


def test_only_items_without_an_id_are_given_one() -> None:
    body = b"<feed><entry><id>a</id></entry><entry x='1'></entry><entry/></feed>"

    named = name_items(body)

    assert named == (
        b"<feed><entry><id>a</id></entry><entry x='1'><id>item-1</id></entry><entry/></feed>"
    )


def test_a_folder_without_expectations_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}: no document with an expectation\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", "utf-16-be"])
def test_an_expectation_is_found_in_any_encoding(encoding: str) -> None:
    body = RSS.format(expectation="not bozo").encode(encoding)

    case = read_case(Path("rss.xml"), body)

    assert isinstance(case, Case)
    assert (case.description, case.expectation) == ("a title and a link", "not bozo")


def test_what_is_no_expression_is_not_asked() -> None:
    assert split_terms("not (bozo and") == (None,)
    assert judge(None, Reading()).verdict is Verdict.NOT_ASKED


def test_a_repaired_document_is_bozo() -> None:
    (term,) = split_terms("not bozo")

    assert judge(term, Reading(is_repaired=True)).verdict is Verdict.FAILED
    assert judge(term, Reading()).verdict is Verdict.HELD
