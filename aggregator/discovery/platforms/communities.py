"""Feeds of forums, networks and messengers."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import QUERY, PlatformRule, platform_rows

_REDDIT = r"(?:(?:old|new|np|i|m)\.)?reddit\.com"
_STACK = (
    r"(?:[a-z]{2}\.)?stackoverflow\.com|serverfault\.com|superuser\.com|askubuntu\.com|mathoverflow\.net|stackapps\.com"
    r"|[\w.-]+\.stackexchange\.com"
)
_LEMMY = (
    r"(?:lemmy|feddit|discuss)\.[\w.-]+|beehaw\.org|sh\.itjust\.works|programming\.dev|lemm\.ee"
    r"|slrpnk\.net"
)

COMMUNITIES: tuple[PlatformRule, ...] = platform_rows(
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
        r"/questions/tagged/(?P<tag>[^/?]+)" + QUERY,
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
    ("Stack Exchange", _STACK, rf"(?:/questions)?{QUERY}", "https://{host}/feeds"),
    (
        "Bluesky",
        r"bsky\.app",
        r"/profile/(?P<name>[\w.:%-]+)",
        "https://bsky.app/profile/{name}/rss",
    ),
    (
        "Lemmy community",
        _LEMMY,
        r"/c/(?P<name>[\w.@-]+)" + QUERY,
        "https://{host}/feeds/c/{name}.xml?sort=New",
    ),
    (
        "Lemmy user",
        _LEMMY,
        r"/u/(?P<name>[\w.@-]+)" + QUERY,
        "https://{host}/feeds/u/{name}.xml?sort=New",
    ),
    (
        "Steam game",
        r"(?:store\.steampowered|steamcommunity)\.com",
        r"/(?:news/)?app/(?P<id>\d+)(?:/.*)?",
        "https://store.steampowered.com/feeds/news/app/{id}/",
    ),
    (
        "Steam group",
        r"steamcommunity\.com",
        r"/groups/(?P<name>[\w-]+)(?:/(?!rss).*)?",
        "https://steamcommunity.com/groups/{name}/rss/",
    ),
    (
        "Telegram preview",
        r"t\.me|telegram\.me",
        r"/(?:s/)?(?!s$|s/|joinchat|share|addstickers|iv\b)(?P<name>[A-Za-z]\w{3,31})(?:/\d+)?"
        + QUERY,
        "https://t.me/s/{name}",
    ),
    (
        "Pinterest board",
        r"(?:[a-z]{2}\.)?pinterest\.com",
        r"/(?!pin/|search/|ideas/)(?P<name>\w+/[\w-]+)",
        "https://www.pinterest.com/{name}.rss",
    ),
    (
        "Pinterest user",
        r"(?:[a-z]{2}\.)?pinterest\.com",
        r"/(?!(?:pin|search|ideas|today)$)(?P<name>\w+)",
        "https://www.pinterest.com/{name}/feed.rss",
    ),
)
