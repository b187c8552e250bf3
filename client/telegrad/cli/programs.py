"""`telegrad program`: what is in a saved program."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telegrad.cli.ending import said

if TYPE_CHECKING:
    from telegrad_proto.program import Blueprint

app = typer.Typer(no_args_is_help=True, help="Programs: functions traced once, saved, called many times.")


@app.callback()
def _options() -> None:
    """What every command takes."""


@app.command()
def show(
    path: Annotated[str, typer.Argument(help="a saved program: a file, or an fsspec URL")],
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, for programs")] = False,
) -> None:
    """Checks a saved program, and prints what it takes, gives and does."""
    from telegrad.program import load_program  # the tensors: no other command needs them

    with said():
        blueprint = load_program(path).blueprint
    told = _told(blueprint)
    if as_json:
        print(json.dumps(told))
        return
    operators = ", ".join(f"{name} {count}" for name, count in told["operators"].items())
    rows = [
        ("name", told["name"]),
        ("digest", told["digest"]),
        ("made by", f"telegrad {told['made_by']}, format {told['format']}"),
        ("bytes", f"{told['bytes']:,}, of which constants {told['constant_bytes']:,}"),
        *_listed("takes", [f"{i['name']}: {i['spec']}" for i in told["inputs"]]),
        *_listed("gives", told["outputs"]),
        ("operators", f"{sum(told['operators'].values())}: {operators}"),
    ]
    for label, text in rows:
        print(f"{label:11}{text}")


def _told(blueprint: Blueprint) -> dict[str, Any]:
    message = blueprint.message
    return {
        "name": blueprint.name,
        "digest": blueprint.digest.hex(),
        "made_by": message.made_by,
        "format": message.format,
        "bytes": blueprint.size_bytes,
        "constant_bytes": sum([len(leaf.data) for leaf in message.leaves]),
        "inputs": [{"name": i.name, "spec": i.shown} for i in blueprint.inputs],
        "outputs": [o.shown for o in blueprint.outputs],
        "operators": dict(Counter(node.op for node in message.nodes).most_common()),
    }


def _listed(label: str, texts: list[str]) -> list[tuple[str, str]]:
    """Rows of which only the first has the label."""
    return [(label if not i else "", text) for i, text in enumerate(texts)]
