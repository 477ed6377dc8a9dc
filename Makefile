# Two commands are all it takes: `make setup run`. Needs python3 (3.11 or newer, with venv), make and git.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
SETTINGS ?= $(or $(AGGREGATOR_CONFIG),config/aggregator.yaml)
CODE := aggregator benchmarks tests

.DEFAULT_GOAL := help
.PHONY: help setup run test check format lint types contracts coverage wheel bench lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1	\2/p' Makefile

setup: $(STAMP)  ## install everything into .venv, once

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.x setup")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: setup  ## follow the sources and serve the feeds (Ctrl-C ends)
	@exec $(BIN)/aggregator --config $(SETTINGS) run

test: setup  ## all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

check: setup format lint types contracts coverage wheel  ## all gates, as CI runs them

format: setup
	$(BIN)/ruff format --check $(CODE)

lint: setup
	$(BIN)/ruff check $(CODE)

types: setup
	$(BIN)/mypy --strict aggregator benchmarks

contracts: setup
	$(BIN)/lint-imports

coverage: setup
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report=term

wheel: setup  ## build the wheel, install it elsewhere, try it
	.ci/wheel

bench: setup  ## measure; goals and figures are in docs/performance.md
	$(BIN)/python -m benchmarks

lock:  ## raise every pinned version (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --upgrade pyproject.toml --group dev -o requirements.lock

clean:  ## remove what was built; the store in var/ stays
	rm -rf .venv build dist htmlcov .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find aggregator benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +
