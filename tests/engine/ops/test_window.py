"""Windows beside torch's unfold."""

from __future__ import annotations

import numpy as np
import pytest

from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value
from tests.engine.ops.beside_torch import assert_as_torch
from tests.engine.ops.graphs import numbers


@pytest.mark.torch
@pytest.mark.parametrize(("size", "step"), [(3, 1), (2, 3), (7, 1), (1, 2)])
def test_windows(size: int, step: int) -> None:
    x = np.arange(14.0).reshape(2, 7)
    assert_as_torch(
        "windows",
        lambda t: t.unfold(1, size, step),
        x,
        sizes=(size,),
        strides=(step,),
        dilations=(1,),
        orders=2,
    )


@pytest.mark.torch
def test_a_convolution_is_windows_times_a_kernel(rng: np.random.Generator) -> None:
    import torch

    x, kernel = rng.standard_normal((2, 3, 8, 9)), rng.standard_normal((4, 3, 2, 3))
    theirs = torch.nn.functional.conv2d(
        torch.from_numpy(x), torch.from_numpy(kernel), stride=(2, 1), dilation=(1, 2)
    ).numpy()

    def build(x: Value, kernel: Value) -> list[Value]:
        seen = g.windows(x, sizes=(2, 3), strides=(2, 1), dilations=(1, 2))
        columns = g.reshape(g.transpose(seen, perm=(0, 2, 3, 1, 4, 5)), (2, 4 * 5, 18))
        made = g.matmul(columns, g.transpose(g.reshape(kernel, (4, 18)), perm=(1, 0)))
        return [g.reshape(g.transpose(made, perm=(0, 2, 1)), (2, 4, 4, 5))]

    np.testing.assert_allclose(numbers(build, [x, kernel])[0], theirs, atol=1e-10)
