"""Writes what the programs print under torch into their files: `python -m tests.client.programs`."""

from __future__ import annotations

import torch

from tests.client.programs import FOLDER, output_of, read, write


def main() -> None:
    for path in sorted(FOLDER.glob("*.txt")):
        program, _ = read(path)
        write(path, program, output_of(program, torch))


if __name__ == "__main__":
    main()
