"""Sequences of different lengths in one tensor: padded, or packed step by step without the padding."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import filled, index_tensor
from telegrad.making.creation import array_from, from_array
from telegrad.making.promotion import Number
from telegrad.tensor import Tensor
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.errors import ArgumentError


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """Sequences, longest first: all their first elements, then all second ones, and so on.

    Attributes:
        data: the elements.
        batch_sizes: how many sequences have a first element, a second, ...
        sorted_indices: where each sequence stood before they were sorted; None if they were not.
        unsorted_indices: the inverse.

    Shape: data (sum of lengths, ...); batch_sizes (longest length)
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

    @property
    def is_cuda(self) -> bool:
        """False: where tensors are is the server's matter."""
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False

    def pin_memory(self) -> Self:
        """Itself: memory is the server's matter."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """With the data as `Tensor.to` gives it."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        return type(self)(data, self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def cpu(self, *args: Any, **kwargs: Any) -> Self:
        """Itself."""
        return self

    def _as(self, dtype: DType) -> Self:
        return self.to(dtype=dtype)

    def double(self) -> Self:
        """With float64 data."""
        return self._as(dtypes.float64)

    def float(self) -> Self:
        """With float32 data."""
        return self._as(dtypes.float32)

    def half(self) -> Self:
        """With float16 data."""
        return self._as(dtypes.float16)

    def long(self) -> Self:
        """With int64 data."""
        return self._as(dtypes.int64)

    def int(self) -> Self:
        """With int32 data."""
        return self._as(dtypes.int32)

    def short(self) -> Self:
        """With int16 data."""
        return self._as(dtypes.int16)

    def char(self) -> Self:
        """With int8 data."""
        return self._as(dtypes.int8)

    def byte(self) -> Self:
        """With uint8 data."""
        return self._as(dtypes.uint8)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The places of 0, 1, 2, ... in a permutation."""
    return None if permutation is None else index_tensor(np.argsort(array_from(permutation)).tolist())


def _whole(values: Any) -> list[int]:
    """Lengths as Python's integers; a tensor that was computed is looked at."""
    found = array_from(values) if isinstance(values, Tensor) else np.asarray([int(v) for v in values])
    return [int(v) for v in found.reshape(-1)]


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """The sequences of a padded batch, packed.

    Args:
        input: the batch.
        lengths: of each sequence.
        batch_first: the batch is the first dimension.
        enforce_sorted: the sequences are sorted by length, the longest first; else they are sorted here.

    Shape: input (t, n, ...), or (n, t, ...) with `batch_first`

    Raises:
        ArgumentError: lengths that are not positive, do not fit the batch, or are not sorted.
    """
    counts = _whole(lengths)
    steps, batch = (input.shape[1], input.shape[0]) if batch_first else (input.shape[0], input.shape[1])
    if len(counts) != batch:
        raise ArgumentError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size={batch})"
        )
    order = list(range(batch))
    if not enforce_sorted:
        order.sort(key=lambda i: -counts[i])
    ranked = [counts[i] for i in order]
    if ranked and ranked[-1] <= 0:
        raise ArgumentError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if any(a < b for a, b in itertools.pairwise(ranked)):
        raise ArgumentError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
            "requirement if you do not need ONNX exportability."
        )
    if ranked and ranked[0] > steps:
        raise ArgumentError(
            f"Expected lengths of at most {steps}, the input's number of steps, but got {ranked[0]}"
        )
    sizes = _sizes(ranked)
    places = [
        order[i] * steps + step if batch_first else step * batch + order[i]
        for step, size in enumerate(sizes)
        for i in range(size)
    ]
    flat = p.reshape(input, shape=(steps * batch, *input.shape[2:]))
    data = p.index(flat, index_tensor(places), axes=(0,))
    return PackedSequence(data, index_tensor(sizes), None if enforce_sorted else index_tensor(order))


def _sizes(lengths: Sequence[int]) -> list[int]:
    """How many of the sorted sequences have a first element, a second, ..."""
    return [sum(length > step for length in lengths) for step in range(lengths[0])] if lengths else []


def _lengths(sizes: Sequence[int]) -> list[int]:
    """How long each of the sorted sequences is."""
    return [sum(size > i for size in sizes) for i in range(sizes[0])] if sizes else []


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: Number = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """The sequences in a padded batch, in the order in which they were before packing, and their lengths.

    Args:
        sequence: packed sequences.
        batch_first: make the batch the first dimension.
        padding_value: stands behind the shorter ones.
        total_length: of the padded sequences; that of the longest by default.

    Shape: result (t, n, ...), or (n, t, ...) with `batch_first`, and (n)

    Raises:
        ArgumentError: they are longer than `total_length`.
    """
    sizes = _whole(sequence.batch_sizes)
    steps = len(sizes)
    if total_length is not None:
        if total_length < steps:
            raise ArgumentError(
                "Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    batch = sizes[0]
    back = sequence.sorted_indices
    order = list(range(batch)) if back is None else _whole(back)
    places = [
        order[i] * steps + step if batch_first else step * batch + order[i]
        for step, size in enumerate(sizes)
        for i in range(size)
    ]
    data, rest = sequence.data, sequence.data.shape[1:]
    padding = filled((steps * batch, *rest), padding_value, data.dtype)
    flat = p.index_put(padding, data, index_tensor(places), axes=(0,), accumulate=False)
    shape = (batch, steps, *rest) if batch_first else (steps, batch, *rest)
    lengths = [0] * batch
    for i, length in enumerate(_lengths(sizes)):
        lengths[order[i]] = length
    return p.reshape(flat, shape=shape), from_array(np.asarray(lengths, dtype=np.int64))


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: Number = 0.0, padding_side: str = "right"
) -> Tensor:
    """The sequences in one batch, the shorter ones padded.

    Args:
        sequences: tensors that differ in their first dimension only.
        batch_first: make the batch the first dimension.
        padding_value: stands where a sequence has no element.
        padding_side: "right" or "left" of the elements.

    Shape: sequences (t_i, ...); result (t, n, ...), or (n, t, ...) with `batch_first`

    Raises:
        ArgumentError: no sequences, or another side.
    """
    if not isinstance(sequences, Iterable):
        raise ArgumentError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    given = list(sequences)
    if not given:
        raise ArgumentError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise ArgumentError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(x.shape[0] for x in given)
    axis = 0 if batch_first else 1
    rows = []
    for x in given:
        missing, rest = longest - x.shape[0], x.ndim - 1
        if missing:
            none = (0,) * rest
            low, high = (missing, 0) if padding_side == "left" else (0, missing)
            x = p.pad(
                x, low=(low, *none), high=(high, *none), interior=(0, *none), value=_of(x, padding_value)
            )
        shape = tuple(x.shape)
        rows.append(p.reshape(x, shape=(*shape[:axis], 1, *shape[axis:])))
    return p.concatenate(*rows, axis=axis)


def _of(x: Tensor, value: Number) -> Number:
    if x.dtype.kind in "iu":
        return int(value)  # type: ignore[arg-type]  # a complex padding of integers is an error
    return bool(value) if x.dtype.kind == "b" else value


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each as long as its length says.

    Shape: padded_sequences (t, n, ...), or (n, t, ...) with `batch_first`; result (t_i, ...)
    """
    batch = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[:length] for row, length in zip(batch, _whole(lengths), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """The sequences, packed.

    Args:
        sequences: tensors that differ in their first dimension only.
        enforce_sorted: the longest comes first, and so on; else they are sorted here.
    """
    lengths = [x.shape[0] for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The packed sequences, each by itself, in the order in which they were before packing."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
