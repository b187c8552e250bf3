"""A batch norm taken into the layer before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.client.nn.layers import numbers

nn = tg.nn
utils: Any = nn.utils
PAIRS: dict[str, tuple[Any, tuple[int, ...], str, dict[str, Any]]] = {
    "convolution": (lambda: (nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4)), (5, 3, 6), "conv", {}),
    "without bias": (lambda: (nn.Conv2d(3, 4, 2, bias=False), nn.BatchNorm2d(4)), (5, 3, 6, 5), "conv", {}),
    "plain norm": (lambda: (nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4, affine=False)), (5, 3, 6), "conv", {}),
    "transpose": (
        lambda: (nn.ConvTranspose1d(3, 4, 2), nn.BatchNorm1d(4)),
        (5, 3, 6),
        "conv",
        {"transpose": True},
    ),
    "linear": (lambda: (nn.Linear(3, 4), nn.BatchNorm1d(4)), (5, 3), "linear", {}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_one_layer_does_what_both_did(name: str) -> None:
    make, shape, kind, settings = PAIRS[name]
    layer, norm = (module.double() for module in make())
    x = tg.tensor(numbers(*shape))
    for _ in range(3):
        norm(layer(x) + 1)
    for parameter in norm.parameters():
        nn.init.uniform_(parameter, 0.5, 1.5)
    layer.eval()
    norm.eval()
    fused = getattr(utils, f"fuse_{kind}_bn_eval")(layer, norm, **settings)
    assert type(fused) is type(layer)
    assert fused is not layer
    assert isinstance(fused.weight, nn.Parameter)
    expected = norm(layer(x)).detach().numpy()
    np.testing.assert_allclose(fused(x).detach().numpy(), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.torch
def test_weights_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    given = [numbers(4, 3), None, numbers(4), numbers(4) ** 2, 1e-3, numbers(4, seed=1), numbers(4, seed=2)]
    found = []
    for module in (tg, torch):
        tensors = [module.tensor(a) if isinstance(a, np.ndarray) else a for a in given]
        made = module.nn.utils.fuse_linear_bn_weights(*tensors)
        made += module.nn.utils.fuse_conv_bn_weights(*tensors)
        found.append([t.detach().numpy() for t in made])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        utils.fuse_conv_bn_eval(nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4))
    with pytest.raises(AssertionError, match=r"running_mean and bn.running_var must not be None"):
        utils.fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(4, track_running_stats=False).eval())
    with pytest.raises(AssertionError, match=r"linear.out_features=4 and bn.num_features=3"):
        utils.fuse_linear_bn_eval(nn.Linear(3, 4).eval(), nn.BatchNorm1d(3).eval())
