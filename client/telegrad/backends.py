"""torch's `backends`: settings of libraries that the engine does not use, noted and answered."""

from __future__ import annotations

from typing import Final

__all__ = ["cuda", "cudnn", "mps"]


class Backend:
    """One library's settings; each is what was last written there.

    Attributes:
        allow_tf32: noted.
        benchmark: noted.
        deterministic: noted.
        enabled: noted.
    """

    __slots__ = ("allow_tf32", "benchmark", "deterministic", "enabled")

    def __init__(self) -> None:
        self.allow_tf32 = False
        self.benchmark = False
        self.deterministic = False
        self.enabled = True

    @staticmethod
    def is_available() -> bool:
        """False: there is no such library in the notebook's process."""
        return False

    @staticmethod
    def is_built() -> bool:
        """False, as `is_available`."""
        return False


class Cuda(Backend):
    """The settings of `cuda`, with those of its products.

    Attributes:
        matmul: of products of matrices.
    """

    __slots__ = ("matmul",)

    def __init__(self) -> None:
        super().__init__()
        self.matmul = Backend()


cuda: Final = Cuda()
cudnn: Final = Backend()
mps: Final = Backend()
