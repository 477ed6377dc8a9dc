"""`aggregator backup` and `aggregator restore`: the store leaves and comes back whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.store import Store
from aggregator.store.schema import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


def titles(project: Project) -> list[str]:
    return [entry["title"] for entry in project.call("entries", "--format", "json").json]


def store_of(project: Project) -> Path:
    return project.root / "var" / "aggregator.db"


def test_a_backup_is_brought_back_and_the_former_store_is_kept(
    fetched: Project, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    saved = fetched.call("backup", str(file))
    before = titles(fetched)
    fetched.save("4", 4, "Later", "<p>It came after the backup.</p>")
    assert fetched.call("fetch", "--force").code == 0
    after = titles(fetched)

    restored = fetched.call("restore", str(file))

    [former] = store_of(fetched).parent.glob("aggregator.db.before-restore-*Z")
    size = f"{file.stat().st_size / 2**20:.1f} MiB"
    assert (saved.code, saved.out, saved.err) == (
        0,
        "",
        f"{file}: 3 entries, {size}, schema {HEAD}\n",
    )
    assert (restored.code, restored.err) == (
        0,
        (
            f"restored from {file}: 3 entries, {size}, schema {HEAD}\n"
            f"the former store is kept as {former}\n"
        ),
    )
    assert len(after) == 4
    assert titles(fetched) == before
    assert [path.name for path in tmp_path.glob("backup.db*")] == ["backup.db"]
    with closing(sqlite3.connect(former)) as connection:
        assert connection.execute("SELECT count(*) FROM entry").fetchone() == (4,)


def test_a_backup_is_made_while_a_daemon_writes_and_a_restore_is_refused(
    fetched: Project, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    store = Store.open(f"sqlite:///{store_of(fetched)}", text_of=str)
    with store, store.lock_for_daemon(), store._engines.write.begin():
        saved = fetched.call("backup", str(file))
        refused = fetched.call("restore", str(file))

    assert (saved.code, refused.code) == (0, 3)
    assert "another daemon (pid " in refused.err
    assert refused.err.endswith(
        "is running on this store: stop it first, or use another database\n"
    )


def test_a_restore_makes_a_store_where_there_was_none(fetched: Project, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    fetched.call("backup", str(file))
    before = titles(fetched)
    for path in store_of(fetched).parent.glob("aggregator.db*"):
        path.unlink()

    said = fetched.call("restore", str(file))

    assert (said.code, len(said.err.splitlines())) == (0, 1)
    assert titles(fetched) == before


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_the_store_is_no_backup_of_itself(fetched: Project, command: str) -> None:
    said = fetched.call(command, str(store_of(fetched)))

    assert (said.code, said.err) == (
        2,
        f"aggregator: {store_of(fetched)} is the store itself: name another file\n",
    )


def test_a_store_that_does_not_exist_is_not_made_by_a_backup(
    project: Project, tmp_path: Path
) -> None:
    said = project.call("backup", str(tmp_path / "backup.db"))

    assert (said.code, said.err) == (2, f"aggregator: {store_of(project)}: there is no store yet\n")
    assert not store_of(project).exists()


def test_what_is_no_good_backup_changes_nothing(fetched: Project, tmp_path: Path) -> None:
    before = titles(fetched)
    files = {
        "absent.db": "there is no such file",
        "text.db": "is no database or is damaged: restore a copy, or move it away",
        "other.db": "is no store of this program",
        "newer.db": f"written by a newer version (schema 9999, ours {HEAD}): upgrade first",
        "damaged.db": "is no database or is damaged: restore a copy, or move it away",
    }
    (tmp_path / "text.db").write_text("no database " * 100, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE notes (text)")
    for name in ("newer.db", "damaged.db"):
        fetched.call("backup", str(tmp_path / name))
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(damaged.read_bytes()[:20_000])

    said = {name: fetched.call("restore", str(tmp_path / name)) for name in files}

    assert {name: one.code for name, one in said.items()} == {
        "absent.db": 2,
        "text.db": 3,
        "other.db": 2,
        "newer.db": 3,
        "damaged.db": 3,
    }
    for name, message in files.items():
        assert said[name].err.startswith(f"aggregator: {tmp_path / name}: {message}")
    assert titles(fetched) == before
    assert list(store_of(fetched).parent.glob("*before-restore*")) == []
    assert not (store_of(fetched).parent / ".aggregator.db.restore").exists()


@pytest.mark.parametrize(
    ("command", "advice"), [("backup", "use pg_dump, or "), ("restore", "use pg_restore, or ")]
)
def test_postgresql_has_its_own_tools(project: Project, command: str, advice: str) -> None:
    project.write("config/aggregator.yaml", "database: postgresql+psycopg://nobody@nowhere/x\n")

    said = project.call(command, "backup.db")

    assert said.code == 2
    assert said.err.startswith(f"aggregator: the database is not a SQLite file: {advice}")


def test_a_folder_that_is_not_there_is_named(fetched: Project, tmp_path: Path) -> None:
    said = fetched.call("backup", str(tmp_path / "nowhere" / "backup.db"))

    assert said.code == 3
    assert "cannot be opened: look at the path and the rights of its folder" in said.err
