# Each target does all its set-up first, and only if something changed since.  See "make help".

VENV ?= .venv
WORKERS ?= 2
STATIONS ?= 20
BIN := $(VENV)/bin
RUN := $(VENV)/.installed-run
TEST := $(VENV)/.installed-test
NPM := tests/e2e/npm
CLIENT := $(NPM)/node_modules/.installed
SERVE := $(BIN)/twistd -n --pidfile= csms --config conf/development.toml
CHARGE := $(BIN)/csms simulate --stations $(STATIONS) --sessions -1 --session-s 60 --brief
READY := $(BIN)/python -c 'from urllib.request import *; urlopen("http://127.0.0.1:8080/readyz")'

.PHONY: help run demo test lint format conformance proof-durability bench clean
.NOTPARALLEL:

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: $(RUN) ## Start the product for development, on this machine only
	@exec $(SERVE)

# In a session of its own the server does not see Ctrl-C: the chargers leave first.
demo: $(RUN) ## The same, with simulated chargers that charge on and off (STATIONS=20)
	@trap 'exit 0' INT TERM HUP; \
	setsid $(SERVE) & server=$$!; \
	trap 'kill $$server 2>/dev/null; wait $$server' EXIT; \
	until $(READY) 2>/dev/null; do kill -0 $$server || exit 1; sleep 1; done; \
	$(CHARGE)

test: lint $(CLIENT) ## Run every check: style, types, layers, tests, coverage
	rm -f .coverage .coverage.*
	$(BIN)/pytest -n $(WORKERS) --dist loadscope --cov --cov-report=
	$(BIN)/coverage report --skip-covered --show-missing --fail-under=90
	@echo "The pure parts are covered to the last branch:"
	$(BIN)/coverage report --skip-covered --show-missing --fail-under=100 \
		--include='csms/core/*,csms/adapter/*,csms/gateway/rpc.py'

lint: $(TEST) ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(TEST) ## Put the code into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

conformance: $(TEST) $(CLIENT) ## Run the end-to-end tests and write the tables of conformance anew
	rm -rf var/evidence
	mkdir -p var/evidence
	CSMS_EVIDENCE=$(abspath var/evidence) $(BIN)/pytest -n $(WORKERS) --dist loadscope tests/e2e
	$(BIN)/python -m csms.conformance var/evidence

proof-durability: $(TEST) ## Kill server and database over and over: nothing acknowledged is lost
	$(BIN)/python proofs/durability.py

bench: $(TEST) ## Measure the speed on this machine
	$(BIN)/python bench/bench.py

clean: ## Remove everything that was made here, also the state of "make run"
	rm -rf $(VENV) $(NPM)/node_modules build dist var *.egg-info .coverage .coverage.* .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

$(RUN): setup.cfg pyproject.toml .ci/environment
	@.ci/environment $(VENV) .
	@touch $@

$(TEST): setup.cfg pyproject.toml .ci/environment
	@.ci/environment $(VENV) '.[test]'
	@touch $@ $(RUN)

# Node.js comes with the packages of the tests; none has to be there.
$(CLIENT): $(NPM)/package.json $(NPM)/package-lock.json $(NPM)/.npmrc | $(TEST)
	@echo "installing the npm client into $(NPM)/node_modules"
	@$(abspath $(BIN))/npm ci --prefix $(NPM) --loglevel=error
	@touch $@
