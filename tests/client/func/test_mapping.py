"""`vmap`, held against loops over the examples; words of errors are torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad.func import grad, vmap
from telegrad.func.mapping import name_of


@pytest.fixture
def x(rng: np.random.Generator) -> Any:
    return tg.tensor(rng.normal(size=(4, 3, 2)))


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-14)


def looped(function: Any, *args: Any) -> Any:
    return tg.stack([function(*parts) for parts in zip(*args, strict=True)])


@pytest.mark.parametrize(
    "function",
    [
        lambda r: r.sin().sum(0),
        lambda r: (r @ r.T).logsumexp(1),
        lambda r: tg.softmax(r, dim=-1)[1:, 0],
        lambda r: r.sort(dim=0).values.cumsum(1),
        lambda r: tg.where(r > 0, r, r.mean()),
        lambda r: r.reshape(-1)[tg.tensor([0, 5, 1])],
        lambda r: tg.linalg.inv(r.T @ r),
        lambda r: tg.nn.functional.pad(r, (1, 2)).flip(0),
        lambda r: r.unsqueeze(0).expand(5, 3, 2).permute(2, 0, 1),
        lambda r: tg.einsum("ij,kj->ik", r, r),
        lambda r: tg.histc(r, 4, -1, 1),
        lambda r: tg.histc(r, 5),
        lambda r: tg.histc(0 * r, 5),
    ],
)
def test_it_is_a_loop(x: Any, function: Any) -> None:
    same(vmap(function)(x), looped(function, x))


def test_dimensions_in_and_out(x: Any) -> None:
    same(vmap(lambda r: r * 2, in_dims=1, out_dims=-1)(x), x.movedim(1, -1) * 2)
    same(vmap(lambda r, s: r @ s, in_dims=(0, None))(x, x[0].T), x @ x[0].T)
    nested = {"a": x[:2], "b": [x]}
    found = vmap(lambda d: {"sum": d["a"] + d["b"][0][:3, :2]}, in_dims=({"a": 0, "b": 2},))(nested)
    same(found["sum"], tg.stack([x[i] + x[:, :, i][:3, :2] for i in range(2)]))
    first, second = vmap(lambda r: (r, r.sum()), out_dims=(1, 0))(x)
    same(first, x.movedim(0, 1))
    same(second, x.sum((1, 2)))


def test_one_for_all(x: Any) -> None:
    same(vmap(lambda r: tg.ones(2, dtype=tg.float64))(x), tg.ones(4, 2, dtype=tg.float64))
    kept = tg.ones(2)
    assert vmap(lambda r: (r, kept), out_dims=(0, None))(x)[1] is kept
    with pytest.raises(ValueError, match="can not return a BatchedTensor when out_dim is None"):
        vmap(lambda r: r, out_dims=None)(x)
    with pytest.raises(IndexError, match=r"expected to be in range of .*, but got 9"):
        vmap(lambda r: r, out_dims=9)(x)


def test_batches_of_batches(x: Any) -> None:
    row = tg.arange(3.0, dtype=tg.float64)
    outer = vmap(vmap(lambda a, b: a * b, (0, None)), (None, 0))
    same(outer(row, row), row[:, None] * row)
    same(vmap(vmap(vmap(lambda a: a.exp())))(x), x.exp())
    same(
        vmap(lambda r: vmap(lambda c: (r.sum() + c).prod(), in_dims=1)(r))(x),
        looped(lambda r: tg.stack([(r.sum() + r[:, j]).prod() for j in range(2)]), x),
    )


def test_chunks(x: Any) -> None:
    seen = []

    def function(r: Any) -> Any:
        seen.append(r.shape)
        return r.sum(), 1

    found, one = vmap(function, out_dims=(0, None), chunk_size=3)(x)
    same(found, x.sum((1, 2)))
    assert (one, len(seen)) == (1, 2)


def test_writes_inside(x: Any) -> None:
    def function(r: Any) -> Any:
        made = tg.zeros_like(r)
        made[0] = r[1]
        made += 1
        made[:, 1].mul_(2)
        return made

    same(vmap(function)(x), looped(function, x))


def test_writes_to_arguments(x: Any) -> None:
    given = x.clone()

    def function(r: Any, total: Any) -> Any:
        r[0].mul_(2)
        total.add_(r.sum())
        return r

    totals = tg.zeros(3, dtype=tg.float64)
    found = vmap(function, in_dims=(1, 0))(given, totals)
    same(found.movedim(0, 1)[1:], x[1:])
    same(given[0], 2 * x[0])
    same(given[1:], x[1:])
    same(totals, given.sum((0, 2)))
    with pytest.raises(RuntimeError, match="inplace operation is not possible"):
        vmap(lambda r: totals.add_(r.sum()))(x)
    same(totals, given.sum((0, 2)))


@pytest.mark.parametrize(
    "make", [lambda: tg.zeros(3), lambda: tg.tensor([0.0, 0, 0]), lambda: tg.arange(3.0)]
)
@pytest.mark.parametrize(
    "change",
    [
        lambda y, r: y.add_(r),
        lambda y, r: y.copy_(r),
        lambda y, r: y[:2].mul_(r[0]),
        lambda y, r: y.__setitem__(0, r[0]),
        lambda y, r: tg.sin(r, out=y),
    ],
)
def test_what_is_one_for_all_is_not_written(make: Any, change: Any) -> None:
    given = make().float()
    before = given.tolist()
    batch = tg.ones(2, 3)
    with pytest.raises(RuntimeError, match="inplace operation is not possible"):
        vmap(lambda r: change(given, r))(batch)
    assert given.tolist() == before
    with pytest.raises(RuntimeError, match="inplace operation is not possible"):
        vmap(lambda r: change(make().float(), r))(batch)


@pytest.mark.parametrize(
    "make",
    [
        tg.zeros_like,
        lambda r: tg.full_like(r, 0),
        lambda r: r.new_zeros(3),
        lambda r: r.new_full((3,), 0),
    ],
)
def test_what_is_made_like_an_example_is_written(make: Any, x: Any) -> None:
    def function(r: Any) -> Any:
        y = make(r)
        y[1:] = r[:2]
        return y.add_(1)

    rows = tg.stack([x.flatten()[:3], x.flatten()[3:6]])
    same(vmap(function)(rows), looped(function, rows))


def test_random_numbers(x: Any) -> None:
    def function(r: Any) -> Any:
        return r.sum() * 0 + tg.rand(())

    with pytest.raises(RuntimeError, match="randomness error mode"):
        vmap(function)(x)
    same_ = vmap(function, randomness="same")(x).numpy()
    assert np.unique(same_).size == 1
    different = vmap(function, randomness="different")(x).numpy()
    assert np.unique(different).size == 4
    nested = vmap(vmap(function, randomness="different"), randomness="same")(x).numpy()
    assert np.unique(nested).size == 3
    nested = vmap(vmap(function, randomness="different"), randomness="different")(x).numpy()
    assert np.unique(nested).size == 12
    with pytest.raises(ValueError, match="Only allowed values for randomness"):
        vmap(function, randomness="none")


def test_gradients_flow_through(x: Any) -> None:
    w = tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True)
    y = vmap(lambda r: (r @ w).tanh())(x)
    assert y.requires_grad
    y.sum().backward()
    again = w.detach().clone().requires_grad_()
    (x @ again).tanh().sum().backward()
    same(w.grad, again.grad)
    leaf = x.clone().requires_grad_()
    vmap(lambda r: r.sin())(leaf).sum().backward()
    same(leaf.grad, x.cos())


def test_gradients_inside(x: Any) -> None:
    def function(r: Any) -> Any:
        y = r.sin()
        return tg.autograd.grad(y.prod(), y)[0]

    leaf = x.clone().requires_grad_()
    same(vmap(function)(leaf), looped(function, leaf))
    w = tg.ones(2, dtype=tg.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"requires_grad_\(\) inside of vmap"):
        vmap(lambda r: r.detach().requires_grad_())(x)
    with pytest.raises(RuntimeError, match="one for all"):
        vmap(lambda r: tg.autograd.grad((r @ w).sum(), w)[0])(x)
    with pytest.raises(RuntimeError, match=r"backward\(\) called inside vmap"):
        vmap(lambda r: r.sum().backward())(leaf)


def test_what_is_looked_at_inside_is_refused(x: Any) -> None:
    for function in (lambda r: float(r.sum()), lambda r: r if r.sum() > 0 else -r, lambda r: r.tolist()):
        with pytest.raises(RuntimeError, match=r"over calling \.item"):
            vmap(function)(x)
    escaped: list[Any] = []

    def leak(r: Any) -> Any:
        escaped.append(r)
        return r

    vmap(leak)(x)
    with pytest.raises(RuntimeError, match="outside of the vmap"):
        escaped[0] + 1
    same(vmap(lambda r: r + 1)(x), x + 1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"in_dims": [0]}, "expected `in_dims` to be int or a"),
        ({"in_dims": (0, 0)}, "in_dims is not compatible with the structure"),
        ({"in_dims": (1.5,)}, "must be either an integer dimension or None"),
        ({"in_dims": 3}, "so expected in_dim to satisfy -3 <= in_dim < 3"),
        ({"in_dims": (None,)}, "at least one Tensor to vmap over"),
        ({"out_dims": "0"}, "`out_dims` must be an int, None"),
        ({"out_dims": (0, 0)}, "out_dims is not compatible with the structure"),
        ({"chunk_size": 0}, "chunk_size should be None or greater than 0"),
    ],
)
def test_arguments_that_do_not_fit(x: Any, arguments: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        vmap(lambda r: r, **arguments)(x)


def test_inputs_and_outputs_that_do_not_fit(x: Any) -> None:
    with pytest.raises(ValueError, match="got no inputs"):
        vmap(lambda: 1)()
    with pytest.raises(ValueError, match="over non-Tensor arguments"):
        vmap(lambda a, b: a)(x, 1.0)
    with pytest.raises(ValueError, match=r"got sizes \[4, 3\]"):
        vmap(lambda a, b: a)(x, x[0])
    with pytest.raises(ValueError, match="must only return Tensors, got type <class 'int'>"):
        vmap(lambda r: 1)(x)
    with pytest.raises(RuntimeError, match=r"size of tensor a \(2\) must match"):
        vmap(lambda r: r + tg.ones(5))(x)


def test_names() -> None:
    import functools

    assert name_of(vmap) == "vmap"
    assert name_of(functools.partial(vmap, chunk_size=1)) == "functools.partial(vmap, ...)"
    assert name_of(functools.partial(functools.partial(vmap))) == "functools.partial(vmap, ...)"


def test_per_sample_gradients_are_one_message(x: Any) -> None:
    w = tg.ones(2, dtype=tg.float64)
    session = tg.current_session()
    before = len(session.log.messages)
    found = vmap(grad(lambda w, r: (r @ w).tanh().sum()), (None, 0))(w, x)
    assert len(session.log.messages) == before
    found.numpy()
    assert len(session.log.messages) == before + 1
    assert session.log.messages[-1].backwards == 1
