from __future__ import annotations

import signal
import subprocess
import urllib.request
from typing import TYPE_CHECKING

import pytest

from aggregator.cli.commands.run import _with_listen
from aggregator.cli.context import Invocation

if TYPE_CHECKING:
    from tests.cli.conftest import Project


def test_an_address_to_listen_on_wins_over_the_configuration(
    project: Project, environment: dict[str, str]
) -> None:
    project.write("config/aggregator.yaml", 'server: {listen: "127.0.0.1:1"}\n')

    words = project.process("run", "--listen", "127.0.0.1:0")
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if "serving " in line).split()[-1]
        with urllib.request.urlopen(address) as answer:
            assert (answer.status, ":1/" in address) == (200, False)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()

    assert process.returncode == 0


@pytest.mark.parametrize("address", ["[::1]:8080", "localhost:80", "0.0.0.0:0"])
def test_nothing_else_of_the_configuration_changes_with_the_address(
    project: Project, address: str
) -> None:
    project.write("config/aggregator.yaml", "server: {public_url: https://feeds.example.org}\n")
    config = Invocation(project.config, explicit=True).load()

    changed = _with_listen(config, address)

    assert changed.server.listen == address
    assert (changed.server.public_url, changed.files) == ("https://feeds.example.org", config.files)
    assert _with_listen(changed, config.server.listen) == config


@pytest.mark.parametrize(
    "address", ["8080", ":8080", "localhost", "localhost:http", "::1:80", "[::1:80", "[::1]:65536"]
)
def test_a_bad_address_to_listen_on_is_refused(project: Project, address: str) -> None:
    said = project.call("run", "--listen", address)

    assert (said.code, said.out, said.err) == (
        2,
        "",
        f"aggregator: --listen must be host:port, such as 127.0.0.1:8080, not `{address}`\n",
    )


def test_a_name_that_no_host_can_have_is_refused(project: Project) -> None:
    said = project.call("run", "--listen", "..:80")

    assert said.code == 2
    assert said.err.splitlines()[-1] == (
        "aggregator: cannot listen on ..:80 (not a host name): set server.listen or --listen"
    )
