"""Sequences of different lengths in one tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers

rnn = tg.nn.utils.rnn


def test_the_example_of_torchs_documentation() -> None:
    padded = tg.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6]])
    packed = rnn.pack_padded_sequence(padded, [2, 1, 3], batch_first=True, enforce_sorted=False)
    assert repr(packed) == (
        "PackedSequence(data=tensor([4, 1, 3, 5, 2, 6]), batch_sizes=tensor([3, 2, 1]), "
        "sorted_indices=tensor([2, 0, 1]), unsorted_indices=tensor([1, 2, 0]))"
    )
    back, lengths = rnn.pad_packed_sequence(packed, batch_first=True)
    assert back.tolist() == padded.tolist()
    assert lengths.tolist() == [2, 1, 3]


def test_packing_and_padding_undo_each_other() -> None:
    given = [tg.tensor(numbers(n, 2)) for n in (1, 4, 2, 4)]
    packed = rnn.pack_sequence(given, enforce_sorted=False)
    assert packed.data.shape == (11, 2)
    for x, y in zip(given, rnn.unpack_sequence(packed), strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy())


def test_padding_on_either_side() -> None:
    given = [tg.tensor([1.0, 2.0, 3.0]), tg.tensor([4.0])]
    assert rnn.pad_sequence(given).tolist() == [[1.0, 4.0], [2.0, 0.0], [3.0, 0.0]]
    assert rnn.pad_sequence(given, True, 7).tolist() == [[1.0, 2.0, 3.0], [4.0, 7.0, 7.0]]
    left = rnn.pad_sequence(given, batch_first=True, padding_side="left")
    assert left.tolist() == [[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]]
    whole = rnn.pad_sequence([tg.tensor([1, 2]), tg.tensor([3])], padding_value=0.0)
    assert whole.dtype is tg.int64
    assert rnn.pad_sequence([tg.tensor([True]), tg.tensor([False, True])]).dtype is tg.bool


def test_padding_can_be_longer_and_of_another_value() -> None:
    packed = rnn.pack_sequence([tg.tensor([1.0, 2.0]), tg.tensor([3.0])])
    out, _ = rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-1.0, total_length=3)
    assert out.tolist() == [[1.0, 2.0, -1.0], [3.0, -1.0, -1.0]]
    with pytest.raises(ValueError, match="total_length=1 and max sequence length being 2"):
        rnn.pad_packed_sequence(packed, total_length=1)


def test_gradients_reach_what_was_packed() -> None:
    x = tg.zeros(3, 2, requires_grad=True)
    rnn.pack_padded_sequence(x, [3, 1]).data.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]


def test_the_data_can_change_its_type() -> None:
    packed = rnn.pack_sequence([tg.tensor([1.0, 2.0]), tg.tensor([3.0])])
    assert packed.float() is packed
    assert packed.cpu() is packed
    assert packed.pin_memory() is packed
    assert not packed.is_cuda
    assert not packed.is_pinned()
    made: dict[str, Any] = {"double": tg.float64, "half": tg.float16, "long": tg.int64, "int": tg.int32}
    made |= {"short": tg.int16, "char": tg.int8, "byte": tg.uint8}
    for name, dtype in made.items():
        other = getattr(packed, name)()
        assert other.data.dtype is dtype
        assert other.batch_sizes is packed.batch_sizes


def test_it_can_be_made_of_its_parts() -> None:
    packed = rnn.PackedSequence((tg.tensor([1.0, 2.0]), tg.tensor([2])), sorted_indices=tg.tensor([1, 0]))
    assert packed.unsorted_indices is not None
    assert packed.unsorted_indices.tolist() == [1, 0]
    with pytest.raises(AssertionError, match="list or tuple of length 2"):
        rnn.PackedSequence(tg.tensor([1.0]))


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ([2], r"Expected `len\(lengths\)` to be equal to batch_size, but got 1 \(batch_size=2\)"),
        ([2, 0], "greater than 0"),
        ([1, 2], "must be sorted in decreasing order"),
        ([4, 1], "at most 3"),
    ],
)
def test_lengths_have_to_fit(lengths: list[int], words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        rnn.pack_padded_sequence(tg.ones(3, 2), lengths)


def test_no_sequences_are_refused() -> None:
    with pytest.raises(RuntimeError, match="empty list of sequences"):
        rnn.pad_sequence([])
    with pytest.raises(RuntimeError, match="Expected iterable"):
        rnn.pad_sequence(3)
    with pytest.raises(RuntimeError, match="one of left or right, but got up"):
        rnn.pad_sequence([tg.ones(2)], padding_side="up")


@pytest.mark.torch
@pytest.mark.parametrize("batch_first", [True, False])
def test_packing_is_that_of_torch(batch_first: bool) -> None:
    torch = pytest.importorskip("torch")
    found = []
    for module in (tg, torch):
        theirs = module.nn.utils.rnn
        x = module.tensor(numbers(3, 5, 2) if batch_first else numbers(5, 3, 2))
        lengths = module.tensor([3, 5, 1])
        packed = theirs.pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        out, _ = theirs.pad_packed_sequence(packed, batch_first, 2.0, 6)
        pieces = theirs.unpad_sequence(x.clone(), lengths, batch_first)
        found.append([t.numpy() for t in (*packed, out, *pieces)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
