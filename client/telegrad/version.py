"""torch.version: telegrad's own version; there is no CUDA, HIP or XPU on this side."""

from __future__ import annotations

from telegrad_proto import __version__ as __version__

debug = False
cuda: str | None = None
hip: str | None = None
xpu: str | None = None
git_version = ""
