"""docker-compose.yml without Docker: its services' own commands as processes, the smoke test through them.

What a container gives is played by: a loopback address of its own for each service's name, folders for
volumes, an environment with nothing in it but what the file says, and a free port for each `${..._PORT}`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
import yaml

from tests.places import free_port

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
MARK = "TELEGRAD_COMPOSE_TEST"
#: What plays the object store, and asks whether it is there.
STORE = Path(__file__).with_name("object_store.py")
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()"
#: Ray gives a node 30 s to start, which a busy machine may not make; Docker would start it again.
MAX_RESTARTS = 5
#: Stands for the port that every node of Ray has for itself, as no other is in its container.
NODE_PORT = "{node-port}"
#: Docker waits ten seconds for a service to end; Ray uses them up, for nothing that is tested here.
STOP_S = 3
#: How long the smoke test may take, in seconds; alone on a machine it takes ten.
SMOKE_S = 240

Service = dict[str, Any]


def seconds(text: str) -> float:
    """A duration as compose writes it: 500ms, 10s, 1m30s."""
    units = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def interpolate(text: str, variables: dict[str, str]) -> str:
    """Compose's own substitution: ${NAME}, ${NAME:-default}, and $$ for a dollar."""

    def value(match: re.Match[str]) -> str:
        if match.group() == "$$":
            return "$"
        return variables.get(match["name"]) or match["default"] or ""

    return re.sub(r"\$\$|\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}", value, text)


def walk(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [walk(item, change) for item in value]
    if isinstance(value, dict):
        return {key: walk(item, change) for key, item in value.items()}
    return value


def read_compose(variables: dict[str, str] | None = None) -> dict[str, Any]:
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return cast(dict[str, Any], walk(raw, lambda text: interpolate(text, variables or {})))


def services_of(compose: dict[str, Any], *, profile: str | None = None) -> dict[str, Service]:
    """What `docker compose up` starts: the services of no profile, and those of the one named."""
    return {
        name: service
        for name, service in compose["services"].items()
        if not service.get("profiles") or profile in service["profiles"]
    }


def end(processes: list[psutil.Process]) -> None:
    """Ends what a service left running: it would end with its container."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=10)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=10)


def start_order(services: dict[str, Service]) -> list[str]:
    """The services, each after those that it depends on."""
    order: list[str] = []
    while len(order) < len(services):
        ready = [
            n for n in services if n not in order and set(services[n].get("depends_on", {})) <= set(order)
        ]
        assert ready, f"services wait for each other: {sorted(set(services) - set(order))}"
        order += ready
    return order


@dataclass
class Composition:
    """The services as processes.

    Attributes:
        folder: what stands for the containers' own file systems.
        addresses: the loopback address of each service's name.
    """

    folder: Path
    services: dict[str, Service]
    addresses: dict[str, str]
    variables: dict[str, str]
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    node_ports: dict[str, int] = field(default_factory=dict)
    restarts: int = 0
    healthy: set[str] = field(default_factory=set)

    def translate(self, name: str, text: str) -> str:
        """The text with names, volumes and the container's own interface as they are on this machine."""
        for other, address in self.addresses.items():
            text = re.sub(rf"(?<![\w.-]){other}(?=:\d)", address, text)
        for volume in self.services[name].get("volumes", []):
            source, target = volume.split(":")[:2]
            text = text.replace(target, str(self.folder / source))
        text = text.replace("0.0.0.0", self.addresses[name])
        text = re.sub(r"/opt/telegrad/(\w+\.py)", rf"{ROOT}/deploy/\1", text)
        text = re.sub(r"(?<![\w/])python(?= )", sys.executable, text)
        if NODE_PORT in text:
            text = text.replace(NODE_PORT, str(self.node_ports.setdefault(name, free_port(""))))
        # In a container Ray takes the container's own address, and its sockets lie in a folder of their own.
        own = f"--node-ip-address={self.addresses[name]} --temp-dir={self.folder / name / 'ray'}"
        return text.replace("ray start ", f"ray start {own} ")

    def command(self, name: str) -> list[str]:
        if name == "store":  # an image of somebody else's, whose part a program of the tests plays
            return [sys.executable, str(STORE), self.store_address]
        return self.arguments(name, self.services[name]["command"])

    @property
    def store_address(self) -> str:
        """Where the object store's own command says that it listens."""
        command = self.services["store"]["command"]
        return self.translate("store", command[command.index("--address") + 1])

    def arguments(self, name: str, command: str | list[str]) -> list[str]:
        parts = shlex.split(self.translate(name, command)) if isinstance(command, str) else command
        return [sys.executable if part == "python" else self.translate(name, part) for part in parts]

    def environment(self, name: str) -> dict[str, str]:
        """Nothing of this process but where programs are."""
        given = {
            key: self.translate(name, str(value))
            for key, value in (self.services[name].get("environment") or {}).items()
        }
        marks = {key: os.environ[key] for key in ("TELEGRAD_TEST_RUN",) if key in os.environ}
        own = {
            "PATH": f"{BIN}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
        }
        own["RAY_TMPDIR"] = str(self.folder / name)
        return {**own, **marks, **given, MARK: f"{self.mark}-{name}"}

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def start(self, name: str) -> None:
        for volume in self.services[name].get("volumes", []):
            (self.folder / volume.split(":")[0]).mkdir(exist_ok=True)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name),
                env=self.environment(name),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_completed(self, name: str) -> None:
        assert self.processes[name].wait(timeout=60) == 0, f"{name} failed:\n{self.log(name)}"

    def wait_healthy(self, name: str) -> None:
        """Runs the service's health check until it passes, as often and as long as the file allows."""
        if name in self.healthy:
            return
        check = self.services[name]["healthcheck"]
        assert check["test"][0] == "CMD", "a list of arguments needs no shell in the image"
        if name == "store":
            host, _, port = self.store_address.rpartition(":")
            check = {**check, "test": ["CMD", "python", "-c", CONNECT, host, port]}
        interval, timeout = seconds(check["interval"]), seconds(check["timeout"])
        patience = seconds(check["start_period"]) + int(check["retries"]) * interval
        arguments = self.arguments(name, check["test"][1:])
        output = b""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with suppress(subprocess.TimeoutExpired):
                self.processes[name].wait(interval / 5)  # the pause between two checks, cut short by its end
            if self.supervise():
                deadline = time.monotonic() + patience
            try:
                asked = subprocess.run(
                    arguments, env=self.environment(name), capture_output=True, timeout=timeout, check=False
                )
            except subprocess.TimeoutExpired:
                continue
            if asked.returncode == 0:
                self.healthy.add(name)
                return
            output = asked.stdout + asked.stderr
        pytest.fail(f"{name} never became healthy: {output.decode()[-2000:]}\n{self.log(name)}")

    def supervise(self) -> bool:
        """What `restart: unless-stopped` does with containers that ended; whether there were any."""
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        again = [name for name in ended if self.services[name]["restart"] == "unless-stopped"]
        for name in again:
            self.restarts += 1
            self.healthy.discard(name)
            assert self.restarts <= MAX_RESTARTS, f"{name} ended again:\n{self.log(name)}"
            end(self.members(name))
            self.start(name)
        return bool(again)

    def up(self) -> None:
        for name in start_order(self.services):
            for other, rule in self.services[name].get("depends_on", {}).items():
                if rule["condition"] == "service_completed_successfully":
                    self.wait_completed(other)
                else:
                    self.wait_healthy(other)
            self.start(name)
        for name, service in self.services.items():
            if "healthcheck" in service:
                self.wait_healthy(name)

    def members(self, name: str) -> list[psutil.Process]:
        """Every living process that a service started, found by the mark in its environment."""
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARK) == f"{self.mark}-{name}"
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def down(self) -> None:
        """Ends the services as `docker compose stop` does: SIGTERM, then SIGKILL, the needed ones last."""
        left = dict(self.processes)
        while left:
            needed = {other for name in left for other in self.services[name].get("depends_on", {})}
            ending = {name: left.pop(name) for name in set(left) - needed}
            for process in ending.values():
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + STOP_S
            for process in ending.values():
                try:
                    process.wait(timeout=max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            end([member for name in ending for member in self.members(name)])


@pytest.fixture(scope="module")
def composition() -> Iterator[Composition]:
    names = ("RAY_PORT", "TELEGRAD_PORT", "TELEGRAD_PORT_2", "STORE_PORT")
    ports = {**{name: str(free_port("")) for name in names}, "TELEGRAD_CPUS": "2", "RAY_NODE_PORT": NODE_PORT}
    services = services_of(read_compose(ports))
    addresses = {name: f"127.0.0.{index}" for index, name in enumerate(read_compose()["services"], start=11)}
    with ExitStack() as cleanup:
        # A short path of its own: the sockets of Ray have at most 107 characters.
        folder = Path(tempfile.mkdtemp(prefix="tg-"))
        cleanup.callback(shutil.rmtree, folder)
        running = Composition(folder, services, addresses, ports)
        cleanup.callback(running.down)
        running.up()
        yield running


def ask_for_gradients(composition: Composition, environment: dict[str, str]) -> tuple[int, str]:
    """The smoke test's exit status and what it said; where it waits for ever, also what it waits for."""
    with subprocess.Popen(
        composition.command("smoke"),
        env={**environment, "PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1"},
        cwd=composition.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as smoke:
        try:
            said, _ = smoke.communicate(timeout=SMOKE_S)
        except subprocess.TimeoutExpired:
            smoke.send_signal(signal.SIGABRT)  # at which Python writes where each thread is
            said, _ = smoke.communicate()
    return smoke.returncode, said


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_smoke_test_passes_through_the_gateway(composition: Composition) -> None:
    composition.services["smoke"] = read_compose(composition.variables)["services"]["smoke"]
    status, said = ask_for_gradients(composition, composition.environment("smoke"))
    assert status == 0, "\n".join([said, *map(composition.log, composition.processes)])
    assert "a job's gradient: right" in said
    assert "passed" in said


@pytest.mark.ray
@pytest.mark.timeout(400)
def test_the_gateway_wants_the_token(composition: Composition) -> None:
    composition.services["smoke"] = read_compose(composition.variables)["services"]["smoke"]
    environment = composition.environment("smoke")
    del environment["TELEGRAD_TOKEN_FILE"]
    status, said = ask_for_gradients(composition, environment)
    assert status != 0
    assert "AccessError" in said


def test_the_file_is_what_compose_reads() -> None:
    compose = read_compose()
    services = compose["services"]
    expected = {"keys", "head", "worker-1", "worker-2", "gateway-1", "gateway-2", "store"}
    assert set(services_of(compose)) == expected
    assert "worker-gpu" in services_of(compose, profile="gpu")
    volumes = {v.split(":")[0] for s in services.values() for v in s.get("volumes", [])}
    assert volumes == set(compose["volumes"])
    for name, service in services.items():
        if name == "store":
            assert re.search(r":[\w.-]+$", service["image"]), "somebody else's image has its version"
        else:
            assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert "healthcheck" in service or service["restart"] == "no", f"{name} runs for ever, unwatched"
        assert "shm_size" in service or "ray start" not in str(service["command"])
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published), "published on this machine only"
    for name in ("worker-1", "worker-2", "worker-gpu", "gateway-1", "gateway-2"):
        shared = {v.split(":")[0] for v in services[name]["volumes"]}
        assert {"keys", "snapshots", "jobs"} <= shared, f"{name} sees what the others stored"


def test_images_are_built_from_what_is_there() -> None:
    for dockerfile in (ROOT / "deploy").glob("Dockerfile*"):
        text = dockerfile.read_text()
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
            assert all((ROOT / source).exists() for source in line.split()), f"{dockerfile.name}: {line}"
        assert re.search(r"^USER (?!root)", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${A:-1}", "1"), ("${B:-1}", "7"), ("${B}", "7"), ("${A}", ""), ("$${B}", "${B}"), ("$$name", "$name")],
)
def test_interpolation(text: str, expected: str) -> None:
    assert interpolate(text, {"B": "7"}) == expected


def test_services_that_wait_for_each_other_are_refused() -> None:
    rule = {"condition": "service_healthy"}
    with pytest.raises(AssertionError, match="wait for each other"):
        start_order({"a": {"depends_on": {"b": rule}}, "b": {"depends_on": {"a": rule}}})
