"""What a configuration that loads becomes."""

from __future__ import annotations

import pickle
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr, ValidationError

from aggregator.config import (
    ArticleRules,
    BasicAuth,
    Config,
    Defaults,
    ExpectedEntry,
    FieldRule,
    Fields,
    HttpOptions,
    Match,
    Network,
    PageTest,
    Server,
    Source,
    View,
    Where,
    default_config,
    load_config,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Loads = Callable[..., Config]

MERGED = View(id="merged", title="All news", limit=100, where=Where(), duplicates="group")


def test_an_empty_file_is_the_defaults(loads: Loads, tmp_path: Path) -> None:
    config = loads("")

    assert config == Config(
        database=f"sqlite:///{tmp_path}/var/aggregator.db",
        output=tmp_path / "var/feeds",
        server=Server(listen="127.0.0.1:8080", public_url=None),
        defaults=Defaults(
            every=timedelta(hours=1), timezone="UTC", full_text="missing", keep=timedelta(days=90)
        ),
        network=Network(
            concurrency=64,
            per_host=2,
            timeout=timedelta(seconds=30),
            max_body=16 * 2**20,
            allow_private=False,
            user_agent=None,
        ),
        views=(MERGED,),
    ).with_sources((tmp_path / "aggregator.yaml",), sources=())


def test_without_any_file_everything_is_beneath_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    config = default_config()

    assert (config.database, config.output) == (
        f"sqlite:///{tmp_path}/var/aggregator.db",
        tmp_path / "var/feeds",
    )
    assert (config.views, config.sources, config.files) == ((MERGED,), (), ())


def test_the_fullest_main_file_is_read_as_it_is_written(loads: Loads, tmp_path: Path) -> None:
    config = loads(
        """
        database: sqlite:///../data/a.db?timeout=5
        output: out
        server: {listen: "[::1]:8443", public_url: "https://feeds.example.org"}
        defaults: {every: 2h, timezone: Asia/Kolkata, full_text: never, keep: 2w}
        network: {concurrency: 8, per_host: 1, timeout: 5m, max_body: 500kB, allow_private: true, user_agent: me/1}
        views:
          - {id: zh, title: 中文, limit: 50, duplicates: keep, where: {language: [zh, ja], tag: world,
             include: {title: [a, b], content: c, author: d, tag: e, url: f}, exclude: {title: "直播"}}}
          - {id: all}
        """
    )

    assert config == Config(
        database=f"sqlite:///{tmp_path.parent}/data/a.db?timeout=5",
        output=tmp_path / "out",
        server=Server(listen="[::1]:8443", public_url="https://feeds.example.org"),
        defaults=Defaults(
            every=timedelta(hours=2), timezone="Asia/Kolkata", full_text="never", keep=timedelta(14)
        ),
        network=Network(
            concurrency=8,
            per_host=1,
            timeout=timedelta(minutes=5),
            max_body=500_000,
            allow_private=True,
            user_agent="me/1",
        ),
        views=(
            View(
                id="zh",
                title="中文",
                limit=50,
                duplicates="keep",
                where=Where(
                    language=("zh", "ja"),
                    tag=("world",),
                    include=Match(
                        title=("a", "b"), content=("c",), author=("d",), tag=("e",), url=("f",)
                    ),
                    exclude=Match(title=("直播",)),
                ),
            ),
            View(id="all", title="all"),
        ),
    ).with_sources((tmp_path / "aggregator.yaml",), sources=())
    assert (config.server.host, config.server.port) == ("::1", 8443)
    assert config.defaults.zone == ZoneInfo("Asia/Kolkata")


def test_the_fullest_source_is_read_as_it_is_written(loads: Loads, tmp_path: Path) -> None:
    config = loads(
        news="""
        - id: no-feed
          url: https://news.example.org/
          adapter: page
          name: No feed
          every: 15m
          timezone: Europe/Paris
          language: zh-Hans
          tags: [a, b]
          enabled: false
          keep: 30d
          full_text: always
          priority: -3
          site: [News.example.org, example.com]
          allow_private: true
          http: {headers: {X-A: b}, charset: gb18030, user_agent: me/1, min_interval: 0s, max_body: 2GB,
                 basic_auth: {username: u, password: p}, proxy: "http://localhost:3128"}
          items: article.card
          fields: {title: h2, url: ["a@href", "a@data-href"],
                   published: {from: time@datetime, formats: ["%d/%m/%Y"], strip: 于, order: DMY, calendar: roc}}
          next: a.next@href
          article: {body: [".body", auto], remove: .share}
          tests: [{capture: no-feed.html.gz, min_items: 12, first: {title: One}}]
        """
    )

    assert config.sources == (
        Source(
            id="no-feed",
            url="https://news.example.org/",
            adapter="page",
            name="No feed",
            every=timedelta(minutes=15),
            timezone="Europe/Paris",
            language="zh-Hans",
            tags=("a", "b"),
            enabled=False,
            keep=timedelta(days=30),
            full_text="always",
            priority=-3,
            site=("news.example.org", "example.com"),
            allow_private=True,
            http=HttpOptions(
                headers={"X-A": SecretStr("b")},
                charset="gb18030",
                user_agent="me/1",
                min_interval=timedelta(0),
                max_body=2_000_000_000,
                basic_auth=BasicAuth(username="u", password=SecretStr("p")),
                proxy="http://localhost:3128",
            ),
            items=("article.card",),
            fields=Fields(
                title=FieldRule.model_validate({"from": "h2"}),
                url=FieldRule.model_validate({"from": ["a@href", "a@data-href"]}),
                published=FieldRule.model_validate(
                    {
                        "from": "time@datetime",
                        "formats": "%d/%m/%Y",
                        "strip": ["于"],
                        "order": "DMY",
                        "calendar": "roc",
                    }
                ),
            ),
            next=("a.next@href",),
            article=ArticleRules(body=(".body", "auto"), remove=(".share",)),
            tests=(
                PageTest(
                    capture=tmp_path / "sources/no-feed.html.gz",
                    min_items=12,
                    first=ExpectedEntry(title="One"),
                ),
            ),
        ).with_origin(
            origin="sources/news.yaml:2",
            given_keys={
                "id",
                "url",
                "adapter",
                "name",
                "every",
                "timezone",
                "language",
                "tags",
                "enabled",
                "keep",
                "full_text",
                "priority",
                "site",
                "allow_private",
                "http",
                "items",
                "fields",
                "next",
                "article",
                "tests",
            },
            is_every_explicit=True,
        ),
    )


@pytest.mark.parametrize(
    ("main", "feed"),
    [
        ("", "merged"),
        ("views: [{id: zh}, {id: merged}]", "merged"),
        ("views: [{id: zh}, {id: en}]", "zh"),
        ("views: [{id: zh}, {id: merged}]\nserver: {feed: zh}", "zh"),
        ("server: {feed: merged}", "merged"),
    ],
)
def test_the_feed_is_the_view_that_is_named_or_merged_or_the_first(
    loads: Loads, main: str, feed: str
) -> None:
    assert loads(main).feed_view.id == feed


@pytest.mark.parametrize("written", ["time", "[time]", "{from: time}", "{from: [time]}"])
def test_a_date_field_is_a_selector_a_list_or_a_mapping(loads: Loads, written: str) -> None:
    config = loads(news=f"- {{url: 'https://example.org/', fields: {{published: {written}}}}}")

    assert config.sources[0].fields.published == FieldRule.model_validate({"from": ["time"]})


def test_a_bare_url_is_a_source_in_every_list(loads: Loads) -> None:
    config = loads(
        "sources: [https://a.example.org/, sources/b.yaml]", b="- https://b.example.org/feed"
    )

    assert [
        (source.id, source.location, source.adapter, source.origin) for source in config.sources
    ] == [
        ("a.example.org", "https://a.example.org/", "auto", "aggregator.yaml:1"),
        ("b.example.org-feed", "https://b.example.org/feed", "auto", "sources/b.yaml:1"),
    ]


@pytest.mark.parametrize(
    ("written", "ids"),
    [
        ("", ["a", "b", "c"]),
        ("sources:", ["a", "b", "c"]),
        ("sources: sources/*.yaml", ["a", "b", "c"]),
        ("sources: sources/b.yaml", ["b"]),
        ("sources: ['sources/[bc].yaml', sources/*.yaml]", ["b", "c", "a"]),
        ("sources: '**/a.yaml'", ["a"]),
        ("sources: '*.yaml'", []),
        ("sources: nowhere/*.yaml", []),
        ("sources: []", []),
    ],
)
def test_sources_name_files_each_of_which_is_read_once(
    loads: Loads, written: str, ids: list[str]
) -> None:
    config = loads(
        written, **{name: f"- {{id: {name}, url: 'https://example.org/'}}" for name in "abc"}
    )

    assert [source.id for source in config.sources] == ids


def test_the_files_of_an_editor_are_no_sources(loads: Loads, tmp_path: Path) -> None:
    (tmp_path / "sources/.#news.yaml").write_text("- nonsense")
    (tmp_path / "sources/folder.yaml").mkdir()

    config = loads(news="- https://example.org/")

    assert len(config.sources) == 1
    assert config.files == (tmp_path / "aggregator.yaml", tmp_path / "sources/news.yaml")


def test_paths_are_relative_to_the_file_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc/more").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "etc/aggregator.yaml").write_text(
        "output: ../out\ndatabase: sqlite:///a.db\nsources: more/s.yaml"
    )
    (tmp_path / "etc/more/s.yaml").write_text("- path: ../../seeds/*.txt\n- path: /srv/saved")
    monkeypatch.chdir(tmp_path / "elsewhere")

    config = load_config(Path("../etc/aggregator.yaml"), env={})

    assert (config.output, config.database) == (tmp_path / "out", f"sqlite:///{tmp_path}/etc/a.db")
    assert [source.path for source in config.sources] == [
        tmp_path / "seeds/*.txt",
        Path("/srv/saved"),
    ]


@pytest.mark.parametrize(("folder", "home"), [("config", "."), ("settings", "settings")])
def test_what_is_kept_is_kept_beside_a_folder_named_config(
    tmp_path: Path, folder: str, home: str
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "aggregator.yaml").write_text("server:\noutput:\n")

    config = load_config(tmp_path / folder / "aggregator.yaml", env={})

    var = tmp_path / home / "var"
    assert (config.output, config.database) == (var / "feeds", f"sqlite:///{var}/aggregator.db")


def test_a_source_takes_from_defaults_what_it_does_not_say(loads: Loads) -> None:
    config = loads(
        "defaults: {every: 2h, timezone: Asia/Tokyo, full_text: never, keep: 2w}",
        news="""
        - {id: silent, url: "https://example.org/", timezone: }
        - {id: says, url: "https://example.org/", every: 5m, timezone: UTC, full_text: always, keep: 1d}
        """,
    )

    seen: list[tuple[object, ...]] = [
        (s.every, s.timezone, s.zone, s.full_text, s.keep, set(s.given_keys))
        for s in config.sources
    ]
    assert seen == [
        (
            timedelta(hours=2),
            "Asia/Tokyo",
            ZoneInfo("Asia/Tokyo"),
            "never",
            timedelta(14),
            {"id", "url"},
        ),
        (
            timedelta(minutes=5),
            "UTC",
            ZoneInfo("UTC"),
            "always",
            timedelta(1),
            {"id", "url", "every", "timezone", "full_text", "keep"},
        ),
    ]


@pytest.mark.parametrize(
    ("main", "source", "stated"),
    [
        ("", "", False),
        ("defaults: {keep: 1d}", "", False),
        ("defaults: {every: 1h}", "", True),
        ("", ", every: 1h", True),
    ],
)
def test_it_is_known_whether_a_person_chose_the_interval(
    loads: Loads, main: str, source: str, stated: bool
) -> None:
    config = loads(main, news=f"- {{url: 'https://example.org/'{source}}}")

    assert (config.sources[0].every, config.sources[0].is_every_explicit) == (
        timedelta(hours=1),
        stated,
    )


def test_keys_with_nothing_after_them_count_as_absent(loads: Loads) -> None:
    config = loads(
        "server:\ndefaults: ~\nviews:\n",
        news="- url: https://example.org/\n  id:\n  tags:\n  http:\n",
    )

    assert (config.server, config.defaults, config.views) == (Server(), Defaults(), (MERGED,))
    assert config.sources[0] == Source(id="example.org", url="https://example.org/").with_origin(
        origin="sources/news.yaml:1", given_keys={"url"}, is_every_explicit=False
    )


def test_values_that_yaml_takes_for_something_else_stay_text(loads: Loads) -> None:
    config = loads(
        news="- {id: 007, url: 'https://example.org/', language: no, tags: [2024, 1:30, yes, 2024-01-01]}"
    )

    source = config.sources[0]
    assert (source.id, source.language, source.tags) == (
        "007",
        "no",
        ("2024", "1:30", "yes", "2024-01-01"),
    )


def test_anchors_and_merge_keys_lend_values(loads: Loads) -> None:
    config = loads(
        news="""
        - &rfi {id: rfi, url: "https://www.rfi.fr/cn/rss", adapter: rfi, timezone: Europe/Paris, tags: &t [radio]}
        - {<<: *rfi, id: rfi-fr, url: "https://www.rfi.fr/fr/rss"}
        - {<<: [{id: x, every: 30m}, *rfi], url: "https://example.org", tags: *t}
        """
    )

    assert [(s.id, s.adapter, s.timezone, s.tags, s.is_every_explicit) for s in config.sources] == [
        ("rfi", "rfi", "Europe/Paris", ("radio",), False),
        ("rfi-fr", "rfi", "Europe/Paris", ("radio",), False),
        ("x", "rfi", "Europe/Paris", ("radio",), True),
    ]


def test_the_environment_fills_values_and_nothing_else_is_replaced(loads: Loads) -> None:
    config = loads(
        news="""
        - id: voa
          url: "https://www.voachinese.com/api/z$uvy_${TOKEN}-$${TOKEN}$"
          name: "$TOKEN ${} ${1} ${TO KEN} ${TOKEN:-x} $$"
          tags: ["${EMPTY}${TOKEN}", "${TOKEN}${TOKEN}"]
        """,
        env={"TOKEN": "${EMPTY}", "EMPTY": ""},
    )

    source = config.sources[0]
    assert source.url == "https://www.voachinese.com/api/z$uvy_${EMPTY}-${TOKEN}$"
    assert source.name == "$TOKEN ${} ${1} ${TO KEN} ${TOKEN:-x} $$"
    assert source.tags == ("${EMPTY}", "${EMPTY}${EMPTY}")


def test_secrets_are_read_but_never_shown(loads: Loads) -> None:
    config = loads(
        """
        database: postgresql+psycopg://me:${PASSWORD}@localhost/news
        sources:
          - url: https://example.org/
            http:
              headers: {Authorization: "Bearer ${PASSWORD}"}
              basic_auth: {username: reader, password: "${PASSWORD}"}
              proxy: http://me:${PASSWORD}@localhost:3128
        """,
        env={"PASSWORD": "hunter2"},
    )

    http = config.sources[0].http
    assert http.headers == {"Authorization": SecretStr("Bearer hunter2")}
    assert http.basic_auth is not None
    assert http.basic_auth.password.get_secret_value() == "hunter2"
    assert http.proxy == "http://me:hunter2@localhost:3128"
    assert config.database == "postgresql+psycopg://me:hunter2@localhost/news"
    assert "hunter2" not in repr(config) + str(config)


@pytest.mark.parametrize("form", ["- {0}", "- {{url: '{0}'}}"])
def test_a_secret_in_an_address_is_asked_for_but_neither_shown_nor_named(
    loads: Loads, form: str
) -> None:
    written = "https://example.org/feed?key=${TOKEN}"

    first, second = (
        loads(news=form.format(written), env={"TOKEN": token}).sources[0]
        for token in ("hunter2", "x")
    )

    assert (first.location, first.display_location) == (
        "https://example.org/feed?key=hunter2",
        written,
    )
    assert first.id == second.id == "example.org-feed-key-token-0b77d1"
    assert repr(first) == f"Source(id='{first.id}', location='{written}')"


def test_a_configuration_cannot_be_changed(loads: Loads) -> None:
    config = loads(news="- https://example.org/")

    with pytest.raises(ValidationError, match="frozen"):
        config.sources[0].every = timedelta(0)


def test_a_source_travels_to_another_process_whole(loads: Loads) -> None:
    source = loads(news="- {url: 'https://example.org/', every: 15m}").sources[0]

    copy = pickle.loads(pickle.dumps(source))

    assert copy == source
    assert (copy.origin, copy.given_keys, copy.is_every_explicit) == (
        "sources/news.yaml:1",
        {"url", "every"},
        True,
    )


def test_site_rules_are_adapters_only_where_they_exist(loads: Loads, tmp_path: Path) -> None:
    loads(news="- {url: 'https://example.org/', adapter: rfi}")

    with pytest.raises(Exception, match="must be an adapter"):
        load_config(tmp_path / "aggregator.yaml", env={}, sites=())
