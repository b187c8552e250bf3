"""`gradgradcheck`: gradients of gradients held against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telegrad import random
from telegrad.autograd.batched import gradients
from telegrad.autograd.checking import differentiable_of, gradcheck, sequence_of
from telegrad.sharing.aliasing import grad_mode
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Whether the gradients of a function's gradients are those that central differences give.

    Args:
        func: gives one tensor or several.
        inputs: its arguments.
        grad_outputs: the weights of the outputs; random ones by default.
        eps: as for `gradcheck`, and so is all that follows.
        atol: absolute tolerance.
        rtol: relative tolerance.
        gen_non_contig_grad_outputs: accepted: where elements lie in memory is the server's business.
        raise_exception: raise an error in place of False.
        nondet_tol: how much two passes may differ.
        check_undefined_grad: also see that outputs may be left out.
        check_grad_dtypes: also see that a gradient has its input's type.
        check_batched_grad: also see that many passes at once give what they give one by one.
        check_fwd_over_rev: check `jvp` of gradients.
        check_rev_over_rev: check gradients of gradients.
        fast_mode: accepted.
        masked: accepted.

    Raises:
        GradcheckError: they differ.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    given = sequence_of(inputs)
    outputs = differentiable_of(func(*given))
    weights = sequence_of(grad_outputs) if grad_outputs is not None else tuple(map(_weight, outputs))
    if not weights:
        raise GradientError("gradgradcheck: requires an output that depends on the inputs, got none")
    count = len(weights)
    moved = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]

    def gradient(*both: Any) -> tuple[Any, ...]:
        with grad_mode(True):
            args = [
                x.detach().requires_grad_() if i in moved and not x.requires_grad else x
                for i, x in enumerate(both[:-count])
            ]
            made = differentiable_of(func(*args))
            wrt = [args[i] for i in moved]
            found = gradients(made, wrt, list(both[-count:]), retain_graph=True, create_graph=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient,
        (*given, *weights),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
    )


def _weight(y: Tensor) -> Tensor:
    """Random numbers of an output's shape and type, to be differentiated by."""
    drawn = random.randn(y.shape, dtype=y.dtype)
    return drawn.detach().requires_grad_()
