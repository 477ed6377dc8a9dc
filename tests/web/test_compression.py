"""The store of compressed bodies."""

from __future__ import annotations

import asyncio

import brotli  # type: ignore[import-untyped]

from aggregator.publish import make_document
from aggregator.web.compression import CompressedBodies


def test_the_body_not_asked_for_longest_is_dropped_first() -> None:
    documents = [make_document(bytes([number]) * 2000, "text/plain") for number in range(3)]

    async def ask() -> tuple[bool, bool]:
        bodies = CompressedBodies(limit=2)
        first, second, third = documents
        kept = await bodies.compress(first, "br")
        dropped = await bodies.compress(second, "br")
        await bodies.compress(first, "br")
        await bodies.compress(third, "br")
        return await bodies.compress(first, "br") is kept, await bodies.compress(
            second, "br"
        ) is dropped

    assert asyncio.run(ask()) == (True, False)


def test_who_hangs_up_does_not_spoil_it_for_those_who_wait() -> None:
    document = make_document(b"fog " * 200_000, "text/plain")

    async def ask() -> bytes:
        bodies = CompressedBodies()
        impatient = asyncio.create_task(bodies.compress(document, "br"))
        patient = asyncio.create_task(bodies.compress(document, "br"))
        await asyncio.sleep(0)
        impatient.cancel()
        return await patient

    assert brotli.decompress(asyncio.run(ask())) == document.data
