from __future__ import annotations

from pathlib import Path

from lxml import etree

from aggregator.config import Source
from aggregator.opml import read as adapter
from aggregator.opml.write import Outline, render, select_outlines

DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head>
    <title>A &amp; B</title>
  </head>
  <body>
    <outline type="rss" text="Plain" title="Plain" xmlUrl="https://plain.example/feed?a=1&amp;b=2"/>
    <outline text="World">
      <outline type="rss" text="&quot;1&quot; &lt;1" title="&quot;1&quot; &lt;1" xmlUrl="https://one.example/"/>
      <outline type="rss" text="2" title="2" xmlUrl="https://two.example/" category="World,a&amp;#44;b&amp;#47;c,R&amp;D"/>
    </outline>
  </body>
</opml>
"""


def test_feeds_stand_in_the_folder_of_their_first_tag() -> None:
    feeds = [
        Outline("https://one.example/", '"1" <1', ("World",)),
        Outline("https://plain.example/feed?a=1&b=2", "Plain"),
        Outline("https://two.example/", "2", ("World", "a,b/c", "R&D")),
    ]

    assert render("A & B", feeds).decode() == DOCUMENT


def test_a_list_without_feeds_is_a_document() -> None:
    root = etree.fromstring(render("none", []))

    assert (root.tag, root.get("version"), [child.tag for child in root]) == (
        "opml",
        "2.0",
        ["head", "body"],
    )


def test_what_no_xml_may_hold_is_left_out() -> None:
    document = render("t\x00", [Outline("https://a.example/", "a\x07b\ud800\nc\uffff", ("\x1b",))])

    assert etree.fromstring(document).find("body/outline/outline").attrib["text"] == "a b c"


def test_what_is_written_is_read_back() -> None:
    feeds = [
        Outline(
            "https://a.example/?x=1&copy=2", "Tom & Ann &", ("News & Views", "a/b", "c,d", "日本")
        ),
        Outline("https://b.example/", "b", ("日本",)),
    ]

    found = adapter.read(render("t", feeds)).feeds

    assert [Outline(feed.url or "", feed.name or "", feed.tags) for feed in found] == feeds


def test_sources_that_no_reader_could_follow_are_named_with_the_reason() -> None:
    sources = [
        Source(id="feed", url="https://a.example/", tags=("x",)),
        Source(id="page", url="https://b.example/", adapter="page"),
        Source(id="files", path=Path("saved/*.txt")),
        Source(id="off", url="https://c.example/", enabled=False),
    ]

    assert select_outlines(sources) == (
        [Outline("https://a.example/", "feed", ("x",))],
        {"page": "no feed (page)", "files": "no feed (files of this machine)"},
    )
