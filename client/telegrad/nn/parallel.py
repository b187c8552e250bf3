"""Modules on several devices: there is one, where the session is, so that a module runs there as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from telegrad.nn.module import Module
from telegrad.recording.registry import absent


class DataParallel(Module):
    """A module, called as it is; in state dicts its names begin with `module.`, as torch's.

    Args:
        module: what is called.
        device_ids: accepted: there is one device.
        output_device: accepted.
        dim: along which torch would split a batch; it is not split.
    """

    module: Module

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
    ) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def __getattr__(name: str) -> NoReturn:
    raise absent(f"module {__name__!r}", "torch.nn.parallel", name)
