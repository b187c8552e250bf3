"""Complex numbers: parts, angles, conjugates."""

from __future__ import annotations

import math

from telegrad import _primitives as p
from telegrad.functions.operands import filled, like
from telegrad.making.promotion import to_float
from telegrad.recording.registry import function
from telegrad.sharing import views
from telegrad.sharing.aliasing import view
from telegrad.sharing.steps import Step
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import bool_
from telegrad_proto.errors import DTypeError


@function()
def conj(input: Tensor) -> Tensor:
    """A view of the complex conjugates; a real tensor itself."""
    return view(input, "conj", None) if input.dtype.kind == "c" else input


@function(inplace=True)
def conj_physical(input: Tensor) -> Tensor:
    """The complex conjugates; a real tensor itself."""
    return p.conj(input) if input.dtype.kind == "c" else input


@function(label=None)
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself; a copy of what is a view of the conjugates."""
    return p.identity(input) if _turned(input) == (True, False) else input


@function(label=None)
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself; a copy of what is a view of negatives: the imaginary part of conjugates."""
    return p.identity(input) if _turned(input) == (False, True) else input


def _turned(x: Tensor) -> tuple[bool, bool]:
    """Whether it reads its storage as conjugates, and whether as negatives."""
    conjugate = negative = False
    for kind, _ in _recipe(x):
        if kind == "conj":
            conjugate = not conjugate
        elif kind in ("real", "imag"):
            conjugate, negative = False, negative != (conjugate and kind == "imag")
    return conjugate, negative


def _recipe(x: Tensor) -> tuple[Step, ...]:
    """All steps from the storage: first those of what it is a view of, which may be detached."""
    alias = x._alias
    if alias is None:
        return ()
    return alias.steps if alias.base is None else (*_recipe(alias.base), *alias.steps)


@function()
def angle(input: Tensor) -> Tensor:
    """The angle of each element in the complex plane; of a real one 0 or pi."""
    x = to_float(input)
    if x.dtype.kind == "c":
        return p.atan2(p.imag(x), p.real(x))
    # The sign times zero is zero everywhere, and so is its derivative: angle() of a real tensor has one, and
    # it is 0.
    zero = p.mul(p.sign(x), like(x, 0.0))
    turned = p.where(p.lt(x, like(x, 0.0)), p.add(zero, like(x, math.pi)), zero)
    return p.where(p.isnan(x), like(x, math.nan), turned)


@function(label=None)
def isreal(input: Tensor) -> Tensor:
    """Where an element has no imaginary part."""
    if input.dtype.kind != "c":
        return filled(input.shape, True, bool_)
    imag = p.imag(input)
    return p.eq(imag, like(imag, 0))


@function(label=None)
def view_as_real(input: Tensor) -> Tensor:
    """The parts of complex elements along a last dimension of two."""
    return views.as_real(input)


@function(label=None)
def view_as_complex(input: Tensor) -> Tensor:
    """Complex elements made of pairs along the last dimension.

    Raises:
        DTypeError: the last dimension is not of size 2.
    """
    if not input.ndim or input.shape[-1] != 2:
        raise DTypeError("Tensor must have a last dimension of size 2")
    return views.as_complex(input)


@function(method=False)
def real(input: Tensor) -> Tensor:
    """The real parts; a real tensor itself."""
    return views.real(input) if input.dtype.kind == "c" else input


@function(method=False)
def imag(input: Tensor) -> Tensor:
    """The imaginary parts.

    Raises:
        DTypeError: the tensor is real.
    """
    if input.dtype.kind != "c":
        raise DTypeError("imag is not implemented for tensors with non-complex dtypes.")
    return views.imag(input)


@function(method=False)
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex elements of these parts.

    Raises:
        DTypeError: the parts are of two types, or not real floating point.
    """
    for name, part in (("real", real), ("imag", imag)):
        if part.dtype.kind != "f":
            raise DTypeError(
                f"Expected both inputs to be Half, Float or Double tensors but got {name} of "
                f"{part.dtype.name}"
            )
    if real.dtype is not imag.dtype:
        raise DTypeError(
            f"Expected object of scalar type {real.dtype.name} but got {imag.dtype.name} for second argument"
        )
    return p.complex(real, imag)


@function(method=False)
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex elements of these absolute values and angles."""
    return complex(p.mul(abs, p.cos(angle)), p.mul(abs, p.sin(angle)))
