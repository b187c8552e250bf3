"""torch's names for where modules are."""

from __future__ import annotations

import telegrad as tg
from telegrad.nn.modules import module


def test_the_same_under_torchs_names() -> None:
    assert tg.nn.modules.module is module
    assert module.Module is tg.nn.Module
    assert tg.nn.modules.Linear is tg.nn.Linear
    assert {"Module", "register_module_forward_hook"} <= set(module.__all__)
