"""`telegrad cluster`: how workers are, which sessions they have, and the orderly end of one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telegrad.cli.ending import said

if TYPE_CHECKING:
    from telegrad.transport.cluster import ClusterChannel
    from telegrad_proto.v1 import cluster_pb2

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Looks at a cluster through one of its gateways.",
)

Address = Annotated[
    str | None,
    typer.Option("--address", "-a", help="host:port of a gateway, or several; by default TELEGRAD_ADDRESS"),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="file that holds the token; by default TELEGRAD_TOKEN or TELEGRAD_TOKEN_FILE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON, for programs")]


@app.command()
def status(*, address: Address = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Tells how many workers there are and should be, and what went wrong last."""
    with _channel(address, token_file) as channel:
        reply = channel.status()
    if as_json:
        _print_json(reply)
        return
    states = [worker.state for worker in reply.workers]
    rows = {
        "server": reply.server_version,
        "workers": ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none",
        "sessions": str(sum(worker.pulse.sessions for worker in reply.workers)),
        "held": _size(sum(worker.pulse.held_bytes for worker in reply.workers)),
    }
    if reply.supervised:
        rows["wanted"] = (
            f"{reply.desired} of {reply.min_workers} to {reply.max_workers}, {reply.spares} spare"
        )
        rows["replaced"] = str(reply.replaced)
        if reply.failed_starts:
            state = "tried now and then" if reply.circuit_open else "tried again"
            rows["failed starts"] = f"{reply.failed_starts} in a row, {state}"
        if reply.reason:
            rows["last reason"] = reply.reason
    else:
        rows["supervisor"] = "none: nobody replaces or scales these workers"
    for name, text in rows.items():
        print(f"{name + ':':15}{text}")


@app.command()
def workers(*, address: Address = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Lists the workers: state, sessions, memory, time spent computing."""
    with _channel(address, token_file) as channel:
        reply = channel.status()
    if as_json:
        _print_json(reply)
        return
    _print_table(
        ("worker", "state", "address", "sessions", "held", "running", "busy", "up", "silent", "process"),
        [_worker_row(worker) for worker in reply.workers],
    )


@app.command()
def sessions(*, address: Address = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Lists the sessions: where each is, and what it holds."""
    with _channel(address, token_file) as channel:
        reply = channel.sessions()
    if as_json:
        _print_json(reply)
        return
    _print_table(
        ("worker", "session", "client", "fragments", "held", "running"),
        [
            (
                found.worker,
                found.session.session_id,
                "attached" if found.session.attached else "away",
                str(found.session.applied_seq),
                _size(found.session.held_bytes),
                f"fragment {found.session.running_seq}" if found.session.running_seq else "",
            )
            for found in reply.sessions
        ],
    )
    for worker in reply.silent:
        print(f"telegrad: {worker} does not answer", file=sys.stderr)


@app.command()
def drain(
    worker: Annotated[str, typer.Argument(help="as `telegrad cluster workers` names it")],
    *,
    address: Address = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Has a worker hand its sessions over and end; another takes its place."""
    with _channel(address, token_file) as channel:
        count = channel.drain(worker)
    if as_json:
        print(json.dumps({"worker": worker, "sessions": count}))
    else:
        print(f"{worker} hands over {count} session{'' if count == 1 else 's'} and ends")


@contextmanager
def _channel(address: str | None, token_file: Path | None) -> Iterator[ClusterChannel]:
    """The way to the cluster, for the block.

    Raises:
        SystemExit: nobody answers, or refuses; the reason is printed.
    """
    # Late: gRPC, which no other command's help should wait for.
    from telegrad.config import endpoint, token_in
    from telegrad.transport.cluster import ClusterChannel

    with said():
        yield ClusterChannel(*endpoint(address, token_in(token_file)))


def _worker_row(worker: cluster_pb2.WorkerInfo) -> tuple[str, ...]:
    pulse = worker.pulse
    room = f" of {_size(pulse.limit_bytes)}" if pulse.limit_bytes else ""
    return (
        worker.worker,
        worker.state,
        worker.address,
        f"{pulse.sessions}/{pulse.capacity}",
        _size(pulse.held_bytes) + room,
        str(pulse.running),
        f"{pulse.busy_s:.1f} s",
        f"{pulse.uptime_s:.0f} s",
        f"{worker.silent_s:.1f} s",
        str(pulse.pid or ""),
    )


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _print_json(message: Any) -> None:
    from google.protobuf import json_format  # late: most commands print tables

    convert: Callable[..., str] = json_format.MessageToJson
    print(convert(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True))


def _size(count: int) -> str:
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.4g} {unit}"
        amount /= 1024
    return f"{amount:.4g} TiB"
