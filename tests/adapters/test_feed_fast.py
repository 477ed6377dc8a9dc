"""The fast reader beside feedparser: the same document to the last field, or it declines."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import feedparser.html
import feedparser.mixin
import pytest
from lxml import etree

from aggregator.adapters import feed
from aggregator.adapters.feed import feedparser_reader
from aggregator.adapters.feed.fast import names, texts
from aggregator.adapters.feed.fast.document import split_feed
from aggregator.errors import SourceError
from aggregator.model import Capture, ParsedDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.adapters.feed.raw_feed import RawFeed
    from aggregator.adapters.feed.xml_repair import PreparedFeed

TESTS = Path(__file__).parents[1]
CASES = TESTS.parents[1] / "shared" / "cases" / "feeds"
TAKEN = datetime(2026, 7, 4, 12, tzinfo=UTC)
GENERATED = 1_500
MUTATIONS_OF_EACH = 8

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "x": "https://x.example/ns",
}
_IN_BOTH = """
    title title title link link description description pubDate author category
    id updated published contributor language issued modified rating unknown
    atom:link atom:link atom:author atom:title atom:summary atom:id
    creativeCommons:license dc:creator dc:creator dc:date dc:title dc:description dc:subject
    dc:language dc:rights dc:contributor dc:identifier
    dcterms:created dcterms:issued dcterms:modified
    itunes:author itunes:summary itunes:summary itunes:subtitle itunes:image itunes:keywords
    itunes:category itunes:explicit itunes:title
    media:thumbnail media:credit media:category media:keywords media:rating
    x:title x:media podcast:person
"""
IN_BOTH = _IN_BOTH.split()
_IN_CHANNEL = """
    image image ttl generator icon logo copyright managingEditor webMaster lastBuildDate subtitle
    rights itunes:owner itunes:owner sy:updatePeriod sy:updateFrequency
"""
IN_CHANNEL = _IN_CHANNEL.split()
_IN_ITEM = """
    guid guid enclosure comments source source atom:source atom:content content summary created
    content:encoded content:encoded content:encoded dc:publisher keywords dcterms:valid
    feedburner:origLink georss:point image itunes:duration psc:chapters
    media:content media:content media:group media:group media:title media:description media:text
    podcast:transcript slash:comments thr:total wfw:commentRss
"""
IN_ITEM = _IN_ITEM.split()
ANYWHERE = sorted({*IN_BOTH, *IN_CHANNEL, *IN_ITEM, "date", "url", "name", "email", "uri", "width"})
_WITHOUT_ATTRIBUTES = """
    ttl icon logo comments sy:updatePeriod sy:updateFrequency wfw:commentRss feedburner:origLink
    itunes:duration media:keywords itunes:keywords
"""
WITHOUT_ATTRIBUTES = _WITHOUT_ATTRIBUTES.split()
CONTAINERS = {
    "author": ("name", "email", "uri", "x:image"),
    "atom:author": ("atom:name", "atom:email", "atom:uri"),
    "contributor": ("name", "email", "uri"),
    "itunes:owner": ("itunes:name", "itunes:email"),
    "image": ("url", "title", "link", "width"),
    "source": ("title", "id", "link", "author", "updated", "x:title"),
    "atom:source": ("atom:title", "atom:id", "atom:link", "atom:author"),
    "media:content": ("media:title", "media:description", "media:thumbnail", "media:credit"),
    "media:group": ("media:content", "media:title", "media:description", "media:category"),
    "psc:chapters": ("psc:chapter",),
    "x:media": ("x:content", "x:title", "dc:title"),
}
ATTRIBUTES = {
    "href": ("https://a.example/1", "/path", "http:////a.example/x", ""),
    "url": ("https://a.example/1.jpg", "https://a.example/2.mp3", ""),
    "rel": ("alternate", "self", "enclosure", "replies", "via", "Alternate"),
    "type": (
        "html",
        "text",
        "xhtml",
        "text/html",
        "image/jpeg",
        "audio/mpeg",
        "HTML",
        "text/plain",
    ),
    "term": ("News", "", "Art"),
    "scheme": ("https://s.example/",),
    "domain": ("https://d.example/",),
    "label": ("Label",),
    "text": ("Arts",),
    "isPermaLink": ("true", "false", "TRUE"),
    "src": ("https://a.example/page",),
    "xml:lang": ("de", "en_US", ""),
    "lang": ("fr",),
    "medium": ("image", "audio"),
    "width": ("100", "x"),
    "length": ("12345",),
    "start": ("00:00:01",),
    "thr:count": ("3",),
    "x:type": ("html",),
}
TEXTS = (
    "",
    " ",
    "A title",
    "  with space \n",
    "ann@harbour.example (Ann Lee)",
    "Ann Lee &lt;ann@harbour.example&gt;",
    "(x)",
    "https://a.example/1?a=1&amp;b=2",
    "http:////a.example/2",
    "/relative/3",
    "urn:x:1",
    "Sat, 04 Jul 2026 12:00:00 GMT",
    "2026-07-04T12:00:00Z",
    "&lt;p&gt;One &amp;amp; two&lt;/p&gt;",
    "<![CDATA[<p>Three &nbsp; <b>four</b></p>]]>",
    "a <![CDATA[b]]> c",
    "&lt;unknown&gt;x&lt;/unknown&gt; &amp;copy;",
    "caf\u00c3\u00a9",
    "caf\u00e9 \u0093quoted\u0094",
    "日本語",
    "News, Art, ,",
    "aggregator",
    "60",
    "1:02:03",
    "A &#8217; &#x41;",
)
XHTML = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><p class="A &amp; B">x<br/>y &lt; z</p> tail</div>',
    ' <div xmlns="http://www.w3.org/1999/xhtml">a</div> <div xmlns="http://www.w3.org/1999/xhtml"/>',
    "<div>not in its namespace</div>",
)


def read_slowly(ready: PreparedFeed) -> RawFeed:
    return feedparser_reader.read_feed(ready.xml)


def both(body: bytes) -> tuple[ParsedDocument | str, ParsedDocument | str, str | None]:
    """Return what is read as usual and what feedparser gives, and why the fast reader declined."""
    capture = Capture("s", "https://feeds.example/all.xml", TAKEN, body)
    declined = None
    usual: ParsedDocument | str
    slow: ParsedDocument | str
    try:
        read = feed.parse(capture)
        usual, declined = replace(read, declined=None), read.declined
    except SourceError as error:
        usual = str(error)
    try:
        slow = feed.parse_with(read_slowly, capture)
    except SourceError as error:
        slow = str(error)
    return usual, slow, declined


def fixtures() -> list[Path]:
    found = [path for path in TESTS.rglob("*") if path.suffix in (".xml", ".rss", ".atom", ".rdf")]
    return sorted(path for path in found if path.parent.name != "sitemaps")


class FeedMaker:
    """Makes feeds with elements, attributes and texts in places where they mean something or nothing."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def feed(self) -> str:
        chosen = dict(NAMESPACES)
        if self.one_of(10):
            chosen[self.random.choice(sorted(chosen))] = self.random.choice(
                sorted(NAMESPACES.values())
            )
        declared = list(chosen.items())
        self.random.shuffle(declared)
        declarations = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in declared)
        if self.one_of(6):
            declarations += ' xml:base="https://base.example/a/b"'
        if self.one_of(4):
            declarations += ' xml:lang="pt_BR"'
        kind = self.random.choice(("rss", "rss", "atom", "rdf"))
        head = self.elements(6, IN_BOTH + IN_CHANNEL)
        count = self.random.randrange(4)
        if kind == "atom":
            entries = "".join(
                f"<entry>{self.elements(9, IN_BOTH + IN_ITEM)}</entry>" for _ in range(count)
            )
            return f'<feed xmlns="http://www.w3.org/2005/Atom"{declarations}>{head}{entries}</feed>'
        items = "".join(f"<item>{self.elements(9, IN_BOTH + IN_ITEM)}</item>" for _ in range(count))
        if kind == "rss":
            after = self.elements(1, IN_BOTH) if self.one_of(4) else ""
            return f'<rss version="2.0"{declarations}><channel>{head}{items}{after}</channel></rss>'
        about = '<item rdf:about="https://a.example/about">'
        items = items.replace("<item>", about, 1)
        return (
            f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{declarations.replace("2005/Atom", "x")}>'
            f"<channel>{head}</channel>{items}</rdf:RDF>"
        )

    def one_of(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    def elements(self, most: int, usual: list[str]) -> str:
        made = []
        for _ in range(self.random.randrange(most + 1)):
            choices = ANYWHERE if self.one_of(60) else usual
            made.append(self.element(self.random.choice(choices)))
        return "\n ".join(made)

    def element(self, name: str) -> str:
        stated = self.attributes() if self.one_of(3) or name.endswith((":link", "content")) else ""
        if name in WITHOUT_ATTRIBUTES and not self.one_of(20):
            stated = ""
        inner = self.random.choice(TEXTS)
        if name in CONTAINERS and not self.one_of(4):
            children = self.random.choices(CONTAINERS[name], k=self.random.randrange(4))
            inner = " ".join(self.element(child) for child in children)
        elif 'type="xhtml"' in stated:
            inner = self.random.choice(XHTML)
        return f"<{name}{stated}>{inner}</{name}>" if inner else f"<{name}{stated}/>"

    def attributes(self) -> str:
        chosen = self.random.sample(sorted(ATTRIBUTES), k=self.random.randrange(1, 4))
        return "".join(f' {name}="{self.random.choice(ATTRIBUTES[name])}"' for name in chosen)


def mutations(body: bytes, seed: str) -> Iterator[bytes]:
    """Yield documents with a few bytes, tags or attributes moved, doubled, dropped or renamed."""
    chance = random.Random(seed)
    for _ in range(MUTATIONS_OF_EACH):
        parts = body.split(b"<")
        for _ in range(chance.randrange(1, 4)):
            index = chance.randrange(1, max(len(parts), 2)) % len(parts)
            change = chance.randrange(5)
            if change == 0:
                parts.insert(index, parts[chance.randrange(len(parts))])
            elif change == 1:
                del parts[index]
            elif change == 2:
                parts[index] = parts[index].replace(b"title", b"summary").replace(b"link", b"guid")
            elif change == 3:
                parts[index] = parts[index].replace(b">", b' type="html">', 1)
            else:
                parts[index] = parts[index][:-1]
            parts = parts or [b""]
        yield b"<".join(parts)


def well_formed_mutations(body: bytes, seed: str) -> Iterator[bytes]:
    """Yield documents in which whole elements were moved, doubled, dropped or renamed."""
    chance = random.Random(seed)
    for _ in range(MUTATIONS_OF_EACH):
        try:
            root = etree.fromstring(body)
        except etree.XMLSyntaxError:
            return
        for _ in range(chance.randrange(1, 4)):
            elements = [one for one in root.iter() if isinstance(one.tag, str)][1:]
            if len(elements) < 2:
                break
            first, second = chance.sample(elements, 2)
            change = chance.randrange(4)
            if change == 0:
                first.tag = second.tag
            elif change == 1:
                first.text, second.text = second.text, first.text
            elif change == 2:
                first.attrib.update(second.attrib)
            elif first not in second.iterancestors() and second.getparent() is not None:
                second.addnext(first)
        yield etree.tostring(root, encoding="utf-8")


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.name)
def test_a_fixture_is_read_as_feedparser_reads_it(path: Path) -> None:
    usual, slow, _ = both(path.read_bytes())

    assert usual == slow


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
def test_a_shared_case_is_read_as_feedparser_reads_it() -> None:
    for path in sorted(CASES.glob("*.xml")):
        usual, slow, _ = both(path.read_bytes())

        assert (path.name, usual) == (path.name, slow)


def test_generated_feeds_are_read_as_feedparser_reads_them() -> None:
    declined = 0
    for seed in range(GENERATED):
        document = FeedMaker(seed).feed()
        usual, slow, reason = both(document.encode())
        declined += reason is not None

        assert (seed, usual) == (seed, slow)

    assert declined < GENERATED * 0.6


def test_mutated_fixtures_are_read_as_feedparser_reads_them() -> None:
    for path in fixtures():
        body = path.read_bytes()
        if len(body) > 20_000:
            continue
        for number, document in enumerate(
            (*mutations(body, path.name), *well_formed_mutations(body, path.name))
        ):
            usual, slow, _ = both(document)

            assert (path.name, number, usual) == (path.name, number, slow)


def item_of(markup: str) -> str:
    declarations = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return f"<rss version='2.0'{declarations}><channel><item>{markup}</item></channel></rss>"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<rss version='2.0'><channel><item><title>R&D</title>", "a repaired document"),
        (
            "<feed xmlns='http://purl.org/atom/ns#' version='0.3'><entry/></feed>",
            "the root {http://purl.org/atom/ns#}feed",
        ),
        (
            "<rss version='2.0'><channel><?page 1?><item/></channel></rss>",
            "a processing instruction",
        ),
        (
            "<rss version='2.0' xml:base='news/'><channel><item/></channel></rss>",
            "a relative base",
        ),
        (
            item_of("<description xml:base='https://a.example/'>x</description>"),
            "a base of its own",
        ),
        (item_of("<description>a <b>b</b></description>"), "an element within description"),
        (item_of("<content:encoded type='image/png'>eA==</content:encoded>"), "the type of "),
        (item_of("<content:encoded mode='base64'>eA==</content:encoded>"), "the type of "),
        (item_of("<date>2026-07-04</date>"), "date in an unusual place"),
        (item_of("<x:media><dc:title>x</dc:title></x:media>"), "dc_title in an unusual place"),
        (item_of("<comments type='a'>https://a.example/</comments>"), "attributes of comments"),
        (item_of("<link href='https://a.example/'>x</link>"), "a link with two URLs"),
        (item_of("<image><title>x</title></image>"), "an item's image with more than its URL"),
        (item_of("<psc:chapters><title>x</title></psc:chapters>"), "chapters without a start"),
        (item_of("<x:y xmlns:x='https://y.example/'/>"), "the prefix x"),
        (
            "<rss xmlns:xlink='http://www.w3.org/1999/xlink'><channel><item/></channel></rss>",
            "XLink",
        ),
        (item_of("<x>" * 300 + "</x>" * 300), "lxml: "),
    ],
)
def test_what_only_feedparser_knows_is_left_to_it(document: str, reason: str) -> None:
    usual, slow, declined = both(document.encode())

    assert usual == slow
    assert declined is not None
    assert declined.startswith(reason)


def test_what_a_channel_says_of_itself_counts_for_its_first_item_as_in_feedparser() -> None:
    texts_of_item = "<description>c</description><itunes:summary>d</itunes:summary>"
    of_channel = "<itunes:summary>a</itunes:summary><description>b</description>"
    document = item_of(texts_of_item).replace("<item>", f"{of_channel}<item>")

    usual, slow, declined = both(document.encode())

    assert (usual, declined) == (slow, None)


def test_a_prefix_that_means_another_namespace_is_left_to_feedparser() -> None:
    document = (
        "<rss xmlns:dc='http://www.w3.org/2005/Atom' xmlns:d='http://purl.org/dc/elements/1.1/'>"
        "<channel><item><title>A</title><d:creator>Ann</d:creator></item></channel></rss>"
    )

    usual, slow, declined = both(document.encode())

    assert (usual, declined) == (slow, "the prefix dc")


@pytest.mark.parametrize(
    "name", ["rss20_plain.xml", "atom10_full.xml", "atom10_xhtml_content.xml", "itunes_podcast.xml"]
)
def test_usual_feeds_do_not_need_feedparser(name: str) -> None:
    body = (TESTS / "adapters" / "data" / "feeds" / name).read_bytes()

    assert both(body)[2] is None


def test_few_fixtures_need_feedparser() -> None:
    declined = [path.name for path in fixtures() if both(path.read_bytes())[2] is not None]

    assert len(declined) < len(fixtures()) / 4


def test_a_document_without_anything_unusual_does_not_import_feedparser() -> None:
    code = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from aggregator.adapters import feed\n"
        "from aggregator.model import Capture\n"
        "body = b'<rss><channel><item><title>A</title></item></channel></rss>'\n"
        "feed.parse(Capture('s', 'https://a.example/', datetime.now(UTC), body))\n"
        "print('feedparser' in sys.modules)\n"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


def test_the_markup_of_an_item_is_there_before_it_is_read_and_tells_it_from_others() -> None:
    def markups(feed_title: str, titles: str) -> list[bytes]:
        items = "".join(f"<item><title>{title}</title></item>" for title in titles)
        document = f"<rss><channel><title>{feed_title}</title>{items}</channel></rss>"
        return [item.markup() for item in split_feed(document.encode()).items]

    assert markups("One", "ab") == [
        b"<item><title>a</title></item>",
        b"<item><title>b</title></item>",
    ]
    assert markups("Two", "ab") == markups("One", "ab")


def test_an_item_is_read_alone_as_it_is_among_others() -> None:
    xml = "<rss><channel>{}</channel></rss>"
    items = [f"<item><title>{name}</title><author>{name}</author></item>" for name in "abc"]

    alone = split_feed(xml.format("".join(items)).encode()).items[2].read()

    assert alone == split_feed(xml.format(items[2]).encode()).items[0].read()


def test_the_names_with_a_handler_are_those_of_feedparser() -> None:
    handlers = set()
    for name in dir(feedparser.mixin._FeedParserMixin):
        if name.startswith(("_start_", "_end_")):
            handlers.add(name.partition("_")[2].partition("_")[2].lower())

    assert handlers == names.HANDLED


def test_the_namespaces_are_those_of_feedparser() -> None:
    known = feedparser.mixin._FeedParserMixin.namespaces
    prefixes = {uri.lower(): prefix.lower() for uri, prefix in known.items() if uri}

    assert prefixes == names.PREFIXES


def test_characters_and_elements_are_those_of_feedparser() -> None:
    assert feedparser.html._cp1252 == texts.WINDOWS_1252
    assert feedparser.mixin._HTMLSanitizer.acceptable_elements == texts.HTML_ELEMENTS
