"""Arguments for what PyTorch's table of samples lacks, or samples in few types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from hypothesis import strategies as st

from tests.conformance.sampling.brackets import get_item, set_item
from tests.conformance.sampling.givens import DTYPES, Given
from tests.conformance.sampling.layers import (
    affine_grid,
    fold,
    gumbel,
    lp_pool,
    max_pool,
    probabilities,
    shuffle,
    upsample,
)
from tests.conformance.sampling.shapes import (
    Draw,
    axis,
    common_dtypes,
    partner,
    scalars,
    seeds,
    shapes,
    tensor,
)

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Source = Callable[[Draw], Arguments]

torch_dtypes = st.sampled_from([getattr(torch, name) for name in DTYPES])
numbers = st.sampled_from((0, 1, 2, 3, 5, -1, 0.5, 2.5, -1.5, True, 7))


def _wrong_array(draw: Draw) -> Arguments:
    return ((tensor(draw) if draw(st.booleans()) else draw(scalars)),), {}


def _maybe_dtype(draw: Draw) -> dict[str, Any]:
    return {"dtype": draw(torch_dtypes)} if draw(st.booleans()) else {}


def _unary(draw: Draw) -> Arguments:
    return (tensor(draw),), {}


def _number_like(draw: Draw) -> Arguments:
    return (tensor(draw, draw(st.sampled_from(((), (), (1,), (1, 1), (2,), (0,))))),), {}


def _scalar_data(draw: Draw) -> Any:
    kind = draw(st.sampled_from(("number", "list", "nested", "ragged", "tensor")))
    if kind == "number":
        return draw(scalars)
    if kind == "tensor":
        return tensor(draw)
    row = st.lists(scalars.filter(lambda v: not isinstance(v, int) or abs(v) < 2**31), max_size=3)
    if kind == "list":
        return draw(row)
    rows = draw(st.lists(row, max_size=3))
    if kind == "nested" and rows:
        rows = [rows[0]] * len(rows)
    return rows


def _data(draw: Draw) -> Arguments:
    return (_scalar_data(draw),), _maybe_dtype(draw)


def _new_tensor(draw: Draw) -> Arguments:
    return (tensor(draw), _scalar_data(draw)), _maybe_dtype(draw)


def _window(draw: Draw) -> Arguments:
    args: list[Any] = [draw(st.sampled_from((0, 1, 2, 3, 5, 8, -1)))]
    if draw(st.booleans()):
        args.append(draw(st.booleans()))
    return tuple(args), _maybe_dtype(draw)


def _sizes(draw: Draw) -> Arguments:
    shape = draw(st.lists(st.sampled_from((0, 1, 2, 3, -1)), max_size=4))
    kind = draw(st.sampled_from(("several", "list", "tuple", "keyword")))
    kwargs = _maybe_dtype(draw)
    if kind == "several":
        return tuple(shape), kwargs
    if kind == "keyword":
        return (), {"size": tuple(shape), **kwargs}
    return ((shape if kind == "list" else tuple(shape)),), kwargs


def _full(draw: Draw) -> Arguments:
    return (draw(shapes), draw(scalars)), _maybe_dtype(draw)


def _full_like(draw: Draw) -> Arguments:
    return (tensor(draw), draw(scalars)), _maybe_dtype(draw)


def _like(draw: Draw) -> Arguments:
    return (tensor(draw),), _maybe_dtype(draw)


def _arange(draw: Draw) -> Arguments:
    count = draw(st.integers(1, 3))
    return tuple(draw(numbers) for _ in range(count)), _maybe_dtype(draw)


def _linspace(draw: Draw) -> Arguments:
    return (draw(numbers), draw(numbers), draw(st.sampled_from((0, 1, 2, 5, -1)))), _maybe_dtype(draw)


def _eye(draw: Draw) -> Arguments:
    args = [draw(st.sampled_from((0, 1, 2, 3, -1))) for _ in range(draw(st.integers(1, 2)))]
    return tuple(args), _maybe_dtype(draw)


def _two_dtypes(draw: Draw) -> Arguments:
    return (draw(torch_dtypes), draw(torch_dtypes)), {}


def _two_operands(draw: Draw) -> Arguments:
    kinds = [draw(st.sampled_from(("tensor", "number"))) for _ in range(2)]
    return tuple(tensor(draw) if kind == "tensor" else draw(scalars) for kind in kinds), {}


def _matrices(draw: Draw) -> Arguments:
    sizes = [draw(st.sampled_from((1, 2, 3))) for _ in range(4)]
    dtype = draw(common_dtypes)
    return tuple(tensor(draw, (sizes[i], sizes[i + 1]), dtype) for i in range(draw(st.integers(1, 3)))), {}


def _frequencies(draw: Draw) -> Arguments:
    args: list[Any] = [draw(st.sampled_from((1, 2, 3, 4, 7, 0)))]
    if draw(st.booleans()):
        args.append(draw(st.sampled_from((1.0, 0.5, 2))))
    return tuple(args), _maybe_dtype(draw)


def _copy(draw: Draw) -> Arguments:
    x = tensor(draw)
    return (x, tensor(draw, partner(draw, x.numbers.shape))), {}


def _contains(draw: Draw) -> Arguments:
    return (tensor(draw), draw(scalars) if draw(st.booleans()) else tensor(draw, ())), {}


def _size(draw: Draw) -> Arguments:
    x = tensor(draw)
    return ((x, axis(draw, x.numbers.ndim)) if draw(st.booleans()) else (x,)), {}


def _type(draw: Draw) -> Arguments:
    x = tensor(draw)
    return ((x, draw(torch_dtypes)) if draw(st.booleans()) else (x,)), {}


def _pair(draw: Draw) -> Arguments:
    return (tensor(draw), tensor(draw)), {}


def _to(draw: Draw) -> Arguments:
    x = tensor(draw)
    kind = draw(st.sampled_from(("dtype", "keyword", "other", "copy", "device")))
    if kind == "dtype":
        return (x, draw(torch_dtypes)), {}
    if kind == "keyword":
        return (x,), {"dtype": draw(torch_dtypes)}
    if kind == "other":
        return (x, tensor(draw)), {}
    return ((x, draw(torch_dtypes)), {"copy": True}) if kind == "copy" else ((x, "cpu"), {})


def _range_of(draw: Draw) -> Arguments:
    return (tensor(draw), *(draw(st.sampled_from((0, 1, 5, 10))) for _ in range(draw(st.integers(0, 2))))), {}


def _requires(draw: Draw) -> Arguments:
    return ((tensor(draw), draw(st.booleans())) if draw(st.booleans()) else (tensor(draw),)), {}


def _exponents(draw: Draw) -> Arguments:
    x = tensor(draw, dtype=draw(st.sampled_from(("float32", "float64", "int64"))), mode="small")
    return (
        x,
        tensor(draw, partner(draw, x.numbers.shape), draw(st.sampled_from((x.dtype, "int64"))), "small"),
    ), {}


def _gammas(draw: Draw) -> Arguments:
    rng = np.random.default_rng(draw(seeds))
    shape = draw(shapes)
    dtype = draw(st.sampled_from(("float32", "float64", "float16", "int64")))
    return tuple(Given(np.asarray(rng.uniform(0.1, 5, size=shape)).astype(dtype)) for _ in range(2)), {}


def _permutation(draw: Draw) -> Arguments:
    return (draw(st.sampled_from((0, 1, 5, -1))),), _maybe_dtype(draw)


def _activation(draw: Draw) -> Arguments:
    return (tensor(draw, dtype=draw(st.sampled_from(("float32", "float64", "float16", "int64")))),), {}


def _threshold(draw: Draw) -> Arguments:
    (x,), _ = _activation(draw)
    return (x, draw(st.sampled_from((0, 0.5, -1.0))), draw(st.sampled_from((0, 2.5)))), {}


def _dropped(draw: Draw) -> Arguments:
    x = tensor(draw, (2, 3, 4), draw(st.sampled_from(("float32", "float64"))), "plain")
    return (x, draw(st.sampled_from((0.0, 0.5, 1.0))), draw(st.booleans())), {}


def _triplet(draw: Draw) -> Arguments:
    dtype, shape = (
        draw(st.sampled_from(("float32", "float64"))),
        draw(st.sampled_from(((3,), (2, 3), (2, 3, 4)))),
    )
    kwargs = {"margin": draw(st.sampled_from((0.5, 2.0)))} if draw(st.booleans()) else {}
    return tuple(tensor(draw, shape, dtype, "plain") for _ in range(3)), kwargs


def _rates(draw: Draw) -> Arguments:
    x = tensor(draw, dtype=draw(st.sampled_from(("float32", "float64"))), mode="plain")
    return (Given(np.abs(x.numbers)),), {}


def _trials(draw: Draw) -> Arguments:
    (x,), _ = _rates(draw)
    return (Given(np.ceil(x.numbers)), Given(np.minimum(x.numbers / 8, 1.0).astype(x.dtype))), {}


def _diagonal(draw: Draw) -> Arguments:
    sides = draw(st.sampled_from(((2, 3), (3, 2), (3, 3), (5, 2), (2, 2, 2), (0, 0), (2,), (2, 3, 2))))
    wrap = (draw(st.booleans()),) if draw(st.booleans()) else ()
    return (tensor(draw, sides), draw(scalars), *wrap), {}


HANDMADE: Final[dict[str, Source]] = {
    **dict.fromkeys(
        [
            "Tensor.__abs__",
            "Tensor.__invert__",
            "Tensor.__neg__",
            "Tensor.__pos__",
            "Tensor.__len__",
            "Tensor.cpu",
            "Tensor.detach",
            "Tensor.detach_",
            "Tensor.dim",
            "Tensor.dtype",
            "Tensor.element_size",
            "Tensor.is_contiguous",
            "Tensor.is_cpu",
            "Tensor.is_cuda",
            "Tensor.is_leaf",
            "Tensor.is_meta",
            "Tensor.is_quantized",
            "Tensor.is_signed",
            "Tensor.is_sparse",
            "Tensor.itemsize",
            "Tensor.nbytes",
            "Tensor.ndim",
            "Tensor.ndimension",
            "Tensor.nelement",
            "Tensor.numpy",
            "Tensor.requires_grad",
            "Tensor.retains_grad",
            "Tensor.shape",
            "Tensor.storage_offset",
            "Tensor.tolist",
            "is_complex",
            "is_floating_point",
            "is_tensor",
            "numel",
            "Tensor.T",
            "Tensor.mT",
            "Tensor.H",
            "Tensor.mH",
            "Tensor.real",
            "Tensor.imag",
        ],
        _unary,
    ),
    **dict.fromkeys(
        [
            "Tensor.__bool__",
            "Tensor.__complex__",
            "Tensor.__float__",
            "Tensor.__int__",
            "Tensor.__index__",
            "is_nonzero",
            "item",
        ],
        _number_like,
    ),
    **dict.fromkeys(["tensor", "as_tensor", "asarray"], _data),
    **dict.fromkeys(["bartlett_window", "blackman_window", "hamming_window", "hann_window"], _window),
    **dict.fromkeys(["zeros", "ones", "empty", "rand", "randn"], _sizes),
    **dict.fromkeys(["zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"], _like),
    **dict.fromkeys(["promote_types", "can_cast"], _two_dtypes),
    **dict.fromkeys(["fft.fftfreq", "fft.rfftfreq"], _frequencies),
    **dict.fromkeys(["special.gammainc", "special.gammaincc", "igamma", "igammac"], _gammas),
    **dict.fromkeys(["Tensor.__getitem__"], get_item),
    **dict.fromkeys(
        [
            "relu_",
            "selu_",
            "celu_",
            "rrelu_",
            "nn.functional.relu_",
            "nn.functional.selu_",
            "nn.functional.celu_",
            "nn.functional.elu_",
            "nn.functional.hardtanh_",
            "nn.functional.leaky_relu_",
            "nn.functional.rrelu_",
        ],
        _activation,
    ),
    **dict.fromkeys(["detach", "is_conj", "is_inference", "is_neg", "is_signed"], _unary),
    **dict.fromkeys(["threshold_", "nn.functional.threshold_"], _threshold),
    "binomial": _trials,
    "feature_dropout": _dropped,
    "is_same_size": _pair,
    "nn.functional.triplet_margin_with_distance_loss": _triplet,
    "poisson": _rates,
    "Tensor.__setitem__": set_item,
    "Tensor.__contains__": _contains,
    "Tensor.copy_": _copy,
    "Tensor.fill_diagonal_": _diagonal,
    "Tensor.new": _unary,
    "Tensor.new_tensor": _new_tensor,
    "Tensor.random_": _range_of,
    "Tensor.requires_grad_": _requires,
    "Tensor.size": _size,
    "Tensor.stride": _size,
    "Tensor.to": _to,
    "Tensor.type": _type,
    "Tensor.type_as": _pair,
    "arange": _arange,
    "chain_matmul": _matrices,
    "eye": _eye,
    "float_power": _exponents,
    "from_numpy": _wrong_array,
    "full": _full,
    "full_like": _full_like,
    "linspace": _linspace,
    "logspace": _linspace,
    "native_channel_shuffle": shuffle,
    "nn.functional.affine_grid": affine_grid,
    "nn.functional.dropout1d": probabilities,
    "nn.functional.fold": fold,
    "nn.functional.gumbel_softmax": gumbel,
    "nn.functional.lp_pool1d": lp_pool(1),
    "nn.functional.lp_pool2d": lp_pool(2),
    "nn.functional.lp_pool3d": lp_pool(3),
    "nn.functional.max_pool1d_with_indices": max_pool(1),
    "nn.functional.max_pool2d_with_indices": max_pool(2),
    "nn.functional.max_pool3d_with_indices": max_pool(3),
    "nn.functional.native_channel_shuffle": shuffle,
    "nn.functional.upsample": upsample,
    "pow": _exponents,
    "randperm": _permutation,
    "result_type": _two_operands,
}
