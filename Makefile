# Everything runs in virtual environments that are made on demand, inside the checkout.
# Another interpreter: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
RUNTIME := $(VENV)-runtime
OLDEST := $(VENV)-oldest
FRESH := $(VENV)-fresh
FUZZ := $(VENV)-fuzz
FUZZ_SECONDS ?= 30
FUZZ_JOBS ?= 2
TARGET ?=
ARGS ?=

# Real servers that some tests talk to, built from source: docs/peers.md.
GO ?= go
PEERS := .peers
STEP_CA := github.com/smallstep/certificates/cmd/step-ca@v0.30.2
NANOMDM := github.com/micromdm/nanomdm/cmd/nanomdm@v0.9.0
VECTOR_PEERS := examples/vector_consumers/peers

# A venv's own pip may be too old for dependency groups; as variables, the constraints hold for
# any pip, and for what the build backend needs as well.
PIN := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
UNPINNED := PIP_DISABLE_PIP_VERSION_CHECK=1

.DEFAULT_GOAL := help
.PHONY: help demo test coverage lint types format vectors bench fuzz mutants peers oldest check
.PHONY: constraints clean peers-vectors
.DELETE_ON_ERROR:

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-13s %s\n", $$1, $$2 }'

demo: $(RUNTIME)/.installed  ## verify the examples in vectors/, and refuse a forgery
	@$(RUNTIME)/bin/python examples/demo.py

test: $(VENV)/.installed  ## run every test (ARGS="-k word" for some)
	@$(VENV)/bin/python -m pytest --cov --cov-report= $(ARGS)

coverage: test  ## run every test, then require every branch of src/appleattest
	@$(VENV)/bin/python -m coverage report --fail-under=100

lint: $(VENV)/.installed  ## ruff: rules and formatting
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check

types: $(VENV)/.installed  ## mypy --strict
	@$(VENV)/bin/mypy --strict

format: $(VENV)/.installed  ## put the code into its one format
	@$(VENV)/bin/ruff check --fix-only
	@$(VENV)/bin/ruff format

vectors: $(VENV)/.installed  ## generate vectors/ anew from the cases
	@$(VENV)/bin/python -m vectors write

bench: $(VENV)/.installed  ## measure speed and memory
	@$(VENV)/bin/python benchmarks/run.py $(ARGS)

fuzz: $(FUZZ)/.installed  ## fuzz every entry point (FUZZ_SECONDS=30 for each; TARGET=name for one)
	@$(FUZZ)/bin/python -m fuzz --seconds $(FUZZ_SECONDS) --jobs $(FUZZ_JOBS) $(TARGET)

mutants: $(VENV)/.installed  ## mutate every room and count what the tests notice (half an hour or more)
	@$(UNPINNED) $(VENV)/bin/python -m pip install -q mutmut==3.8.1
	@$(VENV)/bin/python mutation/run.py

peers: $(PEERS)/.installed $(PEERS)/vectorpeers  ## build what others wrote, for optional tests (needs Go)

peers-vectors: $(VENV)/.installed $(PEERS)/vectorpeers  ## count which vectors others get wrong: docs/peers.md
	@$(VENV)/bin/python -m vectors.peers --write

oldest: $(OLDEST)/.installed  ## run every test on the oldest supported dependencies
	@$(OLDEST)/bin/python -m pytest $(ARGS)

check: lint types coverage oldest demo  ## what CI runs, without the fuzzing

constraints:  ## write constraints.txt anew, with today's releases
	@rm -rf $(FRESH)
	@$(call create-venv,$(FRESH))
	@$(UNPINNED) $(FRESH)/bin/pip install -q --upgrade pip
	@$(UNPINNED) $(FRESH)/bin/pip install -q hatchling editables -e . --group dev --group fuzz
	@sed '/^[^#]/,$$d' constraints.txt >$(FRESH)/constraints.txt
	@$(FRESH)/bin/pip freeze --all --exclude-editable --exclude setuptools >>$(FRESH)/constraints.txt
	@mv $(FRESH)/constraints.txt constraints.txt
	@rm -rf $(FRESH)

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(RUNTIME) $(OLDEST) $(FRESH) $(FUZZ) dist .coverage .coverage.* .hypothesis
	rm -rf $(PEERS) mutants .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

create-venv = $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "appleattest needs Python 3.11 or later, and '$(PYTHON)' is not that;" \
		"name another, as in: make $(or $(firstword $(MAKECMDGOALS)),test) PYTHON=python3.13" >&2; exit 1; }; \
	echo "Preparing $(1) (once)"; $(PYTHON) -m venv --clear $(1)

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(VENV))
	@$(PIN) $(VENV)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(VENV)/bin/python -m pip install -q -e . --group dev
	@touch $@

$(RUNTIME)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(RUNTIME))
	@$(PIN) $(RUNTIME)/bin/python -m pip install -q -e .
	@touch $@

# Where atheris has no wheel, `python -m fuzz` says so, and the next run tries again.
$(FUZZ)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(FUZZ))
	@$(PIN) $(FUZZ)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(FUZZ)/bin/python -m pip install -q -e .
	@if $(PIN) $(FUZZ)/bin/python -m pip install -q --only-binary atheris --group fuzz; \
		then touch $@; fi

# The pinned tools first, then our own dependencies moved back to their oldest.
$(OLDEST)/.installed: pyproject.toml constraints.txt constraints-oldest.txt
	@$(call create-venv,$(OLDEST))
	@$(PIN) $(OLDEST)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(OLDEST)/bin/python -m pip install -q -e . --group test
	@$(UNPINNED) $(OLDEST)/bin/python -m pip install -q -r constraints-oldest.txt
	@$(UNPINNED) $(OLDEST)/bin/python -m pip check
	@touch $@

needs-go = command -v $(GO) >/dev/null || \
	{ echo "make peers needs Go: https://go.dev/doc/install" >&2; exit 1; }

# Without cgo: step-ca would want the headers of a smart card library that no test needs.
$(PEERS)/.installed: Makefile
	@$(needs-go)
	@echo "Building step-ca and NanoMDM (once, some minutes)"
	@GOBIN=$(CURDIR)/$(PEERS) CGO_ENABLED=0 $(GO) install $(STEP_CA)
	@GOBIN=$(CURDIR)/$(PEERS) CGO_ENABLED=0 $(GO) install $(NANOMDM)
	@touch $@

$(PEERS)/vectorpeers: $(wildcard $(VECTOR_PEERS)/*)
	@$(needs-go)
	@echo "Building the peers that the vectors are put to (once, some minutes)"
	@CGO_ENABLED=0 $(GO) build -C $(VECTOR_PEERS) -o $(CURDIR)/$@ .
