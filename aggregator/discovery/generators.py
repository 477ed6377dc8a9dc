"""Finds feeds by the software that a page says it is made with.

A row is data: the words by which the software names itself, and its feeds, those of
this section first, then those of the whole site. The feeds are guesses: the caller
must request them to see whether they are there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from aggregator.discovery.platforms import FeedCandidate
from aggregator.normalize.url import absolute_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Name, mark in lower case, feeds. `{here}` is the page's URL and `{home}` the site's, both
# with a final slash; `{bare}` is the page's URL without one.
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
_NAME_METAS = ("generator", "og:platform", "og:site_name", "application-name")
_WORDPRESS_API = "https://api.w.org/"
_WORDPRESS_API_HEADER = re.compile(r'<([^<>\s]{1,2000})>\s*;\s*rel="?https://api\.w\.org/"?')
_YOUTUBE_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_YOUTUBE_CHANNEL_URL = re.compile(r"https?://(?:www\.|m\.)?youtube\.com/channel/(UC[\w-]{22})")
_SOUNDCLOUD_USER = re.compile(r"soundcloud://users:(\d{1,20})")


@dataclass(frozen=True, slots=True)
class PageMarks:
    """What a page and its response say that shows its software.

    `metas` are pairs of name and content, `links` of relation and URL; `link_header` is
    the Link header of the response. Relative URLs resolve against `base`.
    """

    metas: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    link_header: str = ""
    base: str = ""

    def contents(self, *names: str) -> Iterator[str]:
        """Yield the contents of the meta elements with these names, blank ones left out."""
        return _values_of(self.metas, names)

    def targets(self, *relations: str) -> Iterator[str]:
        """Yield the URLs of the links with these relations, blank ones left out."""
        return _values_of(self.links, relations)


def _values_of(pairs: Iterable[tuple[str, str]], names: tuple[str, ...]) -> Iterator[str]:
    for name, value in pairs:
        if not value:
            continue
        if name in names:
            yield value


def generator_feeds(marks: PageMarks, url: str) -> Iterator[FeedCandidate]:
    """Yield the feeds that the software of a page would have, best first.

    Nothing if the software is not known.
    """
    yield from _youtube_feeds(marks, url)
    yield from _soundcloud_feeds(marks)
    yield from _wordpress_feeds(marks, url)
    yield from _blog_host_feeds(marks, url)

    names = [content[:200] for content in marks.contents(*_NAME_METAS)]
    words = " ".join(names).lower()
    for software, mark, templates in GENERATORS:
        if mark in words:
            yield from _feeds_from_templates(software, templates, url)


def _feeds_from_templates(
    software: str, templates: tuple[str, ...], url: str, home: str | None = None
) -> Iterator[FeedCandidate]:
    """Fill the templates of a page's feeds; `home` is the site's URL, None for the host's root."""
    page = urljoin(url, urlsplit(url).path or "/")
    bare = page.rstrip("/")
    site = home or urljoin(url, "/")
    for template in templates:
        feed = template.format(here=f"{bare}/", bare=bare, home=site)
        yield FeedCandidate(feed, f"the page is made with {software}")


def _youtube_feeds(marks: PageMarks, url: str) -> Iterator[FeedCandidate]:
    host = urlsplit(url).hostname or ""
    if not host.endswith("youtube.com"):
        return
    for channel in _youtube_channels(marks):
        yield FeedCandidate(
            f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}",
            "the channel of this page",
        )


def _youtube_channels(marks: PageMarks) -> Iterator[str]:
    for page in (*marks.targets("canonical"), *marks.contents("og:url")):
        match = _YOUTUBE_CHANNEL_URL.match(page)
        if match:
            yield match[1]
    for content in marks.contents("identifier", "channelid"):
        if _YOUTUBE_CHANNEL_ID.fullmatch(content):
            yield content


def _soundcloud_feeds(marks: PageMarks) -> Iterator[FeedCandidate]:
    for content in marks.contents("al:ios:url", "al:android:url", "twitter:app:url:iphone"):
        match = _SOUNDCLOUD_USER.match(content)
        if match:
            feed = f"https://feeds.soundcloud.com/users/soundcloud:users:{match[1]}/sounds.rss"
            yield FeedCandidate(feed, "the SoundCloud user of this page")


def _wordpress_feeds(marks: PageMarks, url: str) -> Iterator[FeedCandidate]:
    """Yield the feeds of a WordPress site that names its API.

    WordPress hides its name more often than its API, whose URL also shows where the
    site begins.
    """
    api = _wordpress_api(marks, url)
    if api is None:
        return
    if "?rest_route=" in api:
        site = api.partition("?")[0]
        yield from _feeds_from_templates("WordPress", ("{home}?feed=rss2",), url, site)
    else:
        site = api.partition("wp-json")[0]
        yield from _feeds_from_templates("WordPress", ("{here}feed/", "{home}feed/"), url, site)


def _wordpress_api(marks: PageMarks, url: str) -> str | None:
    """Return the URL of a page's WordPress API: of its first link, else of the Link header."""
    base = marks.base or url
    for target in marks.targets(_WORDPRESS_API):
        return absolute_url(target, base=base)
    header = _WORDPRESS_API_HEADER.search(marks.link_header)
    if header is None:
        return None
    return absolute_url(header[1], base=base)


def _blog_host_feeds(marks: PageMarks, url: str) -> Iterator[FeedCandidate]:
    """Yield the feeds of blogs under a name of their own at Substack, Medium or Tumblr."""
    substack_links = marks.targets("preconnect", "preload", "icon", "shortcut")
    is_substack = any("substackcdn.com" in target for target in substack_links)
    if is_substack:
        yield from _feeds_from_templates("Substack", ("{home}feed",), url)

    if "Medium" in marks.contents("al:ios:app_name", "al:android:app_name"):
        yield from _feeds_from_templates("Medium", ("{home}feed",), url)

    icons = marks.targets("icon", "shortcut", "apple-touch-icon")
    is_tumblr = any("assets.tumblr.com" in icon for icon in icons)
    if is_tumblr:
        yield from _feeds_from_templates("Tumblr", ("{home}rss",), url)
