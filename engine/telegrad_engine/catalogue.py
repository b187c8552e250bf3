"""Writes what is derived from the operator records: `python -m telegrad_engine.catalogue [--check] ROOT`.

Three files: the contract's `opset.json`, the client's `_primitives.py`, and `docs/operators.md` for people.
What a derivative reads is found by tracing it: the rule is run on symbolic values, and the graph that it
wrote is searched for the inputs and outputs that it was given.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from telegrad_engine.grad.reverse import vjp_of
from telegrad_engine.ops.record import OpRecord
from telegrad_engine.ops.registry import load_families
from telegrad_engine.primitives_text import operators_text, primitives_text
from telegrad_proto import opset
from telegrad_proto.ir import Node, Value, apply_op
from telegrad_proto.opset import Attribute, Op, Reads


def without_reads(record: OpRecord) -> Op:
    """The catalogue's entry of a record, before its derivatives have been traced."""
    reads = tuple(None if vjp is None else Reads() for vjp in record.vjps)
    return Op(
        name=record.name,
        inputs=record.inputs,
        variadic=record.variadic,
        attributes=tuple(Attribute(n, t) for n, t in record.attributes),
        rule=record.rule.name,
        params=record.rule.params,
        outputs=record.outputs,
        reads=reads,
        vjp_names=(None,) * len(record.inputs),
        doc=record.doc,
    )


def install(records: dict[str, OpRecord]) -> None:
    """Make the records' operators this process's catalogue, to trace rules before a file exists."""
    opset.OPSET.ops.clear()
    opset.OPSET.ops.update({name: without_reads(record) for name, record in records.items()})


def traced(record: OpRecord) -> tuple[list[dict[str, list[int]] | None], list[str | None]]:
    """For each input of the operator: what its derivative reads, and the operator that it ends in."""
    reads: list[dict[str, list[int]] | None] = []
    ends: list[str | None] = []
    for slot, vjp in enumerate(record.vjps):
        if vjp is None:
            reads.append(None)
            ends.append(None)
            continue
        inputs_read: set[int] = set()
        outputs_read: set[int] = set()
        end: str | None = None
        for sample in record.examples:
            node = _applied(record, sample.specs, sample.attrs)
            position = slot
            if position >= len(node.inputs):
                continue
            result = vjp_of(record, node, position, tuple(Value(spec) for spec in node.specs))
            if result is None:
                continue
            end = end or (result.node.op.name if result.node is not None else "")
            met = _met(result, node)
            inputs_read |= {min(i, len(record.inputs) - 1) for i, v in enumerate(node.inputs) if id(v) in met}
            outputs_read |= {v.index for v in node.outputs() if id(v) in met}
        reads.append({"inputs": sorted(inputs_read), "outputs": sorted(outputs_read)})
        ends.append(end)
    return reads, ends


def _applied(record: OpRecord, specs: tuple[Any, ...], attrs: Any) -> Node:
    op = opset.OPSET[record.name]
    return apply_op(op, [Value(s) for s in specs], tuple(attrs[n] for n, _ in record.attributes))


def _met(result: Value, forward: Node) -> set[int]:
    """Identities of the forward node's own values that the graph below `result` touches."""
    met: set[int] = set()
    seen: set[int] = set()
    stack = [result]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if value.node is forward or any(value is v for v in forward.inputs):
            met.add(id(value))
        elif value.node is not None:
            stack.extend(value.node.inputs)
    return met


def catalogue_text(records: dict[str, OpRecord]) -> str:
    """`opset.json`."""
    install(records)
    operators = []
    for name in sorted(records):
        record = records[name]
        reads, ends = traced(record)
        operators.append(
            {
                "name": name,
                "inputs": list(record.inputs),
                "variadic": record.variadic,
                "attributes": [{"name": n, "type": t} for n, t in record.attributes],
                "rule": record.rule.name,
                "params": record.rule.params,
                "outputs": record.outputs,
                "reads": reads,
                "vjp_names": ends,
                "doc": record.doc,
            }
        )
    lines = ",\n".join("  " + json.dumps(entry, sort_keys=True) for entry in operators)
    return f'{{"operators": [\n{lines}\n]}}\n'


def main() -> int:
    """Write the files, or with --check only say which are not current; exit status 1 if any is not."""
    cli = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    cli.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not current")
    cli.add_argument("root", type=Path, help="the repository's root")
    options = cli.parse_args()
    records = load_families()
    texts = {
        options.root / "proto/telegrad_proto/opset.json": catalogue_text(records),
        options.root / "client/telegrad/_primitives.py": primitives_text(records),
        options.root / "docs/operators.md": operators_text(records),
    }
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text("utf-8") != text]
    if options.check:
        for path in stale:
            print(f"{path}: not current; run `make gen`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
