"""Finds feeds by the address of a page alone: a table from addresses of platforms to their feeds.

A row is data. `KNOWN` holds for the named hosts and is certain. `ANYWHERE` lists
software that runs on any host, so its feeds are guesses. The groups of a row's pattern
fill its templates as they stand in the address; the best feed comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST_URL = 2_000  # characters; no platform's address comes near
_FEED_FILE = re.compile(r"\.(?:atom|rss|xml|rdf)$")
_NAME = r"(?P<name>[\w.~%-]+)"


@dataclass(frozen=True, slots=True)
class FeedCandidate:
    """The URL of a possible feed, and the reason to think so."""

    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlatformRule:
    """The addresses of one kind of page and the templates of its feeds.

    `host` matches the whole host without `www.`; `path` matches the whole path without
    a final slash and with `?` and the query.
    """

    platform: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowMatch:
    """A row that matches an address, and the values that fill its templates."""

    row: PlatformRule
    values: Mapping[str, str]


def _rows(*table: tuple[str, str, str, *tuple[str, ...]]) -> tuple[PlatformRule, ...]:
    rows = []
    for platform, host, path, *feeds in table:
        host_pattern = re.compile(host, re.IGNORECASE)
        rows.append(PlatformRule(platform, host_pattern, re.compile(path), tuple(feeds)))
    return tuple(rows)


_YOUTUBE, _YOUTUBE_FEED = (
    r"(?:m\.|music\.)?youtube\.com",
    "https://www.youtube.com/feeds/videos.xml",
)
_GITHUB = "https://github.com/{owner}/{repo}"
_REPO = r"/(?!(?:topics|orgs|features|sponsors|settings|search|apps|collections)/)(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)"
_FORGE, _FORGE_AT = r"codeberg\.org|gitea\.com", "https://{host}/{owner}/{repo}"
_GITLAB = r"gitlab\.[\w.-]+|salsa\.debian\.org|invent\.kde\.org"
_PROJECT = r"(?P<project>/[\w.-]+(?:/(?!-(?:/|$))[\w.-]+)+)"
_REDDIT = r"(?:(?:old|new|np|i|m)\.)?reddit\.com"
_STACK = (
    r"(?:[a-z]{2}\.)?stackoverflow\.com|serverfault\.com|superuser\.com|askubuntu\.com|mathoverflow\.net|stackapps\.com"
    r"|[\w.-]+\.stackexchange\.com"
)
_LEMMY = r"(?:lemmy|feddit|discuss)\.[\w.-]+|beehaw\.org|sh\.itjust\.works|programming\.dev|lemm\.ee|slrpnk\.net"
_QUERY = r"(?:\?.*)?"

KNOWN_PLATFORMS = _rows(
    (
        "YouTube channel",
        _YOUTUBE,
        rf"/channel/(?P<id>UC[\w-]{{22}})(?:/\w+)?{_QUERY}",
        _YOUTUBE_FEED + "?channel_id={id}",
    ),
    (
        "YouTube playlist",
        _YOUTUBE,
        r"/(?:playlist|watch)\?(?:.*&)?list=(?P<id>[\w-]{13,64})(?:&.*)?",
        _YOUTUBE_FEED + "?playlist_id={id}",
    ),
    (
        "YouTube user",
        _YOUTUBE,
        rf"/user/(?P<id>\w+)(?:/\w+)?{_QUERY}",
        _YOUTUBE_FEED + "?user={id}",
    ),
    (
        "GitHub releases",
        "github.com",
        _REPO + f"(?:/releases(?:/latest)?)?{_QUERY}",
        _GITHUB + "/releases.atom",
        _GITHUB + "/tags.atom",
        _GITHUB + "/commits.atom",
    ),
    ("GitHub tags", "github.com", _REPO + "/tags" + _QUERY, _GITHUB + "/tags.atom"),
    (
        "GitHub commits",
        "github.com",
        _REPO + f"/(?:commits|tree)/(?P<branch>[^?]+){_QUERY}",
        _GITHUB + "/commits/{branch}.atom",
    ),
    ("GitHub commits", "github.com", _REPO + "/commits" + _QUERY, _GITHUB + "/commits.atom"),
    (
        "GitHub discussions",
        "github.com",
        _REPO + "/discussions" + _QUERY,
        _GITHUB + "/discussions.atom",
    ),
    ("GitHub wiki", "github.com", _REPO + f"/wiki(?:/[^?]*)?{_QUERY}", _GITHUB + "/wiki.atom"),
    (
        "GitHub user",
        "github.com",
        rf"/(?!(?:topics|trending|explore|features|about|login|search)\b){_NAME}{_QUERY}",
        "https://github.com/{name}.atom",
    ),
    (
        "GitLab commits",
        _GITLAB,
        _PROJECT + r"/-/(?:commits|tree)/(?P<branch>[^?]+)" + _QUERY,
        "https://{host}{project}/-/commits/{branch}?format=atom",
    ),
    (
        "GitLab tags",
        _GITLAB,
        _PROJECT + "/-/tags" + _QUERY,
        "https://{host}{project}/-/tags?format=atom",
    ),
    (
        "GitLab issues",
        _GITLAB,
        _PROJECT + "/-/issues" + _QUERY,
        "https://{host}{project}/-/issues.atom",
    ),
    (
        "GitLab releases",
        _GITLAB,
        _PROJECT + f"(?:/-/releases)?{_QUERY}",
        "https://{host}{project}/-/releases.atom",
        "https://{host}{project}/-/tags?format=atom",
        "https://{host}{project}.atom",
    ),
    ("GitLab user", _GITLAB, f"/{_NAME}{_QUERY}", "https://{host}/{name}.atom"),
    (
        "Forgejo releases",
        _FORGE,
        r"/(?!explore/)(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)" + f"(?:/releases)?{_QUERY}",
        _FORGE_AT + "/releases.rss",
        _FORGE_AT + "/tags.rss",
        _FORGE_AT + ".rss",
    ),
    (
        "Forgejo tags",
        _FORGE,
        r"/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)/tags" + _QUERY,
        _FORGE_AT + "/tags.rss",
    ),
    ("Forgejo user", _FORGE, f"/{_NAME}{_QUERY}", "https://{host}/{name}.rss"),
    (
        "Sourcehut",
        r"git\.sr\.ht",
        r"(?P<repo>/~[\w.-]+/[\w.-]+)(?:/refs)?",
        "https://git.sr.ht{repo}/refs/rss.xml",
    ),
    (
        "Sourcehut",
        r"git\.sr\.ht",
        r"(?P<repo>/~[\w.-]+/[\w.-]+)/log",
        "https://git.sr.ht{repo}/log/rss.xml",
    ),
    (
        "SourceForge",
        "sourceforge.net",
        rf"/projects/{_NAME}(?:/.*)?",
        "https://sourceforge.net/projects/{name}/rss",
    ),
    (
        "PyPI",
        r"pypi\.org",
        rf"/project/{_NAME}(?:/.*)?",
        "https://pypi.org/rss/project/{name}/releases.xml",
    ),
    (
        "crates.io",
        r"crates\.io",
        rf"/crates/{_NAME}(?:/.*)?",
        "https://static.crates.io/rss/crates/{name}.xml",
    ),
    (
        "Reddit",
        _REDDIT,
        r"(?P<path>(?:/(?:r|u|user)/[\w+.-]+(?:/[\w.-]+)*)?)\?(?P<query>.+)",
        "https://www.reddit.com{path}/.rss?{query}",
    ),
    (
        "Reddit",
        _REDDIT,
        r"(?P<path>(?:/(?:r|u|user)/[\w+.-]+(?:/[\w.%-]+)*)?)",
        "https://www.reddit.com{path}/.rss",
    ),
    ("Hacker News", r"news\.ycombinator\.com", r"(?:/news)?", "https://news.ycombinator.com/rss"),
    (
        "Hacker News, by hnrss.org",
        r"news\.ycombinator\.com",
        r"/(?P<list>newest|best|ask|show|jobs)",
        "https://hnrss.org/{list}",
    ),
    (
        "Hacker News, by hnrss.org",
        r"news\.ycombinator\.com",
        r"/(?:user|submitted|threads)\?id=(?P<name>[\w-]+)",
        "https://hnrss.org/user?id={name}",
    ),
    (
        "Hacker News, by hnrss.org",
        r"news\.ycombinator\.com",
        r"/item\?id=(?P<id>\d+)",
        "https://hnrss.org/item?id={id}",
    ),
    ("Lobsters", r"lobste\.rs", r"(?:/(?:newest|active))?", "https://lobste.rs/rss"),
    (
        "Lobsters",
        r"lobste\.rs",
        r"(?P<path>/(?:t/[\w,+-]+|newest/[\w-]+))",
        "https://lobste.rs{path}.rss",
    ),
    (
        "Stack Exchange tag",
        _STACK,
        r"/questions/tagged/(?P<tag>[^/?]+)" + _QUERY,
        "https://{host}/feeds/tag/{tag}",
    ),
    (
        "Stack Exchange question",
        _STACK,
        r"/(?:questions|q)/(?P<id>\d+)(?:/.*)?",
        "https://{host}/feeds/question/{id}",
    ),
    (
        "Stack Exchange user",
        _STACK,
        r"/users/(?P<id>\d+)(?:/.*)?",
        "https://{host}/feeds/user/{id}",
    ),
    ("Stack Exchange", _STACK, rf"(?:/questions)?{_QUERY}", "https://{host}/feeds"),
    (
        "WordPress.com",
        r"[\w-]+\.wordpress\.com",
        r"(?P<path>/(?:category|tag|author)/[^?]+)(?<!/feed)",
        "https://{host}{path}/feed/",
        "https://{host}/feed/",
    ),
    (
        "WordPress.com",
        r"[\w-]+\.wordpress\.com",
        rf"(?:/(?:blog|page/\d+))?{_QUERY}",
        "https://{host}/feed/",
    ),
    (
        "Substack",
        r"(?!open\.)[\w-]+\.substack\.com",
        rf"(?:/(?:archive|about|p/.*))?{_QUERY}",
        "https://{host}/feed",
    ),
    (
        "Substack",
        r"open\.substack\.com",
        rf"/pub/{_NAME}(?:/.*)?",
        "https://{name}.substack.com/feed",
    ),
    (
        "Medium",
        r"medium\.com",
        r"/tag/(?P<tag>[\w%-]+)(?:/.*)?",
        "https://medium.com/feed/tag/{tag}",
    ),
    (
        "Medium",
        r"medium\.com",
        r"/(?P<name>[\w.-]+)/tagged/(?P<tag>[\w%-]+)",
        "https://medium.com/feed/{name}/tagged/{tag}",
    ),
    (
        "Medium",
        r"medium\.com",
        r"/(?!(?:feed|me?|search|about|topics)(?:[/?]|$))(?P<name>@?[\w.-]+)(?:/[\w-]*)?" + _QUERY,
        "https://medium.com/feed/{name}",
    ),
    ("Medium", r"[\w-]+\.medium\.com", rf"(?:/(?!feed)[\w-]*)?{_QUERY}", "https://{host}/feed"),
    (
        "Blogger",
        r"[\w-]+\.blogspot\.[a-z.]{2,6}",
        r"/search/label/(?P<label>[^/?]+)" + _QUERY,
        "https://{host}/feeds/posts/default/-/{label}",
    ),
    (
        "Blogger",
        r"[\w-]+\.blogspot\.[a-z.]{2,6}",
        r"(?!/feeds/).*",
        "https://{host}/feeds/posts/default",
    ),
    (
        "Tumblr",
        r"(?!www\.)[\w-]+\.tumblr\.com",
        r"(?P<path>/tagged/[^/?]+)" + _QUERY,
        "https://{host}{path}/rss",
    ),
    ("Tumblr", r"(?!www\.)[\w-]+\.tumblr\.com", rf"(?:/archive)?{_QUERY}", "https://{host}/rss"),
    (
        "Tumblr",
        r"tumblr\.com",
        r"/(?!(?:tagged|explore|dashboard|login|search|about)\b)(?:blog/(?:view/)?)?(?P<name>[\w-]+)",
        "https://{name}.tumblr.com/rss",
    ),
    (
        "Bluesky",
        r"bsky\.app",
        r"/profile/(?P<name>[\w.:%-]+)",
        "https://bsky.app/profile/{name}/rss",
    ),
    (
        "Vimeo",
        r"vimeo\.com",
        r"/(?P<kind>channels|groups)/(?P<name>[\w-]+)(?:/videos)?",
        "https://vimeo.com/{kind}/{name}/videos/rss",
    ),
    (
        "Vimeo",
        r"vimeo\.com",
        r"/(?!\d+$|(?:features|watch|categories|search|blog)\b)(?P<name>[\w-]+)(?:/videos)?",
        "https://vimeo.com/{name}/videos/rss",
    ),
    (
        "Dailymotion",
        r"dailymotion\.com",
        r"/(?!video\b|playlist\b)(?P<name>[\w.-]+)",
        "https://www.dailymotion.com/rss/user/{name}",
    ),
    (
        "Lemmy community",
        _LEMMY,
        r"/c/(?P<name>[\w.@-]+)" + _QUERY,
        "https://{host}/feeds/c/{name}.xml?sort=New",
    ),
    (
        "Lemmy user",
        _LEMMY,
        r"/u/(?P<name>[\w.@-]+)" + _QUERY,
        "https://{host}/feeds/u/{name}.xml?sort=New",
    ),
    (
        "Ghost",
        r"[\w-]+\.ghost\.io",
        r"(?P<path>(?:/(?:tag|author)/[\w-]+)?)",
        "https://{host}{path}/rss/",
    ),
    ("LiveJournal", r"[\w-]+\.(?:livejournal\.com|dreamwidth\.org)", "", "https://{host}/data/rss"),
    ("Bear", r"[\w-]+\.bearblog\.dev", "(?:/blog)?", "https://{host}/feed/"),
    ("Micro.blog", r"[\w-]+\.micro\.blog", "", "https://{host}/feed.xml"),
    ("Write.as", r"write\.as", rf"/{_NAME}", "https://write.as/{name}/feed/"),
    ("DEV", r"dev\.to", r"/t/(?P<tag>\w+)(?:/.*)?", "https://dev.to/feed/tag/{tag}"),
    ("DEV", r"dev\.to", r"/(?!feed$|search$|tags$)(?P<name>\w+)", "https://dev.to/feed/{name}"),
    (
        "DeviantArt",
        r"deviantart\.com",
        r"/(?P<name>[\w-]+)(?:/gallery)?",
        "https://backend.deviantart.com/rss.xml?type=deviation&q=by%3A{name}+sort%3Atime+meta%3Aall",
    ),
    (
        "Letterboxd",
        r"letterboxd\.com",
        r"/(?!film\b|films\b|lists\b)(?P<name>\w+)",
        "https://letterboxd.com/{name}/rss/",
    ),
    (
        "arXiv",
        r"arxiv\.org",
        r"/(?:list/)?(?P<name>[a-z-]+(?:\.[A-Z-]+)?)/(?:recent|new)" + _QUERY,
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
)

ANY_HOST_PLATFORMS = _rows(
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
        r"/(?:c|video-channels)/(?P<name>[\w.@-]+)/(?:videos|video-playlists)" + _QUERY,
        "{origin}/feeds/videos.xml?videoChannelName={name}",
    ),
    (
        "PeerTube account",
        ".*",
        r"/(?:a|accounts)/(?P<name>[\w.@-]+)/(?:videos|video-channels)" + _QUERY,
        "{origin}/feeds/videos.xml?accountName={name}",
    ),
    (
        "Discourse topic",
        ".*",
        r"(?P<path>.*/t/[\w%-]+/\d+)(?:/\d+)?" + _QUERY,
        "{origin}{path}.rss",
    ),
    (
        "Discourse category",
        ".*",
        r"(?P<path>.*/c/[\w%-]+(?:/[\w%-]+)*/\d+)(?:/l/\w+)?" + _QUERY,
        "{origin}{path}.rss",
    ),
    ("Discourse", ".*", r"(?P<path>.*/(?:latest|top|tag/[\w%-]+))" + _QUERY, "{origin}{path}.rss"),
    (
        "Lemmy community",
        ".*",
        r"/c/(?P<name>[\w.@-]+)" + _QUERY,
        "{origin}/feeds/c/{name}.xml?sort=New",
    ),
    (
        "GitLab commits",
        ".*",
        _PROJECT + r"/-/(?:commits|tree)/(?P<branch>[^?]+)" + _QUERY,
        "{origin}{project}/-/commits/{branch}?format=atom",
    ),
    (
        "GitLab releases",
        ".*",
        _PROJECT + r"/-/releases" + _QUERY,
        "{origin}{project}/-/releases.atom",
    ),
    ("GitLab tags", ".*", _PROJECT + r"/-/tags" + _QUERY, "{origin}{project}/-/tags?format=atom"),
)


def known_feeds(url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that a platform is known to have for an address, best first.

    () for the address of no known platform.

    >>> known_feeds("https://www.youtube.com/playlist?list=PLnumbersandletters")[0].url
    'https://www.youtube.com/feeds/videos.xml?playlist_id=PLnumbersandletters'
    """
    return tuple(_candidates(url, KNOWN_PLATFORMS))


def possible_feeds(url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that an address would have if its host ran common software: guesses."""
    return tuple(_candidates(url, ANY_HOST_PLATFORMS))


def match_row(url: str, rows: Iterable[PlatformRule]) -> RowMatch | None:
    """Return the first row that matches an address; None if none does."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    if not host or len(url) > _LONGEST_URL:
        return None
    if _FEED_FILE.search(parts.path):
        return None

    path = parts.path.rstrip("/")
    if parts.query:
        path += f"?{parts.query}"
    for row in rows:
        if not row.host.fullmatch(host):
            continue
        match = row.path.fullmatch(path)
        if match:
            return RowMatch(row, _template_values(match, host, parts))
    return None


def _template_values(match: re.Match[str], host: str, parts: SplitResult) -> dict[str, str]:
    values = match.groupdict(default="")
    values["host"] = host
    values["origin"] = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"  # no password
    return values


def _candidates(url: str, rows: Iterable[PlatformRule]) -> Iterator[FeedCandidate]:
    match = match_row(url, rows)
    if match is None:
        return
    for template in match.row.feeds:
        yield FeedCandidate(template.format_map(match.values), match.row.platform)
