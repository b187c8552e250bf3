"""Sizes, devices, layouts."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import telegrad as tg
from telegrad.types import DeviceError, check_device, size_of


def test_sizes_are_tuples_that_print_as_torchs() -> None:
    size: Any = tg.Size([2, 3, 4])
    assert repr(size) == "torch.Size([2, 3, 4])"
    assert size == (2, 3, 4)
    assert size.numel() == 24
    assert repr(size[1:]) == "torch.Size([3, 4])"
    assert size[0] == 2
    assert repr(size + (1,)) == "torch.Size([2, 3, 4, 1])"  # noqa: RUF005
    assert repr((1,) + size) == "torch.Size([1, 2, 3, 4])"  # noqa: RUF005
    assert repr(tg.Size([1]) * 2) == "torch.Size([1, 1])"
    assert pickle.loads(pickle.dumps(size)) == size
    assert size_of((2, 3)) is size_of((2, 3))
    a, *rest = size
    assert (a, rest) == (2, [3, 4])


def test_devices() -> None:
    assert repr(tg.device("cpu")) == "device(type='cpu')"
    assert str(tg.device("cpu")) == "cpu"
    assert repr(tg.device("cuda:1")) == "device(type='cuda', index=1)"
    assert tg.device("cuda", 1) == tg.device("cuda:1")
    assert tg.device(tg.device("cpu")) == tg.device("cpu")
    assert tg.device(0) == tg.device("cuda:0")
    assert len({tg.device("cpu"), tg.device("cpu")}) == 1


@pytest.mark.parametrize("name", ["toaster", "cuda:x", 1.5, None])
def test_no_such_device(name: Any) -> None:
    with pytest.raises((RuntimeError, TypeError)):
        tg.device(name)


def test_only_one_place_may_be_asked_for() -> None:
    check_device(None)
    check_device("cpu")
    for where in ("cuda", "mps", 0):
        with pytest.raises(RuntimeError, match="computed by the session's server"):
            check_device(where)
    with pytest.raises(RuntimeError, match="computed by the session's server"):
        tg.ones(1).cuda()
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        tg.ones(1, device="cuda")


def test_a_device_is_a_context() -> None:
    with tg.device("cpu") as here:
        assert tg.ones(1).device == here
    with pytest.raises(DeviceError), tg.device("cuda"):
        pass


def test_layouts_and_formats_are_accepted() -> None:
    assert repr(tg.strided) == "torch.strided"
    assert repr(tg.channels_last) == "torch.channels_last"
    x = tg.ones(1, 2, 2, 2)
    assert x.to(memory_format=tg.channels_last) is x
    assert tg.zeros(1, layout=tg.strided).item() == 0.0
    assert tg.ones_like(x, memory_format=tg.preserve_format).shape == x.shape
