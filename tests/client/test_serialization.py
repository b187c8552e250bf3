"""Saving and loading."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import telegrad as tg
from telegrad_proto.errors import PayloadError


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int64", "float16", "float32", "float64", "complex64", "complex128"]
)
def test_every_type_comes_back(tmp_path: Path, dtype: str) -> None:
    array = np.arange(6).reshape(2, 3).astype(dtype)
    state = {"b": tg.tensor(array), "a": tg.tensor(array[0, 0]), "none": tg.tensor(array[:0])}
    tg.save(state, tmp_path / "x.safetensors")
    back = tg.load(tmp_path / "x.safetensors")
    assert list(back) == ["b", "a", "none"]
    for key, value in state.items():
        assert back[key].dtype is value.dtype
        assert back[key].shape == value.shape
        np.testing.assert_array_equal(back[key].numpy(), value.numpy())


def test_others_read_it_and_are_read(tmp_path: Path) -> None:
    path = str(tmp_path / "x.safetensors")
    tg.save(OrderedDict({"layer.weight": tg.ones(2, 2, requires_grad=True) * 3}), path)
    assert load_file(path)["layer.weight"].tolist() == [[3.0, 3.0]] * 2
    save_file({"w": np.zeros(3)}, path)
    back = tg.load(path, map_location="cpu", weights_only=True)
    assert back["w"].tolist() == [0.0] * 3
    assert not back["w"].requires_grad


def test_all_tensors_come_in_one_message(messages: Callable[[], int]) -> None:
    x = tg.ones(3)
    messages()
    tg.save({str(k): x * k for k in range(5)}, io.BytesIO())
    assert messages() == 1


def test_an_optimizers_state_comes_back() -> None:
    x = tg.ones(3, requires_grad=True)
    optimizer = tg.optim.Adam([{"params": [x], "betas": (0.5, 0.9)}])
    (x * x).sum().backward()
    optimizer.step()
    file = io.BytesIO()
    tg.save({"optimizer": optimizer.state_dict(), "epoch": 3, "best": float("inf"), "note": None}, file)
    file.seek(0)
    back = tg.load(file)
    assert (back["epoch"], back["best"], back["note"]) == (3, float("inf"), None)
    assert back["optimizer"]["param_groups"] == optimizer.state_dict()["param_groups"]
    assert back["optimizer"]["state"][0]["exp_avg"].tolist() == optimizer.state[x]["exp_avg"].tolist()
    tg.optim.Adam([x]).load_state_dict(back["optimizer"])


def test_lists_and_single_tensors_and_names_that_meet() -> None:
    for obj in (tg.ones(2), [tg.ones(1), (tg.zeros(1), 2)], {"a.b": tg.ones(1), "a": {"b": tg.zeros(1)}}):
        file = io.BytesIO()
        tg.save(obj, file)
        file.seek(0)
        assert repr(tg.load(file)) == repr(obj)


def test_what_cannot_be_saved_or_loaded(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="got object at 'a'"):
        tg.save({"a": object()}, io.BytesIO())
    with pytest.raises(TypeError, match="keys must be text or numbers"):
        tg.save({(1, 2): tg.ones(1)}, io.BytesIO())
    with pytest.raises(PayloadError, match="not a safetensors file"):
        tg.load(io.BytesIO(b"PK\x03\x04 pickled" * 20))
    path = str(tmp_path / "x")
    save_file({"w": np.zeros(3)}, path, {"telegrad": '["tensor","other"]'})
    with pytest.raises(PayloadError, match="does not fit the file"):
        tg.load(path)
    save_file({"w": np.zeros(3)}, path, {"telegrad": '["exec","w"]'})
    with pytest.raises(PayloadError, match="unknown kind"):
        tg.load(path)


@pytest.mark.torch
def test_torch_reads_it_and_is_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    safe = pytest.importorskip("safetensors.torch")
    path = str(tmp_path / "x.safetensors")
    theirs = torch.nn.Linear(3, 2)
    safe.save_file(theirs.state_dict(), path)
    state = tg.load(path)
    tg.save(state, path)
    theirs.load_state_dict(safe.load_file(path))
    np.testing.assert_array_equal(state["weight"].numpy(), theirs.weight.detach().numpy())
