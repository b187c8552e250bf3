"""Methods that change a tensor's own shape: `transpose_` and its like, whose elements stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from telegrad.functions.shape import squeeze, t, transpose, unsqueeze
from telegrad.sharing.writing import check_writable
from telegrad.tensor import Tensor
from telegrad_proto.errors import GradientError


def _turning(name: str, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def method(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(self)
        alias = self._alias
        if alias is not None and alias.base is None:
            # Views that were taken of it count their steps from the shape that it had.
            raise GradientError(
                f"{name}_(): requires a tensor whose memory is not shared with views, got one that is; use "
                f"{name}()"
            )
        turned = function(self, *args, **kwargs)
        self._value, self._edge, self._tracked = turned._value, turned._edge, turned._tracked
        self._alias = None if alias is None else turned._alias
        return self

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"`{name}` of the tensor itself, which has that shape from here on."
    return method


TURNING: Final[dict[str, Callable[..., Tensor]]] = {
    "squeeze": squeeze,
    "unsqueeze": unsqueeze,
    "transpose": transpose,
    "swapaxes": transpose,
    "swapdims": transpose,
    "t": t,
}

for _name, _function in TURNING.items():
    setattr(Tensor, _name + "_", _turning(_name, _function))
