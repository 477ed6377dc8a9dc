"""An invented newspaper, and ten sources that all tell its articles: their documents at any time.

A main feed with texts and pictures, two section feeds that differ from it in their category, a feed
of beginnings, a proxy of the main feed, a link blog, a news sitemap, a section page, the articles'
own pages behind another section page, and a folder of saved articles. The articles of
`benchmarks.words` are invented; equal seeds give equal documents on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from aggregator.config import Source
from aggregator.model import Capture
from benchmarks.words import CHINESE, ENGLISH, FRENCH, paragraph, title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.words import Tongue

START = datetime(2026, 3, 1, tzinfo=UTC)
APART = timedelta(minutes=30)  # between two articles
ITEMS = 24  # of the main feed's window
WINDOW = ITEMS * APART
CORRECTED_EVERY = 3  # every third article is corrected,
CORRECTED_TWICE_EVERY = 12  # every twelfth a second time
EXCERPT_LETTERS = 180
HOST = "www.gazette.example"
SITE = f"https://{HOST}"
PROXY_OF_LINKS = "https://relay.example"
PROXY_STEP = 7919  # between the numbers of two of its links
LISTED_PROXY = "https://feeds.feedburner.com"
_TONGUES = (ENGLISH, FRENCH, CHINESE)
_KINDS = ("title", "text", "shorter")  # what a correction changes


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an article, from `since` on."""

    since: datetime
    title: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the newspaper with all its versions, oldest first."""

    number: int
    published: datetime
    language: str
    versions: tuple[Version, ...]

    @property
    def url(self) -> str:
        return f"{SITE}/{self.published:%Y/%m/%d}/story-{self.number}"

    @property
    def picture(self) -> str:
        return f"{SITE}/pictures/{self.number}.jpg"

    @property
    def blog_title(self) -> str:
        return f"Seen elsewhere: number {self.number}"

    def at(self, moment: datetime) -> Version:
        """Return the version that stands at a moment."""
        standing = self.versions[0]
        for version in self.versions:
            if version.since <= moment:
                standing = version
        return standing


@dataclass(frozen=True, slots=True)
class Poll:
    """One reading of one source: what it answered, and what stands behind its links at that time."""

    source: str
    adapter: str
    taken: datetime
    captures: tuple[Capture, ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """A source that tells the articles.

    `window` is how many articles a document lists, `pause` how long it is from poll to poll at
    most, each in parts of the main feed's window. `write` makes the document of some articles.
    `is_whole` tells that it has the publisher's whole text.
    """

    source: Source
    adapter: str
    window: float
    pause: tuple[float, float]
    write: Callable[[Sequence[Article], datetime], str]
    is_whole: bool = False


def make_articles(count: int, seed: int = 1) -> list[Article]:
    """Make the articles, the oldest first."""
    return [_make_article(number, Random(f"{seed} article {number}")) for number in range(count)]


def make_tellers(*, opaque_proxy: bool, states_changes: bool) -> list[Teller]:
    """Return the ten sources; with `states_changes` the publisher states when it changed an article."""
    main = _FeedWriter(states_changes=states_changes)
    proxy_url = f"{LISTED_PROXY}/gazette"
    proxy = _FeedWriter(origin_links=True)
    if opaque_proxy:
        proxy_url = f"{PROXY_OF_LINKS}/gazette"
        proxy = _FeedWriter(opaque_links=True)
    return [
        _feed("main", f"{SITE}/rss", main, 1.0, (0.1, 0.2)),
        _feed("city", f"{SITE}/city/rss", _FeedWriter(category="City"), 0.8, (0.3, 0.7)),
        _feed("world", f"{SITE}/world/rss", _FeedWriter(category="World"), 0.6, (0.2, 0.5)),
        _feed("brief", f"{SITE}/brief", _FeedWriter(is_brief=True), 1.2, (0.3, 0.9)),
        _feed("a-proxy", proxy_url, proxy, 0.9, (0.3, 0.8)),
        Teller(
            Source(id="blog", url="https://links.example/rss", adapter="feed", full_text="never"),
            "feed",
            1.5,
            (0.4, 1.0),
            _write_link_blog,
        ),
        Teller(
            Source(id="sitemap", url=f"{SITE}/news.xml", adapter="sitemap", full_text="never"),
            "sitemap",
            1.5,
            (0.2, 0.6),
            _write_sitemap,
        ),
        Teller(_list_source("section", "never"), "page", 1.0, (0.3, 0.8), _write_list),
        Teller(
            _list_source("articles", "always"), "page", 0.7, (0.2, 0.4), _write_list, is_whole=True
        ),
        Teller(
            Source(id="folder", path=Path("saved/*.txt"), adapter="archive"),
            "archive",
            1.0,
            (0.3, 0.8),
            lambda articles, now: "",
            is_whole=True,
        ),
    ]


def make_polls(articles: Sequence[Article], tellers: Sequence[Teller], seed: int = 1) -> list[Poll]:
    """Make all polls of all tellers in the order of time."""
    end = articles[-1].published + WINDOW
    polls = []
    for teller in tellers:
        random = Random(f"{seed} polls of {teller.source.id}")
        least, most = teller.pause
        before = START
        now = (START + random.uniform(0.02, most) * WINDOW).replace(microsecond=0)
        while now < end:
            poll = _poll(teller, articles, before, now)
            if poll.captures:
                polls.append(poll)
            before = now
            now = (now + random.uniform(least, most) * WINDOW).replace(microsecond=0)
    return sorted(polls, key=lambda poll: (poll.taken, poll.source))


def write_page(article: Article, now: datetime, *, states_changes: bool) -> str:
    """Write the article's own page as it is at a moment."""
    version = article.at(now)
    changed = ""
    if states_changes and version.since != article.published:
        changed = f'<meta property="article:modified_time" content="{version.since.isoformat()}">'
    return (
        f'<!doctype html><html lang="{article.language}"><head><title>{escape(version.title)}</title>'
        f'<link rel="canonical" href="{article.url}">'
        f'<meta property="og:title" content="{escape(version.title)}">'
        f'<meta property="og:image" content="{article.picture}">'
        f'<meta property="article:published_time" content="{article.published.isoformat()}">{changed}'
        f"</head><body><nav><a href='/'>Gazette</a></nav><article><h1>{escape(version.title)}</h1>"
        f'<div class="story">{_paragraphs(version)}</div></article></body></html>'
    )


def _make_article(number: int, random: Random) -> Article:
    tongue = random.choice(_TONGUES)
    published = START + number * APART
    paragraphs = []
    for _ in range(random.randint(4, 9)):
        paragraphs.append(paragraph(random, tongue, random.randint(200, 420)))
    first = Version(published, f"{title(random, tongue)} {number}", tuple(paragraphs))
    versions = [first]
    if number % CORRECTED_EVERY == 0:
        since = published + random.uniform(0.2, 0.45) * WINDOW
        kind = _KINDS[number // CORRECTED_EVERY % len(_KINDS)]
        versions.append(_correct(first, kind, since, random, tongue))
    if number % CORRECTED_TWICE_EVERY == 0:
        since = published + random.uniform(0.65, 0.8) * WINDOW
        versions.append(_correct(versions[-1], "text", since, random, tongue))
    return Article(number, published, tongue.code, tuple(versions))


def _correct(
    version: Version, kind: str, since: datetime, random: Random, tongue: Tongue
) -> Version:
    """Make the next version: with another title and more text, another last paragraph, or one fewer."""
    since = since.replace(microsecond=0)
    words = version.paragraphs
    if kind == "title":
        note = paragraph(random, tongue, 120)
        return Version(since, f"Correction: {version.title}", (*words, note))
    if kind == "text":
        return Version(since, version.title, (*words[:-1], paragraph(random, tongue, 200)))
    return Version(since, version.title, words[:-1])


def _feed(
    name: str, url: str, writer: _FeedWriter, window: float, pause: tuple[float, float]
) -> Teller:
    source = Source(id=name, url=url, adapter="feed", full_text="never")
    is_whole = not writer.is_brief and not writer.opaque_links
    return Teller(source, "feed", window, pause, writer.write, is_whole=is_whole)


def _list_source(name: str, full_text: str) -> Source:
    return Source.model_validate(
        {
            "id": name,
            "url": f"{SITE}/{name}",
            "adapter": "page",
            "items": ".card",
            "fields": {"title": "h2", "url": "a@href"},
            "article": {"body": ".story"},
            "full_text": full_text,
        }
    )


def _poll(
    teller: Teller,
    articles: Sequence[Article],
    before: datetime,
    now: datetime,
) -> Poll:
    source = teller.source
    if teller.adapter == "archive":
        files = _saved_files(source.id, articles, before, now)
        return Poll(source.id, teller.adapter, now, tuple(files))
    oldest = now - teller.window * WINDOW
    listed = [article for article in articles if oldest < article.published <= now]
    if not listed:
        return Poll(source.id, teller.adapter, now, ())
    body = teller.write(listed[::-1], now).encode()
    return Poll(source.id, teller.adapter, now, (Capture(source.id, str(source.url), now, body),))


def _saved_files(
    source: str, articles: Sequence[Article], before: datetime, now: datetime
) -> list[Capture]:
    """Return the files that were saved since the folder was last read."""
    files = []
    for article in articles:
        for number, saved in enumerate(_times_of_saving(article)):
            if before < saved <= now:
                url = f"file:///saved/{article.number:05}-{number}.txt"
                body = _write_saved(article, saved).encode()
                files.append(Capture(source, url, now, body))
    return files


def _times_of_saving(article: Article) -> list[datetime]:
    """Return when an article was saved: once early on, and every second one once more."""
    random = Random(f"saved {article.number}")
    parts = [random.uniform(0.01, 0.3)]
    if random.random() < 0.5:
        parts.append(random.uniform(0.5, 0.95))
    return [(article.published + part * WINDOW).replace(microsecond=0) for part in parts]


def _write_saved(article: Article, saved: datetime) -> str:
    version = article.at(saved)
    epoch = int(saved.timestamp()) * 1000
    body = f'<img src="{article.picture}">{_paragraphs(version)}'
    return f"<!--{epoch}-->\n[{version.title}]({article.url})\n------\n\n{body}\n"


@dataclass(frozen=True, slots=True)
class _FeedWriter:
    """Writes RSS, as one of the publisher's feeds or its proxy does."""

    category: str | None = None
    is_brief: bool = False
    origin_links: bool = False
    opaque_links: bool = False
    states_changes: bool = False

    def write(self, articles: Sequence[Article], now: datetime) -> str:
        items = "".join(self._item(article, now) for article in articles)
        return (
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
            ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
            ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel>'
            f"<title>Gazette</title><link>{SITE}/</link>{items}</channel></rss>"
        )

    def _item(self, article: Article, now: datetime) -> str:
        version = article.at(now)
        fields = [f"<title>{escape(version.title)}</title>", *self._links(article)]
        fields.append(f"<pubDate>{format_datetime(article.published)}</pubDate>")
        if self.states_changes and version.since != article.published:
            fields.append(f"<atom:updated>{version.since.isoformat()}</atom:updated>")
        if self.category is not None:
            fields.append(f"<category>{self.category}</category>")
        if self.is_brief:
            beginning = version.paragraphs[0][:EXCERPT_LETTERS]
            fields.append(f"<description>{escape(beginning)}…</description>")
        else:
            fields.append(f"<content:encoded>{escape(_html_with_picture(article, version))}")
            fields.append("</content:encoded>")
        return f"<item>{''.join(fields)}</item>"

    def _links(self, article: Article) -> list[str]:
        own_id = f'<guid isPermaLink="false">gazette-{article.number}</guid>'
        if self.opaque_links:
            link = f"{PROXY_OF_LINKS}/r/{article.number * PROXY_STEP}"
            return [f"<link>{link}</link>", f"<guid>{article.url}</guid>"]
        if self.origin_links:
            link = f"{LISTED_PROXY}/~r/gazette/~3/{article.number}/"
            origin = f"<feedburner:origLink>{article.url}</feedburner:origLink>"
            return [f"<link>{link}</link>", origin, own_id]
        if self.is_brief:
            return [f"<link>{article.url}/</link>", f"<guid>{article.url}</guid>"]
        medium = self.category or "rss"
        return [f"<link>{article.url}?utm_source={medium}</link>", own_id]


def _write_link_blog(articles: Sequence[Article], now: datetime) -> str:
    items = []
    for article in articles:
        comments = f"https://links.example/{article.number}"
        posted = format_datetime(article.published + timedelta(minutes=7))
        items.append(
            f"<item><title>{article.blog_title}</title><link>{article.url}</link>"
            f"<comments>{comments}</comments><pubDate>{posted}</pubDate>"
            f'<guid isPermaLink="false">post-{article.number}</guid>'
            f"<description>&lt;a href='{comments}'&gt;Comments&lt;/a&gt;</description></item>"
        )
    return (
        '<rss version="2.0"><channel><title>Links</title><link>https://links.example/</link>'
        f"{''.join(items)}</channel></rss>"
    )


def _write_sitemap(articles: Sequence[Article], now: datetime) -> str:
    urls = []
    for article in articles:
        urls.append(
            f"<url><loc>{article.url}</loc><news:news><news:publication><news:name>Gazette</news:name>"
            f"<news:language>{article.language}</news:language></news:publication>"
            f"<news:publication_date>{article.published.isoformat()}</news:publication_date>"
            f"<news:title>{escape(article.at(now).title)}</news:title></news:news></url>"
        )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        f"{''.join(urls)}</urlset>"
    )


def _write_list(articles: Sequence[Article], now: datetime) -> str:
    cards = []
    for article in articles:
        headline = escape(article.at(now).title)
        cards.append(f'<div class="card"><h2><a href="{article.url}">{headline}</a></h2></div>')
    return f"<!doctype html><html><body><main>{''.join(cards)}</main></body></html>"


def _html_with_picture(article: Article, version: Version) -> str:
    return f'<img src="{article.picture}">{_paragraphs(version)}'


def _paragraphs(version: Version) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in version.paragraphs)
