# Two commands are all it takes: `make run`, `make test`.
# They need python3 (3.11 or newer, with venv), make and git.

PYTHON ?= python3
VENV ?= .venv
SETTINGS ?= $(or $(AGGREGATOR_CONFIG),config/aggregator.yaml)
BIN := $(VENV)/bin
CODE := aggregator benchmarks tests

# One stamp for each set of packages. A changed lock, or a .venv whose Python is gone, installs again.
RUNS := $(VENV)/.runs
TESTS := $(VENV)/.tests
INSTALL := .ci/install $(PYTHON) $(VENV)

.DEFAULT_GOAL := help
.PHONY: help setup run test extras pictures check format lint types contracts coverage wheel bench lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/  make \1	\2/p' Makefile

setup: $(RUNS)  ## install what the program needs into .venv, once

$(RUNS): requirements-build.lock requirements.lock pyproject.toml .ci/install
	@$(INSTALL) requirements.lock
	@rm -f $(TESTS) && touch $(RUNS)

$(TESTS): $(RUNS) requirements-test.lock
	@$(INSTALL) requirements-test.lock
	@touch $(TESTS)

ifeq ($(shell $(BIN)/python -c 0 2>/dev/null && echo alive),)
.PHONY: $(RUNS)
endif

run: setup  ## follow the sources and serve the feeds (Ctrl-C ends)
	@exec $(BIN)/aggregator --config $(SETTINGS) run

test: $(TESTS)  ## run all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

extras: $(TESTS)  ## also install PostgreSQL, full text of unknown pages, and the test tools

pictures: $(TESTS)  ## make the pictures of the README anew (needs chromium)
	$(BIN)/python -m pytest tests/browser -k pictures --pictures docs/images

check: format lint types contracts coverage wheel  ## run all gates, as CI does

format: $(TESTS)
	$(BIN)/ruff format --check $(CODE)

lint: $(TESTS)
	$(BIN)/ruff check $(CODE)

types: $(TESTS)
	$(BIN)/mypy --strict aggregator benchmarks

contracts: $(TESTS)
	$(BIN)/lint-imports

coverage: $(TESTS)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --cov --cov-report=term

wheel: $(TESTS)  ## build the wheel, install it elsewhere, try it
	.ci/wheel

bench: $(TESTS)  ## measure; goals and figures are in docs/performance.md
	$(BIN)/python -m benchmarks

lock:  ## raise every pinned version (needs uv)
	.ci/lock

clean:  ## remove what was built; the store in var/ stays
	rm -rf $(VENV) build dist htmlcov .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find aggregator benchmarks tests -name __pycache__ -type d -prune -exec rm -rf {} +
