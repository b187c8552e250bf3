"""Programs beside the functions that they were made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import telegrad as tg
from telegrad import func, nn
from telegrad.errors import (
    ArgumentError,
    DeadlineError,
    DigestError,
    DTypeError,
    GradientError,
    PayloadError,
    ShapeError,
)
from telegrad.program import Program

Array = np.ndarray


def mean_loss(w: tg.Tensor, x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
    return ((x @ w - y) ** 2).mean()


def sum_loss(w: tg.Tensor, x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
    return ((x @ w - y) ** 2).sum()


def data(n: int) -> tuple[tg.Tensor, tg.Tensor, tg.Tensor]:
    tg.manual_seed(20261122 + n)
    return tg.randn(4), tg.randn(n, 4), tg.randn(n)


SPECS = (tg.spec((4,)), tg.spec((None, 4)), tg.spec((None,)))


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_values_and_gradients_are_those_of_the_function(n: int) -> None:
    program = tg.trace(mean_loss, *SPECS)
    w, x, y = data(n)
    value, gradient = program.value_and_grad(w, x, y)
    leaf = w.clone().requires_grad_()
    loss = mean_loss(leaf, x, y)
    loss.backward()
    assert np.array_equal(value.numpy(), loss.detach().numpy())
    assert np.array_equal(gradient.numpy(), leaf.grad.numpy())
    assert np.array_equal(program(w, x, y).numpy(), value.numpy())
    assert not value.requires_grad


def test_a_model_with_its_parameters_as_a_dict() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.LayerNorm(5), nn.Linear(5, 4))
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def loss(params: dict[str, tg.Tensor], x: tg.Tensor, y: tg.Tensor) -> tuple[tg.Tensor, tg.Tensor]:
        logits = func.functional_call(model, params, (x,))
        return nn.functional.cross_entropy(logits, y), logits

    program = tg.trace(loss, parameters, tg.spec((None, 3)), tg.spec((None,), "int64"))
    x, y = tg.randn(6, 3), tg.tensor([0, 1, 2, 3, 0, 1])
    (value, logits), gradients = program.value_and_grad(parameters, x, y)
    model.zero_grad()
    expected = nn.functional.cross_entropy(model(x), y)
    expected.backward()
    assert list(gradients) == sorted(parameters)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(gradients[name].numpy(), p.grad.numpy(), rtol=1e-6, atol=1e-8)
    assert value.item() == expected.item()
    assert logits.shape == (6, 4)
    _, rows = program.per_sample(parameters, x, y)
    for name, gradient in gradients.items():
        assert rows[name].shape == (6, *gradient.shape)
        np.testing.assert_allclose(rows[name].mean(0).numpy(), gradient.numpy(), rtol=1e-4, atol=1e-6)


def test_a_model_closed_over_becomes_constants_that_stay_as_they_were() -> None:
    model = nn.Linear(3, 2)
    program = tg.trace(model, tg.spec((None, 3)))
    x = tg.randn(5, 3)
    before = program(x).numpy().copy()
    assert np.array_equal(before, model(x).detach().numpy())
    with tg.no_grad():
        model.weight.zero_()
    assert np.array_equal(program(x).numpy(), before)


def test_gradients_stop_where_the_function_stops_them() -> None:
    program = tg.trace(lambda x: (x * x.detach()).sum() + tg.no_grad()(tg.exp)(x).sum(), tg.spec((3,)))
    x = tg.tensor([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(program.value_and_grad(x)[1].numpy(), x.numpy())


def test_gradients_inside_are_values_and_have_gradients_themselves() -> None:
    def inner(x: tg.Tensor) -> tg.Tensor:
        return (x**3).sum()

    program = tg.trace(lambda x: func.grad(inner)(x).sum(), tg.spec((None,)))
    x = tg.tensor([1.0, 2.0, 3.0])
    value, gradient = program.value_and_grad(x)
    assert value.item() == 3 * (1 + 4 + 9)
    np.testing.assert_allclose(gradient.numpy(), 6 * x.numpy())
    hessian = tg.trace(func.hessian(inner), tg.spec((3,)))
    np.testing.assert_allclose(hessian(x).numpy(), np.diag(6 * x.numpy()))


def test_vmap_inside_a_program_serves_any_batch() -> None:
    program = tg.trace(
        func.vmap(lambda w, x: tg.sin(x @ w).sum(), in_dims=(None, 0)), tg.spec((4,)), tg.spec((None, 2, 4))
    )
    w, x = tg.randn(4), tg.randn(3, 2, 4)
    np.testing.assert_allclose(program(w, x).numpy(), tg.sin(x @ w).sum(1).numpy(), rtol=1e-6)


def test_cotangents_back_and_tangents_forward() -> None:
    def f(w: tg.Tensor, x: tg.Tensor) -> dict[str, tg.Tensor]:
        return {"y": tg.sin(x * w), "k": (x > 0).sum(1)}

    program = tg.trace(f, tg.spec((4,)), tg.spec((None, 4)))
    w, x, _ = data(3)
    out, pull = program.vjp(w, x)
    assert set(out) == {"y", "k"}
    ct = tg.randn(3, 4)
    to_w, to_x = pull({"y": ct, "k": None})
    expected = func.vjp(lambda w, x: tg.sin(x * w), w, x)[1](ct)
    np.testing.assert_allclose(to_w.numpy(), expected[0].numpy(), rtol=1e-5)
    np.testing.assert_allclose(to_x.numpy(), expected[1].numpy(), rtol=1e-5)
    with pytest.raises(GradientError, match=r"cotangents\.k: an output of type int64"):
        pull({"y": ct, "k": out["k"]})
    t = tg.randn(4)
    out, moved = program.jvp((w, x), (t, None))
    wanted = func.jvp(lambda w: tg.sin(x * w), (w,), (t,))[1]
    np.testing.assert_allclose(moved["y"].numpy(), wanted.numpy(), rtol=1e-5)
    assert not moved["k"].numpy().any()
    with pytest.raises(ArgumentError, match="no direction"):
        program.jvp((w, x), (None, None))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_shards_are_put_together_in_order(reduction: str) -> None:
    program = tg.trace(sum_loss if reduction == "sum" else mean_loss, *SPECS)
    w, x, y = data(11)
    value, (to_w, to_x) = program.value_and_grad(w, x, y, argnums=(0, 1))
    for shards in (2, 3, 11, 50):
        again = [
            program.value_and_grad(w, x, y, argnums=(0, 1), shards=shards, reduction=reduction)
            for _ in range(2)
        ]
        for found, (for_w, for_x) in again:
            np.testing.assert_allclose(found.numpy(), value.numpy(), rtol=1e-5)
            np.testing.assert_allclose(for_w.numpy(), to_w.numpy(), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(for_x.numpy(), to_x.numpy(), rtol=1e-4, atol=1e-6)
        assert np.array_equal(again[0][1][0].numpy(), again[1][1][0].numpy())


def test_rows_come_back_in_order_from_shards() -> None:
    program = tg.trace(sum_loss, *SPECS)
    w, x, y = data(7)
    values, rows = program.per_sample(w, x, y)
    again, spread = program.per_sample(w, x, y, shards=3)
    assert values.shape == (7,)
    assert rows.shape == (7, 4)
    np.testing.assert_allclose(again.numpy(), values.numpy(), rtol=1e-6)
    np.testing.assert_allclose(spread.numpy(), rows.numpy(), rtol=1e-6)


def test_shards_that_cannot_be() -> None:
    w, x, y = data(3)
    program = tg.trace(sum_loss, *SPECS)
    with pytest.raises(ArgumentError, match="requires 1 or more"):
        program.value_and_grad(w, x, y, shards=0)
    with pytest.raises(ArgumentError, match="one of sum, mean"):
        program.value_and_grad(w, x, y, shards=2, reduction="max")
    with pytest.raises(ArgumentError, match="batch axis"):
        tg.trace(sum_loss, w, x, y).value_and_grad(w, x, y, shards=2)


def test_a_saved_program_is_the_same_one(tmp_path: Path) -> None:
    program = tg.trace(mean_loss, *SPECS)
    path = tmp_path / "loss.tgp"
    program.save(path)
    loaded = tg.load_program(path)
    assert loaded.digest == program.digest == tg.trace(mean_loss, *SPECS).digest
    assert loaded.to_bytes() == program.to_bytes()
    w, x, y = data(5)
    assert np.array_equal(loaded(w, x, y).numpy(), program(w, x, y).numpy())
    assert repr(loaded) == "<Program mean_loss(w: float32[4], x: float32[n, 4], y: float32[n]) -> float32[]>"
    loaded.save(f"file://{tmp_path}/again.tgp")
    assert (tmp_path / "again.tgp").read_bytes() == path.read_bytes()


_ELSEWHERE = """
import sys
import numpy as np
import telegrad as tg
program = tg.load_program(sys.argv[1])
w, x, y = (np.load(sys.argv[2])[name] for name in "wxy")
value, gradient = program.value_and_grad(w, x, y)
np.savez(sys.argv[3], value=value.numpy(), gradient=gradient.numpy())
"""


def test_a_process_without_the_code_gets_the_same_bits(tmp_path: Path) -> None:
    tg.trace(mean_loss, *SPECS).save(tmp_path / "loss.tgp")
    w, x, y = data(9)
    np.savez(tmp_path / "in.npz", w=w.numpy(), x=x.numpy(), y=y.numpy())
    command = [
        sys.executable,
        "-c",
        _ELSEWHERE,
        *(str(tmp_path / n) for n in ("loss.tgp", "in.npz", "out.npz")),
    ]
    subprocess.run(command, check=True, cwd=tmp_path)
    value, gradient = tg.load_program(tmp_path / "loss.tgp").value_and_grad(w, x, y)
    with np.load(tmp_path / "out.npz") as found:
        assert np.array_equal(found["value"], value.numpy())
        assert np.array_equal(found["gradient"], gradient.numpy())


def test_files_that_are_no_programs(tmp_path: Path) -> None:
    path = tmp_path / "loss.tgp"
    raw = tg.trace(mean_loss, *SPECS).to_bytes()
    path.write_bytes(raw[:-5])
    with pytest.raises(PayloadError, match="the end of it is missing"):
        tg.load_program(path)
    path.write_bytes(raw[:9] + bytes([raw[9] ^ 1]) + raw[10:])
    with pytest.raises(DigestError):
        tg.load_program(path)
    with pytest.raises(FileNotFoundError):
        tg.load_program(tmp_path / "nowhere.tgp")


def test_arguments_may_be_named_and_numbers() -> None:
    program = tg.trace(lambda x, scale, mode="a": x * scale, tg.spec((2,)), 3, mode="a")
    assert program([1, 2], 3, mode="a").tolist() == [3.0, 6.0]
    assert program(x=np.array([1, 2], np.float32), scale=3, mode="a").tolist() == [3.0, 6.0]
    with pytest.raises(ArgumentError, match="scale: is 3 in this program, got 4"):
        program([1, 2], 4, mode="a")
    with pytest.raises(ArgumentError, match=r"takes 2 positional arguments \(x, scale\), got 1"):
        program([1, 2], mode="a")


def test_arguments_that_do_not_fit_are_named() -> None:
    program = tg.trace(mean_loss, *SPECS)
    w, x, y = data(3)
    with pytest.raises(ShapeError, match=r"w: requires float32\[4\], got shape \[3\]"):
        program(w[:3], x, y)
    with pytest.raises(DTypeError, match=r"y: requires float32\[3\], got type float64"):
        program(w, x, y.double())
    with pytest.raises(ShapeError, match="y: one length of batch for all arguments, got 3 and 2"):
        program(w, x, y[:2])
    with pytest.raises(GradientError, match="one floating point number"):
        tg.trace(tg.sin, tg.spec((2,))).value_and_grad(w[:2])
    with pytest.raises(GradientError, match="takes a gradient"):
        tg.trace(lambda k: k * 1.0, tg.spec((2,), "int64")).value_and_grad([1, 2])


def test_random_numbers_are_those_of_the_trace() -> None:
    tg.manual_seed(7)
    program = tg.trace(lambda x: nn.functional.dropout(x, 0.5), tg.spec((None, 50)))
    drawn = tg.rand(1)
    x = tg.ones(4, 50)
    assert np.array_equal(program(x).numpy(), program(x).numpy())
    assert 0 < (program(x) == 0).sum().item() < 200
    tg.manual_seed(7)
    nn.functional.dropout(x, 0.5)
    assert drawn.item() == tg.rand(1).item()  # tracing took as many draws as calling


def test_bytes_are_checked_before_anything_is_made_of_them() -> None:
    with pytest.raises(PayloadError):
        Program(b"\x80\x04cos\nsystem\n.")


def test_a_call_takes_no_longer_than_a_look_may() -> None:
    program = tg.trace(lambda x: (x @ x @ x).sum(), tg.spec((2, 2)))
    tg.connect("embedded", timeout_s=1e-9, progress=False)
    with pytest.raises(DeadlineError):
        program(np.ones((2, 2), np.float32))
