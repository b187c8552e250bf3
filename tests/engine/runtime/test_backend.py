"""Arrays in host memory."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import pytest

from telegrad_engine.runtime.backend import Backend, backend
from telegrad_proto import dtypes
from telegrad_proto.errors import ArgumentError, PayloadError
from telegrad_proto.spec import Spec

CPU = backend()


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_bytes_in_and_out(dtype: dtypes.DType, shape: tuple[int, ...]) -> None:
    spec = Spec(shape, dtype)
    want = np.arange(spec.size).reshape(shape).astype(dtype.typestr)
    array = CPU.from_bytes(want.tobytes(), spec)
    assert array.shape == shape
    assert array.dtype.str == dtype.typestr
    assert not array.flags.writeable
    back = CPU.to_host(array, spec)
    assert back.tobytes() == want.tobytes()
    assert back.shape == shape


def test_bytes_are_not_copied() -> None:
    data = bytearray(8)
    array = CPU.from_bytes(memoryview(data), Spec((2,), dtypes.float32))
    data[3] = 0x40
    assert array[0] == 2


def test_truth_values_are_0_and_1() -> None:
    spec = Spec((3,), dtypes.bool_)
    assert CPU.from_bytes(b"\x00\x01\x01", spec).tolist() == [False, True, True]
    with pytest.raises(PayloadError, match="requires bytes 0 and 1"):
        CPU.from_bytes(b"\x00\x01\x80", spec)
    assert CPU.from_bytes(b"", Spec((0,), dtypes.bool_)).size == 0


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::-1, ::2],
        lambda a: np.broadcast_to(a[:1], (4, 3)),
        lambda a: a.astype(">f4"),
    ],
)
def test_any_layout_leaves_in_c_order_little_endian(view: Any) -> None:
    array = view(np.arange(12, dtype="<f4").reshape(4, 3))
    host = CPU.to_host(array, Spec(array.shape, dtypes.float32))
    assert host.flags.c_contiguous
    assert host.dtype.str == "<f4"
    np.testing.assert_array_equal(host, array)


def test_a_small_window_on_a_large_array_becomes_its_own() -> None:
    large = np.zeros(1000, np.float32)
    window = CPU.owned(large[:10])
    assert window.base is None
    half = large[:500]
    assert CPU.owned(half) is half
    assert CPU.owned(large) is large
    assert type(CPU.owned(np.float32(1))) is np.ndarray


def test_quiet_silences_what_a_device_would_not_say() -> None:
    with warnings.catch_warnings(), CPU.quiet():
        warnings.simplefilter("error")
        assert np.isnan(np.float32(0) / np.float32(0))
        assert np.isinf(np.exp(np.float32(1000)))


def test_on_another_array_module_arrays_are_copied_there_and_back() -> None:
    class Device:
        """Stands in for CuPy."""

        calls: ClassVar[list[str]] = []

        @classmethod
        def asarray(cls, array: Any) -> Any:
            cls.calls.append("to")
            return np.array(array)

        @classmethod
        def asnumpy(cls, array: Any) -> Any:
            cls.calls.append("from")
            return np.asarray(array)

    gpu = Backend("cuda:0", Device)
    spec = Spec((2,), dtypes.float32)
    array = gpu.from_bytes(np.float32(1).tobytes() * 2, spec)
    assert gpu.to_host(array, spec).tolist() == [1, 1]
    assert Device.calls == ["to", "from"]
    with gpu.quiet():
        pass


@pytest.mark.parametrize("device", ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1"])
def test_unknown_devices(device: str) -> None:
    if device == "cuda:":  # the same as cuda
        device = "CUDA"
    with pytest.raises(ArgumentError, match="requires cpu, cuda or cuda:N"):
        backend(device)


def test_cuda_without_cupy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ArgumentError, match="pip install 'telegrad-engine"):
        backend("cuda:0")


def test_what_is_called_quietly_leaves_no_trace() -> None:
    def divide(x: float) -> tuple[float, str]:
        return float(np.float64(x) / np.float64(0.0)), np.geterr()["divide"]

    before = np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert CPU.quietly(divide, 1.0) == (np.inf, "ignore")
        # One inside another, as where a kernel asks for an evaluation.
        assert CPU.quietly(CPU.quietly, divide, -1.0) == (-np.inf, "ignore")
    assert np.geterr() == before
