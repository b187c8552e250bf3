"""The command `telegrad`: what a user of a server asks it from a terminal."""

from __future__ import annotations

from telegrad.cli.app import main as main
