# Two commands are enough: `make up` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help up setup setup-test test check test-deep lint types contracts-build assets lock fmt slim gas bench-engine bench-ledger bench-upload bench-pages

PY := .venv/bin/python
DATA ?= .data

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

setup: ## Install what `make up` needs
	@sh cloudtuner/deploy/setup.sh run

setup-test: ## Install what `make test` needs as well
	@sh cloudtuner/deploy/setup.sh test

up: setup ## Everything on this machine, with the demo journey; stays up until Ctrl-C
	@exec .venv/bin/cloudtuner up --data-dir $(DATA) $(UP)

lint: ## Style, import contracts, templates
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache

types: ## Types, strict
	.venv/bin/mypy

check: setup-test lint types ## Lint, types and everything quick: no chain, no browser
	.venv/bin/pytest -q -n 2 --dist worksteal -m "not slow and not chain and not browser and not chaos and not deep" tests

test: setup-test ## All that a change must pass
	@sh tests/run.sh

test-deep: setup-test ## The long ones too: fuzz, many kills, Spark
	.venv/bin/uv pip install --quiet --python $(PY) -r pyproject.toml --extra spark
	@# The browser's tests need a process of their own (tests/run.sh) and have no long ones.
	FOUNDRY_PROFILE=deep $(PY) -m pytest -n 2 --dist loadgroup -m "not browser" tests

slim: ## The three agents installed alone from their own locks
	@sh tests/slim.sh

contracts-build: setup ## Compile the contracts and write their artifacts
	$(PY) -m tokens.chain.artifacts

gas: setup-test ## Measure the gas of the journey and write tokens/contracts/gas.json
	GAS_SNAPSHOT=write .venv/bin/pytest -q -s tests/chain/test_chain_gas.py

assets: setup ## Build style sheets and scripts
	PATH=$(CURDIR)/.venv/bin:$$PATH node cloudtuner/assets/build.mjs

fmt: ## Format
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock: ## Resolve dependencies again
	@sh cloudtuner/deploy/lock.sh

bench-engine: ## Lines a second and memory of estimates, against a bare scan and Cloud Carbon Footprint
	$(PY) tests/bench/bench_engine.py $(BENCH)

bench-ledger: ## Rows a second into the ledger, against a bare COPY, and its pages
	$(PY) tests/bench/bench_ledger.py $(BENCH)

bench-upload: ## From eight million lines in a file to a dashboard that shows them, step by step
	$(PY) tests/bench/bench_upload.py $(BENCH)

bench-pages: ## Fifty people at once on the pages of the installation that runs
	$(PY) tests/bench/bench_pages.py $(BENCH)
