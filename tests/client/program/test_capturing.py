"""What a trace takes in from outside stays as it was outside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from telegrad import func, nn
from telegrad.errors import TraceError


def test_tensors_from_outside_stay_in_their_session() -> None:
    computed = tg.arange(3.0) * 2
    plain = tg.tensor([1.0, 1.0, 1.0])
    leaf = tg.ones(3, requires_grad=True)
    program = tg.trace(lambda x: (x * computed + plain * leaf).sum(), tg.spec((3,)))
    x = tg.ones(3)
    assert program(x).item() == 9
    (computed * leaf).sum().backward()
    assert leaf.grad.tolist() == [0.0, 2.0, 4.0]
    assert (plain + computed).tolist() == [1.0, 3.0, 5.0]
    assert program.value_and_grad(x)[1].tolist() == [0.0, 2.0, 4.0]


def test_nothing_of_a_trace_is_sent(messages: Any) -> None:
    w = tg.tensor([1.0, 2.0])
    messages()
    tg.trace(lambda x: (x * w).sum(), tg.spec((None, 2)))
    assert messages() == 0


def test_writing_into_what_is_outside_is_refused_and_undone() -> None:
    outside, computed = tg.tensor([1.0, 2.0]), tg.zeros(2) + 1
    model = nn.BatchNorm1d(2)

    def adds(x: tg.Tensor) -> tg.Tensor:
        return outside.add_(x)

    def keeps(x: tg.Tensor) -> tg.Tensor:
        computed[0] = x[0]
        return x

    def norm(x: tg.Tensor) -> tg.Tensor:
        return model(x[None, :].expand(3, 2))

    for function in (keeps, norm):
        with pytest.raises(TraceError, match=r"writes into a tensor from outside \(.*test_capturing\.py"):
            tg.trace(function, tg.spec((2,)))
    with pytest.raises(TraceError, match="writes into a tensor from outside"):
        tg.trace(lambda x: adds(x) * 1, tg.spec((2,)))
    assert outside.tolist() == [1.0, 2.0]
    assert computed.tolist() == [1.0, 1.0]
    assert dict(model.named_buffers())["running_mean"].tolist() == [0.0, 0.0]
    assert (outside + computed).tolist() == [2.0, 3.0]


def test_writing_into_what_is_inside_is_as_ever() -> None:
    def f(x: tg.Tensor) -> tg.Tensor:
        x += 1
        made = tg.tensor([0.0, 0.0])
        made[0] = x[1]
        x[0] = 5
        return x + made

    program = tg.trace(f, tg.spec((2,)))
    x = tg.tensor([1.0, 2.0])
    assert program(x).tolist() == [8.0, 3.0]
    assert x.tolist() == [1.0, 2.0]
    assert program.vjp(x)[1](tg.ones(2))[0].tolist() == [0.0, 2.0]


def test_statistics_of_a_model_are_given_as_arguments() -> None:
    model = nn.BatchNorm1d(2)
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    params = {name: p.detach() for name, p in model.named_parameters()}

    def step(params: Any, buffers: Any, x: tg.Tensor) -> tuple:
        now = dict(buffers)
        return func.functional_call(model, {**params, **now}, (x,)), now

    program = tg.trace(step, params, buffers, tg.spec((None, 2)))
    x = tg.randn(10, 2)
    y, now = program(params, buffers, x)
    np.testing.assert_allclose(y.mean(0).numpy(), 0, atol=1e-6)
    np.testing.assert_allclose(now["running_mean"].numpy(), 0.1 * x.mean(0).numpy(), rtol=1e-5)
    assert now["num_batches_tracked"].item() == 1
    assert dict(model.named_buffers())["num_batches_tracked"].item() == 0


class _Cube(tg.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: tg.Tensor) -> tg.Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, ct: tg.Tensor) -> tg.Tensor:
        return 7 * ct


def test_derivatives_and_hooks_in_python_are_refused_where_they_would_count() -> None:
    def hooked(x: tg.Tensor) -> tg.Tensor:
        y = x * 2
        y.register_hook(lambda g: g * 3)
        return y

    for function in (_Cube.apply, hooked):
        with pytest.raises(TraceError, match="Python code"):
            tg.trace(function, tg.spec((2,)))
        with tg.no_grad():
            detached = tg.trace(lambda x, f=function: f(x).detach(), tg.spec((2,)))
        assert detached([1.0, 2.0]).shape == (2,)


def test_differentiating_by_what_is_outside_is_refused() -> None:
    leaf = tg.ones(2, requires_grad=True)
    with pytest.raises(TraceError, match="differentiates by a tensor from outside"):
        tg.trace(lambda x: tg.autograd.grad((x * leaf).sum(), leaf)[0], tg.spec((2,)))
    assert leaf.grad is None


def test_a_failing_function_leaves_the_session_as_it_was() -> None:
    with pytest.raises(RuntimeError, match="size"):
        tg.trace(lambda x: x + tg.ones(3), tg.spec((2,)))
    assert (tg.ones(2) + 1).tolist() == [2.0, 2.0]


def test_other_threads_are_kept_out_of_the_program() -> None:
    outside = tg.ones(2)
    found: list[BaseException | None] = []

    def elsewhere() -> None:
        with ThreadPoolExecutor(1) as pool:
            found.append(pool.submit(lambda: outside + 1).exception(30))

    def f(x: tg.Tensor) -> tg.Tensor:
        elsewhere()
        return x * outside

    program = tg.trace(f, tg.spec((2,)))
    assert isinstance(found[0], TraceError)
    assert program([1.0, 2.0]).tolist() == [1.0, 2.0]
    elsewhere()
    assert found[-1] is None


def test_not_inside_vmap() -> None:
    with pytest.raises(TraceError, match="inside vmap"):
        func.vmap(lambda x: tg.trace(tg.sin, x)(x))(tg.ones(2, 3))
