"""Methods that change a tensor's own shape."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg

CASES: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = [
    ("transpose_", (0, 2), (3, 2, 1)),
    ("swapaxes_", (0, 1), (2, 1, 3)),
    ("swapdims_", (-1, 0), (3, 2, 1)),
    ("squeeze_", (), (2, 3)),
    ("unsqueeze_", (-1,), (1, 2, 3, 1)),
]


@pytest.mark.parametrize(("name", "args", "shape"), CASES)
def test_the_tensor_itself_turns(name: str, args: tuple[int, ...], shape: tuple[int, ...]) -> None:
    x = tg.arange(6.0).reshape(1, 2, 3).clone()
    wanted: Any = getattr(x, name[:-1])(*args)
    y = x.clone()
    assert getattr(y, name)(*args) is y
    if (name.startswith("s") and name != "squeeze_") or name.startswith("t"):
        assert sorted(y.shape) == sorted(shape)
    assert y.shape == wanted.shape
    assert y.tolist() == wanted.tolist()


def test_gradients_pass_through() -> None:
    x = tg.arange(6.0).reshape(2, 3).requires_grad_()
    y = x * 2
    y.t_()
    assert y.shape == (3, 2)
    (y * tg.tensor([[1.0, 10.0]])).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[2.0] * 3, [20.0] * 3]


def test_a_view_writes_through_after_it_was_turned() -> None:
    x = tg.zeros(2, 3)
    y = x[:]
    y.t_()
    y[0, 1] = 5.0
    assert x.tolist() == [[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]


def test_leaves_and_tensors_with_views_stay_as_they_are() -> None:
    leaf = tg.zeros(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        leaf.t_()
    x = tg.zeros(2, 3)
    kept = x[0]
    with pytest.raises(RuntimeError, match=r"transpose_\(\): requires a tensor whose memory is not shared"):
        x.transpose_(0, 1)
    assert kept.shape == (3,)
