"""`telegrad`: asks a server from the command line."""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from telegrad.cli import cluster, jobs, programs
from telegrad.cli.ending import said
from telegrad_proto import PROTOCOL, __version__
from telegrad_proto.opset import OPSET, Op

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Torch-like tensors whose gradients are computed far away: the client's commands.",
)

app.add_typer(cluster.app, name="cluster")
app.add_typer(jobs.app, name="jobs")
app.add_typer(programs.app, name="program")

Address = Annotated[
    str | None,
    typer.Argument(help="host:port; by default TELEGRAD_ADDRESS, else the engine in this process"),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="file that holds the server's token; by default TELEGRAD_TOKEN or TELEGRAD_TOKEN_FILE"),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"telegrad {__version__}, protocol {PROTOCOL}, operators {OPSET.digest.hex()[:16]}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """What every command takes."""


@contextmanager
def _session(address: str | None, token_file: Path | None) -> Iterator[None]:
    """A session for the block.

    Raises:
        SystemExit: it cannot be had, or what is asked of it fails; the reason is printed.
    """
    import telegrad  # the tensors: not needed to print a version or the operators
    from telegrad.config import token_in

    try:
        with said():
            telegrad.connect(address, token=token_in(token_file), progress=False)
            telegrad.current_session().open()
            yield
    finally:
        telegrad.disconnect()


@app.command()
def ping(
    address: Address = None,
    *,
    count: Annotated[int, typer.Option("--count", "-c", min=1, max=10_000, help="round trips")] = 10,
    token_file: TokenFile = None,
) -> None:
    """Times a session's opening and the smallest gradient, there and back; exit status 1 if that fails."""
    import telegrad as torch  # as above

    started = time.perf_counter()
    with _session(address, token_file):
        opened_s = time.perf_counter() - started
        x = torch.ones(1, requires_grad=True)
        times = []
        for _ in range(count):
            x.grad = None
            started = time.perf_counter()
            (x * x).sum().backward()
            x.grad.numpy()
            times.append(time.perf_counter() - started)
        print(f"{torch.current_session().address}: session opened in {1e3 * opened_s:.2f} ms")
        print(
            f"{count} gradients, there and back: first {1e3 * times[0]:.2f} ms, "
            f"median {1e3 * statistics.median(times):.2f} ms, fastest {1e3 * min(times):.2f} ms"
        )


@app.command()
def info(address: Address = None, *, token_file: TokenFile = None) -> None:
    """Tells what a server says about itself."""
    import telegrad  # as above

    with _session(address, token_file):
        session = telegrad.current_session()
        opened = session.open()
        rows = {
            "address": session.address,
            "direct address": opened.direct_address or "none",
            "server": opened.server_version,
            "client": __version__,
            "protocol": str(PROTOCOL),
            "operators": f"{len(OPSET.ops)}, digest {OPSET.digest.hex()[:16]}",
            "device": opened.device,
            "lease": f"{opened.lease_s:g} s" if opened.lease_s else "none",
            "inline limit": f"{opened.inline_limit_bytes} bytes",
        }
        for name, text in rows.items():
            print(f"{name + ':':16}{text}")


@app.command()
def operators(
    pattern: Annotated[str, typer.Argument(help="a regular expression over names; by default all")] = "",
) -> None:
    """Lists the operators of the wire: inputs, attributes, whether gradients flow, what it is."""
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise typer.BadParameter(str(error)) from None
    found = [op for name, op in sorted(OPSET.ops.items()) if wanted.search(name)]
    if not found:
        print(f"telegrad: no operator matches {pattern!r}", file=sys.stderr)
        raise SystemExit(1)
    for op in found:
        print(f"{_signature(op):64}  {op.doc}")


def _signature(op: Op) -> str:
    inputs = [f"*{name}" if op.variadic and name == op.inputs[-1] else name for name in op.inputs]
    attributes = [f"{a.name}: {a.type}" for a in op.attributes]
    flows = "" if any(r is not None for r in op.reads) else " (no gradient)"
    return f"{op.name}({', '.join(inputs)}{'; ' if attributes else ''}{', '.join(attributes)}){flows}"


def main() -> None:
    """The entry point of the command."""
    app()
