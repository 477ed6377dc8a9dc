"""Software that a page names as its own, and where its feeds always are.

Rule: a row is data: the marks that the software leaves in a page, and its feeds in order: those of this section first,
then those of the whole site. It is a guess that a question must prove.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from aggregator.discovery.platforms import Candidate
from aggregator.normalize.url import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

# `{here}` is the page's address and `{home}` the site's, both with a final slash; `{bare}` is the page's without one.
GENERATORS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("WordPress", "wordpress", ("{here}feed/", "{home}feed/")),
    ("Ghost", "ghost", ("{here}rss/", "{home}rss/")),
    ("Blogger", "blogger", ("{home}feeds/posts/default",)),
    ("Hugo", "hugo", ("{here}index.xml", "{home}index.xml")),
    ("Jekyll", "jekyll", ("{home}feed.xml", "{home}index.xml", "{home}atom.xml")),
    ("Discourse", "discourse", ("{bare}.rss", "{home}latest.rss")),
    ("PeerTube", "peertube", ("{home}feeds/videos.xml",)),
    ("Hexo", "hexo", ("{home}atom.xml", "{home}rss2.xml")),
    ("Drupal", "drupal", ("{home}rss.xml",)),
    ("Joomla", "joomla", ("{bare}?format=feed&type=rss",)),
    ("Typecho", "typecho", ("{here}feed/", "{home}feed/")),
    ("Halo", "halo", ("{home}rss.xml",)),
    ("Forgejo", "forgejo", ("{bare}.rss",)),
    ("Gitea", "gitea", ("{bare}.rss",)),
    ("Wix", "wix.com", ("{home}blog-feed.xml",)),
    ("Squarespace", "squarespace", ("{bare}?format=rss",)),
    ("Movable Type", "movable type", ("{home}atom.xml", "{home}index.xml")),
    ("TypePad", "typepad", ("{home}atom.xml",)),
    ("Astro", "astro", ("{home}rss.xml",)),
    ("Gatsby", "gatsby", ("{home}rss.xml",)),
    ("Docusaurus", "docusaurus", ("{home}blog/rss.xml",)),
    ("Eleventy", "eleventy", ("{home}feed.xml", "{home}feed/feed.xml")),
    ("Zola", "zola", ("{home}atom.xml", "{home}rss.xml")),
    ("Pelican", "pelican", ("{home}feeds/all.atom.xml",)),
    ("Nikola", "nikola", ("{home}rss.xml",)),
    ("Publii", "publii", ("{home}feed.xml",)),
    ("SPIP", "spip", ("{home}spip.php?page=backend",)),
    ("Discuz!", "discuz", ("{home}forum.php?mod=rss",)),
    ("Lemmy", "lemmy", ("{home}feeds/local.xml?sort=New",)),
    ("WriteFreely", "writefreely", ("{here}feed/",)),
    ("Micro.blog", "micro.blog", ("{home}feed.xml",)),
    ("XenForo", "xenforo", ("{home}forums/-/index.rss",)),
    ("GitLab", "gitlab", ("{bare}.atom",)),
)
_NAMING = ("generator", "og:platform", "og:site_name", "application-name")
_API = "https://api.w.org/"
_LINK_HEADER = re.compile(r'<([^<>\s]{1,2000})>\s*;\s*rel="?https://api\.w\.org/"?')
_YOUTUBE_CHANNEL = re.compile(r"UC[\w-]{22}")
_YOUTUBE = re.compile(r"https?://(?:www\.|m\.)?youtube\.com/channel/(UC[\w-]{22})")
_SOUNDCLOUD = re.compile(r"soundcloud://users:(\d{1,20})")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a page says of itself: its metas (name, content), its links (relation, address), its Link header.

    `home` is what its relative addresses resolve against.
    """

    metas: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    header: str = ""
    home: str = ""

    def meta(self, *names: str) -> Iterator[str]:
        return (content for name, content in self.metas if name in names and content)

    def link(self, *relations: str) -> Iterator[str]:
        return (address for relation, address in self.links if relation in relations and address)


def feeds_of(stated: Stated, url: str) -> Iterator[Candidate]:
    """The feeds that the software of a page would have, best first; nothing where it is not known."""
    yield from _youtube(stated, url)
    yield from _soundcloud(stated)
    yield from _wordpress(stated, url)
    yield from _hosted(stated, url)
    words = " ".join(content[:200] for content in stated.meta(*_NAMING)).lower()
    for software, mark, feeds in GENERATORS if words else ():
        if mark in words:
            yield from _filled(software, feeds, url)


def _filled(
    software: str, feeds: tuple[str, ...], url: str, home: str | None = None
) -> Iterator[Candidate]:
    here = urljoin(url, urlsplit(url).path or "/")
    bare = here.rstrip("/")
    for feed in feeds:
        address = feed.format(here=f"{bare}/", bare=bare, home=home or urljoin(url, "/"))
        yield Candidate(address, f"the page is made with {software}")


def _youtube(stated: Stated, url: str) -> Iterator[Candidate]:
    if not (urlsplit(url).hostname or "").endswith("youtube.com"):
        return
    named = [match[1] for address in stated.link("canonical") if (match := _YOUTUBE.match(address))]
    named += [match[1] for address in stated.meta("og:url") if (match := _YOUTUBE.match(address))]
    named += [
        name for name in stated.meta("identifier", "channelid") if _YOUTUBE_CHANNEL.fullmatch(name)
    ]
    for name in named:
        yield Candidate(
            f"https://www.youtube.com/feeds/videos.xml?channel_id={name}",
            "the channel of this page",
        )


def _soundcloud(stated: Stated) -> Iterator[Candidate]:
    for content in stated.meta("al:ios:url", "al:android:url", "twitter:app:url:iphone"):
        if match := _SOUNDCLOUD.match(content):
            feed = f"https://feeds.soundcloud.com/users/soundcloud:users:{match[1]}/sounds.rss"
            yield Candidate(feed, "the SoundCloud user of this page")


def _wordpress(stated: Stated, url: str) -> Iterator[Candidate]:
    """WordPress hides its name more often than its API, whose address tells where the site begins."""
    header = _LINK_HEADER.search(stated.header)
    api = next(stated.link(_API), header[1] if header else None)
    found = absolute(api, base=stated.home or url) if api else None
    if found is None:
        return
    if "?rest_route=" in found:
        yield from _filled("WordPress", ("{home}?feed=rss2",), url, found.partition("?")[0])
    else:
        yield from _filled(
            "WordPress", ("{here}feed/", "{home}feed/"), url, found.partition("wp-json")[0]
        )


def _hosted(stated: Stated, url: str) -> Iterator[Candidate]:
    """Blogs under a name of their own at a host of many."""
    if any(
        "substackcdn.com" in address
        for address in stated.link("preconnect", "preload", "icon", "shortcut")
    ):
        yield from _filled("Substack", ("{home}feed",), url)
    if "Medium" in stated.meta("al:ios:app_name", "al:android:app_name"):
        yield from _filled("Medium", ("{home}feed",), url)
    if any(
        "assets.tumblr.com" in address
        for address in stated.link("icon", "shortcut", "apple-touch-icon")
    ):
        yield from _filled("Tumblr", ("{home}rss",), url)
