"""A store of an older version is copied before it is upgraded."""

from __future__ import annotations

import gzip
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.store import Store
from aggregator.store.backup import copy_before_upgrade
from aggregator.store.schema import HEAD

DATA = Path(__file__).parent / "data"
MIB = 2**20


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    """A store that was written by the program as it was before the second migration."""
    path = tmp_path / "store.db"
    path.write_bytes(gzip.decompress((DATA / "0001.db.gz").read_bytes()))
    return path


def version_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        [version] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(version)


def test_an_upgrade_leaves_a_copy_of_the_older_store_and_says_so_once(
    old_store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        Store.open(f"sqlite:///{old_store}", text_of=str).close()

    copy = old_store.with_name("store.db.schema-0001")
    assert (version_of(old_store), version_of(copy)) == (HEAD, "0001")
    assert caplog.messages == [
        f"{old_store}: before its upgrade to schema {HEAD} it was copied to {copy}"
    ]


def test_a_new_store_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        Store.open(f"sqlite:///{tmp_path}/store.db", text_of=str).close()

    assert [path.name for path in tmp_path.glob("*schema*")] == []


def test_without_room_for_a_copy_the_log_says_so(
    old_store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with old_store.open("ab") as stream:
        stream.truncate(3 * MIB)

    made = copy_before_upgrade(old_store, "0001", free_bytes=lambda _: 5 * MIB)

    assert (made, sorted(path.name for path in old_store.parent.iterdir())) == (None, ["store.db"])
    assert caplog.messages == [
        f"{old_store}: upgraded without a copy of it: that takes 6 MiB, 5 MiB are free"
    ]


def test_a_copy_that_fails_stops_no_upgrade(
    old_store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    copy = old_store.with_name("store.db.schema-0001")
    (copy / "in the way").mkdir(parents=True)

    Store.open(f"sqlite:///{old_store}", text_of=str).close()

    assert version_of(old_store) == HEAD
    assert caplog.messages == [
        f"{old_store}: upgraded without a copy of it: cannot write {copy}: Is a directory"
    ]
