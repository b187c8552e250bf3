"""What random calls showed to differ from PyTorch: results, and wrong arguments with torch's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import telegrad as tg

F = tg.nn.functional


def x() -> tg.Tensor:
    """Six numbers."""
    return tg.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])


def i() -> tg.Tensor:
    """An index."""
    return tg.tensor([0, 1])


def taken_into_itself() -> tg.Tensor:
    """Elements written over those that are read."""
    whole = x()
    return tg.take(whole, i(), out=whole[0, :2])


def octets() -> tg.Tensor:
    """Bytes, one of them near the end of their range."""
    return tg.tensor([250, 3], dtype=tg.uint8)


def flags() -> tg.Tensor:
    """A mask."""
    return tg.tensor([True, False])


RESULTS: list[tuple[str, Callable[[], Any], Any]] = [
    ("numbers wrap as tensors do", lambda: tg.tensor([1], dtype=tg.int8) + 300, [45]),
    ("a negative number over bytes", lambda: tg.div(-1, octets()[1:]), pytest.approx([-1 / 3])),
    ("all of bytes is a byte", lambda: tg.all(octets()).dtype, tg.uint8),
    ("clamp by NaN", lambda: tg.clamp_max(tg.tensor([1]), float("nan")).isnan().item(), True),
    ("square of bool", lambda: tg.square(flags()), [1, 0]),
    ("windows of integers", lambda: F.avg_pool1d(tg.tensor([[[1, 2, 4]]]), 2, 1), [[[1, 3]]]),
    ("sum_to_size of integers", lambda: octets().sum_to_size(1).dtype, tg.int64),
    ("differences of bytes wrap", lambda: tg.trapezoid(octets(), tg.tensor([5, 3], dtype=tg.uint8)), 3.0),
    (
        "complex logarithms",
        tg.logsumexp(tg.tensor([0j, 0j]), 0).real.item,
        pytest.approx(0.6931472),
    ),
    (
        "complex logaddexp",
        tg.logaddexp(tg.tensor(0j), tg.tensor(0j)).real.item,
        pytest.approx(0.6931472),
    ),
    ("where as a method", lambda: flags().where(tg.tensor([False, True]), flags()), [True, False]),
    ("sigmoid of integers", lambda: F.sigmoid(tg.tensor([0])), [0.5]),
    ("smallest of scattered", lambda: tg.tensor([5]).scatter_reduce(0, i()[:1], tg.tensor([3]), "amin"), [3]),
    ("sorter", lambda: tg.searchsorted(tg.tensor([3, 1]), tg.tensor([2]), sorter=tg.tensor([1, 0])), [1]),
    ("bool of complex numbers", lambda: tg.tensor([0j, 1 + 2j], dtype=tg.bool), [False, True]),
    ("negative numbers in unsigned types", lambda: tg.full_like(octets(), -1), [255, 255]),
    ("logspace of integers", lambda: tg.logspace(0, 1.2, 2, dtype=tg.uint8), [1, 10]),
    ("integers alone in einsum", lambda: tg.einsum("i->", octets()), 253),
    ("the frequency of nothing", lambda: tg.fft.rfftfreq(0).isnan().item(), True),
]


@pytest.mark.parametrize(("call", "wanted"), [r[1:] for r in RESULTS], ids=[r[0] for r in RESULTS])
def test_results(call: Callable[[], Any], wanted: Any) -> None:
    found = call()
    assert (found.tolist() if isinstance(found, tg.Tensor) else found) == wanted


WRONG: list[tuple[type[Exception], Callable[[], Any], str]] = [
    (
        TypeError,
        lambda: x().new_full(2, 1.0),
        "new_full(): argument 'size' (position 1) must be tuple of ints",
    ),
    (TypeError, lambda: x().size(True), "size(): argument 'dim' (position 1) must be int, not bool"),
    (
        TypeError,
        lambda: x().type_as(2.5),
        "type_as(): argument 'other' (position 1) must be Tensor, not float",
    ),
    (TypeError, lambda: tg.movedim(x(), 0, [1]), "movedim() received an invalid combination of arguments"),
    (
        TypeError,
        lambda: x().clamp(0, max=x()),
        "clamp(): requires bounds that are both tensors or both numbers",
    ),
    (TypeError, tg.zeros, 'zeros() missing 1 required positional arguments: "size"'),
    (
        TypeError,
        lambda: tg.linspace(0, 1, 2.5),
        "linspace(): argument 'steps' (position 3) must be int, not float",
    ),
    (TypeError, lambda: tg.repeat_interleave(x(), [1]), "repeat_interleave(): argument 'repeats' must be"),
    (RuntimeError, lambda: tg.argmax(flags()), "argmax(): does not support bool input"),
    (RuntimeError, lambda: tg.isclose(x(), flags()), "isclose: Float did not match Bool"),
    (
        RuntimeError,
        lambda: tg.cdist(i()[None], i()[None]),
        "cdist only supports floating-point dtypes, X1 got: Long",
    ),
    (RuntimeError, lambda: tg.frexp(i()), "torch.frexp() only supports floating-point dtypes, got Long"),
    (RuntimeError, lambda: tg.topk(flags(), 1), "topk does not support Bool dtypes"),
    (
        RuntimeError,
        lambda: tg.stft(i(), 2),
        "stft: expected a tensor of floating point or complex values, got Long",
    ),
    (RuntimeError, lambda: tg.cov(flags()), "cov(): bool dtype is not supported for input"),
    (RuntimeError, lambda: tg.cov(x()[0], aweights=x()[0] - 1), "cov(): aweights cannot be negative"),
    (RuntimeError, lambda: tg.hann_window(-1), "hann_window requires non-negative window_length"),
    (
        RuntimeError,
        lambda: tg.fft.fftfreq(3, dtype=tg.int8),
        "fftfreq requires a floating point or complex dtype",
    ),
    (RuntimeError, lambda: tg.fft.rfft2(x(), dim=[]), "rfftn must transform at least one axis"),
    (RuntimeError, lambda: tg.gather(x(), 0, x()), "gather(): Expected dtype int32/int64 for index"),
    (RuntimeError, lambda: x().take(i().short()), "take(): Expected a long tensor for index, but got Short"),
    (RuntimeError, lambda: F.relu(flags()), "Boolean inputs not supported for relu"),
    (
        RuntimeError,
        lambda: tg.where(i(), x()[0, :2], x()[0, :2]),
        "where expected condition to be a boolean tensor",
    ),
    (RuntimeError, lambda: tg.renorm(x(), 2, 0, -1), "renorm: expected maxnorm to be >= 0 but got -1"),
    (RuntimeError, lambda: tg.max(tg.zeros(0)), "max(): Expected reduction dim to be specified"),
    (RuntimeError, lambda: x().unfold(0, 1, 0), "step is 0 but must be > 0"),
    (
        RuntimeError,
        lambda: tg.linspace(x(), 1, 2),
        "linspace only supports 0-dimensional start and end tensors",
    ),
    (
        RuntimeError,
        lambda: tg.gather(x(), 0, x().long(), out=x().double()),
        "gather(): Expected out tensor to have dtype",
    ),
    (
        RuntimeError,
        taken_into_itself,
        "unsupported operation: some elements of the input",
    ),
    (
        RuntimeError,
        lambda: tg.add(x(), 1, out=x()[:1].expand(2, 3)),
        "unsupported operation: more than one element",
    ),
    (
        NotImplementedError,
        lambda: tg.mvlgamma(flags(), 1),
        "mvlgamma: The input tensor may not be a boolean tensor.",
    ),
    (IndexError, lambda: x().index_fill(0, i().int(), 1), "index_fill_(): Expected dtype int64 for index."),
    (
        IndexError,
        lambda: tg.roll(tg.tensor(1.0), 1, 0),
        "Dimension specified as 0 but tensor has no dimensions",
    ),
    (IndexError, lambda: i().scatter_reduce(0, i() + 5, i(), "prod").tolist(), "out of"),
    (ValueError, lambda: F.adaptive_avg_pool2d(x(), 2), "Expected 3D (unbatched) or 4D (batched) input"),
    (
        ValueError,
        lambda: tg.broadcast_shapes(-1, ()),
        "Attempting to broadcast a dimension with negative length!",
    ),
]


@pytest.mark.parametrize(("kind", "call", "words"), WRONG, ids=[w[2][:30] for w in WRONG])
def test_wrong_arguments(kind: type[Exception], call: Callable[[], Any], words: str) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        call()
