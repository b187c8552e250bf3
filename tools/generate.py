"""Writes the generated files: protobuf stubs, then what the operator records give.

    python tools/generate.py [ROOT]

ROOT is the folder that holds `proto/`, `client/`, `engine/` and `docs/`; without it, this checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import google.rpc
import grpc_tools
from grpc_tools import protoc

WIRE = "telegrad_proto/v1"
#: Only these files define a service, and only they get a gRPC stub.
SERVICES = ("session.proto",)


def write_stubs(root: Path) -> None:
    """Writes a message module and its types for every .proto, and the gRPC stub of each service."""
    proto = root / "proto"
    includes = [
        proto,
        Path(next(iter(google.rpc.__path__))).parents[1],
        Path(grpc_tools.__file__).parent / "_proto",
    ]
    for path in sorted((proto / WIRE).glob("*.proto")):
        outputs = [f"--python_out={proto}", f"--pyi_out={proto}"]
        if path.name in SERVICES:
            outputs += [f"--grpc_python_out={proto}", f"--mypy_grpc_out=quiet:{proto}"]
        arguments = ["protoc", *(f"-I{folder}" for folder in includes), *outputs, f"{WIRE}/{path.name}"]
        if protoc.main(arguments) != 0:
            sys.exit(f"protoc failed on {path.name}")


def write_catalogue(root: Path) -> None:
    """Runs the engine's own generator on the packages under root, wherever the installed ones lie."""
    packages = [str(root / folder) for folder in ("proto", "client", "engine")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "telegrad_engine.catalogue", str(root)]
    finished = subprocess.run(command, cwd=root, env=environment, check=False)
    if finished.returncode != 0:
        sys.exit(finished.returncode)


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    # protoc finds the plugin that writes the types beside this interpreter.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    write_stubs(root)
    write_catalogue(root)


if __name__ == "__main__":
    main()
