"""The operator catalogue: the vocabulary of the wire, and what each word makes of its inputs' specs.

`opset.json` is generated from the engine's operator records (`make gen`). Both sides load it, and a session
opens only between sides whose catalogues have the same digest. There is no kernel and no derivative here; of
a derivative the catalogue says what it reads, so that a client can tell on the spot when a second backward
pass must fail.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArityError, AttributeTypeError, GraphError, LimitError, UnknownOperatorError
from telegrad_proto.limits import MAX_ATTR_ITEMS, MAX_ATTR_TEXT, MAX_INPUTS
from telegrad_proto.rules import RULES
from telegrad_proto.spec import Spec

AttrValue = (
    bool | int | float | complex | str | DType | tuple[int, ...] | tuple[float, ...] | tuple[bool, ...] | None
)

_SCALAR_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "str": (str,),
    "dtype": (DType,),
    "scalar": (bool, int, float, complex),
}
_LIST_TYPES: Final[dict[str, tuple[type, ...]]] = {"ints": (int,), "floats": (float, int), "bools": (bool,)}

#: Inferred specs remembered for one operator; a hostile client must not grow the table without bound.
_INFER_CACHE_ENTRIES: Final = 4096
_INFER_CACHE_ITEMS: Final = 256  # inputs and list items of one entry


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declared attribute: its name and type, as `ints` or, where None is allowed, `ints?`."""

    name: str
    type: str

    @property
    def optional(self) -> bool:
        return self.type.endswith("?")

    def check(self, op: str, value: object) -> None:
        """Accept a value of the declared type.

        Raises:
            AttributeTypeError: it has another type.
            LimitError: the list or the text is too long.
        """
        kind = self.type.removesuffix("?")
        if value is None and self.optional:
            return
        if kind in _SCALAR_TYPES:
            good = isinstance(value, _SCALAR_TYPES[kind]) and (
                kind in ("bool", "scalar") or not isinstance(value, bool)
            )
            if not good:
                raise self._mismatch(op, value)
            if isinstance(value, str) and len(value) > MAX_ATTR_TEXT:
                raise LimitError(
                    f"{op}: attribute {self.name} has at most {MAX_ATTR_TEXT} characters, got {len(value)}"
                )
            return
        if not isinstance(value, tuple):
            raise self._mismatch(op, value)
        if len(value) > MAX_ATTR_ITEMS:
            raise LimitError(
                f"{op}: attribute {self.name} has at most {MAX_ATTR_ITEMS} items, got {len(value)}"
            )
        for item in value:
            if not isinstance(item, _LIST_TYPES[kind]) or (kind != "bools" and isinstance(item, bool)):
                raise self._mismatch(op, value)

    def _mismatch(self, op: str, value: object) -> AttributeTypeError:
        return AttributeTypeError(
            f"{op}: attribute {self.name} requires {self.type}, got {type(value).__name__} {value!r:.80}",
            op=op,
            attribute=self.name,
        )


@dataclass(frozen=True, slots=True)
class Reads:
    """What the derivative with respect to one input reads: indices of inputs and of outputs."""

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """One operator of the catalogue.

    Attributes:
        name: its name on the wire; one meaning for ever.
        inputs: names of the inputs; where `variadic`, the last stands for any number, also none.
        attributes: declared attributes; a node carries a value for each, in this order.
        rule: name of the inference rule in `rules.RULES`; `params` fixes the rule's own parameters.
        outputs: how many values it makes.
        reads: for each input what its derivative reads, or None where no gradient flows.
        vjp_names: for each input the operator that its derivative ends in (the client shows it as grad_fn).
        doc: one line for people.
    """

    name: str
    inputs: tuple[str, ...]
    variadic: bool
    attributes: tuple[Attribute, ...]
    rule: str
    params: Mapping[str, Any]
    outputs: int
    reads: tuple[Reads | None, ...]
    vjp_names: tuple[str | None, ...]
    doc: str
    _inferred: dict[tuple[tuple[Spec, ...], tuple[AttrValue, ...]], tuple[Spec, ...]] = field(
        default_factory=dict, repr=False
    )

    @property
    def differentiable(self) -> bool:
        return any(r is not None for r in self.reads)

    def slot(self, position: int) -> int:
        """The declared input that the input at this position belongs to."""
        return min(position, len(self.inputs) - 1) if self.variadic else position

    def reads_at(self, position: int, count: int) -> Reads | None:
        """What the derivative at this input position reads, in positions among `count` actual inputs."""
        reads = self.reads[self.slot(position)]
        if reads is None or not self.variadic:
            return reads
        last = len(self.inputs) - 1
        return Reads(
            tuple(i for r in reads.inputs for i in (range(last, count) if r == last else (r,))), reads.outputs
        )

    def check_arity(self, count: int) -> None:
        """Accept this number of inputs.

        Raises:
            ArityError: the operator takes another.
            LimitError: a variadic one, but not so many.
        """
        if self.variadic:
            if count < len(self.inputs) - 1:
                raise ArityError(
                    f"{self.name}: requires at least {len(self.inputs) - 1} inputs, got {count}", op=self.name
                )
            if count > MAX_INPUTS:
                raise LimitError(f"{self.name}: takes at most {MAX_INPUTS} inputs, got {count}", op=self.name)
        elif count != len(self.inputs):
            raise ArityError(
                f"{self.name}: requires {len(self.inputs)} inputs ({', '.join(self.inputs)}), got {count}",
                op=self.name,
            )

    def check_attrs(self, attrs: Sequence[object]) -> None:
        """Accept these attribute values.

        Raises:
            ArityError: more or fewer than declared.
            AttributeTypeError: one of another type.
        """
        if len(attrs) != len(self.attributes):
            names = ", ".join(a.name for a in self.attributes)
            raise ArityError(
                f"{self.name}: requires {len(self.attributes)} attributes ({names}), got {len(attrs)}",
                op=self.name,
            )
        for attribute, value in zip(self.attributes, attrs, strict=True):
            attribute.check(self.name, value)

    def named(self, attrs: Sequence[AttrValue]) -> dict[str, AttrValue]:
        """The attributes by name."""
        return {a.name: v for a, v in zip(self.attributes, attrs, strict=True)}

    def infer(self, specs: tuple[Spec, ...], attrs: tuple[AttrValue, ...]) -> tuple[Spec, ...]:
        """The outputs' specs, without computing them.

        Raises:
            GraphError: any of its kinds; the inputs or attributes do not fit the operator.
        """
        found = self._inferred.get((specs, attrs))
        if found is not None:
            return found
        self.check_arity(len(specs))
        self.check_attrs(attrs)
        try:
            result = RULES[self.rule](specs, self.named(attrs), **self.params)
        except GraphError as error:
            # A rule serves many operators: one that says what it requires does not know for whom.
            if not error.message.startswith("requires "):
                raise
            raise type(error)(f"{self.name}: {error.message}", **error.details) from None
        if len(specs) + sum([len(a) for a in attrs if isinstance(a, tuple)]) <= _INFER_CACHE_ITEMS:
            if len(self._inferred) >= _INFER_CACHE_ENTRIES:
                self._inferred.clear()
            self._inferred[specs, attrs] = result
        return result


class Opset:
    """The catalogue: operators by name, and its digest."""

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.ops: Final = {op.name: op for op in map(_parse_op, entries)}
        self._entries: Final = entries

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that tell this catalogue from others: of what operators mean, not of their docs."""
        import hashlib  # only a session wants it; at import it would cost as much as the catalogue

        meant = [{key: part for key, part in entry.items() if key != "doc"} for entry in self._entries]
        exact = json.dumps(meant, sort_keys=True, separators=(",", ":"))
        return hashlib.blake2b(exact.encode(), digest_size=32).digest()

    def __getitem__(self, name: str) -> Op:
        """The operator of this name.

        Raises:
            UnknownOperatorError: there is none.
        """
        found = self.ops.get(name)
        if found is None:
            raise UnknownOperatorError(
                f"{name!r:.80} is no operator of this catalogue ({len(self.ops)} operators)", op=name[:80]
            )
        return found


def parse(text: str) -> Opset:
    """The catalogue that a JSON text describes."""
    return Opset(json.loads(text)["operators"])


def _parse_op(entry: Mapping[str, Any]) -> Op:
    return Op(
        name=entry["name"],
        inputs=tuple(entry["inputs"]),
        variadic=entry["variadic"],
        attributes=tuple(Attribute(a["name"], a["type"]) for a in entry["attributes"]),
        rule=entry["rule"],
        params=entry["params"],
        outputs=entry["outputs"],
        reads=tuple(
            None if r is None else Reads(tuple(r["inputs"]), tuple(r["outputs"])) for r in entry["reads"]
        ),
        vjp_names=tuple(entry["vjp_names"]),
        doc=entry["doc"],
    )


def _load() -> Opset:
    # Not importlib.resources, which alone would take a tenth of the time that a client may take to import.
    with open(os.path.join(os.path.dirname(__file__), "opset.json"), encoding="utf-8") as file:
        return parse(file.read())


OPSET: Final = _load()
