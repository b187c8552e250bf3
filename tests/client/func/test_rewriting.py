"""Functions and modules made fit for transforms."""

from __future__ import annotations

from typing import Any

import pytest

import telegrad as tg
from telegrad.func import functionalize, replace_all_batch_norm_modules_, vmap


@pytest.mark.parametrize("remove", ["mutations", "mutations_and_views"])
def test_the_function_is_the_same(remove: str) -> None:
    def function(x: Any, *, scale: float) -> Any:
        y = x.clone()
        y[0].mul_(scale)
        x.add_(1)
        return y

    x = tg.tensor([1.0, 2.0])
    assert functionalize(function, remove=remove)(x, scale=3.0).tolist() == [3.0, 2.0]
    assert x.tolist() == [2.0, 3.0]
    assert functionalize(function).__name__ == "function"
    assert vmap(functionalize(lambda r: r.clone().add_(r)))(tg.ones(2, 3)).tolist() == [[2.0] * 3] * 2


def test_what_it_cannot_remove() -> None:
    with pytest.raises(RuntimeError, match="invalid argument for remove=all"):
        functionalize(tg.sin, remove="all")


def test_norms_without_statistics_can_be_mapped() -> None:
    model = tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.BatchNorm1d(2))
    x = tg.arange(24.0).reshape(2, 6, 2)
    with pytest.raises(RuntimeError, match="inplace operation is not possible"):
        vmap(model)(x)
    assert replace_all_batch_norm_modules_(model) is model
    assert not [name for name, _ in model.named_buffers()]
    assert tg.allclose(vmap(model)(x), tg.stack([model(x[0]), model(x[1])]), atol=1e-6)
