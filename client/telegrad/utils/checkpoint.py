"""Memory for time, by torch's name.

What derivatives read is kept where the graph is computed, and the engine decides when: a forward pass that
has not been asked for is computed together with its backward pass, and each array is let go of after its last
reader. So there is nothing here that could be thrown away and computed again, and nothing is: a checkpoint is
a plain call, with torch's arguments. Values, gradients of any order and random draws are those of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telegrad_proto.errors import ArgumentError


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Any] | None = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """What the function returns; the module says why it is not called again in the backward pass.

    Args:
        function: what to call.
        args: its arguments.
        use_reentrant: accepted, as are the next: they choose how torch computes again.
        context_fn: accepted.
        determinism_check: accepted.
        debug: accepted.
        early_stop: accepted.
        preserve_rng_state: accepted.
        kwargs: the function's keywords; only with `use_reentrant=False`, as in torch.

    Raises:
        ArgumentError: keywords where torch's reentrant variant takes none.
    """
    if kwargs and use_reentrant:
        raise ArgumentError("Unexpected keyword arguments: " + ",".join(kwargs))
    return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """What a chain of functions makes of the input, called as `checkpoint` does.

    Args:
        functions: a list of functions, or a Sequential.
        segments: accepted: how many pieces torch cuts the chain into.
        input: of the first.
        use_reentrant: accepted.
        kwargs: accepted: `preserve_rng_state`.

    Raises:
        ArgumentError: no pieces at all.
    """
    if segments < 1:
        raise ArgumentError(f"checkpoint_sequential: segments must be at least 1, got {segments}")
    chain: Sequence[Callable[[Any], Any]] = list(functions)
    for function in chain:
        input = checkpoint(function, input, use_reentrant=use_reentrant)
    return input
