# Needs Python 3.11 or newer and make; everything else is installed into .venv, with hashes.
# `make` alone lists the targets. A second call of any target skips what is already installed.
#
# `make test` starts a PostgreSQL of its own from a wheel. Run as root, that wheel makes an operating system user
# `pgserver` (PostgreSQL refuses to run as root); as any other user it touches nothing outside .venv and /tmp.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that is new enough; the name python3 may stand for an older one.
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore $(BIN)/python -m pip install -qq

# Overrides: make fuzz SECONDS=600 SEED=7; make run ARGS='--once'; make test PYTEST_ARGS='-k fold'
SECONDS ?= 60
SEED ?= 1
ARGS ?=
PYTEST_ARGS ?=
WORKERS ?= 2

.PHONY: help setup demo run test test-faults fuzz bench replay lint format clean

help: ## this list
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1: \2/p' $(MAKEFILE_LIST)

# --- what is installed; each stamp is newer than what it was made from -------------------------------------------

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 or newer found" >&2; \
		echo "hint: install python3.11, or name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "hint: on Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 2; }

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing watcher into $(VENV)" >&2
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "installing the test tools into $(VENV)" >&2
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	@echo "installing the peers to measure against into $(VENV)" >&2
	@$(PIP) --require-hashes -r requirements-bench.lock
	@touch $@

setup: $(VENV)/.runtime ## .venv with the locked dependencies and the watcher command

# --- what a person runs ------------------------------------------------------------------------------------------

demo: setup ## the real daemon on sample sources served on this machine, then its report
	@$(BIN)/watcher demo $(ARGS)

run: setup ## the daemon on config/watchlist.yaml and db/watcher.sqlite3 (Ctrl-C ends it)
	@$(BIN)/watcher run $(ARGS)

# --- what a change must pass -------------------------------------------------------------------------------------

lint: $(VENV)/.dev ## style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev ## rewrite the sources in the house style
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

test: lint ## the gate: lint, tests with coverage (core 100 % of branches), the shipped watchlist and its own tests
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not slow" -n $(WORKERS) $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='watcher/core/*' --fail-under=100
	$(BIN)/watcher check config/watchlist.yaml
	$(BIN)/watcher test config/watchlist.yaml

test-faults: $(VENV)/.dev ## the slower part of the fault matrix: kills, stalls, hostile publishers, simulated days
	$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

fuzz: $(VENV)/.dev ## mutated feeds, watchlists and queries (SECONDS=60 of processor time, SEED=1)
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

replay: $(VENV)/.dev ## 2,256 states of one real feed through the real pipeline, without and with kills
	$(BIN)/python -m bench.replay $(ARGS)

bench: $(VENV)/.bench ## ratios against peers and floors, as a table and as bench/out/*.json
	$(BIN)/python -m bench.harness $(ARGS)

clean: ## remove what was installed and what was made; databases and settings stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache bench/out dist demo-data
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
