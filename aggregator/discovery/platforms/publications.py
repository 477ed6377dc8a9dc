"""Feeds of archives, encyclopedias and news portals."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import QUERY, PlatformRule, platform_rows

PUBLICATIONS: tuple[PlatformRule, ...] = platform_rows(
    (
        "arXiv",
        r"arxiv\.org",
        r"/(?:list/)?(?P<name>[a-z-]+(?:\.[A-Z-]+)?)/(?:recent|new)" + QUERY,
        "https://rss.arxiv.org/rss/{name}",
    ),
    (
        "Google News",
        r"news\.google\.com",
        r"(?P<path>/(?:topics/[\w-]+|search))(?P<query>\?.*)?",
        "https://news.google.com/rss{path}{query}",
    ),
    (
        "Google News",
        r"news\.google\.com",
        r"(?:/home)?(?P<query>\?.*)?",
        "https://news.google.com/rss{query}",
    ),
    ("arXiv", r"arxiv\.org", r"/archive/(?P<name>[a-z-]+)", "https://rss.arxiv.org/rss/{name}"),
    (
        "arXiv author",
        r"arxiv\.org",
        r"/a/(?P<name>[a-z]+_[a-z]+_\d+)",
        "https://arxiv.org/a/{name}.atom",
    ),
    (
        "Wikipedia history",
        r"[a-z-]+\.wikipedia\.org",
        r"/wiki/(?P<name>(?!Special:)[^?]+)",
        "https://{host}/w/index.php?title={name}&action=history&feed=atom",
    ),
    (
        "Kickstarter",
        r"kickstarter\.com",
        r"/projects/(?P<name>[\w-]+/[\w-]+)(?:/posts)?" + QUERY,
        "https://www.kickstarter.com/projects/{name}/posts.atom",
    ),
)
