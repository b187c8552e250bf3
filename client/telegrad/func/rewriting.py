"""Functions and modules made fit for transforms: `functionalize`, batch norms without statistics."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from telegrad_proto.errors import GradientError

if TYPE_CHECKING:
    from telegrad.nn.module import Module


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """The same function: what it records has no writes in place and no shared memory in any case.

    Args:
        func: any function.
        remove: "mutations", or "mutations_and_views".

    Raises:
        GradientError: another word in `remove`: torch's text.
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise GradientError(
            f"functionalize(f, remove='mutations'): received invalid argument for remove={remove}. Valid "
            "options are:\n     remove='mutations': all inplace and out= operators will be removed from the "
            "program, and replaced with their out-of-place equivalents.\n     remove='mutations_and_views': "
            "In addition to the above, all aliasing operators {view} will be replaced with their "
            "non-aliasing counterparts, {view}_copy.\n"
        )

    @functools.wraps(func)
    def functional(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return functional


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """The module, whose batch norms keep no running statistics any more: `vmap` can go through them."""
    from telegrad.nn.batchnorm import _BatchNorm  # functions need no modules

    for module in root.modules():
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
