# The front door. `make run` serves the dashboard, `make test` runs the whole suite; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PARALLEL ?= -n auto --maxprocesses 4 --dist worksteal
PYTEST_ARGS ?=
SERVE_ARGS ?=
BENCH_ARGS ?=

# Without bytecode each of the many processes that the tests start compiles the program anew, which takes it half as long again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test test-lowest test-newest docs check static coverage format screenshots messages wheel bench bench-quick upgrade-requirements clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 24

run: $(VENV)/installed ## Serve the dashboard on http://localhost:8000
	$(BIN)/xpressbot serve $(SERVE_ARGS)

test: $(VENV)/installed-dev ## Run the whole suite; with COVERAGE=1 note what it covers
	$(BIN)/python -m coverage erase
	$(BIN)/python $(if $(COVERAGE),-m coverage run )-m pytest $(PARALLEL) $(PYTEST_ARGS)

check: static ## Everything that must be green before a change lands
	$(MAKE) test COVERAGE=1
	$(MAKE) coverage

test-lowest: $(VENV)/installed-dev ## Run the fast part with the lowest versions that pyproject.toml allows
	PYTEST_ARGS="$(PYTEST_ARGS)" .ci/fast-part lowest

test-newest: $(VENV)/installed-dev ## Run the fast part on the newest Python that is installed
	PYTEST_ARGS="$(PYTEST_ARGS)" .ci/fast-part newest

docs: $(VENV)/installed-dev ## Write the tables of the documents that repeat what the code says
	$(BIN)/python -m docs.generate

static: $(VENV)/installed-dev ## Format, lint, types, import contracts, public interfaces of dependencies, generated tables
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.contract.public_names
	$(BIN)/python -m docs.generate --check

coverage: ## Judge the coverage of the last test run
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --fail-under=100 --include='*/identity/*'
	$(BIN)/python -m coverage report --fail-under=97

format: $(VENV)/installed-dev ## Format and mend what can be mended by itself
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

screenshots: $(VENV)/installed-dev ## Take the documentation's screenshots anew
	$(BIN)/python -m tests.browser.screenshots

wheel: $(VENV)/installed ## Build the wheel into dist/, where it is the only one
	rm -f dist/xpressbot-*.whl
	$(BIN)/python -m hatchling build -t wheel

bench: $(VENV)/installed-dev ## Measure what is claimed about performance, beside other systems; takes hours
	$(BIN)/python -m bench full $(BENCH_ARGS)

bench-quick: $(VENV)/installed-dev ## The same in about three minutes, beside at most one other system
	$(BIN)/python -m bench quick

CATALOGUES := src/xpressbot/entrypoints/messages/catalogues

messages: $(VENV)/installed-dev ## Bring the translators' catalogues up to date with the texts
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -o xpressbot.pot src
	$(BIN)/pybabel -q update -i xpressbot.pot -d $(CATALOGUES) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=100

upgrade-requirements: $(VENV)/installed-dev ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --group build -q -o requirements.txt pyproject.toml
	$(BIN)/uv pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --group build --group dev -q -o requirements-dev.txt -c requirements.txt pyproject.toml

clean: ## Remove what the targets made; your data in var/ stays
	rm -rf $(VENV) .bench dist .coverage* .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The interpreter is part of the stamp: another PYTHON makes another environment.
$(VENV)/made-with-$(notdir $(PYTHON)):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "XpressBot needs Python 3.11 or newer; say which with: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: requirements.txt pyproject.toml $(VENV)/made-with-$(notdir $(PYTHON))
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
