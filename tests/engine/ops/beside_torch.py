"""An operator beside PyTorch's function: values, gradients, and theirs, NaN and infinity included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from telegrad_engine.ops import emit as g
from telegrad_proto.ir import Value
from tests.engine.ops.graphs import Array, Build, differentiated, numbers

Torch = Callable[..., Any]


def build_of(name: str, attrs: dict[str, Any]) -> Callable[..., Sequence[Value]]:
    def build(*values: Value) -> Sequence[Value]:
        made = getattr(g, name)(*values, **attrs)
        return made if isinstance(made, tuple) else (made,)

    return build


def weights_like(arrays: Sequence[Array]) -> list[Array]:
    """Cotangents that differ from place to place."""
    made = []
    for array in arrays:
        steps = np.arange(1, array.size + 1, dtype="<f8").reshape(array.shape) * 0.5
        made.append(np.asarray(steps * (1 - 0.5j) if array.dtype.kind == "c" else steps, array.dtype))
    return made


def assert_as_torch(
    name: str | Build, function: Torch, *arrays: Array, orders: int = 1, rtol: float = 1e-9, **attrs: Any
) -> None:
    """The operator and PyTorch's function agree on values and derivatives.

    Args:
        name: of the operator, or what writes a graph of several.
        function: PyTorch's, of the same inputs; one tensor back, or several.
        arrays: the inputs.
        orders: how many derivatives are compared.
        rtol: relative tolerance.
        attrs: of the operator.
    """
    import torch

    build = build_of(name, attrs) if isinstance(name, str) else name
    theirs_in = [torch.from_numpy(a.copy()).requires_grad_(a.dtype.kind in "fc") for a in arrays]
    made = function(*theirs_in)
    theirs = [made] if isinstance(made, torch.Tensor) else list(made)
    mine = numbers(build, arrays)
    for a, t in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, t.detach().numpy(), rtol=rtol, atol=1e-12, err_msg=f"{name}: value")
    leaves = [t for t in theirs_in if t.requires_grad]
    inputs = list(arrays)
    for order in range(1, orders + 1 if leaves else 1):
        smooth = [a for a in numbers(build, inputs) if a.dtype.kind in "fc"]
        weights = weights_like(smooth)
        outputs = [t for t in theirs if t.dtype.is_floating_point or t.dtype.is_complex]
        chosen = [(t, w) for t, w in zip(outputs, weights, strict=True) if t.requires_grad]
        cotangents = [torch.from_numpy(w).requires_grad_() for w in weights]
        found = torch.autograd.grad(
            [t for t, _ in chosen],
            leaves,
            [c for c, t in zip(cotangents, outputs, strict=True) if t.requires_grad],
            create_graph=order < orders,
            materialize_grads=True,
        )
        build = differentiated(build, len(inputs))
        inputs = [*inputs, *weights]
        mine = numbers(build, inputs)
        for a, t in zip(mine, found, strict=True):
            np.testing.assert_allclose(
                a,
                t.detach().resolve_conj().numpy(),
                rtol=rtol,
                atol=1e-10,
                err_msg=f"{name}: gradient {order}",
            )
        theirs, leaves = list(found), [*leaves, *cotangents]
