"""Feeds of software that runs on any host: guesses by the path alone."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import GITLAB_PROJECT, QUERY, PlatformRule, platform_rows

ANYWHERE: tuple[PlatformRule, ...] = platform_rows(
    (
        "Mastodon",
        ".*",
        r"(?:/web)?/(?P<name>@[\w.-]+)(?:/(?:with_replies|media|tagged/\w+))?",
        "{origin}/{name}.rss",
    ),
    ("Mastodon tag", ".*", r"/tags/(?P<tag>[\w%]+)", "{origin}/tags/{tag}.rss"),
    (
        "Mastodon",
        ".*",
        r"/users/(?P<name>[\w.-]+)",
        "{origin}/users/{name}.rss",
        "{origin}/users/{name}/feed.rss",
    ),
    (
        "PeerTube channel",
        ".*",
        r"/(?:c|video-channels)/(?P<name>[\w.@-]+)/(?:videos|video-playlists)" + QUERY,
        "{origin}/feeds/videos.xml?videoChannelName={name}",
    ),
    (
        "PeerTube account",
        ".*",
        r"/(?:a|accounts)/(?P<name>[\w.@-]+)/(?:videos|video-channels)" + QUERY,
        "{origin}/feeds/videos.xml?accountName={name}",
    ),
    (
        "Discourse topic",
        ".*",
        r"(?P<path>.*/t/[\w%-]+/\d+)(?:/\d+)?" + QUERY,
        "{origin}{path}.rss",
    ),
    (
        "Discourse category",
        ".*",
        r"(?P<path>.*/c/[\w%-]+(?:/[\w%-]+)*/\d+)(?:/l/\w+)?" + QUERY,
        "{origin}{path}.rss",
    ),
    ("Discourse", ".*", r"(?P<path>.*/(?:latest|top|tag/[\w%-]+))" + QUERY, "{origin}{path}.rss"),
    (
        "Lemmy community",
        ".*",
        r"/c/(?P<name>[\w.@-]+)" + QUERY,
        "{origin}/feeds/c/{name}.xml?sort=New",
    ),
    (
        "GitLab commits",
        ".*",
        GITLAB_PROJECT + r"/-/(?:commits|tree)/(?P<branch>[^?]+)" + QUERY,
        "{origin}{project}/-/commits/{branch}?format=atom",
    ),
    (
        "GitLab releases",
        ".*",
        GITLAB_PROJECT + r"/-/releases" + QUERY,
        "{origin}{project}/-/releases.atom",
    ),
    (
        "GitLab tags",
        ".*",
        GITLAB_PROJECT + r"/-/tags" + QUERY,
        "{origin}{project}/-/tags?format=atom",
    ),
)
