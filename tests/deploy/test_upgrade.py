"""A checkout that is in use is upgraded with git: own files stay, and nothing conflicts with them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from aggregator import config as configuration
from aggregator.rules.shipped import shipped_names

ROOT = Path(__file__).parents[2]
OWN_FILES = (
    "config/sources/mine.yaml",
    "config/sources/added.yaml",
    "config/sources/captures/mine.html.gz",
    "config/sites/paper.yaml",
)

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@dataclass(frozen=True, slots=True)
class Checkout:
    """The project's repository, and a clone of it in which someone follows sources."""

    home: Path

    @property
    def project(self) -> Path:
        return self.home / "project"

    @property
    def clone(self) -> Path:
        return self.home / "aggregator"

    def git(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(folder, "git", *words)

    def run(self, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command whose home is this folder; no setting of this machine counts."""
        who = {
            f"GIT_{role}_{key}": "x@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for key in ("NAME", "EMAIL")
        }
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            **who,
        }
        return subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    def release(self, name: str, old: str, new: str) -> None:
        """Change a file of the project and commit it."""
        path = self.project / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        self.git(self.project, "commit", "--all", "--message", name)

    def status(self) -> str:
        """Return what git says has changed in the clone."""
        return self.git(self.clone, "status", "--porcelain").stdout

    def is_current(self) -> bool:
        """Tell whether the clone is at the project's newest commit."""
        heads = {
            self.git(folder, "rev-parse", "HEAD").stdout for folder in (self.project, self.clone)
        }
        return len(heads) == 1


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    tracked = subprocess.run(
        ["git", "ls-files", "config", "seeds"], cwd=ROOT, capture_output=True, text=True
    )
    if tracked.returncode:
        pytest.skip("this is not a git checkout")
    for name in [*tracked.stdout.split(), ".gitignore", "aggregator/__init__.py"]:
        (made.project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made.project / name)
    made.git(made.project, "init", "--initial-branch", "main")
    made.git(made.project, "add", ".")
    made.git(made.project, "commit", "--message", "first")
    made.git(tmp_path, "clone", str(made.project), str(made.clone))
    (made.clone / "var").mkdir()
    (made.clone / "var" / "aggregator.db").write_text("articles", encoding="utf-8")
    for name in OWN_FILES:
        (made.clone / name).parent.mkdir(exist_ok=True)
        (made.clone / name).write_text(f"# {name}", encoding="utf-8")
    return made


def test_own_sources_and_site_rules_are_no_change_to_git(checkout: Checkout) -> None:
    assert checkout.status() == ""


def test_an_upgrade_leaves_own_files_and_takes_the_new_shipped_ones(checkout: Checkout) -> None:
    checkout.release("config/sources/voa.yaml", "every: 15m", "every: 30m")

    pulled = checkout.git(checkout.clone, "pull")

    assert (pulled.returncode, checkout.is_current(), checkout.status()) == (0, True, "")
    assert [(checkout.clone / name).read_text(encoding="utf-8") for name in OWN_FILES] == [
        f"# {name}" for name in OWN_FILES
    ]
    assert "every: 30m" in (checkout.clone / "config/sources/voa.yaml").read_text(encoding="utf-8")


def test_an_upgrade_keeps_an_edit_where_the_project_changed_nothing(checkout: Checkout) -> None:
    edited = checkout.clone / "config/aggregator.yaml"
    edited.write_text("server: {listen: 127.0.0.1:9090}\n", encoding="utf-8")
    checkout.release("config/sources/voa.yaml", "every: 15m", "every: 30m")

    pulled = checkout.git(checkout.clone, "pull")

    assert (pulled.returncode, checkout.is_current()) == (0, True)
    assert edited.read_text(encoding="utf-8") == "server: {listen: 127.0.0.1:9090}\n"


def test_an_upgrade_can_bring_back_a_shipped_file_that_was_removed(checkout: Checkout) -> None:
    removed = checkout.clone / "config/sources/voa.yaml"
    removed.unlink()
    checkout.release("config/sources/voa.yaml", "every: 15m", "every: 30m")

    pulled = checkout.git(checkout.clone, "pull")

    assert (pulled.returncode, removed.exists()) == (0, True)


def test_an_edit_that_git_refuses_to_overwrite_is_saved_by_the_steps_of_the_documentation(
    checkout: Checkout,
) -> None:
    edited = checkout.clone / "config/aggregator.yaml"
    text = edited.read_text(encoding="utf-8").replace("127.0.0.1:8080", "127.0.0.1:9090")
    edited.write_text(text, encoding="utf-8")
    checkout.release("config/aggregator.yaml", "127.0.0.1:8080", "127.0.0.1:8081")

    pulled = checkout.git(checkout.clone, "pull")
    steps = [
        checkout.run(checkout.clone, "sh", "-c", line) for line in steps_of_the_documentation()
    ]

    assert pulled.returncode != 0
    assert "Your local changes to the following files would be overwritten" in pulled.stderr
    assert [(step.args, step.stderr) for step in steps if step.returncode] == []
    assert (checkout.is_current(), checkout.status()) == (True, "")
    moved = checkout.home / "news"
    config = configuration.load_config(
        moved / "config/aggregator.yaml", env={}, sites=shipped_names()
    )
    assert config.server.listen == "127.0.0.1:9090"
    assert config.database == f"sqlite:///{moved}/var/aggregator.db"
    assert (moved / "var/aggregator.db").read_text(encoding="utf-8") == "articles"
    assert (moved / "config/sources/added.yaml").exists()


def steps_of_the_documentation() -> list[str]:
    """Return the lines of docs/howto.md that move an edited configuration out of the checkout; `make` is left out."""
    page = (ROOT / "docs" / "howto.md").read_text(encoding="utf-8")
    section = page.partition("\n## Upgrade\n")[2].partition("\n## ")[0]
    last_block = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[-1]
    return [line for line in last_block.splitlines() if not line.startswith("make ")]


def test_the_names_of_shipped_files_do_not_change(checkout: Checkout) -> None:
    """`git pull` overwrites an ignored file without a word: a new name here may be that of a user's own file."""
    assert checkout.git(checkout.project, "ls-files", "config").stdout.split() == [
        "config/aggregator.yaml",
        "config/sites/README.md",
        "config/sources/rfi.yaml",
        "config/sources/seeds.yaml",
        "config/sources/voa.yaml",
    ]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("words", "environment", "used"),
    [
        ((), {}, "config/aggregator.yaml"),
        ((), {"AGGREGATOR_CONFIG": "/srv/mine.yaml"}, "/srv/mine.yaml"),
        (("SETTINGS=/srv/other.yaml",), {"AGGREGATOR_CONFIG": "/srv/mine.yaml"}, "/srv/other.yaml"),
    ],
)
def test_make_run_uses_the_configuration_that_the_commands_use(
    words: tuple[str, ...], environment: dict[str, str], used: str
) -> None:
    command = ["make", "--dry-run", "run", *words]
    inherited = {name: os.environ[name] for name in ("PATH", "HOME")}
    done = subprocess.run(
        command, cwd=ROOT, env=inherited | environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == f"exec .venv/bin/aggregator --config {used} run"
