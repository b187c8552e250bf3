"""Random programs of views, writes, detaching and backward passes do what they do under torch.

Each step is taken with both; values, gradients, flags and versions must agree, and so must whether a step is
refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import telegrad as tg
from tests.conftest import SEED

SHAPE = (3, 4)
STEPS = 25

#: What a step does with the tensors so far, their gradients' targets, and two numbers to choose by.
Step = Callable[[ModuleType, list[Any], int, int], Any]


def in_place(change: Callable[[Any, Any], Any]) -> Step:
    def step(module: ModuleType, made: list[Any], i: int, j: int) -> Any:
        # Of a tensor that is written into with itself torch refuses the derivative; here it is right.
        change(made[i], made[j] if i != j else made[j].detach().clone())

    return step


def quietly(change: Callable[[Any], Any]) -> Step:
    def step(module: ModuleType, made: list[Any], i: int, j: int) -> Any:
        with module.no_grad():
            return change(made[i])

    return step


def differentiated(module: ModuleType, made: list[Any], i: int, j: int) -> Any:
    made[i].sum().backward(retain_graph=bool(j % 2))


def leaf(module: ModuleType, made: list[Any], i: int, j: int) -> Any:
    return made[i].detach().clone().requires_grad_()


def set_item(module: ModuleType, made: list[Any], i: int, j: int) -> Any:
    made[i][..., 0] = made[j].sum() if j % 2 else 3.5


STEPS_BY_NAME: dict[str, Step] = {
    "add": lambda m, made, i, j: made[i] + made[j],
    "mul": lambda m, made, i, j: made[i] * made[j],
    "sin": lambda m, made, i, j: m.sin(made[i]),
    "exp": lambda m, made, i, j: m.exp(made[i] * 0.1),
    "scale": lambda m, made, i, j: made[i] * 2,
    "row": lambda m, made, i, j: made[i][0] if made[i].ndim else made[i],
    "slice": lambda m, made, i, j: made[i][..., 1:],
    "turn": lambda m, made, i, j: made[i].transpose(0, -1) if made[i].ndim else made[i],
    "thin": lambda m, made, i, j: made[i].unsqueeze(1) if made[i].ndim else made[i],
    "expand": lambda m, made, i, j: made[i].unsqueeze(0).expand(2, *made[i].shape),
    "clone": lambda m, made, i, j: made[i].clone(),
    "detach": lambda m, made, i, j: made[i].detach(),
    "data": lambda m, made, i, j: made[i].data,
    "leaf": leaf,
    "add_": in_place(lambda a, b: a.add_(1.5)),
    "mul_": in_place(lambda a, b: a.mul_(0.5)),
    "mul_ other": in_place(lambda a, b: a.mul_(b)),
    "exp_": in_place(lambda a, b: a.mul_(0.1).exp_()),
    "zero_": in_place(lambda a, b: a.zero_()),
    "copy_": in_place(lambda a, b: a.copy_(b)),
    "set item": set_item,
    "quiet add_": quietly(lambda a: a.add_(0.25)),
    "backward": differentiated,
    "forget": lambda m, made, i, j: setattr(made[i], "grad", None) if made[i].is_leaf else None,
}


def taken(step: Step, module: ModuleType, made: list[Any], i: int, j: int) -> tuple[str, Any]:
    """How a step went: its result, or that it was refused."""
    try:
        return "done", step(module, made, i, j)
    except (RuntimeError, IndexError) as error:
        return "refused", str(error)


def state(tensor: Any) -> tuple[Any, ...]:
    gradient = tensor.grad if tensor.is_leaf else None
    return (
        tuple(tensor.shape),
        tensor.requires_grad,
        tensor.is_leaf,
        tensor._version,
        gradient is not None,
    )


@pytest.mark.torch
@pytest.mark.parametrize("run", range(60))
def test_both_do_the_same(run: int) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng([SEED, run])
    arrays = [rng.standard_normal(SHAPE) for _ in range(2)]
    mine, theirs = [], []
    for k, array in enumerate(arrays):
        mine.append(tg.tensor(array, requires_grad=k == 0))
        theirs.append(torch.tensor(array, requires_grad=k == 0))
    told: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(STEPS):
            name = str(rng.choice(list(STEPS_BY_NAME)))
            i, j = (int(n) for n in rng.integers(0, len(mine), 2))
            told.append(f"{name} {i} {j}")
            ours, our_result = taken(STEPS_BY_NAME[name], tg, mine, i, j)
            others, their_result = taken(STEPS_BY_NAME[name], torch, theirs, i, j)
            if others == "refused" and "refer to a single memory location" in their_result:
                break  # here nothing is overwritten, so overlapping operands are no trouble
            assert (ours, others) in (("done", "done"), ("refused", "refused")), (
                told,
                our_result,
                their_result,
            )
            if isinstance(their_result, torch.Tensor):
                mine.append(our_result)
                theirs.append(their_result)
            for k, (a, b) in enumerate(zip(mine, theirs, strict=True)):
                assert state(a) == state(b), (told, k)
                np.testing.assert_allclose(
                    a.detach().numpy(),
                    b.detach().numpy(),
                    rtol=1e-9,
                    atol=1e-12,
                    err_msg=f"{told} tensor {k}",
                )
                if b.is_leaf and b.grad is not None:
                    np.testing.assert_allclose(
                        a.grad.detach().numpy(),
                        b.grad.detach().numpy(),
                        rtol=1e-9,
                        atol=1e-12,
                        err_msg=f"{told} gradient {k}",
                    )
