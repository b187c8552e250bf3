"""Methods that are no functions of torch: conversions, whole writes, hooks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import telegrad as tg


def test_to_changes_only_what_is_asked() -> None:
    x = tg.ones(2)
    assert x.to(tg.float32) is x
    assert x.to("cpu") is x
    assert x.to(tg.float32, copy=True) is not x
    assert x.to(tg.ones(1, dtype=tg.int8)).dtype is tg.int8
    assert x.to("cpu", tg.float64, non_blocking=True).dtype is tg.float64
    assert x.to(dtype=tg.int64, device=tg.device("cpu")).dtype is tg.int64
    assert [x.double().dtype, x.half().dtype, x.long().dtype, x.int().dtype, x.bool().dtype] == [
        tg.float64,
        tg.float16,
        tg.int64,
        tg.int32,
        tg.bool,
    ]
    with pytest.raises(RuntimeError):
        x.to("cuda")


def test_gradients_flow_through_conversions() -> None:
    x = tg.ones(2, requires_grad=True)
    x.double().mul(3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert x.grad.dtype is tg.float32
    assert x.double().grad_fn.name() == "ToCopyBackward0"


def test_whole_writes() -> None:
    x = tg.zeros(2, 2)
    assert x.fill_(3) is x
    assert x.copy_(tg.tensor([1, 2])).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert x.fill_(tg.tensor(5.0)).tolist() == [[5.0, 5.0], [5.0, 5.0]]
    assert x.zero_().tolist() == [[0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(RuntimeError, match="fill_ only supports 0-dimension"):
        x.fill_(tg.ones(2))
    with pytest.raises(TypeError, match="must be Number, not str"):
        x.fill_("a")
    y = tg.ones(3)
    assert y.set_(x) is y
    x.add_(1)
    assert y.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_copying_from_a_leaf_lets_the_gradient_through() -> None:
    source = tg.ones(2, requires_grad=True)
    target = tg.zeros(2)
    target.copy_(source)
    assert not target.is_leaf
    (target * 2).sum().backward()
    assert source.grad.tolist() == [2.0, 2.0]


def test_retained_gradients(messages: Callable[[], int]) -> None:
    x = tg.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    assert messages() == 1
    assert y.retains_grad
    assert y.grad.tolist() == [6.0, 6.0]
    assert messages() == 0
    assert not x.retains_grad
    with pytest.raises(RuntimeError, match="can't retain_grad"):
        tg.ones(1).retain_grad()


def test_hooks_of_leaves_see_and_change_gradients() -> None:
    x = tg.ones(2, requires_grad=True)
    seen: list[list[float]] = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    with x.register_hook(lambda g: g * 10):
        (x * 2).sum().backward()
    assert (seen, x.grad.tolist()) == ([[2.0, 2.0]], [20.0, 20.0])
    (x * 2).sum().backward()
    assert x.grad.tolist() == [22.0, 22.0]


def test_hooks_of_computed_tensors() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    handle = y.register_hook(lambda g: g * 2)
    z = y * 3
    z.register_hook(lambda g: g + 1)
    (z.sum() + y.sum()).backward(retain_graph=True)
    # z's gradient 1 becomes 2; y's is 2 * 3 + 1 and doubles; then 2 x.
    assert x.grad.tolist() == [14.0 * 2, 14.0 * 4]
    handle.remove()
    del x.grad
    (z.sum() + y.sum()).backward()
    assert x.grad.tolist() == [7.0 * 2, 7.0 * 4]


def test_after_accumulation() -> None:
    x = tg.ones(1, requires_grad=True)
    seen: list[float] = []
    handle = x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.item()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    assert seen == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 1).register_post_accumulate_grad_hook(print)
    for register in (tg.ones(1).register_hook, tg.ones(1).register_post_accumulate_grad_hook):
        with pytest.raises(RuntimeError, match="doesn't require gradient"):
            register(print)


def test_detach_in_place() -> None:
    x = tg.ones(1, requires_grad=True)
    y = x * 2
    assert y.detach_() is y
    assert (y.requires_grad, y.is_leaf, y.grad_fn) == (False, True, None)
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        (x * 1)[0].detach_()


def test_new_tensors_of_the_same_type() -> None:
    x = tg.ones(1, dtype=tg.float64)
    made = [
        x.new_zeros(2),
        x.new_ones((2,)),
        x.new_full((2,), 7),
        x.new_empty(2),
        x.new_tensor([1, 2]),
        x.new(2),
        x.new([1, 2]),
    ]
    assert {t.dtype for t in made} == {tg.float64}
    assert all(t.shape == (2,) for t in made)
    assert x.new_zeros(1, dtype=tg.int64, requires_grad=False).dtype is tg.int64


def test_transposes_are_views() -> None:
    x = tg.arange(6).reshape(2, 3)
    x.T[0, 1] = 50
    assert x[1, 0].item() == 50
    assert x.mT.shape == x.H.shape == (3, 2)
    assert tg.ones(2, 3, 4).mT.shape == (2, 4, 3)
    assert tg.ones(2, 3, 4).mH.shape == (2, 4, 3)
    z = tg.tensor([[1 + 1j]])
    assert z.H.item() == 1 - 1j
    with pytest.raises(RuntimeError, match="only supported on matrices"):
        tg.ones(2).mT
    with pytest.raises(RuntimeError, match="only supported on matrices"):
        tg.ones(2, 2, 2).H


def test_parts_of_complex_tensors() -> None:
    z = tg.tensor([1 + 2j], requires_grad=True)
    z.imag.sum().backward()
    assert z.grad.tolist() == [1j]
    x = tg.ones(1)
    assert x.real is x
    with pytest.raises(RuntimeError, match="imag is not implemented"):
        x.imag


def test_what_tensors_are_not() -> None:
    x = tg.ones(1)
    assert x.cpu() is x
    assert (x.is_cuda, x.is_sparse, x.is_quantized, x.is_meta, x.is_cpu) == (False, False, False, False, True)
    assert x.is_set_to(x)
    assert x.detach().is_set_to(x)
    assert not tg.ones(1).is_set_to(x)
    assert x.type_as(tg.ones(1, dtype=tg.int8)).dtype is tg.int8


@pytest.mark.parametrize(
    ("shape", "wrap"), [((3, 3), False), ((2, 5), True), ((7, 3), True), ((7, 3), False)]
)
def test_diagonals_are_filled_as_numpys(shape: tuple[int, int], wrap: bool) -> None:
    x = tg.zeros(shape, requires_grad=True)
    y = x + 1
    row = y[0]
    assert y.fill_diagonal_(5.0, wrap) is y
    expected = np.ones(shape)
    np.fill_diagonal(expected, 5.0, wrap=wrap)
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    assert row.tolist() == expected[0].tolist()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected == 1)


def test_what_has_no_diagonal_is_refused() -> None:
    assert tg.zeros(3, 3, 3).fill_diagonal_(1).sum().item() == 3
    with pytest.raises(RuntimeError, match="must larger than 1"):
        tg.zeros(3).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match="must be of equal length"):
        tg.zeros(2, 3, 4).fill_diagonal_(1)
