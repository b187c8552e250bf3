"""All operator records: importing this module imports every family, and checks the catalogue against them."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Final

import telegrad_engine.ops
from telegrad_engine.ops.record import RECORDS, OpRecord

#: Modules of this package that hold no records.
_NOT_FAMILIES: Final = frozenset({"emit", "record", "registry"})


class StaleCatalogueError(ImportError):
    """The catalogue of the contract is not the one that the records make; `make gen` writes it anew."""


def load_families() -> dict[str, OpRecord]:
    """Every record by name, in the order of the families' names."""
    for module in sorted(m.name for m in pkgutil.iter_modules(telegrad_engine.ops.__path__)):
        if module not in _NOT_FAMILIES:
            import_module(f"telegrad_engine.ops.{module}")
    return RECORDS


def check_catalogue() -> None:
    """Accept the contract's catalogue.

    Raises:
        StaleCatalogueError: it names other operators, inputs or attributes than the records.
    """
    from telegrad_proto.opset import OPSET

    for name in RECORDS.keys() | OPSET.ops.keys():
        record, known = RECORDS.get(name), OPSET.ops.get(name)
        if record is None or known is None:
            raise StaleCatalogueError(
                f"operator {name}: {'no record' if record is None else 'not in opset.json'}; run `make gen`"
            )
        declared = (record.inputs, record.variadic, record.attributes, record.rule.name, record.outputs)
        listed = (
            known.inputs,
            known.variadic,
            tuple((a.name, a.type) for a in known.attributes),
            known.rule,
            known.outputs,
        )
        if declared != listed:
            raise StaleCatalogueError(
                f"operator {name}: the record says {declared}, opset.json {listed}; run `make gen`"
            )
