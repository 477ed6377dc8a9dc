"""Feeds of code hosting and package registries."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import (
    GITLAB_PROJECT,
    NAME,
    QUERY,
    PlatformRule,
    platform_rows,
)

_GITHUB = "https://github.com/{owner}/{repo}"
_REPO = (
    r"/(?!(?:topics|orgs|features|sponsors|settings|search|apps|collections)/)"
    r"(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)"
)
_FORGE = r"codeberg\.org|gitea\.com"
_FORGE_AT = "https://{host}/{owner}/{repo}"
_GITLAB = r"gitlab\.[\w.-]+|salsa\.debian\.org|invent\.kde\.org"

CODE: tuple[PlatformRule, ...] = platform_rows(
    (
        "GitHub releases",
        "github.com",
        _REPO + f"(?:/releases(?:/latest)?)?{QUERY}",
        _GITHUB + "/releases.atom",
        _GITHUB + "/tags.atom",
        _GITHUB + "/commits.atom",
    ),
    ("GitHub tags", "github.com", _REPO + "/tags" + QUERY, _GITHUB + "/tags.atom"),
    (
        "GitHub commits",
        "github.com",
        _REPO + f"/(?:commits|tree)/(?P<branch>[^?]+){QUERY}",
        _GITHUB + "/commits/{branch}.atom",
    ),
    ("GitHub commits", "github.com", _REPO + "/commits" + QUERY, _GITHUB + "/commits.atom"),
    (
        "GitHub discussions",
        "github.com",
        _REPO + "/discussions" + QUERY,
        _GITHUB + "/discussions.atom",
    ),
    ("GitHub wiki", "github.com", _REPO + f"/wiki(?:/[^?]*)?{QUERY}", _GITHUB + "/wiki.atom"),
    (
        "GitHub user",
        "github.com",
        rf"/(?!(?:topics|trending|explore|features|about|login|search)\b){NAME}{QUERY}",
        "https://github.com/{name}.atom",
    ),
    (
        "GitLab commits",
        _GITLAB,
        GITLAB_PROJECT + r"/-/(?:commits|tree)/(?P<branch>[^?]+)" + QUERY,
        "https://{host}{project}/-/commits/{branch}?format=atom",
    ),
    (
        "GitLab tags",
        _GITLAB,
        GITLAB_PROJECT + "/-/tags" + QUERY,
        "https://{host}{project}/-/tags?format=atom",
    ),
    (
        "GitLab issues",
        _GITLAB,
        GITLAB_PROJECT + "/-/issues" + QUERY,
        "https://{host}{project}/-/issues.atom",
    ),
    (
        "GitLab releases",
        _GITLAB,
        GITLAB_PROJECT + f"(?:/-/releases)?{QUERY}",
        "https://{host}{project}/-/releases.atom",
        "https://{host}{project}/-/tags?format=atom",
        "https://{host}{project}.atom",
    ),
    ("GitLab user", _GITLAB, f"/{NAME}{QUERY}", "https://{host}/{name}.atom"),
    (
        "Forgejo releases",
        _FORGE,
        r"/(?!explore/)(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)" + f"(?:/releases)?{QUERY}",
        _FORGE_AT + "/releases.rss",
        _FORGE_AT + "/tags.rss",
        _FORGE_AT + ".rss",
    ),
    (
        "Forgejo tags",
        _FORGE,
        r"/(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)/tags" + QUERY,
        _FORGE_AT + "/tags.rss",
    ),
    ("Forgejo user", _FORGE, f"/{NAME}{QUERY}", "https://{host}/{name}.rss"),
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
        rf"/projects/{NAME}(?:/.*)?",
        "https://sourceforge.net/projects/{name}/rss",
    ),
    (
        "PyPI",
        r"pypi\.org",
        rf"/project/{NAME}(?:/.*)?",
        "https://pypi.org/rss/project/{name}/releases.xml",
    ),
    (
        "crates.io",
        r"crates\.io",
        rf"/crates/{NAME}(?:/.*)?",
        "https://static.crates.io/rss/crates/{name}.xml",
    ),
    (
        "Bitbucket",
        r"bitbucket\.org",
        r"/(?P<repo>[\w.-]+/[\w.-]+)(?:/.*)?",
        "https://bitbucket.org/{repo}/rss",
    ),
    (
        "npm, by libraries.io",
        r"npmjs\.com",
        r"/package/(?P<name>[\w.-]+)(?:/.*)?" + QUERY,
        "https://libraries.io/npm/{name}/versions.atom",
    ),
    (
        "npm, by libraries.io",
        r"npmjs\.com",
        r"/package/(?P<scope>@[\w.-]+)/(?P<name>[\w.-]+)(?:/.*)?" + QUERY,
        "https://libraries.io/npm/{scope}%2F{name}/versions.atom",
    ),
    (
        "RubyGems",
        r"rubygems\.org",
        rf"/gems/{NAME}(?:/versions)?{QUERY}",
        "https://rubygems.org/gems/{name}/versions.atom",
    ),
    (
        "Packagist",
        r"packagist\.org",
        r"/packages/(?P<name>[\w.-]+/[\w.-]+)",
        "https://packagist.org/feeds/package.{name}.rss",
    ),
)
