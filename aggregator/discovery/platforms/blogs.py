"""Feeds of blog hosting."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import NAME, QUERY, PlatformRule, platform_rows

BLOGS: tuple[PlatformRule, ...] = platform_rows(
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
        rf"(?:/(?:blog|page/\d+))?{QUERY}",
        "https://{host}/feed/",
    ),
    (
        "Substack",
        r"(?!open\.)[\w-]+\.substack\.com",
        rf"(?:/(?:archive|about|p/.*))?{QUERY}",
        "https://{host}/feed",
    ),
    (
        "Substack",
        r"open\.substack\.com",
        rf"/pub/{NAME}(?:/.*)?",
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
        r"/(?!(?:feed|me?|search|about|topics)(?:[/?]|$))(?P<name>@?[\w.-]+)(?:/[\w-]*)?" + QUERY,
        "https://medium.com/feed/{name}",
    ),
    ("Medium", r"[\w-]+\.medium\.com", rf"(?:/(?!feed)[\w-]*)?{QUERY}", "https://{host}/feed"),
    (
        "Blogger",
        r"[\w-]+\.blogspot\.[a-z.]{2,6}",
        r"/search/label/(?P<label>[^/?]+)" + QUERY,
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
        r"(?P<path>/tagged/[^/?]+)" + QUERY,
        "https://{host}{path}/rss",
    ),
    ("Tumblr", r"(?!www\.)[\w-]+\.tumblr\.com", rf"(?:/archive)?{QUERY}", "https://{host}/rss"),
    (
        "Tumblr",
        r"tumblr\.com",
        r"/(?!(?:tagged|explore|dashboard|login|search|about)\b)(?:blog/(?:view/)?)?(?P<name>[\w-]+)",
        "https://{name}.tumblr.com/rss",
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
    ("Write.as", r"write\.as", rf"/{NAME}", "https://write.as/{name}/feed/"),
    ("DEV", r"dev\.to", r"/t/(?P<tag>\w+)(?:/.*)?", "https://dev.to/feed/tag/{tag}"),
    ("DEV", r"dev\.to", r"/(?!feed$|search$|tags$)(?P<name>\w+)", "https://dev.to/feed/{name}"),
    (
        "Hashnode",
        r"[\w-]+\.hashnode\.dev",
        r"(?:/(?!rss)[\w-]*)?" + QUERY,
        "https://{host}/rss.xml",
    ),
    ("Hashnode", r"hashnode\.com", r"/@(?P<name>[\w-]+)", "https://{name}.hashnode.dev/rss.xml"),
    (
        "Buttondown",
        r"buttondown\.(?:com|email)",
        r"/(?P<name>[\w-]+)(?:/archive)?(?:/(?!rss)[\w-]+)?",
        "https://buttondown.com/{name}/rss",
    ),
    ("Mataroa", r"[\w-]+\.mataroa\.blog", r"(?:/blog)?", "https://{host}/rss/"),
    (
        "Habr",
        r"habr\.com",
        r"/(?P<language>ru|en)/users/(?P<name>\w+)(?:/.*)?",
        "https://habr.com/{language}/rss/users/{name}/",
    ),
)
