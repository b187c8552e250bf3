"""The version's place in torch's namespace."""

from __future__ import annotations

import telegrad as tg


def test_it_is_the_packages_own() -> None:
    assert tg.version.__version__ == tg.__version__
    assert tg.version.cuda is None
    assert tg.version.hip is None
