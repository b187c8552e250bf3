"""`telegrad-server`: one command for a worker, a gateway, or a cluster of both."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError

from telegrad_proto import __version__
from telegrad_server.config import Settings
from telegrad_server.polling import reading_in_place

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


#: What pydantic says in words for programmers.
_PLAINLY = {
    "string_pattern_mismatch": "requires cpu, cuda or cuda:N",
    "byte_size": "requires a size, as 500MiB",
    "byte_size_unit": "requires a size, as 500MiB",
}


def _help(name: str) -> str:
    """What a setting is for, and what holds where it is not given."""
    field = Settings.model_fields[name]
    default = f"{field.default:g}" if isinstance(field.default, float) else str(field.default or "")
    return f"{field.description}; by default {default}" if default else field.description or ""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"telegrad-server {__version__}")
        raise typer.Exit


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def run(
    *,
    host: Annotated[str | None, typer.Option(help=_help("host"))] = None,
    port: Annotated[int | None, typer.Option(help=_help("port"))] = None,
    token_file: Annotated[Path | None, typer.Option(help=_help("token_file"))] = None,
    insecure: Annotated[bool | None, typer.Option("--insecure", help=_help("insecure"))] = None,
    device: Annotated[str | None, typer.Option(help=_help("device"))] = None,
    max_sessions: Annotated[int | None, typer.Option(help=_help("max_sessions"))] = None,
    lease_s: Annotated[float | None, typer.Option(help=_help("lease_s"))] = None,
    grace_s: Annotated[float | None, typer.Option(help=_help("grace_s"))] = None,
    reflection: Annotated[bool | None, typer.Option("--reflection", help=_help("reflection"))] = None,
    direct_address: Annotated[str | None, typer.Option(help=_help("direct_address"))] = None,
    ray: Annotated[bool | None, typer.Option("--ray/--no-ray", help=_help("ray"))] = None,
    workers: Annotated[int | None, typer.Option(help=_help("workers"))] = None,
    min_workers: Annotated[int | None, typer.Option(help=_help("min_workers"))] = None,
    max_workers: Annotated[int | None, typer.Option(help=_help("max_workers"))] = None,
    spares: Annotated[int | None, typer.Option(help=_help("spares"))] = None,
    gateway_only: Annotated[bool | None, typer.Option("--gateway-only", help=_help("gateway_only"))] = None,
    threads: Annotated[int | None, typer.Option(help=_help("threads"))] = None,
    snapshots: Annotated[str | None, typer.Option(help=_help("snapshots"))] = None,
    snapshot_s: Annotated[float | None, typer.Option(help=_help("snapshot_s"))] = None,
    keep_s: Annotated[float | None, typer.Option(help=_help("keep_s"))] = None,
    session_bytes: Annotated[str | None, typer.Option(help=_help("session_bytes"))] = None,
    worker_bytes: Annotated[str | None, typer.Option(help=_help("worker_bytes"))] = None,
    operator_s: Annotated[float | None, typer.Option(help=_help("operator_s"))] = None,
    jobs: Annotated[str | None, typer.Option(help=_help("jobs"))] = None,
    job_data: Annotated[list[str] | None, typer.Option(help=_help("job_data"))] = None,
    jobs_at_once: Annotated[int | None, typer.Option(help=_help("jobs_at_once"))] = None,
    job_processes: Annotated[int | None, typer.Option(help=_help("job_processes"))] = None,
    relay_to: Annotated[list[str] | None, typer.Option(help=_help("relay_to"))] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="log what happens, to stderr")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Serves telegrad's sessions over gRPC until it is told to end (SIGTERM or Ctrl-C).

    Every option can be a variable too: --token-file as TELEGRAD_TOKEN_FILE. RAY_ADDRESS means --ray.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    given: dict[str, Any] = {
        "host": host,
        "port": port,
        "token_file": token_file,
        "insecure": insecure,
        "device": device,
        "max_sessions": max_sessions,
        "lease_s": lease_s,
        "grace_s": grace_s,
        "reflection": reflection,
        "direct_address": direct_address,
        "ray": ray,
        "workers": workers,
        "min_workers": min_workers,
        "max_workers": max_workers,
        "spares": spares,
        "gateway_only": gateway_only,
        "threads": threads,
        "snapshots": snapshots,
        "snapshot_s": snapshot_s,
        "keep_s": keep_s,
        "session_bytes": session_bytes,
        "worker_bytes": worker_bytes,
        "operator_s": operator_s,
        "jobs": jobs,
        "job_data": ",".join(job_data) if job_data else None,
        "jobs_at_once": jobs_at_once,
        "job_processes": job_processes,
        "relay_to": ",".join(relay_to) if relay_to else None,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if os.environ.get("RAY_ADDRESS") and "relay_to" not in given:
        given.setdefault("ray", True)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        _refuse("; ".join(_explain(item) for item in error.errors()))
    # The engine takes a moment to import: what is wrong with the settings is said before.
    alone = not (settings.ray or settings.gateway_only or settings.relay_to)
    with reading_in_place() if alone else nullcontext():
        from telegrad_server.app import serve

    try:
        serve(settings, _announce)
    except (OSError, ValueError, RuntimeError) as error:
        logging.getLogger("telegrad.server").info("stopped", exc_info=error)
        _refuse(str(error))


def _announce(address: str) -> None:
    print(f"telegrad-server: listening on {address}", flush=True)


def _explain(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    message = _PLAINLY.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
    return f"--{where.replace('_', '-')}: {message}" if where else message


def _refuse(text: str) -> NoReturn:
    print(f"telegrad-server: {text}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """The entry point of the command."""
    app()
