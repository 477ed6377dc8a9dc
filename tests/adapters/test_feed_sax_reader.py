"""The XML parser of feedparser: the same texts, in one piece each."""

from __future__ import annotations

import xml.sax
from io import BytesIO
from xml.sax.handler import ContentHandler, feature_namespaces

import feedparser.api
import pytest

from aggregator.adapters.feed import sax_reader


class Recorder(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def characters(self, content: str) -> None:
        self.texts.append(content)


def read_texts(document: str) -> list[str]:
    parser = xml.sax.make_parser(feedparser.api.PREFERRED_XML_PARSERS)
    parser.setFeature(feature_namespaces, True)
    recorder = Recorder()
    parser.setContentHandler(recorder)
    parser.parse(BytesIO(document.encode()))
    return recorder.texts


def test_a_text_of_lines_and_entities_comes_in_one_piece() -> None:
    assert read_texts("<a>one\ntwo &lt;b&gt; &#8217;<c>x</c><![CDATA[y\nz]]></a>") == [
        "one\ntwo <b> \u2019",
        "x",
        "y\nz",
    ]


def test_a_text_that_is_far_too_long_is_cut_and_the_next_one_is_whole() -> None:
    long = "word " * 2_000_000

    texts = read_texts(f"<a><b>{long}</b><c>x</c><d>{long}</d></a>")

    kept = 8 * 1024 * 1024
    assert [len(text) for text in texts if len(text) == 1] == [1]
    assert sum(map(len, texts)) == pytest.approx(2 * kept, rel=0.01)


def test_feedparser_prefers_the_parser_once_however_often_it_is_told() -> None:
    sax_reader.prefer_for_feedparser()

    preferred = feedparser.api.PREFERRED_XML_PARSERS
    assert preferred.index(sax_reader.__name__) == 0
    assert preferred.count(sax_reader.__name__) == 1
