# Two commands do everything on a fresh machine: `make tui` and `make test`.
# `make PYTHON=python3.13 VENV=.venv313 test` picks another interpreter and environment.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) --constraint constraints.txt

.PHONY: help tui test servers check format types imports snapshots bench soak wheel clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

tui: $(VENV)/.with-all ## Open the workbench on the demo agent (no key, no network)
	$(BIN)/penguiflow tui --agent demo

test: $(VENV)/.with-test servers ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

servers: ## Install the MCP servers from npm that the tests talk to
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory tests/servers/node_modules/.package-lock.json; \
	else echo "no npm: the tests with its servers are skipped" >&2; fi

tests/servers/node_modules/.package-lock.json: tests/servers/package-lock.json
	cd tests/servers && npm ci --no-progress --silent
	@touch $@

check: format types imports ## Formatting, lint, types and import contracts

format: $(VENV)/.with-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.with-dev
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

imports: $(VENV)/.with-dev
	$(BIN)/lint-imports

snapshots: $(VENV)/.with-test ## Draw the screens anew; look at each changed file before you commit it
	$(BIN)/python -m pytest tests/tui --snapshot-update $(ARGS)

bench: $(VENV)/.with-bench ## Print the figures as ratios to a baseline measured in the same run
	$(BIN)/python benchmarks/table.py $(ARGS)
	$(BIN)/python benchmarks/table.py --loop uvloop $(ARGS)
	$(BIN)/python benchmarks/curves.py
	$(BIN)/python benchmarks/planner.py
	$(BIN)/python benchmarks/tools.py
	$(BIN)/python benchmarks/history.py
	$(BIN)/python benchmarks/startup.py

soak: $(VENV)/.with-test ## Drive a flow for ten minutes with cancels, failures and slow nodes
	$(BIN)/python benchmarks/soak.py $(ARGS)

wheel: $(VENV)/.with-dev ## Build the wheel, install it into an empty environment and try it there
	sh .ci/try-wheel $(BIN)/python

clean: ## Remove what the targets above made
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "penguiflow needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.with-%: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable '.[$*]'
	@touch $@
