"""The keys of the main file with their defaults; every key is optional."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from aggregator.config.filters import Match
from aggregator.config.record import Record, text_default_field
from aggregator.config.source import FullText, Source
from aggregator.config.types import (
    ConfigPath,
    DatabaseUrl,
    Duration,
    Every,
    Identifier,
    Identifiers,
    Languages,
    Listen,
    OneLine,
    Origins,
    PlainUrl,
    Share,
    Size,
    Text,
    Texts,
    ZoneName,
    as_list,
)
from aggregator.redaction import NO_SECRETS, Secrets


class Server(Record):
    """Where the feeds are served."""

    listen: Listen = Field(
        default="127.0.0.1:8080",
        description="Address and port to serve on.",
        examples=["0.0.0.0:80"],
    )
    public_url: PlainUrl | None = Field(
        default=None,
        description="Public URL of this server, to which feeds link.",
        examples=["https://feeds.example.org"],
    )
    feed: Identifier | None = Field(
        default=None,
        description="View at /feed.atom; where absent `merged` if there is one, else the first.",
        examples=["zh"],
    )
    cors: Origins | None = Field(
        default=None,
        description="Web origins whose scripts may read the JSON documents, `*` for any; "
        "where absent any if `public_url` is set, else none.",
        examples=["https://reader.example.org"],
    )

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose scripts may read the JSON documents.

        A server without a public URL is the user's own: no page on the web may read what
        it follows.
        """
        if self.cors is not None:
            return self.cors
        return ("*",) if self.public_url else ()

    @property
    def host(self) -> str:
        """The address to listen on, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])


class Defaults(Record):
    """Values for every source that does not set its own."""

    every: Every = text_default_field(
        "1h", description="Interval between two requests; at least 5m.", examples=["30m"]
    )
    timezone: ZoneName = Field(
        default="UTC",
        description="IANA timezone of dates without an offset.",
        examples=["Europe/Paris"],
    )
    full_text: FullText = Field(
        default="missing",
        description="Fetch the article's own page: if the text is missing or cut, always, never.",
        examples=["never"],
    )
    keep: Duration = text_default_field(
        "90d", description="How long an entry is kept after it was last listed.", examples=["52w"]
    )

    @property
    def zone(self) -> ZoneInfo:
        """The timezone of dates without an offset."""
        return ZoneInfo(self.timezone)


class Network(Record):
    """Limits on requests."""

    concurrency: int = Field(
        default=64, ge=1, le=1000, description="Most requests at the same time.", examples=[16]
    )
    per_host: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Most requests at the same time to one host.",
        examples=[1],
    )
    timeout: Duration = text_default_field(
        "30s", description="Longest time for one document, redirects included.", examples=["60s"]
    )
    max_body: Size = text_default_field(
        "16MiB", description="Largest document, after decompression.", examples=["64MiB"]
    )
    allow_private: bool = Field(
        default=False,
        description="Allow addresses of private networks and this machine.",
        examples=["true"],
    )
    user_agent: OneLine | None = Field(
        default=None,
        description="User-Agent; if absent, `aggregator/VERSION` with a contact URL.",
        examples=["example/1.0 (+https://example.org)"],
    )


Attachments = Annotated[
    tuple[Literal["image", "enclosure"], ...],
    BeforeValidator(as_list, json_schema_input_type=str | list[str]),
]


class Where(Record):
    """Which entries a view shows. An entry must meet every key that is given."""

    language: Languages = Field(
        default=(),
        description="In one of these languages; `zh` includes `zh-Hans`.",
        examples=["zh"],
    )
    source: Identifiers = Field(
        default=(), description="From one of these sources.", examples=["[rfi-cn, voa-zh]"]
    )
    tag: Texts = Field(default=(), description="With one of these tags.", examples=["world"])
    publisher: Texts = Field(
        default=(),
        description="Of one of these publishers, in any case of letters.",
        examples=["[AFP, Reuters]"],
    )
    age: Duration | None = Field(
        default=None,
        description="Published within this time; if absent, at any time.",
        examples=["7d"],
    )
    has: Attachments = Field(
        default=(),
        description="With all of these: image, enclosure.",
        examples=["[image, enclosure]"],
    )
    include: Match = Field(
        default=Match(), description="Only entries that match.", examples=["{title: Paris}"]
    )
    exclude: Match = Field(
        default=Match(), description="No entry that matches.", examples=["{title: 直播}"]
    )


class View(Record):
    """One published output."""

    id: Identifier = Field(description="Name in URLs and file names.", examples=["zh"])
    title: Text = Field(
        default_factory=lambda given: given["id"],
        description="Title for people; if absent, the id.",
        examples=["中文"],
    )
    description: OneLine | None = Field(
        default=None,
        description="What the feed is about, for people; if absent, RSS repeats the title.",
        examples=["News of the day in Chinese"],
    )
    kind: Literal["entries", "edits", "digest", "podcast"] = Field(
        default="entries",
        description="What an entry of the feed is: an article, a change of one, a digest of a `period`, "
        "or an episode with sound or film.",
        examples=["digest"],
    )
    period: Literal["day", "week"] = Field(
        default="day", description="What a digest is of.", examples=["week"]
    )
    timezone: ZoneName = Field(
        default="UTC",
        description="IANA timezone in which the day of a digest begins.",
        examples=["Europe/Paris"],
    )
    icon: PlainUrl | None = Field(
        default=None,
        description="URL of a picture for the feed.",
        examples=["https://feeds.example.org/zh.png"],
    )
    content: Literal["full", "summary", "none"] = Field(
        default="full",
        description="How much text of an entry is published.",
        examples=["summary"],
    )
    order: Literal["newest", "oldest", "updated"] = Field(
        default="newest",
        description="Order of the entries shown.",
        examples=["updated"],
    )
    limit: int = Field(
        default=100, ge=1, le=1000, description="Entries shown, newest first.", examples=[50]
    )
    where: Where = Field(
        default=Where(), description="Which entries; if absent, all.", examples=["{language: zh}"]
    )
    max_per_source: Share | None = Field(
        default=None,
        description="Most entries of one source: a number, or a share of `limit`.",
        examples=["25%"],
    )
    duplicates: Literal["group", "keep"] = Field(
        default="group",
        description="Copies in several sources: group shows one, keep shows all.",
        examples=["keep"],
    )
    keep: Duration | None = Field(
        default=None,
        description="How long after publication an entry is shown and kept; if absent, without limit.",
        examples=["30d"],
    )

    @property
    def most_per_source(self) -> int | None:
        """How many entries of one source it shows at most; None for any number."""
        if isinstance(self.max_per_source, str):
            percent = int(self.max_per_source.removesuffix("%"))
            return max(1, self.limit * percent // 100)
        return self.max_per_source

    @property
    def shown_for(self) -> timedelta | None:
        """How long after its publication an entry is shown; None without a limit."""
        periods = [period for period in (self.keep, self.where.age) if period is not None]
        return min(periods, default=None)


DEFAULT_VIEW = View(id="merged", title="All news", limit=100)


def _or_default_view(views: tuple[View, ...]) -> tuple[View, ...]:
    return views or (DEFAULT_VIEW,)


class Config(Record):
    """Keys of the main file, such as `config/aggregator.yaml`."""

    database: DatabaseUrl = text_default_field(
        "sqlite:///var/aggregator.db",
        secret=True,
        description="sqlite:///path (relative to this file) or postgresql+psycopg://user@host/name.",
        examples=["postgresql+psycopg://aggregator@localhost/aggregator"],
    )
    output: ConfigPath = text_default_field(
        "var/feeds",
        description="Folder where views are written (relative to this file).",
        examples=["../out"],
    )
    server: Server = Field(
        default=Server(),
        description="Where feeds and pages are served.",
        examples=["{listen: 127.0.0.1:8080}"],
    )
    defaults: Defaults = Field(
        default=Defaults(),
        description="Values for every source that does not set its own.",
        examples=["{every: 30m, timezone: Europe/Paris}"],
    )
    network: Network = Field(
        default=Network(),
        description="Limits on requests.",
        examples=["{timeout: 60s}"],
    )
    views: Annotated[tuple[View, ...], AfterValidator(_or_default_view)] = Field(
        default=(),
        description="Published feeds. If absent, one view `merged`.",
        examples=["[{id: merged, title: All news}]"],
    )
    sources: tuple[Source, ...] = Field(
        default=(),
        description="Files of sources (`*` matches many), or the sources themselves.",
        examples=["sources/*.yaml"],
    )

    _files: tuple[Path, ...] = PrivateAttr(default=())
    _secrets: Secrets = PrivateAttr(default=NO_SECRETS)

    def with_sources(
        self,
        files: tuple[Path, ...],
        *,
        sources: tuple[Source, ...],
        secrets: Secrets = NO_SECRETS,
    ) -> "Config":
        """Return a copy with these sources, the files that it was read from, and what to hide."""
        complete = self.model_copy(update={"sources": sources})
        complete._files = files  # noqa: SLF001  a copy of this object
        complete._secrets = secrets  # noqa: SLF001
        return complete

    @property
    def secrets(self) -> Secrets:
        """The values from the environment, which no output shows."""
        return self._secrets

    @property
    def sqlite_path(self) -> Path | None:
        """The file of the database; None if it is not SQLite."""
        if not self.database.startswith("sqlite:///"):
            return None
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def feed_view(self) -> View:
        """The view at /feed.atom."""
        views = {view.id: view for view in self.views}
        return views.get(self.server.feed or DEFAULT_VIEW.id, self.views[0])

    @property
    def files(self) -> tuple[Path, ...]:
        """The absolute paths of all files that it was read from, the main file first."""
        return self._files
