"""Looking at tensors: numbers, arrays, text; and what each look costs."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg
from telegrad.recording.session import Session


def test_printing_a_large_tensor_fetches_its_edges_only(
    session: Session, messages: Callable[[], int]
) -> None:
    x = tg.arange(1_000_000.0).reshape(1000, 1000) * 1
    text = str(x)
    assert (
        text.splitlines()[0] == "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 9.9700e+02, 9.9800e+02,"
    )
    assert messages() == 1
    assert session.log.messages[-1].fetched_bytes == 36 * 4
    assert x._value.local is None


def test_text_says_what_torch_says() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == str(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert f"{x.sum()}" == "3.0"
    assert f"{x}" == str(x)
    assert f"{tg.tensor(3.14159):.2f}" == "3.14"
    with pytest.raises(TypeError, match="unsupported format string"):
        f"{x:.2f}"


def test_numbers() -> None:
    assert math.isclose(tg.tensor([2.5]), 2.5)
    assert int(tg.tensor(2.9)) == 2
    assert complex(tg.tensor(1j)) == 1j
    assert bool(tg.tensor([[1]]))
    assert not tg.tensor(0.0)
    assert [10, 20][tg.tensor(1)] == 20
    assert type(tg.tensor(True).item()) is bool
    assert type(tg.tensor(1, dtype=tg.uint8).item()) is int
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        [1][tg.tensor(1.0)]
    with pytest.raises(ValueError, match="only one element tensors"):
        float(tg.ones(2))
    with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
        tg.ones(2).item()
    for size, words in ((0, "no values"), (2, "more than one value")):
        with pytest.raises(RuntimeError, match=words):
            bool(tg.ones(size))


def test_numpy_functions_take_tensors() -> None:
    x = tg.tensor([0.0, 1.0])
    np.testing.assert_allclose(np.asarray(x, dtype=np.float64), [0.0, 1.0])
    assert np.array(x).flags.writeable
    assert np.stack([x, x]).shape == (2, 2)
    assert (x * np.array([2.0, 3.0], np.float32)).tolist() == [0.0, 3.0]
    assert (np.float32(2) * x).tolist() == [0.0, 2.0]
    assert (np.array([2.0, 3.0], np.float32) * x).tolist() == [0.0, 3.0]
    assert isinstance(np.sin(x), tg.Tensor)
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        np.asarray(x.requires_grad_())
    assert x.numpy(force=True).tolist() == [0.0, 1.0]


def test_iteration_and_membership() -> None:
    x = tg.tensor([[1, 2], [3, 4]])
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    a, b = x
    assert b[1].item() == 4
    assert 3 in x
    assert tg.tensor(9) not in x
    with pytest.raises(RuntimeError, match="only supports Tensor or scalar"):
        "a" in x  # noqa: B015
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(tg.tensor(1))
    assert a.tolist() == [1, 2]


def test_copies() -> None:
    x = tg.tensor([1.0], requires_grad=True)
    (x * 2).sum().backward()
    y = copy.deepcopy({"a": x, "b": x})
    assert y["a"] is y["b"]
    assert y["a"] is not x
    assert (y["a"].grad.item(), y["a"].requires_grad, y["a"].is_leaf) == (2.0, True, True)
    with torch_only_leaves():
        copy.deepcopy(x * 2)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(x)


def torch_only_leaves() -> pytest.RaisesExc[RuntimeError]:
    return pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user")


def test_a_number_is_in_a_tensor_as_it_equals_an_element() -> None:
    # A number beyond the type is the one that it wraps to, as where the two are compared.
    assert -2 in tg.tensor([65534, 1]).to(tg.uint16)
    assert 300 in tg.tensor([44], dtype=tg.uint8)
    assert 3 not in tg.tensor([1.0, 2.0])
    assert tg.tensor(2.0) in tg.tensor([1.0, 2.0])
