"""The same records on every device: what CuPy computes is what NumPy computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import telegrad as tg
from telegrad_engine.ops.record import OpRecord
from telegrad_engine.runtime.backend import Backend, backend
from telegrad_proto import dtypes
from telegrad_proto.dtypes import DType
from telegrad_proto.opset import OPSET
from tests.engine.ops.examples import PREPARE, examples_of, sampled, with_dtype
from tests.engine.ops.graphs import RECORDS, Array, numbers

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]

#: Outputs that are unique up to a phase, or (None) not at all where there are more columns than the rank.
FREE: dict[str, tuple[str | None, ...]] = {
    "eigh": ("", "phase"),
    "eig": ("order", None),
    "svd": (None, "", None),
    "qr": (None, None),
}


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Backend:
    return backend(request.param)


def tolerance(dtype: DType) -> float:
    """Relative to the largest element; float16 accumulates differently from device to device."""
    width = dtype.itemsize // (2 if dtype.is_complex else 1)
    return {2: 1e-2, 4: 1e-4, 8: 1e-9}[width] if dtype.is_differentiable else 0.0


def settled(array: Array, freedom: str) -> Array:
    """The array without what the operator leaves open."""
    if freedom == "phase":
        return np.abs(array)
    return np.sort_complex(array) if freedom == "order" else array


def outputs(record: OpRecord, on: Backend, arrays: list[Array], attrs: dict[str, object]) -> Iterator[object]:
    with on.quiet():
        made = record.forward(on.xp, *(on.xp.asarray(a) for a in arrays), **attrs)
    yield from (made,) if record.outputs == 1 else made


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_devices_agree(name: str, device: Backend, rng: np.random.Generator) -> None:
    record, host = RECORDS[name], backend()
    for sample in examples_of(record):
        for dtype in dtypes.ALL:
            typed = with_dtype(record, sample, dtype)
            if typed is None:
                continue
            arrays = sampled(record, typed, rng)
            if name in PREPARE:
                arrays[0] = numbers(lambda first: [PREPARE[name](first)], arrays[:1])[0]
            specs = OPSET[name].infer(typed.specs, tuple(typed.attrs[n] for n, _ in record.attributes))
            expected = outputs(record, host, arrays, dict(typed.attrs))
            made = outputs(record, device, arrays, dict(typed.attrs))
            free = FREE.get(name, ("",) * len(specs))
            for spec, right, found, freedom in zip(specs, expected, made, free, strict=True):
                if freedom is None:
                    continue
                a, b = (
                    settled(host.to_host(right, spec), freedom),
                    settled(device.to_host(found, spec), freedom),
                )
                finite = np.abs(a[np.isfinite(a)]) if spec.dtype.is_differentiable else np.zeros(0)
                bound = tolerance(spec.dtype) * max(1.0, float(finite.max(initial=0)))
                np.testing.assert_allclose(b, a, rtol=tolerance(spec.dtype), atol=bound, err_msg=str(typed))


@pytest.mark.parametrize("name", DEVICES)
def test_a_training_loop_gives_the_same_weights(name: str, rng: np.random.Generator) -> None:
    inputs, wanted = rng.standard_normal((64, 8)), rng.standard_normal(64)
    found = []
    for place in ("cpu", name):
        tg.connect("embedded", device=place, progress=False)
        x, y = tg.tensor(inputs), tg.tensor(wanted)
        w = tg.zeros(8, dtype=tg.float64, requires_grad=True)
        for _ in range(20):
            w.grad = None
            ((tg.tanh(x @ w) - y) ** 2).mean().backward()
            with tg.no_grad():
                w -= 0.1 * w.grad
        found.append(w.detach().numpy())
        tg.disconnect()
    np.testing.assert_allclose(found[1], found[0], rtol=1e-10)
