"""Asks the catalogue what an operator makes of specs, written short."""

from __future__ import annotations

from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.opset import OPSET, AttrValue
from telegrad_proto.spec import Spec

F32, F64, C64, I64, BOOL = dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.int64, dtypes.bool_


def s(*shape: int, dtype: DType = F32) -> Spec:
    return Spec(shape, dtype)


def infer(name: str, *specs: Spec, **attrs: AttrValue) -> tuple[Spec, ...]:
    """The outputs' specs of an operator of the catalogue."""
    op = OPSET[name]
    return op.infer(specs, tuple(attrs[attribute.name] for attribute in op.attributes))


def one(name: str, *specs: Spec, **attrs: AttrValue) -> Spec:
    """The spec of an operator's only output."""
    (out,) = infer(name, *specs, **attrs)
    return out
