from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from typer.testing import CliRunner

from aggregator.cli import app

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

LIST = """<?xml version="1.0"?>
<opml version="1.1"><head><title>Subscriptions</title></head><body>
  <outline text="World">
    <outline type="rss" text="Harbour: &quot;News&quot; #1 ${HOME} 华语" xmlUrl="https://harbour.example/feed?a=1&amp;b=2"/>
    <outline type="rss" text="Inside" xmlUrl="http://192.168.1.7/feed"/>
    <outline type="rss" text="Mail" xmlUrl="mailto:ann@harbour.example"/>
    <outline type="rss" text="Secret" xmlUrl="https://ann:pass@harbour.example/private"/>
    <outline text="Empty folder"/>
  </outline>
  <outline type="rss" text="&lt;b&gt;no&lt;/b&gt;" xmlUrl="feed://tides.example/atom.xml"/>
  <outline text="Radio"><outline type="rss" text="Harbour" xmlUrl="http://www.harbour.example/feed/?b=2&amp;a=1"/></outline>
</body></opml>
"""
ADDED = [
    {
        "id": "harbour.example-feed-a-1-b-2",
        "url": "https://harbour.example/feed?a=1&b=2",
        "name": 'Harbour: "News" #1 $${HOME} 华语',
        "tags": ["World", "Radio"],
    },
    {"id": "tides.example-atom.xml", "url": "http://tides.example/atom.xml", "name": "no"},
]


@pytest.fixture
def listed(project: Any) -> Path:
    path: Path = project.write("feeds.opml", LIST)
    return path


def imported(project: Any) -> Path:
    path: Path = project.root / "config" / "sources" / "imported.yaml"
    return path


def test_every_feed_has_its_fate(project: Any, listed: Path) -> None:
    said = project.call("import", str(listed), "--format", "json")

    assert said.code == 0
    assert said.json == [
        {
            "fate": "added",
            "id": "harbour.example-feed-a-1-b-2",
            "url": "https://harbour.example/feed?a=1&b=2",
            "name": 'Harbour: "News" #1 ${HOME} 华语',
            "tags": ["World", "Radio"],
            "why": None,
        },
        {
            "fate": "refused",
            "id": None,
            "url": "http://192.168.1.7/feed",
            "name": "Inside",
            "tags": ["World"],
            "why": "a private address (private); network.allow_private allows it",
        },
        {
            "fate": "refused",
            "id": None,
            "url": "mailto:ann@harbour.example",
            "name": "Mail",
            "tags": ["World"],
            "why": "its address must be an absolute http or https URL",
        },
        {
            "fate": "refused",
            "id": None,
            "url": "https://harbour.example/private",
            "name": "Secret",
            "tags": ["World"],
            "why": "its address must not hold a user name or a password; write them under http.basic_auth",
        },
        {
            "fate": "refused",
            "id": None,
            "url": None,
            "name": "Empty folder",
            "tags": [],
            "why": "no xmlUrl: a folder, or no feed",
        },
        {
            "fate": "added",
            "id": "tides.example-atom.xml",
            "url": "http://tides.example/atom.xml",
            "name": "no",
            "tags": [],
            "why": None,
        },
    ]
    assert said.err == f"2 added to {imported(project)}, 0 followed already, 4 refused\n"


def test_what_is_added_stands_a_line_each_in_a_file_of_its_own(project: Any, listed: Path) -> None:
    project.call("import", str(listed))

    lines = imported(project).read_text("utf-8").splitlines()
    assert [yaml.safe_load(line) for line in lines] == [[source] for source in ADDED]
    assert [source["id"] for source in project.call("sources", "--format", "json").json] == [
        "harbour.example-feed-a-1-b-2",
        "tides.example-atom.xml",
        "saved",
    ]


def test_what_is_followed_is_not_added_again(project: Any, listed: Path) -> None:
    project.write(
        "config/sources/mine.yaml", "- {id: mine, url: 'https://www.tides.example/atom.xml'}\n"
    )
    project.call("import", str(listed))

    again = project.call("import", str(listed))

    assert [line.split()[:3] for line in again.lines] == [
        ["fate", "source", "address"],
        ["followed", "harbour.example-feed-a-1-b-2", "https://harbour.example/feed?a=1&b=2"],
        ["refused", "-", "http://192.168.1.7/feed"],
        ["refused", "-", "mailto:ann@harbour.example"],
        ["refused", "-", "https://harbour.example/private"],
        ["refused", "-", "-"],
        ["followed", "mine", "http://tides.example/atom.xml"],
    ]
    assert again.err == "0 added, 2 followed already, 4 refused\n"
    assert yaml.safe_load(imported(project).read_text("utf-8")) == ADDED[:1]


def test_a_dry_run_writes_nothing(project: Any, listed: Path) -> None:
    said = project.call("import", str(listed), "--dry-run")

    assert (said.code, said.err) == (0, "2 would be added, 0 followed already, 4 refused\n")
    assert not imported(project).exists()


def test_a_private_address_is_added_where_the_configuration_allows_them(
    project: Any, listed: Path
) -> None:
    project.write("config/aggregator.yaml", "network: {allow_private: true}\n")

    said = project.call("import", str(listed), "--format", "json")

    assert [fate["id"] for fate in said.json if fate["name"] == "Inside"] == ["192.168.1.7-feed"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://localhost/feed", "a private address (loopback); network.allow_private allows it"),
        ("http://[::1]/feed", "a private address (loopback); network.allow_private allows it"),
        (
            "http://2130706433/",
            "a private address (an address in disguise); network.allow_private allows it",
        ),
        (
            "https://h.example/" + "a" * 4_079,
            "an address of 4097 characters, over the limit of 4096",
        ),
        ("http://[::1", "its address must be an absolute http or https URL"),
    ],
)
def test_an_address_that_is_refused_says_why(project: Any, address: str, why: str) -> None:
    path = project.write("feeds.opml", f"<opml><body><outline xmlUrl='{address}'/></body></opml>")

    said = project.call("import", str(path), "--format", "json")

    assert [(fate["fate"], fate["why"]) for fate in said.json] == [("refused", why)]


def test_comments_of_the_named_file_stay(project: Any, listed: Path) -> None:
    before = "# mine\n- {id: first, url: 'https://first.example/'}  # the best\n"
    path = project.write("config/sources/other.yaml", before)

    said = project.call("import", str(listed), "--file", str(path))

    assert said.code == 0
    assert path.read_text("utf-8").startswith(before)
    assert yaml.safe_load(path.read_text("utf-8"))[1:] == ADDED


def test_an_id_that_is_taken_is_given_to_nobody_else(project: Any) -> None:
    project.write(
        "config/sources/mine.yaml", "- {id: a.example-feed, url: 'https://mine.example/'}\n"
    )
    path = project.write(
        "feeds.opml",
        "<opml><body><outline text='A' xmlUrl='https://a.example/feed'/></body></opml>",
    )

    said = project.call("import", str(path), "--format", "json")

    assert [fate["id"] for fate in said.json] == ["a.example-feed-f4dd3b"]


def test_a_file_that_would_not_be_read_is_refused(project: Any, listed: Path) -> None:
    said = project.call("import", str(listed), "--file", str(project.root / "elsewhere.yaml"))

    assert said.code == 2
    assert "elsewhere.yaml would not be loaded" in said.err
    assert not (project.root / "elsewhere.yaml").exists()


def test_files_are_as_before_where_the_configuration_does_not_load(
    project: Any, listed: Path
) -> None:
    before = (
        "# " + "x" * (2**20 - 10) + "\n"
    )  # a file may have 1 MiB: it goes on in imported-2.yaml, which nobody reads
    project.write("config/aggregator.yaml", "sources: sources/imported.yaml\n")
    path = project.write("config/sources/imported.yaml", before)

    said = project.call("import", str(listed))

    assert said.code == 2
    assert (
        said.err
        == f"aggregator: {path} is not among the files that `sources` names in {project.config}\n"
    )
    assert path.read_text("utf-8") == before
    assert [file.name for file in path.parent.iterdir()] == ["news.yaml", "imported.yaml"]


@pytest.mark.no_cover
def test_a_long_list_is_spread_over_several_files(project: Any) -> None:
    outlines = "".join(
        f"<outline text='Feed {number} {'n' * 150}' category='{'t' * 150},{'u' * 150},{'v' * 150}'"
        f" xmlUrl='https://h{number}.example/{'p' * 300}'/>"
        for number in range(1_200)
    )
    path = project.write("feeds.opml", f"<opml><body>{outlines}</body></opml>")

    said = project.call("import", str(path))

    files = f"{imported(project)}, {imported(project).with_name('imported-2.yaml')}"
    assert said.err == f"1200 added to {files}, 0 followed already, 0 refused\n"
    assert len(project.call("sources", "--format", "json").json) == 1_201


def test_a_list_comes_from_stdin(project: Any) -> None:
    result = CliRunner().invoke(app, ["-c", str(project.config), "import", "-"], input=LIST)

    assert (result.exit_code, result.stderr) == (
        0,
        f"2 added to {imported(project)}, 0 followed already, 4 refused\n",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<html><title>Sign in</title></html>",
            "{path} is not an OPML list: an HTML page titled “Sign in”",
        ),
        ("", "{path} is not an OPML list: an empty file"),
        (None, "cannot read {path}: No such file or directory"),
    ],
)
def test_what_is_no_list_is_refused(project: Any, text: str | None, message: str) -> None:
    path = project.root / "feeds.opml"
    if text is not None:
        project.write("feeds.opml", text)

    said = project.call("import", str(path))

    assert (said.code, said.out, said.err) == (2, "", f"aggregator: {message.format(path=path)}\n")
