"""What is asked of tensors, as torch answers."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg


def _answers(module: Any) -> list[Any]:
    x = module.tensor([[1, 1, 2], [2, 2, 1]])
    y = module.ones(2, 3, requires_grad=True)
    return [
        module.is_same_size(x, y),
        x.is_same_size(module.ones(3)),
        module.is_signed(x),
        module.is_signed(x.to(module.uint8)),
        x.is_conj(),
        x.is_neg(),
        y.is_inference(),
        module.tensor(3).is_nonzero(),
        module.is_nonzero(module.tensor([0.0])),
        module.detach(y).requires_grad,
    ]


def test_beside_torch() -> None:
    torch = pytest.importorskip("torch")
    assert _answers(tg) == _answers(torch)
