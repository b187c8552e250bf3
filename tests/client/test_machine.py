"""Settings of the machine that computes: noted, and answered as torch answers."""

from __future__ import annotations

import pytest

import telegrad as tg
from telegrad.errors import GraphError


def test_threads_are_noted() -> None:
    before = tg.get_num_threads(), tg.get_num_interop_threads()
    try:
        tg.set_num_threads(3)
        tg.set_num_interop_threads(2)
        assert (tg.get_num_threads(), tg.get_num_interop_threads()) == (3, 2)
        with pytest.raises(RuntimeError, match="expects a positive integer, got 0"):
            tg.set_num_threads(0)
        with pytest.raises(TypeError, match="expects an int, but got str"):
            tg.set_num_threads("2")
    finally:
        tg.set_num_threads(before[0])
        tg.set_num_interop_threads(before[1])


def test_precision_and_determinism_are_noted() -> None:
    assert not tg.are_deterministic_algorithms_enabled()
    tg.use_deterministic_algorithms(True)
    assert tg.are_deterministic_algorithms_enabled()
    tg.use_deterministic_algorithms(False)
    assert tg.get_float32_matmul_precision() == "highest"
    with pytest.raises(RuntimeError, match="requires 'highest', 'high' or 'medium', got 'low'"):
        tg.set_float32_matmul_precision("low")
    tg.set_float32_matmul_precision("highest")


def test_there_is_one_device() -> None:
    tg.set_default_device("cpu")
    assert tg.get_default_device() == tg.device("cpu")
    with pytest.raises(GraphError):
        tg.set_default_device("cuda")


def test_what_is_not_there_is_said_to_be_torchs() -> None:
    with pytest.raises(
        AttributeError, match=r"no attribute 'quantize_per_tensor'.*torch.quantize_per_tensor"
    ):
        _ = tg.quantize_per_tensor
    with pytest.raises(AttributeError, match=r"special' has no attribute 'airy_ai'.*torch.special.airy_ai"):
        _ = tg.special.airy_ai
    with pytest.raises(AttributeError, match=r"functional' has no attribute 'scaled_mm'.*docs/missing.md"):
        _ = tg.nn.functional.scaled_mm
    with pytest.raises(AttributeError, match=r"torch.linalg.ldl_solve"):
        _ = tg.linalg.ldl_solve
    with pytest.raises(
        AttributeError, match=r"Tensor' object has no attribute 'to_sparse'.*torch.Tensor.to_sparse"
    ):
        _ = tg.ones(2).to_sparse
