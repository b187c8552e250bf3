"""Shared storages: who sees a write, who is told of it, what autograd makes of it."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.sharing.aliasing import alias_of, grad_mode
from telegrad.sharing.writing import can_cast


def test_a_plain_tensor_has_no_storage_until_it_is_shared() -> None:
    x = tg.ones(3)
    y = x * 2
    assert x._alias is None
    y[0]
    assert y._alias is not None
    assert y._alias.owner


def test_views_see_writes_and_write_through() -> None:
    x = tg.zeros(2, 3)
    row, column = x[1], x[:, 0]
    row += 1
    column.mul_(5)
    x[0, 2] = 7
    assert x.tolist() == [[0.0, 0.0, 7.0], [5.0, 1.0, 1.0]]
    assert row.tolist() == [5.0, 1.0, 1.0]
    assert column.tolist() == [0.0, 5.0]


def test_views_of_detached_views_write_through_too() -> None:
    x = tg.zeros(2, 3)
    part = x.t()[1:].detach().reshape(2, 2, 1)[0].view(2)
    part.fill_(4)
    assert x.tolist() == [[0.0, 4.0, 0.0], [0.0, 4.0, 0.0]]
    assert part.tolist() == [4.0, 4.0]


def test_detached_leaves_have_gradients_of_their_own() -> None:
    x = tg.tensor([2.0], requires_grad=True)
    y = x.detach().requires_grad_()
    z = x.detach().requires_grad_()
    (x * y * y * z).sum().backward()
    assert (x.grad.item(), y.grad.item(), z.grad.item()) == (8.0, 16.0, 8.0)
    with tg.no_grad():
        y.add_(1)
    assert x.tolist() == [3.0]
    for leaf in (x, y, z):
        leaf.grad = None
    (x * y).sum().backward()
    assert (x.grad.item(), y.grad.item(), z.grad) == (3.0, 3.0, None)


def test_a_leaf_used_before_and_after_a_write_gets_the_sum() -> None:
    x = tg.tensor([1.0], requires_grad=True)
    before = x + 0
    x.data.fill_(10.0)
    ((before + x * x) * 1).sum().backward()
    assert x.grad.item() == 21.0


def test_data_does_not_count_writes_but_detach_does() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.data.mul_(1.0)
    y.sum().backward()
    y = x * x
    x.detach().mul_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_setting_data_takes_another_tensors_storage() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    source = tg.tensor([5.0, 6.0, 7.0])
    x.data = source
    assert x.tolist() == [5.0, 6.0, 7.0]
    source.zero_()
    assert x.tolist() == [0.0, 0.0, 0.0]
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0, 3.0]
    with pytest.raises(RuntimeError, match="must be floating point"):
        x.data = tg.tensor([1])


def test_out_takes_the_result() -> None:
    x = tg.tensor([1.0, 4.0])
    out = tg.zeros(2)
    view = out[:1]
    assert tg.sqrt(x, out=out) is out
    assert view.tolist() == [1.0]
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        tg.sqrt(x.requires_grad_(), out=out)
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        tg.sqrt(tg.ones(2), out=tg.zeros(2, dtype=tg.int64))
    other = tg.zeros(3)
    tg.sqrt(tg.ones(2), out=other)
    assert other.shape == (2,)


def test_writes_into_expanded_views_are_refused() -> None:
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        tg.zeros(1).expand(3).add_(1)


def test_a_write_through_a_detached_view_does_not_change_the_graph() -> None:
    x = tg.tensor([1.0, float("inf")], requires_grad=True)
    y = x * 2
    y.detach()[0] = 50.0
    assert y.tolist() == [50.0, float("inf")]
    y.sum().backward()
    # Where the old value was not finite nothing carries the gradient.
    assert x.grad.tolist() == [2.0, 0.0]


def test_views_made_without_gradients_are_not_written_with() -> None:
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    with tg.no_grad():
        part = y[0]
        part.add_(5)
    assert y.tolist() == [6.0, 2.0]
    assert y.requires_grad
    with pytest.raises(RuntimeError, match="A view was created in no_grad mode"):
        part.add_(1)


def test_what_can_be_written_into_what() -> None:
    assert can_cast(tg.float32, tg.float16)
    assert can_cast(tg.int64, tg.float32)
    assert can_cast(tg.float32, tg.complex64)
    assert not can_cast(tg.complex64, tg.float32)
    assert not can_cast(tg.float32, tg.int64)
    assert not can_cast(tg.int64, tg.bool)
    assert can_cast(tg.bool, tg.int8)


def test_grad_mode_is_put_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="x"), grad_mode(False):
        raise ValueError("x")
    assert tg.is_grad_enabled()


def test_a_result_written_counts_with_its_target() -> None:
    x = tg.tensor([1.0], requires_grad=True)
    y = x * 1
    y.exp_()
    y.mul_(2)
    # exp's derivative reads its result, which mul_ has replaced.
    with pytest.raises(RuntimeError, match="which is output 0 of Exp, is at version 2; expected version 1"):
        y.sum().backward()
    assert alias_of(y).counter.version == 2


def test_what_a_write_itself_read_is_kept_as_it_was() -> None:
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    w = tg.tensor([5.0, 7.0], requires_grad=True)
    y = x * 1
    y.mul_(w)
    y.addcmul_(y.detach().clone(), w)
    y *= w
    y.sum().backward()
    # y = (x w + (x w) w) w with the middle product held fixed
    assert x.grad.tolist() == [25.0, 49.0]
    assert w.grad.tolist() == [2 * 2 * 5.0 + 2 * 10.0 * 5.0, 2 * 3 * 7.0 + 2 * 21.0 * 7.0]


def test_writes_into_detached_views_are_tracked_by_what_was_written_to() -> None:
    x = tg.zeros(2, 3)
    w = tg.tensor([2.0, 2.0, 2.0], requires_grad=True)
    row = x[0].detach()
    row.add_(w)
    assert (row.requires_grad, x.requires_grad) == (True, False)
    assert x.tolist() == [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]]
    (row * 3).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0, 3.0]


def test_one_place_written_through_several_elements() -> None:
    x = tg.zeros(3)
    wide = x.expand(2, 3)
    for refused in (
        lambda: wide.add_(1),
        lambda: wide.copy_(tg.ones(2, 3)),
        lambda: wide[:, 0].zero_().add_(1),
    ):
        with pytest.raises(RuntimeError, match="more than one element"):
            refused()
    wide[0] = tg.ones(3)
    assert x.tolist() == [1.0, 1.0, 1.0]
    wide.fill_(4)
    assert x.tolist() == [4.0, 4.0, 4.0]
    wide.copy_(wide)
    assert wide.tolist() == [[4.0] * 3] * 2


def test_the_next_backward_pass_computes_what_was_written() -> None:
    x, average = tg.ones(3, requires_grad=True), tg.zeros(3)
    for _ in range(5):
        average.mul_(0.5).add_(x.detach())
        tg.zeros(3).add_(1)  # nobody holds it
        (x * x).sum().backward()
    log = tg.current_session().log
    assert log.messages[-1].demands == 1
    assert tg.current_session().recorder.take_written() == []
    assert average.tolist() == [1.9375] * 3
    assert log.messages[-1].nodes == 0
    assert log.messages[-1].plan_cached is not False


def test_out_has_the_type_that_torch_asks_for() -> None:
    x = tg.tensor([[1.0, -2.0]])
    assert tg.sin(x, out=tg.zeros(1, 2, dtype=tg.float64)).dtype is tg.float64
    for call, dtype in (
        (lambda out: tg.abs(x, out=out), tg.float64),
        (lambda out: tg.argmax(x, out=out), tg.int32),
        (lambda out: tg.amax(x, 0, out=out), tg.float64),
        (lambda out: tg.any(x, 0, out=out), tg.int64),
        (lambda out: tg.matmul(x, x.T, out=out), tg.float64),
    ):
        with pytest.raises(RuntimeError, match="Expected out tensor to have dtype"):
            call(tg.zeros(0, dtype=dtype))
    assert tg.any(x, 0, out=tg.zeros(2, dtype=tg.uint8)).tolist() == [1, 1]
    assert tg.max(x, x, out=tg.zeros(1, 2, dtype=tg.float64)).tolist() == x.tolist()
    with pytest.raises(TypeError, match=r"cat.*can't be cast"):
        tg.cat([x, x], out=tg.zeros(2, 2, dtype=tg.int64))
    assert tg.full((2,), 1.5, out=tg.zeros(2, dtype=tg.int64)).tolist() == [1, 1]
    assert tg.zeros(2, 3).expand(2, 2, 3)[:, :0].fill_(1).numel() == 0
