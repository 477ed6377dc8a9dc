"""The folder of the user's own site rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config


def sites_folder(config: Config) -> Path | None:
    """Return the folder of the user's own site rules, `sites/` beside the main file; None without a file."""
    if not config.files:
        return None
    return config.files[0].parent / "sites"


def rules_fingerprint(config: Config) -> tuple[tuple[str, int, int], ...]:
    """Return a value that changes when the user's own site rules change.

    It contains the name, modification time in ns and size in bytes of each file.
    """
    folder = sites_folder(config)
    if folder is None:
        return ()
    files = []
    for path in sorted(folder.glob("*.yaml")):
        details = path.stat()
        files.append((path.name, details.st_mtime_ns, details.st_size))
    return tuple(files)
