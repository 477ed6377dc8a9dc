"""The files of deploy/ agree with the program, with each other and with the documentation."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from aggregator import config as configuration
from aggregator.daemon.metrics import DaemonMetrics, Snapshot, StoreFigures
from aggregator.model import Outcome
from aggregator.rules.shipped import shipped_names

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "tests" / "data" / "shipped"  # the folder `config` itself belongs to its user
DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "aggregator.service").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
EXPOSURE = 2.0  # of 10; what systemd-analyze calls OK, with little left to take away

systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def service() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.partition("[Service]")[2].partition("[Install]")[0].splitlines():
        name, given, value = line.partition("=")
        if given and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return document


def commands() -> set[str]:
    printed = subprocess.run(
        [sys.executable, "-m", "aggregator", "--help"], capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"^\W*([a-z]+)\s{2,}", printed, re.MULTILINE))


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists: systemd looks for it."""
    path = tmp_path / "aggregator.service"
    program = service()["ExecStart"][0].split()[0]
    path.write_text(UNIT.replace(program, sys.executable), encoding="utf-8")
    return path


@systemd
def test_systemd_finds_nothing_wrong_with_the_unit(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@systemd
def test_the_unit_is_confined(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", unit],
        capture_output=True,
        text=True,
        check=True,
    )
    [level] = re.findall(r"exposure level for aggregator\.service: ([\d.]+)", done.stdout)

    assert float(level) <= EXPOSURE


def test_the_unit_starts_the_program_that_make_setup_installs_with_a_command_that_exists() -> None:
    scripts = (
        (ROOT / "pyproject.toml")
        .read_text(encoding="utf-8")
        .partition("[project.scripts]\n")[2]
        .splitlines()[0]
    )
    program, command = shlex.split(service()["ExecStart"][0])

    assert program == f"/opt/aggregator/.venv/bin/{scripts.split()[0]}"
    assert command in commands()


def test_the_unit_reloads_with_hup_stops_with_term_and_does_not_retry_a_bad_configuration() -> None:
    names = ("ExecReload", "KillSignal", "Restart", "RestartPreventExitStatus")

    assert [service()[name] for name in names] == [
        ["/bin/kill -HUP $MAINPID"],
        ["SIGTERM"],
        ["on-failure"],
        ["2"],
    ]


def test_the_units_configuration_loads_and_keeps_everything_in_the_state_directory() -> None:
    config = configuration.load_config(DEPLOY / "aggregator.yaml", env={})

    state = f"/var/lib/{service()['StateDirectory'][0]}"
    assert (config.database, str(config.output)) == (
        f"sqlite:///{state}/aggregator.db",
        f"{state}/feeds",
    )


def test_the_unit_the_user_and_the_documentation_name_the_same_places() -> None:
    places = (
        "/opt/aggregator/.venv/bin/aggregator",
        "/etc/aggregator/aggregator.yaml",
        "/etc/aggregator/secrets.env",
        "/var/lib/aggregator",
    )

    assert [place for place in places if place not in UNIT or place not in OPERATIONS] == []
    assert (DEPLOY / "aggregator.sysusers").read_text(encoding="utf-8").split("\n")[1].split()[
        :2
    ] == [
        "u",
        "aggregator",
    ]
    assert service()["User"] == ["aggregator"]


def test_every_file_that_the_documentation_names_is_there() -> None:
    named = set(re.findall(r"(?<![\w/.-])(?:deploy|config|docs|seeds)/[\w./-]*\w", OPERATIONS))
    links = {f"docs/{page}" for page in re.findall(r"\]\((\w+\.md)\)", OPERATIONS)}

    assert {
        path
        for path in named | links
        if not any((root / path).exists() for root in (ROOT, SHIPPED))
    } == set()


def test_the_container_is_read_only_and_without_rights() -> None:
    service_of = compose()["services"]["aggregator"]

    assert service_of["read_only"] is True
    assert service_of["cap_drop"] == ["ALL"]
    assert service_of["security_opt"] == ["no-new-privileges:true"]
    assert re.search(r"^USER aggregator$", DOCKERFILE, re.MULTILINE)


def test_compose_mounts_what_the_image_has_and_asks_for_health_as_the_image_does() -> None:
    service_of = compose()["services"]["aggregator"]
    volumes = [volume.split(":")[:2] for volume in service_of["volumes"]]
    folders = [source for source, _ in volumes if source.startswith("..")]
    [workdir] = set(re.findall(r"^WORKDIR (/srv\S+)$", DOCKERFILE, re.MULTILINE))
    [asked] = re.findall(r"CMD \[(\"python\".*)\]$", DOCKERFILE, re.MULTILINE)

    assert [folder for folder in folders if not (DEPLOY / folder).is_dir()] == []
    assert {target for _, target in volumes} == {
        f"{workdir}/{name}" for name in ("var", "config/sources", "config/sites")
    }
    assert f"VOLUME {workdir}/var" in DOCKERFILE
    assert service_of["healthcheck"]["test"] == ["CMD", *yaml.safe_load(f"[{asked}]")]
    assert (DEPLOY / service_of["build"]["context"] / service_of["build"]["dockerfile"]).samefile(
        DEPLOY / "Dockerfile"
    )


def test_sources_are_writable_where_add_writes_them_and_site_rules_are_not() -> None:
    volumes = compose()["services"]["aggregator"]["volumes"]

    assert [volume for volume in volumes if volume.endswith(":ro")] == [
        "../config/sites:/srv/aggregator/config/sites:ro"
    ]
    assert "chown -R aggregator:aggregator config/sources" in DOCKERFILE


def test_postgresql_starts_only_by_its_profile_with_a_database_of_the_programs_name() -> None:
    services = compose()["services"]
    environment = services["postgres"]["environment"]

    assert [name for name, one in services.items() if "profiles" not in one] == ["aggregator"]
    assert services["postgres"]["profiles"] == ["postgres"]
    assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == ("aggregator",) * 2
    assert services["aggregator"]["environment"]["DB_PASSWORD"] == environment["POSTGRES_PASSWORD"]


def kubernetes() -> dict[str, Any]:
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_kubernetes_asks_the_port_for_life_and_the_health_for_readiness() -> None:
    pod = kubernetes()["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert container["livenessProbe"]["tcpSocket"] == {"port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert str(pod["securityContext"]["runAsUser"]) in DOCKERFILE


def test_the_configuration_of_kubernetes_loads(tmp_path: Path) -> None:
    for name, text in kubernetes()["ConfigMap"]["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    config = configuration.load_config(tmp_path / "aggregator.yaml", env={}, sites=shipped_names())

    mounts = kubernetes()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    places = [mount["mountPath"] for mount in mounts["volumeMounts"]]
    assert config.database == f"sqlite:///{places[1]}/aggregator.db"
    assert config.server.listen == "0.0.0.0:8080"


def test_every_metric_that_is_watched_exists() -> None:
    snapshot = Snapshot(True, 0, None, None, {"merged": 1}, StoreFigures(1, 0, 1, 1, {"ok": 1}))
    metrics = DaemonMetrics()
    metrics.note_run(Outcome("a", datetime(2026, 1, 1, tzinfo=UTC), 1, "failed", error="http"))
    printed = metrics.render(snapshot, "text/plain")[0].decode()
    existing = set(re.findall(r"^(\w+)", printed, re.MULTILINE))
    watched = set()
    for name in ("alerts.yaml", "grafana.json"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        watched |= set(re.findall(r"\b(?:aggregator|process)_\w+", text))

    assert watched - existing == set()
    assert {name for name in documented_metrics() if name not in " ".join(watched)} == set()


def documented_metrics() -> set[str]:
    return set(re.findall(r"`(aggregator_[a-z_]+)", OPERATIONS))


def test_every_alert_and_every_panel_is_whole() -> None:
    alerts = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))
    dashboard = json.loads((DEPLOY / "grafana.json").read_text(encoding="utf-8"))

    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    assert {frozenset(rule) for rule in rules} == {
        frozenset({"alert", "expr", "for", "labels", "annotations"})
    }
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert ids == list(range(1, len(ids) + 1))
    assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])


def test_caddy_passes_to_the_address_that_the_unit_listens_on() -> None:
    config = configuration.load_config(DEPLOY / "aggregator.yaml", env={})
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")

    proxies = re.findall(r"reverse_proxy (\S+)", text)
    assert set(proxies) == {config.server.listen}
    assert text.count("{") == text.count("}")


def test_everything_that_the_image_copies_is_in_the_repository() -> None:
    copied = [
        words.split()[:-1]
        for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    ]

    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []


def test_the_address_that_the_image_replaces_is_the_one_that_the_configuration_has() -> None:
    [old] = re.findall(r"sed -i 's/(listen: [^/]+)/", DOCKERFILE)

    assert re.search(old, (SHIPPED / "config" / "aggregator.yaml").read_text(encoding="utf-8"))


def test_nginx_passes_to_the_address_that_the_unit_listens_on() -> None:
    config = configuration.load_config(DEPLOY / "aggregator.yaml", env={})

    assert f"server {config.server.listen};" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
