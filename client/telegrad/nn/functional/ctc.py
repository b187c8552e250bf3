"""Connectionist temporal classification: how probable labels are, whenever they are said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from telegrad import _primitives as p
from telegrad.functions.operands import detached, expanded, like, reshaped, tensor_of
from telegrad.making.creation import array_from, from_array
from telegrad.making.promotion import constant
from telegrad.nn.functional.activation import BOTH
from telegrad.recording.registry import function, labelled
from telegrad.tensor import Tensor
from telegrad_proto.dtypes import int64
from telegrad_proto.errors import ArgumentError


def _lengths(given: Any) -> list[int]:
    """Lengths as numbers: the graph's shape depends on them."""
    if isinstance(given, Tensor):
        return [int(n) for n in array_from(given).reshape(-1)]
    return [int(given)] if isinstance(given, int) else [int(n) for n in given]


def _padded_targets(targets: Tensor, lengths: Sequence[int], batch: int) -> Tensor:
    """The labels of each sequence in a row, filled up with the last.

    Shape: int64 (batch, longest)
    """
    longest = max([0, *lengths])
    flat = reshaped(tensor_of(targets, int64), (-1,)) if targets.numel() else tensor_of(targets, int64)
    places = np.zeros((batch, longest), np.int64)
    start = 0
    for row, length in enumerate(lengths):
        first = row * targets.shape[1] if targets.ndim == 2 else start
        places[row] = first + np.minimum(np.arange(longest), max(length - 1, 0))
        start += length
    if not longest:
        return p.full(shape=(batch, 0), fill=0, dtype=int64)
    return p.index(flat, from_array(np.minimum(places, max(targets.numel() - 1, 0))), axes=(0,))


def _shifted(x: Tensor, steps: int, fill: float) -> Tensor:
    """Rows moved to the right, with a number on the left."""
    return p.pad(x, low=(0, steps), high=(0, -steps), interior=(0, 0), value=fill)


def _log_sum(terms: Sequence[Tensor]) -> Tensor:
    """log(sum(exp)) of tensors of one shape; -inf where all are, with no gradient there."""
    largest = detached(terms[0])
    for term in terms[1:]:
        largest = p.maximum(largest, detached(term))
    nothing = p.eq(largest, like(largest, -math.inf))
    shift = p.where(nothing, like(largest, 0), largest)
    total = None
    for term in terms:
        grown = p.exp(p.sub(p.where(nothing, like(term, -math.inf), term), shift))
        total = grown if total is None else p.add(total, grown)
    assert total is not None, "there are terms"
    found = p.add(p.log(p.where(nothing, like(total, 1), total)), shift)
    return p.where(nothing, like(total, -math.inf), found)


def negative_log_likelihood(
    logs: Tensor, targets: Tensor, input_lengths: Sequence[int], target_lengths: Sequence[int], blank: int
) -> Tensor:
    """Less the logarithm of the probability of each sequence of labels.

    The states are the labels with a blank before, between and behind them; alpha[s] sums up all ways to be in
    state s.

    Shape: (time, batch, classes) to (batch,)

    Source: Graves et al., Connectionist Temporal Classification (2006).
    """
    time, batch, _ = logs.shape
    labels = _padded_targets(targets, target_lengths, batch)
    longest = labels.shape[1]
    states = 2 * longest + 1
    none = (0, 0)
    extended = p.pad(p.sub(labels, constant(blank, int64)), low=(0, 1), high=(0, 1), interior=(0, 1), value=0)
    if not longest:
        extended = p.full(shape=(batch, 1), fill=0, dtype=int64)
    spoken = p.add(extended, constant(blank, int64))
    # A label may follow the one before the blank directly, where the two differ.
    before = p.pad(spoken, low=(0, 2), high=(0, -2), interior=none, value=blank) if states > 2 else spoken
    skips = p.logical_and(p.ne(spoken, constant(blank, int64)), p.ne(spoken, before))
    said = p.gather(
        logs, expanded(p.reshape(spoken, shape=(1, batch, states)), (time, batch, states)), axis=2
    )

    def at(step: int) -> Tensor:
        part = p.slice(said, starts=(step, 0, 0), limits=(step + 1, batch, states), strides=(1, 1, 1))
        return p.reshape(part, shape=(batch, states))

    lowest = like(logs, -math.inf)
    begins = from_array(np.arange(states) < (2 if longest else 1))
    has_label = from_array((np.asarray(target_lengths) > 0)[:, None] | (np.arange(states) == 0)[None])
    alpha = p.where(p.logical_and(begins, has_label), at(0), lowest)
    for step in range(1, time):
        ways = [alpha]
        if states > 1:
            ways.append(_shifted(alpha, 1, -math.inf))
        if states > 2:
            ways.append(p.where(skips, _shifted(alpha, 2, -math.inf), lowest))
        further = p.add(_log_sum(ways), at(step))
        running = from_array((np.asarray(input_lengths) > step)[:, None])
        alpha = p.where(running, further, alpha)
    ends = np.asarray(target_lengths) * 2
    last = from_array(np.stack([ends, np.maximum(ends - 1, 0)], 1).astype(np.int64))
    final = p.gather(alpha, last, axis=1)
    both = from_array(np.stack([np.ones(batch, bool), np.asarray(target_lengths) > 0], 1))
    final = p.where(both, final, lowest)
    ways = [
        p.reshape(p.slice(final, starts=(0, i), limits=(batch, i + 1), strides=(1, 1)), shape=(batch,))
        for i in range(2)
    ]
    return p.neg(_log_sum(ways))


def _as_of_softmax(logs: Tensor, lengths: Sequence[int]) -> Tensor:
    """Zeros, whose gradient makes that of the loss the one that torch gives.

    That takes the input for the result of log_softmax, and is the gradient by what went into it: it has
    exp(input) in it.

    Shape: (time, batch, classes) to (batch,)
    """
    running = from_array(np.arange(logs.shape[0])[:, None, None] < np.asarray(lengths)[None, :, None])
    total = p.sum(p.where(running, p.exp(logs), like(logs, 0)), axes=(0, 2), keepdims=False)
    return p.sub(total, detached(total))


@function(namespace=BOTH, label=None)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: Any = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Less the logarithm of the probability of sequences of labels, over all alignments with the input.

    Shape: (time, batch, classes) or (time, classes); targets (batch, longest) or all in one row.

    Raises:
        ArgumentError: lengths or the blank that do not fit.
    """
    single = log_probs.ndim == 2
    logs = p.reshape(log_probs, shape=(log_probs.shape[0], 1, log_probs.shape[1])) if single else log_probs
    _, batch, classes = logs.shape
    inputs, lengths = _lengths(input_lengths), _lengths(target_lengths)
    if not 0 <= blank < classes:
        raise ArgumentError("blank must be in label range")
    if len(inputs) != batch or len(lengths) != batch:
        raise ArgumentError("input_lengths and target_lengths must be of size batch_size")
    if any(n > logs.shape[0] for n in inputs):
        raise ArgumentError(f"Expected input_lengths to have value at most {logs.shape[0]}")
    loss = p.add(negative_log_likelihood(logs, targets, inputs, lengths, blank), _as_of_softmax(logs, inputs))
    if zero_infinity:
        loss = p.where(p.isinf(loss), like(loss, 0), loss)
    reduction = {0: "none", 1: "mean", 2: "sum"}.get(reduction, reduction)
    if reduction == "mean":
        sizes = from_array(np.maximum(np.asarray(lengths), 1).astype(loss.dtype.typestr))
        total = p.sum(p.div(loss, sizes), axes=(0,), keepdims=False)
        return labelled(p.div(total, like(total, batch)), "MeanBackward0")
    if reduction == "sum":
        return labelled(p.sum(loss, axes=(0,), keepdims=False), "SumBackward0")
    loss = p.reshape(loss, shape=()) if single else loss
    return labelled(loss, "WhereBackward0" if zero_infinity else "CtcLossBackward0")
