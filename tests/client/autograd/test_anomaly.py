"""Which function a NaN in a backward pass comes from."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import telegrad as tg


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Anomaly Detection has been enabled")
        yield
    assert not tg.is_anomaly_enabled()
    assert tg.is_anomaly_check_nan_enabled()


def leaf(m: Any, *values: float) -> Any:
    return m.tensor(values, requires_grad=True, dtype=m.float64)


def root_of_zero(m: Any) -> None:
    (m.sqrt(leaf(m, 0.0, 1.0)) * 0).sum().backward()


def nan_weight(m: Any) -> None:
    (leaf(m, 1.0) * 2).sum().backward(m.tensor(float("nan"), dtype=m.float64))


def nan_value(m: Any) -> None:
    y = m.log(leaf(m, -1.0)) * 2
    (y * y).sum().backward()


def several_readers(m: Any) -> None:
    y = leaf(m, 0.0, 1.0).exp() - 1
    (y.cos() + m.sqrt(y) * 0 + y.exp()).sum().backward()


def by_grad(m: Any) -> None:
    x = leaf(m, 0.0)
    m.autograd.grad((m.sqrt(x) * 0).sum(), x)


def own_function(m: Any) -> None:
    class Broken(m.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, ct: Any) -> Any:
            return ct * float("nan")

    Broken.apply(leaf(m, 1.0).exp()).sum().backward()


CASES: list[Callable[[Any], None]] = [
    root_of_zero, nan_weight, nan_value, several_readers, by_grad, own_function,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_function_and_the_line_are_named(case: Callable[[Any], None]) -> None:
    with (
        tg.autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match="returned nan values in its") as caught,
    ):
        case(tg)
    assert "test_anomaly.py:" in str(caught.value)
    with tg.autograd.detect_anomaly(check_nan=False):
        case(tg)
    case(tg)


def test_the_line_is_the_one_that_called_it() -> None:
    x = leaf(tg, 0.0, 4.0)
    with tg.autograd.detect_anomaly():
        y = tg.sqrt(x)  # this one
        z = y * 0
        with pytest.raises(RuntimeError, match=r"Function \'SqrtBackward0\' .*y = tg.sqrt\(x\)  # this one"):
            z.sum().backward()
    assert x.grad is None


def test_no_nan_no_error() -> None:
    x = leaf(tg, 1.0, 2.0)
    with tg.autograd.detect_anomaly():
        (x * x).sum().backward()
        y = tg.stack(list(x.exp().unbind())).sum()
        (slope,) = tg.autograd.grad(y, x, create_graph=True)
        slope.sum().backward()
        tg.func.vmap(tg.func.grad(lambda r: (r * r).sin()))(x.detach()).tolist()
    assert tg.allclose(x.grad, 2 * x.detach() + x.detach().exp())


def test_a_forward_pass_outside_leaves_the_function_unknown() -> None:
    x = leaf(tg, 0.0)
    y = (tg.sqrt(x) * 0).sum()
    with tg.autograd.set_detect_anomaly(True), pytest.raises(RuntimeError, match=r"a leaf of shape \[1\]"):
        y.backward()


def test_switches() -> None:
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"):
        mode = tg.autograd.detect_anomaly(check_nan=False)
    assert not tg.is_anomaly_enabled()
    with mode:
        assert tg.is_anomaly_enabled()
        assert not tg.is_anomaly_check_nan_enabled()
    tg.autograd.set_detect_anomaly(True)
    assert tg.is_anomaly_enabled()
    with tg.autograd.set_detect_anomaly(False):
        assert not tg.is_anomaly_enabled()
    assert tg.is_anomaly_enabled()
    tg.set_anomaly_enabled(False)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:Error detected in")
@pytest.mark.parametrize("case", CASES)
def test_torch_names_the_same_function(case: Callable[[Any], None]) -> None:
    torch = pytest.importorskip("torch")
    said = []
    for module in (tg, torch):
        with module.autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
            case(module)
        said.append(str(caught.value).partition(" (")[0])
    assert said[0] == said[1]
