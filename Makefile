# What people and the machine do here. `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The conformance suite reads its samples from this version of PyTorch.
TORCH := torch==2.13.0
SOURCES := proto client engine server deploy tools examples tests

# A developer's own configuration of pytest does not change what a target means.
unexport PYTEST_ADDOPTS

.PHONY: help install gen check format lint types layers current sizes fix test chaos demo bench conformance gpu-test clean

help:  ## lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP)  ## makes .venv with the four packages and the developer's tools

$(STAMP): constraints.txt requirements-dev.txt proto/pyproject.toml client/pyproject.toml engine/pyproject.toml server/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "telegrad needs Python 3.11 or later, this is " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt hatchling editables
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-build-isolation \
	  --requirement requirements-dev.txt --editable proto --editable engine --editable client --editable 'server[ray]'
	@touch $@

gen: install  ## writes the generated files again: protobuf stubs, operator catalogue, primitives, operator table
	@$(BIN)/python tools/generate.py

check: install  ## formatting, lint, types, layers, generated files, file sizes, tests
	@failed=0; \
	  $(MAKE) --keep-going format lint types layers current sizes || failed=1; \
	  $(MAKE) test || failed=1; \
	  exit $$failed

format: install
	@$(BIN)/ruff format --check $(wildcard $(SOURCES))
lint: install
	@$(BIN)/ruff check $(wildcard $(SOURCES))
types: install
	@$(BIN)/mypy
layers: install
	@$(BIN)/lint-imports --no-logo
current: install
	@$(BIN)/python tools/check_generated.py
sizes: install
	@$(BIN)/python tools/check_sizes.py

fix: install  ## formats, and repairs what the linter can repair
	@$(BIN)/ruff check --fix $(wildcard $(SOURCES))
	@$(BIN)/ruff format $(wildcard $(SOURCES))

test: install  ## the tests (without GPU, PyTorch and the slow ones)
	@$(BIN)/python -m pytest -m 'not gpu and not torch and not slow'

chaos: install  ## breaks things on purpose: kills, freezes, cuts, fills; half an hour
	@$(BIN)/python -m pytest -m chaos --capture=no -q

demo: install  ## starts a server on loopback and computes gradients through it
	@$(BIN)/python examples/first_light.py

bench: install  ## measurements beside their peers, as ratios
	@$(BIN)/python -m pytest tests/bench -m '' --override-ini python_files='bench_*.py' \
	  --override-ini python_functions='bench_* test_*' --override-ini addopts=--import-mode=importlib --capture=no -q

conformance: install  ## installs PyTorch into .venv and compares with it, first and second order
	@$(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(m.version("torch").split("+")[0] != "$(TORCH)".split("==")[1])' 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt '$(TORCH)' expecttest
	@$(BIN)/python -m pytest tests/conformance tests/programs -m torch -q
	@$(BIN)/python -m tests.conformance

gpu-test: install  ## installs CuPy into .venv and runs the tests that need an NVIDIA GPU
	@$(BIN)/python -c 'import cupy' 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	    --constraint deploy/constraints-cuda.txt --no-build-isolation --editable proto --editable 'engine[cuda]'
	@$(BIN)/python -m pytest -m gpu

clean:  ## removes the environment and every cache
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
