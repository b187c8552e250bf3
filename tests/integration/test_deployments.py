"""What deploy/ has for Ray's cluster launcher and for Kubernetes: read, and held against the commands."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.scripts.scripts import start

from telegrad_server.cli import app
from telegrad_server.config import DEFAULT_PORT, Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FILES = [DEPLOY / "kuberay.yaml", DEPLOY / "ray-cluster.yaml", ROOT / "docker-compose.yml"]


def texts(value: Any) -> Iterator[str]:
    """Every string of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


def flags_of(path: Path, program: str) -> set[str]:
    """The options that a file gives to a program."""
    found: set[str] = set()
    for document in yaml.safe_load_all(path.read_text()):
        for text in texts(document):
            for command in re.findall(rf"(?<![\w/]){program} (?!is\b)[^&>|;]*", text):
                words = shlex.split(command.replace("$", ""))
                found |= {word.partition("=")[0] for word in words if word.startswith("--")}
    return found


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, Any]]:
    documents = list(yaml.safe_load_all((DEPLOY / "kuberay.yaml").read_text()))
    return {document["kind"]: document for document in documents}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_option_is_one_of_the_commands(path: Path) -> None:
    command = typer.main.get_command(app)
    known = {option for parameter in command.params for option in parameter.opts}
    given = flags_of(path, "telegrad-server")
    assert {"--ray", "--host", "--port"} <= given
    assert given <= known
    rays = {option for parameter in start.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert flags_of(path, "ray start") <= rays


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_is_a_setting(path: Path) -> None:
    named = set(re.findall(r"\bTELEGRAD_([A-Z_]+)(?==|: |\n)", path.read_text()))
    # The client's own, and those of the composition itself.
    others = {"ADDRESS", "PORT", "CPUS"}
    assert {name.lower() for name in named - others} <= set(Settings.model_fields)


def test_rays_launcher_takes_the_cluster_file() -> None:
    config = yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text())
    validate_config(prepare_config(copy.deepcopy(config)))
    assert config["docker"]["image"] == "telegrad:cpu"
    assert any("--min-workers" in command for command in config["head_start_ray_commands"])


def containers(manifest: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every pod's spec with its one container."""
    cluster = manifest["RayCluster"]["spec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"], manifest["Deployment"]["spec"]]
    specs = [group["template"]["spec"] for group in groups]
    return [(spec, spec["containers"][0]) for spec in specs]


def test_the_manifest_is_complete(manifest: dict[str, dict[str, Any]]) -> None:
    assert set(manifest) == {
        "PersistentVolumeClaim",
        "RayCluster",
        "Deployment",
        "Service",
        "NetworkPolicy",
    }
    claim = manifest["PersistentVolumeClaim"]["metadata"]["name"]
    for spec, container in containers(manifest):
        assert container["image"] == "telegrad:cpu"
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        assert volumes["store"]["persistentVolumeClaim"]["claimName"] == claim
        assert any(variable["name"] == "RAY_AUTH_TOKEN" for variable in container["env"])
    assert manifest["Deployment"]["spec"]["replicas"] >= 2
    assert manifest["Service"]["spec"]["ports"][0]["port"] == DEFAULT_PORT


def test_nothing_has_more_rights_than_it_needs(manifest: dict[str, dict[str, Any]]) -> None:
    for spec, container in containers(manifest):
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"] == container["resources"]["requests"]
    allowed = manifest["NetworkPolicy"]["spec"]["ingress"][0]["from"]
    labels = [peer["podSelector"]["matchLabels"]["app"] for peer in allowed]
    assert labels == ["telegrad", "telegrad-gateway"], "Ray is reached by its own nodes and the gateways"


def test_the_gateway_leads_where_the_head_is(manifest: dict[str, dict[str, Any]]) -> None:
    # KubeRay names the head's service after the cluster.
    head = f"{manifest['RayCluster']['metadata']['name']}-head-svc:6379"
    (container,) = manifest["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "RAY_ADDRESS", "value": head} in container["env"]
    assert head in container["args"][0]
