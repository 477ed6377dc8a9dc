"""The pool of parser processes, each of which may be killed without hurting anything else.

A document has a time and a memory of its own. What exceeds them is killed and is the source's error; of several
saved articles only the guilty one is rejected. Idle processes end by themselves, and none outlives the pool.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from aggregator.errors import SourceError
from aggregator.model import Rejection
from aggregator.parse.task import ParseResult, concat
from aggregator.parse.worker import LENGTH, ParseFailure, frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

    from aggregator.model import Capture
    from aggregator.parse.task import ParseTask

# Saved articles in one request: so several parsers work on one folder, and none holds much at a time.
FILES_PER_REQUEST = 250
# Of answers that wait here, so that no parser waits for whoever reads them.
_AHEAD_BYTES = 1024 * 1024
_START_SECONDS = 60.0  # a parser is ready in under one; a machine that swaps needs longer
_END_SECONDS = 5.0
_MAX_IDLE_BYTES = (
    112 * 1024 * 1024
)  # a parser that stays larger than this is replaced; a new one has 75
_PROGRAM = (sys.executable, "-m", "aggregator.parse.worker")
# The C library gives blocks of this size back when they are freed. By itself it keeps blocks of up
# to 32 MiB, after the first one of that size: a parser that read 14 MB once would stay large.
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(1024 * 1024)}
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "HOME", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost, and how long a process that has nothing to do stays."""

    seconds: float = 20.0
    memory_bytes: int = 512 * 1024 * 1024  # of data, for the whole process
    idle_seconds: float = 30.0


DEFAULT = Limits()


class ParserPool:
    """A pool of at most `count` parser processes, started when needed; an async context manager.

    `sites` is the folder of the user's own site rules, None where there is none. `program` is what a process runs.
    """

    def __init__(
        self,
        sites: Path | None,
        *,
        count: int | None = None,
        limits: Limits = DEFAULT,
        program: Sequence[str] = _PROGRAM,
    ) -> None:
        self._limits = limits
        self._command = (*program, str(limits.memory_bytes), str(limits.seconds), str(sites or ""))
        self._free: list[_ParserProcess] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(count or min(os.cpu_count() or 1, 4))
        self._retirement: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._retirement is not None:
            self._retirement.cancel()
        self._retire()
        await asyncio.gather(*self._ending)

    async def parse(self, captures: Sequence[Capture], parse_task: ParseTask) -> ParseResult:
        """Digest captures, in order.

        Raises: SourceError where a document is not readable, `parse` where its parser had to be killed; a file is
        rejected instead.
        """
        tasks = []
        for start in range(0, len(captures), FILES_PER_REQUEST):
            chunk = captures[start : start + FILES_PER_REQUEST]
            tasks.append(asyncio.create_task(self._parse_chunk(chunk, parse_task)))
        try:
            results = []
            for task in tasks:
                results += await task
            return concat(results)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _parse_chunk(
        self, captures: Sequence[Capture], parse_task: ParseTask
    ) -> list[ParseResult]:
        """Ask until every capture has its answer: a parser that was killed leaves the rest to the next one."""
        digests: list[ParseResult] = []
        fresh = False
        while left := captures[len(digests) :]:
            answers = await self._send(left, parse_task, fresh=fresh)
            digests += map(_result_or_raise, left, answers)
            fresh = not answers
        return digests

    async def _send(
        self, captures: Sequence[Capture], parse_task: ParseTask, *, fresh: bool
    ) -> list[ParseResult | ParseFailure]:
        """Return the answers to the first captures, up to the one that was the end of the parser.

        None at all, where a parser that had been at work before broke on the first: that may be the fault of what it
        read then, or of who killed it while it was idle; a fresh one must judge.
        """
        async with self._places:
            process = (
                self._free.pop()
                if self._free and not fresh
                else await _ParserProcess.start(self._command)
            )
            answers: list[ParseResult | ParseFailure] = []
            used = process.used
            try:
                async for answer in process.parse(captures, parse_task, self._limits.seconds):
                    answers.append(answer)
            except _StuckError:
                await process.kill()
                answers.append(
                    ParseFailure(
                        "parse", f"reading it took more than {self._limits.seconds:g} s: given up"
                    )
                )
            except _BrokenError:
                await process.kill()
                if answers or not used:
                    answers.append(ParseFailure("parse", "its parser ran out of memory or crashed"))
            except BaseException:
                await process.kill()
                raise
            else:
                self._put_back(process)
            return answers

    def _put_back(self, process: _ParserProcess) -> None:
        if process.resident_bytes > _MAX_IDLE_BYTES:
            self._end(process)
            return
        process.used = True
        self._free.append(process)
        if self._retirement is not None:
            self._retirement.cancel()
        self._retirement = asyncio.get_running_loop().call_later(
            self._limits.idle_seconds, self._retire
        )

    def _retire(self) -> None:
        while self._free:
            self._end(self._free.pop())

    def _end(self, process: _ParserProcess) -> None:
        task = asyncio.create_task(process.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


class _StuckError(Exception):
    """No answer within the limit."""


class _BrokenError(Exception):
    """The process died before it answered."""


@dataclass(slots=True, eq=False)
class _ParserProcess:
    """One parser process; `used` tells that it has answered before."""

    process: asyncio.subprocess.Process
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    used: bool = field(default=False)

    @property
    def resident_bytes(self) -> int:
        """The memory that the process has; 0 where the system does not tell (it is not Linux)."""
        try:
            pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        except OSError:
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @classmethod
    async def start(cls, command: Sequence[str]) -> Self:
        """Start a process and wait until it is ready. Raises SourceError (`internal`) where it never is."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
            limit=_AHEAD_BYTES,
        )
        if process.stdin is None or process.stdout is None:
            raise AssertionError("pipes were asked for")
        started = cls(process, process.stdin, process.stdout)
        try:
            await started._answer(_START_SECONDS)
        except (_StuckError, _BrokenError) as error:
            await started.kill()
            raise SourceError("internal", "the parser does not start: see the log") from error
        except BaseException:
            await started.kill()
            raise
        return started

    async def parse(
        self, captures: Sequence[Capture], parse_task: ParseTask, seconds: float
    ) -> AsyncIterator[ParseResult | ParseFailure]:
        """Yield the answer to each capture; each has `seconds`. Raises _StuckError, _BrokenError."""
        self.stdin.write(frame((tuple(captures), parse_task)))
        for _ in captures:
            yield await self._answer(seconds)

    async def _answer(self, seconds: float) -> Any:
        try:
            async with asyncio.timeout(seconds):
                (length,) = LENGTH.unpack(await self.stdout.readexactly(LENGTH.size))
                data = await self.stdout.readexactly(length)
        except TimeoutError as error:
            raise _StuckError from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise _BrokenError from error
        return pickle.loads(data)  # noqa: S301 - from our own process

    async def end(self) -> None:
        """Let it end by itself, and see to it that it does."""
        self.stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        await asyncio.shield(self.process.wait())


def _result_or_raise(capture: Capture, answer: ParseResult | ParseFailure) -> ParseResult:
    """Take an answer: what is wrong with one of many files rejects that file, anything else is the source's error."""
    if isinstance(answer, ParseResult):
        return answer
    if capture.url.startswith("file:"):
        return ParseResult(
            rejected=(Rejection(unquote(capture.url.rpartition("/")[2]), answer.message),),
            revisions_per_capture=(0,),
        )
    raise SourceError(answer.kind, answer.message)


def _environment() -> dict[str, str]:
    """Make the environment of a parser: ours without the secrets that the configuration may take from it."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "PYTHONUTF8": "1", **_ALLOCATOR}
