"""The blocks of README.md and docs/*.md, run as a reader runs them.

Each section of a page is followed from top to bottom in a fresh copy of the shipped
configuration: its YAML is pasted and must load, its commands must end as they should.
Every host is served from loopback. What the language of a block means:

* `yaml`: pasted into the copy. Its first comment line may name the file. Otherwise its
  shape decides: a list is a sources file, a mapping with `id` is site rules, any other
  mapping is added to `config/aggregator.yaml`.
* `sh`, `console` (lines after `$ `): `aggregator` runs in this process, `run` and
  `make run` are parsed and their configuration is checked, commands of SHELL run in
  the copy, commands of SYSTEM are only looked up there.
* `text`: output to look at.

Any other block carries `<!-- not run: why -->` on the line above it. NOT_RUN counts them.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import typer
import yaml

from aggregator.cli import app
from aggregator.cli.context import Invocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.cli.conftest import Said  # for types alone

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

SHIPPED = ("config", "seeds")
NOT_RUN = {"docs/howto.md": 3}
RUN_LANGUAGES = {"yaml", "sh", "console"}
SHELL = {"cp", "mkdir", "mv", "python3", "rm", "sqlite3", "tar", "touch"}
SYSTEM = {
    "cd",
    "createdb",
    "createuser",
    "curl",
    "docker",
    "git",
    "grep",
    "head",
    "htpasswd",
    "install",
    "jq",
    "ln",
    "nginx",
    "pipx",
    "systemctl",
    "systemd-sysusers",
}
READ_TOGETHER = ("README.md", "docs/howto.md", "docs/sources.md")

HOST = re.compile(r"https?://((?:[a-z0-9-]+\.)+[a-z]+)")
BARE_HOST = re.compile(r"((?:[a-z0-9-]+\.)*example(?:\.(?:org|com|net))?)(?=/|$)")
FILE_COMMENT = re.compile(r"# (config/\S+\.yaml)")
EXIT_CODE = re.compile(r"# exit code (\d)")
MARK = re.compile(r"<!-- not run: (.+) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `reason` says why it is not run, None for one that is."""

    place: str
    language: str
    text: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks under one heading."""

    page: str
    title: str
    blocks: list[Block] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page}: {self.title}"

    @property
    def to_run(self) -> list[Block]:
        """The blocks that do something, in order."""
        return [
            block for block in self.blocks if block.language in RUN_LANGUAGES and not block.reason
        ]


def read_sections(page: Path) -> list[Section]:
    """Split a page at its headings of the first and second level."""
    name = page.relative_to(ROOT).as_posix()
    sections = [Section(name, "")]
    before = ""
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)

    for number, line in lines:
        if line.startswith(("# ", "## ")):
            sections.append(Section(name, line.lstrip("# ")))
        elif line.lstrip().startswith("```"):
            mark = MARK.fullmatch(before.strip())
            reason = mark.group(1) if mark else None
            language = line.strip().removeprefix("```")
            text = dedent("".join(_until_fence(lines)))
            sections[-1].blocks.append(Block(f"{name}:{number}", language, text, reason))
        before = line
    return sections


def _until_fence(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line + "\n"


SECTIONS = [section for page in PAGES for section in read_sections(page)]
BLOCKS = [block for section in SECTIONS for block in section.blocks]


# --- the hosts of the documentation -------------------------------------------------

LIST_PAGE = """<!doctype html><html lang="en"><head><title>The Harbour Gazette</title>
<link rel="alternate" type="application/rss+xml" href="/feed.xml" title="News"></head><body><ul>{cards}</ul>
<script id="__NEXT_DATA__" type="application/json">{{"props": {{"pageProps": {{"posts": [
{{"title": "The valley floods", "slug": "flood", "publishedAt": "2026-07-04T08:00:00Z"}}
]}}}}}}</script></body></html>"""
CARD = """<li class="headline"><article class="card"><h2><a href="/story/{n}">The harbour opens gate {n}</a></h2>
<time datetime="2026-07-04T0{n}:00:00Z">4 July</time><p>What is known about it, in a few words.</p></article></li>"""
ARTICLE = """<!doctype html><html lang="en"><head><title>The harbour opens a gate</title></head><body>
<article class="article__body"><h1>The harbour opens a gate</h1><p>The gate is open again after two years, and ships
pass through it.</p><p>A second paragraph says more about it, and is long as well.</p></article></body></html>"""
FEED = (
    '<rss version="2.0"><channel><title>Harbour</title><link>{home}/</link>{items}</channel></rss>'
)
ITEM = """<item><title>The harbour opens gate {n}</title><link>{home}/story/{n}</link>
<pubDate>Sat, 04 Jul 2026 0{n}:00:00 GMT</pubDate>
<description>What is known about it, at length.</description></item>"""
API = '{"data": {"articles": [{"headline": "An island", "link": "/island", "published_at": "2026-07-04T08:00:00Z"}]}}'
SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>{home}/story/1</loc><news:news>
<news:title>The harbour opens gate 1</news:title><news:publication_date>2026-07-04T08:00:00Z</news:publication_date>
</news:news></url></urlset>"""
OPML = """<opml version="2.0"><body><outline text="Harbour">
<outline type="rss" text="Tide Tables" xmlUrl="https://blog.example.org/tides.xml"/></outline></body></opml>"""
ALWAYS_THERE = ("https://blog.example.org/tides.xml",)


def body_at(path: str, home: str) -> str:
    """Return what a host of the documentation has at a path: a feed, a page, a list in JSON or a sitemap."""
    if "sitemap" in path:
        return SITEMAP.format(home=home)
    if path.startswith("/story/"):
        return ARTICLE
    if path.startswith("/api/stories"):
        return API
    if path.endswith((".xml", "rss", "atom", "feed")) or path.startswith("/api/"):
        items = "".join(ITEM.format(home=home, n=n) for n in range(1, 6))
        return FEED.format(home=home, items=items)
    return LIST_PAGE.format(cards="".join(CARD.format(n=n) for n in range(1, 6)))


@dataclass(frozen=True, slots=True)
class Internet:
    """Where each host is served instead."""

    homes: Mapping[str, str]

    def move_urls(self, text: str) -> str:
        """Put the loopback address in the place of every host of a URL."""
        return HOST.sub(lambda match: self.homes[match.group(1)], text)

    def move_word(self, word: str) -> str:
        """The same for a word of a command, which may name a host without a scheme."""
        bare = BARE_HOST.match(word)
        if bare:
            return self.homes[bare.group(1)] + word[bare.end() :]
        return self.move_urls(word)


async def serve_hosts(stack: AsyncExitStack, text: str, way: Any) -> Internet:
    """Serve every host that a text names, each from an origin of its own."""
    words = [*re.findall(r"https?://[^\s\"'`,}\])>]+", text), *ALWAYS_THERE]
    words += [f"https://{word}" for word in text.split() if BARE_HOST.match(word)]
    paths: dict[str, set[str]] = {}
    for word in words:
        host = HOST.match(word)
        if host:
            paths.setdefault(host.group(1), set()).add(urlsplit(word).path or "/")

    homes = {}
    for host_name, its_paths in paths.items():
        origin = await stack.enter_async_context(way.Origin())
        home = origin.url("")
        stories = {f"/story/{n}" for n in range(1, 6)}
        for path in its_paths | stories | {"/", "/feed.xml"}:
            body = body_at(path, home)
            kind = (
                "text/html; charset=utf-8"
                if body.startswith("<!doctype html>")
                else "application/xml"
            )
            origin.pages[path] = way.Reply(body, headers={"Content-Type": kind})
        homes[host_name] = home
    return Internet(homes)


# --- a reader ------------------------------------------------------------------------


@dataclass(slots=True)
class Reader:
    """Someone at a copy of the shipped configuration who does what a section says."""

    folder: Path
    internet: Internet
    typed: Callable[..., Said]
    environment: pytest.MonkeyPatch
    pasted: int = 0

    def do(self, block: Block) -> None:
        """Paste a block or run its commands. Raises AssertionError."""
        if block.language == "yaml":
            self.paste(block.text)
            self.run("aggregator check", block.place)
            return
        for line in command_lines(block):
            self.run(line, block.place)

    def paste(self, text: str) -> None:
        """Write YAML to the file that it belongs to."""
        for name in re.findall(r"\$\{(\w+)\}", text):
            self.environment.setenv(name, os.environ.get(name, "secret"))

        value = yaml.safe_load(text)
        named = FILE_COMMENT.match(text)
        path = named.group(1) if named else self._file_for(value)
        if path == "config/aggregator.yaml":
            text = _added_to_main_file(
                self.folder / path, yaml.safe_load(self.internet.move_urls(text)) or {}
            )
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.internet.move_urls(text), encoding="utf-8")

    def _file_for(self, value: Any) -> str:
        self.pasted += 1
        if isinstance(value, list):
            return f"config/sources/pasted-{self.pasted}.yaml"
        if isinstance(value, dict) and "id" in value:
            return f"config/sites/{value['id']}.yaml"
        return "config/aggregator.yaml"

    def run(self, line: str, place: str) -> None:
        """Run one line of a shell. Raises AssertionError."""
        expected = EXIT_CODE.search(line)
        for pipeline in split_words(line, "&&"):
            first, *filters = split_at(pipeline, "|")
            for words in filters:
                assert words[0] in SYSTEM, f"{place}: `{words[0]}` is not a known command: {line}"
            code, output = self._run_command(first, place)
            assert code == (int(expected.group(1)) if expected else 0), f"{place}: {line}\n{output}"

    def _run_command(self, words: list[str], place: str) -> tuple[int, str]:
        words = self._take_settings(words)
        if not words:
            return 0, ""
        program = Path(words[0]).name
        if program == "aggregator":
            return self._run_aggregator(words[1:])
        if program == "make":
            return self._run_make(words[1:])

        assert program in SHELL | SYSTEM, f"{place}: `{program}` is not a known command"
        missing = [
            word for word in words if word.startswith("deploy/") and not (ROOT / word).exists()
        ]
        assert missing == [], f"{place}: no such file"
        if program in SYSTEM or any(self._is_outside(word) for word in words):
            return 0, ""
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def _is_outside(self, word: str) -> bool:
        return word.startswith("/") and not Path(word).is_relative_to(self.folder.parent)

    def _take_settings(self, words: list[str]) -> list[str]:
        """Put `export NAME=value` and `NAME=value` into the environment; return the words after them."""
        rest = [expand(word) for word in words]
        if rest[0] == "export":
            rest = rest[1:]
        while rest and re.match(r"[A-Z_]+=", rest[0]):
            name, _, value = rest.pop(0).partition("=")
            self.environment.setenv(name, expand(value))
        return rest

    def _run_aggregator(self, words: list[str]) -> tuple[int, str]:
        words = [self.internet.move_word(word) for word in words]
        if ">" in words:
            words = words[: words.index(">")]
        if "import" in words:
            self._write_subscriptions(words)
        if "run" in words:
            words = parse(words)
        self._allow_loopback()
        said = self.typed(*words)
        return said.code, said.out + said.err

    def _allow_loopback(self) -> None:
        """Allow the main file to follow hosts of this machine, where the documentation's hosts are served."""
        main = self.folder / os.environ.get("AGGREGATOR_CONFIG", "config/aggregator.yaml")
        if main.exists() and "allow_private" not in main.read_text(encoding="utf-8"):
            main.write_text(
                _added_to_main_file(main, {"network": {"allow_private": True}}), encoding="utf-8"
            )

    def _write_subscriptions(self, words: list[str]) -> None:
        for word in words:
            path = self.folder / word
            if path.suffix == ".opml" and not path.exists():
                path.write_text(self.internet.move_urls(OPML), encoding="utf-8")

    def _run_make(self, words: list[str]) -> tuple[int, str]:
        settings = dict(word.split("=", 1) for word in words if "=" in word)
        targets = {word for word in words if "=" not in word and not word.startswith(("-", "/"))}
        unknown = targets - make_targets()
        if unknown:
            return 2, f"no such target: {unknown}"
        if "run" not in targets:
            return 0, ""
        if "SETTINGS" in settings:
            return self._run_aggregator(["run", "-c", expand(settings["SETTINGS"])])
        return self._run_aggregator(["run"])


def _added_to_main_file(path: Path, addition: Mapping[str, Any]) -> str:
    main = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return yaml.safe_dump(_added(main, addition), allow_unicode=True)


def _added(old: Any, new: Any) -> Any:
    """Add the keys of a mapping and the elements of a list; anything else is replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: _added(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and isinstance(new, list):
        return old + new
    return new


def command_lines(block: Block) -> list[str]:
    """Return the commands of a block, one a line."""
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def split_words(line: str, separator: str) -> list[list[str]]:
    """Split a line into words as a shell does, and these at a separator."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&>")
    lexer.whitespace_split = True
    return split_at(list(lexer), separator)


def split_at(words: list[str], separator: str) -> list[list[str]]:
    """Split words at a separator."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def expand(word: str) -> str:
    """Put the values of variables and the home folder into a word, as a shell does."""
    return os.path.expanduser(os.path.expandvars(word))  # noqa: PTH111 - a Path would drop a last slash


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


def parse(words: list[str]) -> list[str]:
    """Parse a command that would not end, and return the words that check its configuration instead."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("aggregator", list(words))
    context.obj = Invocation(Path("config/aggregator.yaml"), explicit=False)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, list(rest), parent=context)

    config = context.params["config"]
    if context.obj.explicit:
        config = context.obj.path
    return ["check"] if config is None else ["check", "-c", str(config)]


@pytest.fixture(scope="session")
def used_once(
    tmp_path_factory: pytest.TempPathFactory,
    typed: Callable[..., Said],
    way: Any,
    parser_program: Any,
) -> Path:
    """A home with the shipped configuration, which has read the saved articles; and with what a reader brings."""
    home = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "seeds", home / "articles", ignore=shutil.ignore_patterns("*.json"))
    for name in SHIPPED:
        shutil.copytree(ROOT / name, home / "aggregator" / name)
    with way.warmed(parser_program):
        assert (
            typed("fetch", "seeds", "-c", str(home / "aggregator/config/aggregator.yaml")).code == 0
        )
    return home


@pytest.fixture
def follow(
    tmp_path: Path,
    used_once: Path,
    typed: Callable[..., Said],
    way: Any,
    warm_parsers: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[list[Block]], None]:
    """Do what some blocks say, in order."""
    shutil.copytree(used_once, tmp_path, dirs_exist_ok=True)
    folder = tmp_path / "aggregator"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)

    async def follow_blocks(blocks: list[Block]) -> None:
        shipped = {
            path: path.read_text(encoding="utf-8") for path in folder.glob("config/**/*.yaml")
        }
        text = "\n".join([*(block.text for block in blocks), *shipped.values()])
        async with AsyncExitStack() as stack:
            internet = await serve_hosts(stack, text, way)
            reader = Reader(folder, internet, typed, monkeypatch)
            for path, content in shipped.items():
                path.write_text(internet.move_urls(content), encoding="utf-8")
            for block in blocks:
                await asyncio.to_thread(reader.do, block)

    return lambda blocks: asyncio.run(follow_blocks(blocks))


# --- tests ---------------------------------------------------------------------------


@pytest.mark.parametrize("section", [section for section in SECTIONS if section.to_run], ids=str)
def test_a_section_runs_from_top_to_bottom(
    section: Section, follow: Callable[[list[Block]], None]
) -> None:
    follow(section.to_run)


@pytest.mark.parametrize("page", READ_TOGETHER)
def test_all_yaml_of_a_page_loads_together(
    page: str, follow: Callable[[list[Block]], None]
) -> None:
    sections = [section for section in SECTIONS if section.page == page]
    blocks = [block for section in sections for block in section.to_run if block.language == "yaml"]

    follow(blocks)


def test_every_block_is_run_or_shown_or_marked() -> None:
    known = RUN_LANGUAGES | {"text"}

    assert [
        block.place for block in BLOCKS if block.language not in known and not block.reason
    ] == []


def test_the_blocks_that_are_not_run_are_counted() -> None:
    marked = [block.place.partition(":")[0] for block in BLOCKS if block.reason]

    assert Counter(marked) == NOT_RUN


def test_every_command_in_running_text_exists() -> None:
    group: Any = typer.main.get_command(app)
    context = typer.Context(group)
    unknown = []
    for page in PAGES:
        prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for code in re.findall(r"`(aggregator [a-z][^`]*)`", prose):
            name, *rest = code.split()[1:]
            command = group.get_command(context, name)
            options = (
                {word for option in command.params for word in option.opts} if command else set()
            )
            used = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
            if command is None or used - options:
                unknown.append(f"{page.name}: {code}")

    assert unknown == []


def test_every_make_target_in_running_text_exists() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert set(re.findall(r"`make ([a-z]+)[^`]*`", text)) - make_targets() == set()
