"""One operator, one record: everything that the system knows of an operator stands in one `op(...)` call.

A record is written in `ops/<family>.py`:

    op(
        "sin", "x",
        rule=Rule("unary", kinds="fc"),
        forward=lambda xp, x: xp.sin(x),
        vjps=(lambda ct, y, x: g.mul(ct, g.conj(g.cos(x))),),
        flops=12, fuse="sin({x})", doc="Sine of each element.",
    )

`forward(xp, *arrays, **attrs)` gets the array module, NumPy or CuPy (special functions:
`kernels.special.special(xp)`), and returns an array, or a tuple for several outputs. `vjps` has a function an
input, or None where no gradient flows; where the inputs are variadic, the last function serves them all and
is told which by its keyword `position`. A vjp gets the cotangent `ct` of the output and its value `y` (tuples
for several outputs; a `ct` that no gradient reached is None), the input Values, and the attributes by name.
It returns a Value in Values through `ops.emit`; a result of the broadcast shape is summed to the input's
shape by the caller. For complex values the convention is torch's: the gradient of f is conj(df/dz) ct.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.ir import Value
from telegrad_proto.opset import AttrValue
from telegrad_proto.spec import Spec

Forward = Callable[..., Any]
Vjp = Callable[..., Value | None]


class Rule:
    """The name of an inference rule of the contract with its parameters fixed."""

    __slots__ = ("name", "params")

    def __init__(self, name: str, /, **params: Any) -> None:
        self.name = name
        self.params = params


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs and attributes that the operator takes; tests and the catalogue's tracing use them."""

    specs: tuple[Spec, ...]
    attrs: Mapping[str, AttrValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class OpRecord:
    """What the engine knows of an operator; see the module's text for the parts.

    Attributes:
        flops: floating point operations an output element, or a function of (input specs, output specs,
            attrs).
        fuse: a C expression over the inputs' names, or "" where the fused-kernel emitter cannot write it.
        domain: the interval from which tests draw each input.
        smooth: whether central differences make sense where tests draw.
        source: where a formula comes from that is more than a line of calculus.
    """

    name: str
    inputs: tuple[str, ...]
    variadic: bool
    attributes: tuple[tuple[str, str], ...]
    rule: Rule
    outputs: int
    forward: Forward
    vjps: tuple[Vjp | None, ...]
    examples: tuple[Example, ...]
    flops: float | Callable[..., float]
    fuse: str
    doc: str
    domain: tuple[float, float]
    smooth: bool
    source: str

    def vjp_at(self, position: int) -> Vjp | None:
        """The derivative rule of the input at this position."""
        return self.vjps[min(position, len(self.vjps) - 1)] if self.vjps else None


RECORDS: Final[dict[str, OpRecord]] = {}

_F32 = Spec((2, 3), dtypes.float32)


def op(
    name: str,
    inputs: str = "",
    /,
    *,
    rule: Rule,
    forward: Forward,
    attributes: Sequence[tuple[str, str]] = (),
    vjps: Sequence[Vjp | None] = (),
    outputs: int = 1,
    examples: Sequence[Example] = (),
    flops: float | Callable[..., float] = 1.0,
    fuse: str = "",
    doc: str,
    domain: tuple[float, float] = (-2.0, 2.0),
    smooth: bool = True,
    source: str = "",
) -> OpRecord:
    """Register an operator; `inputs` are names apart by spaces, a starred last one variadic (`x *more`)."""
    names = inputs.split()
    variadic = bool(names) and names[-1].startswith("*")
    names = [n.removeprefix("*") for n in names]
    assert name not in RECORDS, f"operator {name} is registered twice"
    assert not vjps or len(vjps) == len(names), f"operator {name}: {len(vjps)} vjps for {len(names)} inputs"
    record = OpRecord(
        name=name,
        inputs=tuple(names),
        variadic=variadic,
        attributes=tuple(attributes),
        rule=rule,
        outputs=outputs,
        forward=forward,
        vjps=tuple(vjps) or (None,) * len(names),
        examples=tuple(examples) or (Example((_F32,) * len(names)),),
        flops=flops,
        fuse=fuse,
        doc=doc,
        domain=domain,
        smooth=smooth,
        source=source,
    )
    RECORDS[name] = record
    return record


def example(*specs: tuple[tuple[int, ...], DType] | tuple[int, ...], **attrs: AttrValue) -> Example:
    """An Example written short: a shape is float32, a pair is (shape, element type)."""
    made = []
    for entry in specs:
        if len(entry) == 2 and isinstance(entry[1], DType):
            made.append(Spec(entry[0], entry[1]))
        else:
            made.append(Spec(entry, dtypes.float32))
    return Example(tuple(made), attrs)
