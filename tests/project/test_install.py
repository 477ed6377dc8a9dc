"""`.ci/install` says what is missing and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def install(python: str, venv: Path, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [".ci/install", python, str(venv), "requirements.lock"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def stand_in(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert install("python3.999", tmp_path / "venv") == (
        1,
        "setup failed: there is no python3.999. Install Python 3.11 or newer, or name it: make PYTHON=python3.12\n",
    )


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = stand_in(tmp_path, '[ "$1" = --version ] && echo Python 3.9.1 || exit 1')

    assert install(old, tmp_path / "venv") == (
        1,
        "setup failed: Python 3.9.1 is too old. Python 3.11 or newer is needed: make PYTHON=python3.12\n",
    )


def test_a_python_without_venv_is_told_with_the_package_to_install(tmp_path: Path) -> None:
    bare = stand_in(tmp_path, 'case "$2" in *venv*) exit 1 ;; esac')

    assert install(bare, tmp_path / "venv") == (
        1,
        (
            f"setup failed: {bare} has no venv module. Install it (Debian, Ubuntu: apt install python3-venv), "
            "then run the same command again.\n"
        ),
    )


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="not in a virtual environment")
def test_without_a_package_index_the_network_is_named(tmp_path: Path) -> None:
    here = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "0",
    }

    status, said = install(sys.executable, tmp_path / "venv", PIP_NO_CACHE_DIR="1", **here)

    assert (status, said.splitlines()[0]) == (
        1,
        f"Installing 52 packages of requirements.lock into {tmp_path / 'venv'} (once, half a minute or so) ...",
    )
    assert said.splitlines()[-1] == (
        "setup failed: pip could not install requirements.lock. It needs the package index: check the network, "
        "the proxy (HTTPS_PROXY) or the mirror (PIP_INDEX_URL), then run the same command again."
    )
