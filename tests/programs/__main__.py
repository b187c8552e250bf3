"""Writes down what the programs compute under PyTorch.

python -m tests.programs
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.programs.running import EXPECTED, NAMES, losses


def main() -> None:
    """Runs every program under PyTorch, and writes its numbers."""
    with tempfile.TemporaryDirectory() as folder:
        found = {name: losses(name, Path(folder), changed=False) for name in NAMES}
    rows = [f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in found.items()]
    EXPECTED.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
