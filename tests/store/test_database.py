"""Opening, migrating, holding and breaking a store."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import aggregator
from aggregator.errors import StoreError
from aggregator.store import Store
from aggregator.store.engine import Engines, create_engines, write_transaction
from aggregator.store.migrations import migrate, upgrade
from aggregator.store.schema import HEAD, metadata, micros

DATA = Path(__file__).parent / "data"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(aggregator.__file__).parents[1])}


def test_head_is_the_newest_migration_in_the_package() -> None:
    config = Config()
    config.set_main_option("script_location", "aggregator.store:migrations")

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_of_the_schema(new_url: Any) -> None:
    with (
        new_url() as url,
        Store.open(url, text_of=str) as store,
        store._engines.read.connect() as connection,
    ):
        context = MigrationContext.configure(connection, opts={"include_name": _is_a_table_of_ours})

        assert compare_metadata(context, metadata) == []


def _is_a_table_of_ours(name: str | None, kind: str, parents: Any) -> bool:
    """The index of words is of another make on each database, and no table of the metadata."""
    return not (kind == "table" and (name or "").startswith("search"))


def test_partial_indexes_have_their_condition_in_postgresql_too() -> None:
    statements: list[str] = []

    def keep(statement: Any, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)).strip())

    engine = sa.create_mock_engine("postgresql+psycopg://", keep)
    metadata.create_all(engine, checkfirst=False)

    assert sorted(statement for statement in statements if " WHERE " in statement) == [
        "CREATE INDEX ix_entry_arrived ON entry (arrived DESC, published DESC, uid) WHERE arrived IS NOT NULL",
        "CREATE INDEX ix_entry_copies ON entry (copies) WHERE copies IS NOT NULL",
        "CREATE INDEX ix_entry_edited ON entry (updated DESC) WHERE revision > 1",
        "CREATE INDEX ix_entry_unindexed ON entry (id) WHERE words_crc IS NULL",
        "CREATE INDEX ix_entry_unlisted ON entry (unlisted) WHERE unlisted IS NOT NULL",
        "CREATE INDEX ix_entry_unsketched ON entry (id) WHERE sketch IS NULL",
        "CREATE INDEX ix_outcome_good ON outcome (source_id, id) WHERE good",
        "CREATE INDEX ix_pair_pending ON pair (entry_id) WHERE pending IS NOT NULL",
    ]


def test_the_program_starts_without_the_dialect_of_postgresql() -> None:
    script = "import sys, aggregator.app; print('sqlalchemy.dialects.postgresql' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )

    assert result.stdout == "False\n"


def test_stores_that_are_opened_at_once_migrate_once(bare_url: Any) -> None:
    with bare_url() as url:
        failures: list[StoreError] = []

        def start() -> None:
            try:
                Store.open(url, text_of=str).close()
            except StoreError as error:
                failures.append(error)

        threads = [threading.Thread(target=start) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []


def test_a_new_store_is_what_the_migrations_make(bare_url: Any) -> None:
    looks = []
    for make in (migrate, _run_the_migrations):
        with bare_url() as url:
            engines = create_engines(url)
            make(engines)
            with engines.read.connect() as connection:
                looks.append(_look(connection))
            engines.read.dispose()
            engines.write.dispose()

    assert looks[0] == looks[1]


def _run_the_migrations(engines: Engines) -> None:
    with write_transaction(engines) as connection:
        upgrade(connection)


def _look(connection: sa.Connection) -> Any:
    """All that a database tells of its tables, whoever made them and in whatever words."""
    inspector = sa.inspect(connection)
    tables = {
        name: (
            [{**column, "type": str(column["type"])} for column in inspector.get_columns(name)],
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted(
                (key["constrained_columns"], key["referred_table"])
                for key in inspector.get_foreign_keys(name)
            ),
            inspector.get_unique_constraints(name),
        )
        for name in inspector.get_table_names()
    }
    if connection.dialect.name == "sqlite":
        query = "SELECT name, replace(sql, '\"', '') FROM sqlite_master WHERE name LIKE 'ix_%' OR sql LIKE '%VIRTUAL%'"
        ends = "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = 'table'"
    else:
        query = (
            "SELECT indexname, replace(indexdef, current_schema(), '') FROM pg_indexes "
            "WHERE schemaname = current_schema()"
        )
        ends = "SELECT version_num, 1 FROM alembic_version"
    return tables, *(
        sorted(map(tuple, connection.execute(sa.text(text)))) for text in (query, ends)
    )


def test_a_store_of_the_first_version_knows_when_its_sources_last_changed(
    tmp_path: Path, start: Any
) -> None:
    """`0001.db` was written by the program as it was before the second migration."""
    path = tmp_path / "store.db"
    path.write_bytes(gzip.decompress((DATA / "0001.db.gz").read_bytes()))

    with Store.open(f"sqlite:///{path}", text_of=str) as store:
        states = {state.source: state for state in store.states()}
        claimed = store.claim(start + timedelta(days=9), limit=9, lease=timedelta(minutes=5))

    hour = timedelta(hours=1)
    assert {name: state.last_change for name, state in states.items()} == {
        "failing": None,
        "new": None,
        "news": start + 48 * hour,
        "quiet": start,
    }
    assert [name for name, state in states.items() if state.never_polled] == ["new"]
    assert [(state.source, state.body_hash, state.failures) for state in claimed] == [
        ("new", None, 0),
        ("failing", None, 1),
        ("news", "b", 0),
        ("quiet", "a", 1),
    ]


def test_both_databases_take_the_last_change_from_the_outcomes(bare_url: Any, start: Any) -> None:
    with bare_url() as url:
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            upgrade(connection, to="0001")
            _insert_runs(connection, start)
        engines.read.dispose()
        engines.write.dispose()

        with Store.open(url, text_of=str) as store:
            changes = {state.source: state.last_change for state in store.states()}

    assert changes == {"a": start + timedelta(hours=1), "b": None}


def test_what_a_hash_said_besides_becomes_typed_state(bare_url: Any) -> None:
    hashes = {
        "new": None,
        "feed": "0a",
        "page": "page:0b",
        "unread": "0c:again",
        "unread page": "page:0d:again",
    }
    with bare_url() as url:
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            upgrade(connection, to="0002")
            for number, (name, body_hash) in enumerate(hashes.items(), start=1):
                _insert_source(connection, number, name)
                connection.execute(
                    sa.text("UPDATE source_state SET body_hash = :hash WHERE source_id = :id"),
                    {"hash": body_hash, "id": number},
                )
        engines.read.dispose()
        engines.write.dispose()

        with Store.open(url, text_of=str) as store:
            states = {state.source: state for state in store.states()}

    assert {
        name: (state.body_hash, state.detected_adapter, state.read_again)
        for name, state in states.items()
    } == {
        "new": (None, None, False),
        "feed": ("0a", "feed", False),
        "page": ("0b", "page", False),
        "unread": ("0c", "feed", True),
        "unread page": ("0d", "page", True),
    }


def test_a_feed_that_an_older_version_found_on_a_page_is_known_as_one(bare_url: Any) -> None:
    feed = "https://a.example/feed.xml"
    with bare_url() as url:
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            upgrade(connection, to="0002")
            for number, (name, seen) in enumerate({"believed": 10, "counted": 4}.items(), start=1):
                _insert_source(connection, number, name)
                connection.execute(
                    sa.text(
                        "UPDATE source_state SET moved_to = :to, moved_seen = :seen"
                        " WHERE source_id = :id"
                    ),
                    {"to": feed, "seen": seen, "id": number},
                )
        engines.read.dispose()
        engines.write.dispose()

        with Store.open(url, text_of=str) as store:
            states = {state.source: state for state in store.states()}

    assert {
        name: (state.discovered_feed, state.moved_to, state.moved_seen)
        for name, state in states.items()
    } == {"believed": (feed, None, 0), "counted": (None, feed, 4)}


def _insert_source(connection: sa.Connection, number: int, name: str) -> None:
    connection.execute(
        sa.text(f"INSERT INTO source (id, name, active) VALUES ({number}, '{name}', true)")
    )
    connection.execute(
        sa.text(
            "INSERT INTO source_state"
            " (source_id, next_fetch_at, lease, failures, gone, moved_seen, folder, by_url)"
            f" VALUES ({number}, 0, 1, 0, false, 0, '{{}}', false)"
        )
    )


def _insert_runs(connection: sa.Connection, start: Any) -> None:
    for number, name in enumerate("ab", 1):
        _insert_source(connection, number, name)
    for hour, status in enumerate(("ok", "ok", "unchanged", "failed")):
        connection.execute(
            sa.text(
                "INSERT INTO outcome (source_id, started, ms, status, found, new, changed, same,"
                " rejected, notes) VALUES (1, :at, 1, :status, 0, 0, 0, 0, '[]', '[]')"
            ),
            {"at": micros(start + timedelta(hours=hour)), "status": status},
        )


def test_a_store_of_an_older_version_has_its_copies_decided_anew(
    bare_url: Any, revise: Any, bring: Any
) -> None:
    text = " ".join(f"word{number}" for number in range(60))
    with bare_url() as url:
        with Store.open(url, text_of=str) as store:
            for source in "ab":
                bring(store, [revise(source, text=text, source=source)], source=source)
        engines = create_engines(url)
        with write_transaction(engines) as connection:
            _make_pairs_of_0004(connection)
        engines.read.dispose()
        engines.write.dispose()

        with Store.open(url, text_of=str) as store:
            before = (store.has_uncompared(), [len(entry.duplicates) for entry in store.entries()])
            store.update_indexes()
            after = (store.has_uncompared(), [len(entry.duplicates) for entry in store.entries()])

    assert (before, after) == ((True, [0, 0]), (False, [1, 1]))


def _make_pairs_of_0004(connection: sa.Connection) -> None:
    for statement in (
        "ALTER TABLE source_state DROP COLUMN has_excerpts",
        "ALTER TABLE source_state DROP COLUMN shared_parts",
        "ALTER TABLE source_state DROP COLUMN feed",
        "ALTER TABLE tombstone DROP COLUMN forgotten",
        "ALTER TABLE source_state DROP COLUMN verdict",
        "ALTER TABLE source_state DROP COLUMN verdict_since",
        "ALTER TABLE source_state DROP COLUMN evidence",
        "ALTER TABLE source_state DROP COLUMN bad_since",
        "ALTER TABLE source_state DROP COLUMN symptoms",
        "DROP INDEX ix_outcome_good",
        "ALTER TABLE outcome DROP COLUMN figures",
        "ALTER TABLE outcome DROP COLUMN good",
        "DROP TABLE verdict_change",
        "DROP INDEX ix_entry_edited",
        "DROP INDEX ix_entry_stored",
        "DROP TABLE pair",
        "CREATE TABLE pair (one BIGINT, other BIGINT, PRIMARY KEY (one, other))",
        "CREATE INDEX ix_pair_other ON pair (other)",
        "INSERT INTO pair VALUES (1, 2)",
        "UPDATE alembic_version SET version_num = '0004'",
    ):
        connection.execute(sa.text(statement))


def test_a_new_store_is_made_without_alembic(tmp_path: Path) -> None:
    code = (
        "import sys; from aggregator.store import Store;"
        f"Store.open('sqlite:///{tmp_path}/new.db', text_of=str).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )

    assert done.stdout == "False\n"


def test_a_store_that_is_up_to_date_opens_without_alembic(template: Path) -> None:
    code = (
        "import sys; from aggregator.store import Store;"
        f"Store.open('sqlite:///{template}', text_of=str).close(); print('alembic' in sys.modules)"
    )

    assert (
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=ENVIRONMENT,
        ).stdout
        == "False\n"
    )


def test_a_store_of_a_newer_version_is_refused(url: str) -> None:
    engines = create_engines(url)
    migrate(engines)
    with engines.write.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(
        StoreError, match=rf"written by a newer version \(schema 9999, ours {HEAD}\): upgrade"
    ):
        migrate(engines)
    engines.read.dispose()
    engines.write.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "SQLite in memory cannot be shared between threads, name a file"),
        ("sqlite:///:memory:", "SQLite in memory cannot be shared"),
        ("mysql://localhost/x", "not understood|not supported"),
        ("nonsense", "not understood"),
        ("sqlite:////proc/none/store.db", "its folder cannot be made"),
        ("sqlite:////proc/store.db", "cannot be opened: look at the path"),
        (
            "postgresql+psycopg://me:secret@127.0.0.1:1/x",
            r"me:\*\*\*@127.0.0.1:1/x: the server cannot be reached",
        ),
    ],
)
def test_what_cannot_be_opened_is_told_in_words(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(url, text_of=str)

    assert "secret" not in str(caught.value)


def test_without_the_driver_of_postgresql_its_package_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError) as caught:
        Store.open("postgresql+psycopg://me:secret@127.0.0.1:1/x", text_of=str)

    assert str(caught.value) == (
        "database: the package psycopg for PostgreSQL is not installed: "
        'run `pip install "aggregator[postgres]"`, in a checkout `make extras`'
    )


def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)

    with pytest.raises(StoreError, match=r"notes\.txt: is no database or is damaged"):
        Store.open(f"sqlite:///{path}", text_of=str)


def test_a_file_that_may_not_be_written_is_told_in_words(template: Path, start: Any) -> None:
    with Store.open(f"sqlite:///{template}", text_of=str) as store:
        with store._engines.write.connect() as connection:
            connection.execute(sa.text("PRAGMA query_only=ON"))

        with pytest.raises(StoreError, match="cannot be written: look at the rights"):
            store.sync_sources([("a", "a", start)])


def test_a_writer_that_waits_too_long_is_told_who_to_look_for(template: Path, start: Any) -> None:
    url = f"sqlite:///{template}"
    with Store.open(url, text_of=str) as one, Store.open(url, text_of=str) as other:
        with other._engines.write.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 1")
        with (
            one._engines.write.begin(),
            pytest.raises(StoreError, match="another process is writing for too long"),
        ):
            other.sync_sources([("a", "a", start)])


def test_a_store_opens_and_is_read_while_it_cannot_be_written(
    url: str, revise: Any, bring: Any, start: Any
) -> None:
    with Store.open(url, text_of=str) as one:
        bring(one, [revise("a")])
        with one._engines.write.begin(), Store.open(url, text_of=str) as other:
            seen = (len(other.view(10, now=start)), len(list(other.entries(search="title"))))

    assert seen == (1, 1)


def test_two_processes_that_write_take_turns(url: str, revise: Any, bring: Any) -> None:
    with Store.open(url, text_of=str) as one, Store.open(url, text_of=str) as other:
        for number in range(4):
            for name, store in (("one", one), ("two", other)):
                store.sync_sources([("one", "x", revise().at), ("two", "x", revise().at)])
                bring(store, [revise(f"{number}"), revise(f"{number}{name}")], source=name)

        assert len(list(one.entries())) == 12


def test_a_second_daemon_is_refused_and_the_first_is_named(url: str) -> None:
    with Store.open(url, text_of=str) as one, Store.open(url, text_of=str) as other:
        with one.lock_for_daemon():
            message = rf"another daemon \(pid {os.getpid()}\) is running on this store"
            with pytest.raises(StoreError, match=message), other.lock_for_daemon():
                raise AssertionError
        with other.lock_for_daemon():
            pass


def test_a_killed_daemon_holds_nothing(url: str) -> None:
    code = (
        "import sys, time; from aggregator.store import Store; store = Store.open(sys.argv[1], text_of=str)\n"
        "with store.lock_for_daemon(): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with Store.open(url, text_of=str) as store:
            with pytest.raises(StoreError, match=rf"pid {process.pid}"), store.lock_for_daemon():
                raise AssertionError
            process.kill()
            process.wait()
            _hold_at_last(store)


def _hold_at_last(store: Store) -> None:
    """Hold the store: a server notices a moment later than the kernel that its client is gone."""
    for _ in range(1000):
        try:
            with store.lock_for_daemon():
                return
        except StoreError:
            threading.Event().wait(0.01)
    raise AssertionError("the lock outlived its process")


def test_moments_are_whole_microseconds_and_naive_ones_are_refused(start: Any) -> None:
    assert micros(start + timedelta(microseconds=1)) - micros(start) == 1
    with pytest.raises(TypeError):
        micros(start.replace(tzinfo=None))


def test_a_store_whose_file_is_removed_or_replaced_is_refused_until_it_is_back(
    tmp_path: Path,
) -> None:
    path, away = tmp_path / "store.db", tmp_path / "away.db"
    with Store.open(f"sqlite:///{path}", text_of=str) as store:
        assert store.states() == []
        path.rename(away)
        with pytest.raises(StoreError) as removed:
            store.states()
        shutil.copy(away, path)
        with pytest.raises(StoreError) as replaced:
            store.sync_sources([])
        away.replace(path)
        store.sync_sources([])

    assert [str(removed.value), str(replaced.value)] == [
        f"{path}: the file was removed while it was open: put it back, or start again",
        f"{path}: the file was replaced while it was open: start again to use the new one",
    ]
