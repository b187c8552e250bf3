"""Differences, integrals and moments of sampled data."""

from __future__ import annotations

from typing import Any

from telegrad import _primitives as p
from telegrad.functions.arithmetic import div, mul, sub
from telegrad.functions.joining import joined
from telegrad.functions.operands import axis_of, like, reshaped, tensor_of, widened
from telegrad.functions.pieces import diagonal_of, part
from telegrad.functions.reduction import mean_over
from telegrad.functions.shape import swapped
from telegrad.making.creation import array_from
from telegrad.making.promotion import Number, promote_operands, to_float
from telegrad.recording.batching import level_of
from telegrad.recording.registry import function
from telegrad.tensor import Tensor, scalar_name
from telegrad_proto.dtypes import bool_, uint8
from telegrad_proto.errors import ArgumentError, DTypeError, ShapeError


@function(label="SubBackward0")
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The n-th differences of neighbours along a dimension.

    Raises:
        ShapeError: the tensor has no dimension.
    """
    if not input.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ArgumentError(f"diff: order must be non-negative but got {n}")
    if not n:
        return p.identity(input)
    axis = axis_of(dim, input.ndim)
    parts = [x for x in (prepend, input, append) if x is not None]
    x = joined(parts, axis) if len(parts) > 1 else input
    for _ in range(min(n, x.shape[axis])):
        size = x.shape[axis]
        after, before = part(x, axis, 1, size), part(x, axis, 0, size - 1)
        x = p.logical_xor(after, before) if x.dtype is bool_ else p.sub(after, before)
    return p.identity(x) if x is input else x


def _spacings(input: Tensor, spacing: Any, dim: Any) -> list[tuple[int, Any]]:
    """The dimensions to differentiate along, each with the distance of neighbours: a number or a vector of
    places.
    """
    if dim is None:
        axes = list(range(input.ndim))
    else:
        axes = [axis_of(d, input.ndim) for d in ([dim] if isinstance(dim, int) else dim)]
    for axis in axes:
        if axes.count(axis) > 1:
            raise ArgumentError(f"torch.gradient: dim {axis} appears multiple times in the list of dims")
    if spacing is None:
        return [(axis, 1) for axis in axes]
    if isinstance(spacing, (int, float, complex)):
        return [(axis, spacing) for axis in axes]
    given = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing]
    if len(given) != len(axes):
        raise ArgumentError(
            f"torch.gradient expected spacing to be unspecified, a scalar or a list of length {len(axes)}, "
            f"got a list of length {len(given)}"
        )
    return list(zip(axes, given, strict=True))


@function(label="CatBackward0")
def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> list[Tensor]:
    """Estimates of the derivative along each dimension by central differences, one-sided at the edges."""
    if input.dtype is uint8:
        raise DTypeError("torch.gradient does not support uint8 input.")
    if input.dtype is bool_:
        raise DTypeError(
            "gradient: Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if edge_order not in (1, 2):
        raise ArgumentError("torch.gradient only supports edge_order=1 and edge_order=2.")
    steps = _spacings(input, spacing, dim)
    for axis, _ in steps:
        if input.shape[axis] <= edge_order:
            raise ArgumentError("torch.gradient expected each dimension size to be at least edge_order+1")
    x = to_float(input)
    return [_slope(x, axis, step, edge_order) for axis, step in steps]


def _slope(x: Tensor, axis: int, step: Any, edge_order: int) -> Tensor:
    size = x.shape[axis]

    def at(start: int, stop: int) -> Tensor:
        return part(x, axis, start, stop)

    if isinstance(step, Tensor) and step.ndim:
        places = reshaped(tensor_of(step, x.dtype), tuple(-1 if i == axis else 1 for i in range(x.ndim)))
        gap = p.sub(part(places, axis, 1, size), part(places, axis, 0, size - 1))
        left, right = part(gap, axis, 0, size - 2), part(gap, axis, 1, size - 1)
    else:
        one = tensor_of(step, x.dtype)
        shape = tuple(size - 1 if i == axis else 1 for i in range(x.ndim))
        gap = p.broadcast_to(one, shape=shape)
        left, right = part(gap, axis, 0, size - 2), part(gap, axis, 1, size - 1)
    total = p.add(left, right)
    before = p.div(p.neg(right), p.mul(left, total))
    here = p.div(p.sub(right, left), p.mul(left, right))
    after = p.div(left, p.mul(right, total))
    inner = p.add(
        p.add(p.mul(before, at(0, size - 2)), p.mul(here, at(1, size - 1))), p.mul(after, at(2, size))
    )
    first, last = part(gap, axis, 0, 1), part(gap, axis, size - 2, size - 1)
    if edge_order == 1:
        start = p.div(p.sub(at(1, 2), at(0, 1)), first)
        end = p.div(p.sub(at(size - 1, size), at(size - 2, size - 1)), last)
    else:
        start = _edge(at(0, 1), at(1, 2), at(2, 3), first, part(gap, axis, 1, 2))
        outer = part(gap, axis, size - 3, size - 2)
        end = p.neg(_edge(at(size - 1, size), at(size - 2, size - 1), at(size - 3, size - 2), last, outer))
    return p.concatenate(start, inner, end, axis=axis)


def _edge(f0: Tensor, f1: Tensor, f2: Tensor, d1: Tensor, d2: Tensor) -> Tensor:
    """The slope at f0 of the parabola through three samples, d1 and d2 apart."""
    total = p.add(d1, d2)
    a = p.div(p.neg(p.add(total, d1)), p.mul(d1, total))
    b = p.div(total, p.mul(d1, d2))
    c = p.div(p.neg(d1), p.mul(d2, total))
    return p.add(p.add(p.mul(a, f0), p.mul(b, f1)), p.mul(c, f2))


def _slabs(y: Tensor, axis: int, x: Tensor | None, dx: Number) -> Tensor:
    """The areas between neighbours by the trapezoid rule."""
    size = y.shape[axis]
    # Sums and differences are in their own types, as in torch: bytes wrap.
    pair = p.add(part(y, axis, 1, size), part(y, axis, 0, size - 1))
    if x is None:
        pair = to_float(pair)
        return p.mul(pair, like(pair, dx / 2))
    where = x if x.ndim != 1 else reshaped(x, tuple(-1 if i == axis else 1 for i in range(y.ndim)))
    if x.ndim != 1 and x.ndim < y.ndim:
        where = reshaped(x, (1,) * (y.ndim - x.ndim) + tuple(x.shape))
    n = where.shape[axis]
    if n not in (size, 1):
        raise ShapeError("trapezoid: There must be one `x` value for each sample point")
    width = p.sub(part(where, axis, 1, n), part(where, axis, 0, n - 1))
    area = to_float(p.mul(*promote_operands(pair, width)))
    return p.mul(area, like(area, 0.5))


def _no_bools(name: str, y: Tensor, x: Tensor | None) -> None:
    if y.dtype is bool_ or (x is not None and x.dtype is bool_):
        raise DTypeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")


def _empty_sum(y: Tensor, axis: int) -> Tensor:
    return p.sum(part(y, axis, 0, 0), axes=(axis,), keepdims=False)


@function(label="DivBackward1", aliases=("trapz",))
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezoid rule, of samples `dx` apart or at `x`."""
    _no_bools("trapezoid", y, x)
    axis = axis_of(dim, y.ndim)
    if not y.shape[axis]:
        return _empty_sum(to_float(y), axis)
    return p.sum(_slabs(y, axis, x, dx), axes=(axis,), keepdims=False)


@function(label="DivBackward1")
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """The integrals up to each sample along a dimension by the trapezoid rule."""
    _no_bools("cumulative_trapezoid", y, x)
    axis = axis_of(dim, y.ndim)
    return p.cumsum(_slabs(y, axis, x, dx), axis=axis, reverse=False)


def _transposed(x: Tensor) -> Tensor:
    return swapped(x, x.ndim - 2, x.ndim - 1)


@function(label="SqueezeBackward0")
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows, columns being observations with frequencies and weights.

    Raises:
        ShapeError: more than two dimensions.
    """
    if input.ndim > 2:
        raise ShapeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} "
            "dimensions"
        )
    if input.dtype is bool_:
        raise DTypeError("cov(): bool dtype is not supported for input")
    count = input.shape[-1] if input.ndim else 1
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is not None:
            _check_weights(name, weights, count)
    x = to_float(input)
    x = reshaped(x, (1, -1)) if x.ndim < 2 else x
    return _covariance(x, correction, fweights, aweights, x.shape[0] == 1)


def _check_weights(name: str, weights: Tensor, count: int) -> None:
    if weights.ndim > 1:
        raise ShapeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights.ndim} "
            "dimensions"
        )
    whole = name == "fweights"
    if weights.dtype.kind != ("i" if whole else "f") and not (whole and weights.dtype.kind == "u"):
        kind = "integral" if whole else "floating point"
        raise DTypeError(
            f"cov(): expected {name} to have {kind} dtype but got {name} with {scalar_name(weights.dtype)} "
            "dtype"
        )
    if weights.numel() != count:
        raise ShapeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {count}"
        )
    # Inside vmap there is no value to look at yet: there it is the caller's to weigh nothing negatively.
    if level_of(weights) is None and (array_from(weights) < 0).any():
        raise ArgumentError(f"cov(): {name} cannot be negative")


def _covariance(
    x: Tensor, correction: int, fweights: Tensor | None, aweights: Tensor | None, single: bool
) -> Tensor:
    # Each step is in the type that torch has there: weights of less precision round, and so do their
    # gradients.
    weights = fweights if aweights is None else aweights if fweights is None else mul(fweights, aweights)
    if weights is None:
        centre = mean_over(x, (1,), True)
        free = like(x, max(x.shape[1] - correction, 0))
    else:
        total = p.sum(widened(weights), axes=(0,), keepdims=False)
        centre = div(p.sum(mul(x, weights), axes=(1,), keepdims=True), total)
        if aweights is None or not correction:
            free = sub(total, correction)
        else:
            squares = p.sum(widened(mul(weights, aweights)), axes=(0,), keepdims=False)
            free = sub(total, div(mul(squares, correction), total))
        free = p.where(p.le(free, like(free, 0)), like(free, 0), free)
    away = sub(x, centre)
    other = away if weights is None else mul(away, weights)
    if x.dtype.kind == "c":
        other = p.conj(other)
    out = div(p.matmul(away, _transposed(other)), free)
    return p.reshape(out, shape=()) if single else out


@function(label="DivBackward0")
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows.

    Raises:
        ShapeError: more than two dimensions.
    """
    if input.ndim > 2:
        raise ShapeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} "
            "dimensions"
        )
    c = cov(input)
    if not c.ndim:
        return p.div(c, c)
    size = c.shape[0]
    scale = p.sqrt(diagonal_of(c, 0, 0, 1))
    c = p.div(c, p.reshape(scale, shape=(size, 1)))
    return p.div(c, p.reshape(scale, shape=(1, size)))
