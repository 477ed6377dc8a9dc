"""Feeds of podcast hosting."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import PlatformRule, platform_rows

PODCASTS: tuple[PlatformRule, ...] = platform_rows(
    (
        "Libsyn",
        r"(?!www\.|feeds\.)[\w-]+\.libsyn\.com",
        r"(?:/(?!rss)[\w-]+)?",
        "https://{host}/rss",
    ),
    (
        "Podbean",
        r"(?!feed\.|www\.)(?P<name>[\w-]+)\.podbean\.com",
        r"(?:/e/.*)?",
        "https://{host}/feed.xml",
    ),
    (
        "Buzzsprout",
        r"buzzsprout\.com",
        r"/(?P<id>\d+)(?:/.*)?",
        "https://feeds.buzzsprout.com/{id}.rss",
    ),
    (
        "Spreaker",
        r"spreaker\.com",
        r"/(?:show/|podcast/[\w-]+--)(?P<id>\d+)",
        "https://www.spreaker.com/show/{id}/episodes/feed",
    ),
)
