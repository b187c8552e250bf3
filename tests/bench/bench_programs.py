"""One gradient by a program's call, beside the same recorded anew in a session."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

import telegrad as tg
from telegrad import func, nn
from tests.bench.measuring import heading, report, seconds, side_by_side
from tests.places import serving

PLACES = ("embedded", "standalone", "gateway")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", PLACES)
def bench_the_gradient_of_a_small_network(place: str) -> None:
    with ExitStack() as stack:
        address = "embedded"
        if place != "embedded":
            address, _ = stack.enter_context(serving())
        if place == "gateway":
            address, _ = stack.enter_context(serving("--relay-to", address))
        tg.connect(address, progress=False)
        model = nn.Sequential(nn.Linear(64, 128), nn.Tanh(), nn.Linear(128, 10))
        x, y = tg.randn(32, 64).numpy(), tg.randint(0, 10, (32,)).numpy()
        arrays = {name: p.detach().numpy() for name, p in model.named_parameters()}

        def loss(params: dict[str, tg.Tensor], x: tg.Tensor, y: tg.Tensor) -> tg.Tensor:
            return nn.functional.cross_entropy(func.functional_call(model, params, (x,)), y)

        program = tg.trace(loss, arrays, tg.spec((None, 64)), tg.spec((None,), "int64"))

        def called() -> None:
            program.value_and_grad(arrays, x, y)

        def recorded() -> None:
            given = {name: tg.tensor(a, requires_grad=True) for name, a in arrays.items()}
            value = loss(given, tg.tensor(x), tg.tensor(y))
            value.backward()
            value.item()
            for p in given.values():
                assert p.grad is not None
                p.grad.numpy()

        heading(f"the gradient of a small network, {place}: a program's call beside a session")
        times = side_by_side({"program": called, "session": recorded}, turn=10)
        for name in ("median_s", "best_s"):
            mine, peer = (getattr(times[which], name) for which in ("program", "session"))
            report(name.removesuffix("_s"), ("program", mine), ("session", peer), seconds)
        tg.disconnect()
