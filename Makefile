# Everything runs in virtual environments that are made on demand, inside the checkout.
# Another interpreter: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
RUNTIME := $(VENV)-runtime
OLDEST := $(VENV)-oldest
NEWEST := $(VENV)-newest
FRESH := $(VENV)-fresh
FUZZ := $(VENV)-fuzz
DIST := $(VENV)-dist
DOCS := $(VENV)-docs
ENGINES := $(VENV)-engines
FUZZ_SECONDS ?= 30
FUZZ_JOBS ?= 2
TARGET ?=
MODULES ?=
ARGS ?=

# The Pythons that the suite has passed on; pyproject.toml declares the same, which a test checks.
PYTHONS := 3.11 3.12 3.13

# One process for each core; WORKERS=0 runs the tests in this one.
WORKERS ?= auto
PYTEST := -m pytest -n $(WORKERS) --dist worksteal

# Real servers that some tests talk to, built from source: docs/peers.md.
GO ?= go
PEERS := .peers
STEP_CA := github.com/smallstep/certificates/cmd/step-ca@v0.30.2
NANOMDM := github.com/micromdm/nanomdm/cmd/nanomdm@v0.9.0
# It has no releases, so this is a commit.
IOS_SIMULATOR := github.com/hslatman/ios-acme-simulator@3d95512290a2d42a8c9ce7b2cc5a854b9879d9c1
VECTOR_PEERS := examples/vector_consumers/peers

# Real servers from the package index, each with its example beside it, in environments of their own.
SERVERS := .servers
SPHINX = $(DOCS)/bin/python -m sphinx -W --keep-going -n -q -c docs/site -d build/doctrees

# Rows of the backlog that `make engines` verifies on each engine. It runs the guides by themselves: Java
# stays in the folder in which it was started.
BACKLOG ?= 20000
ENGINE_GUIDES := $(patsubst %,"tests/test_docs.py::test_the_code_of_a_page_runs[docs/guide-%.md]",duckdb ray spark)

# A venv's own pip may be too old for dependency groups; as variables, the constraints hold for
# any pip, and for what the build backend needs as well.
PIN := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
UNPINNED := PIP_DISABLE_PIP_VERSION_CHECK=1

# Django and django-ca are not in the environment that checks types, so their classes are Any.
WITHOUT_DJANGO := --explicit-package-bases --ignore-missing-imports --allow-subclassing-any \
	--allow-untyped-decorators --no-warn-return-any --no-warn-unused-configs

.DEFAULT_GOAL := help
.PHONY: help demo test coverage covered pythons oldest newest lint types format vectors fuzz
.PHONY: bench bench-costs bench-peers
.PHONY: api golden dist docs docs-links mutants mutants-page peers peers-vectors pictures servers tables check
.PHONY: bench-engines constraints clean engines
.DELETE_ON_ERROR:

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-13s %s\n", $$1, $$2 }'

demo: $(RUNTIME)/.installed  ## verify the examples in vectors/, and refuse a forgery
	@$(RUNTIME)/bin/python examples/demo.py

test: $(VENV)/.installed  ## run every test (ARGS="-k word" for some)
	@$(VENV)/bin/python $(PYTEST) $(ARGS)

coverage:  ## run every test, then require every branch of src/appleattest
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report= $(ARGS)"
	@$(MAKE) --no-print-directory covered

covered: $(VENV)/.installed  ## require every branch of src/appleattest, after a run with --cov
	@$(VENV)/bin/python -m coverage report --fail-under=100

pythons:  ## run every test on each other Python that we support, where it is installed
	@failed=; for version in $(PYTHONS); do \
		python=$$($(find-python)); \
		if [ -z "$$python" ]; then echo "Python $$version is not installed here: skipped"; \
		elif [ "$$python" = own ]; then echo "Python $$version is the one of make test: not again"; \
		else \
			echo "Every test on Python $$version"; \
			$(MAKE) --no-print-directory test PYTHON="$$python" VENV="$(VENV)-$$version" \
				|| failed="$$failed $$version"; \
		fi; \
	done; \
	[ -z "$$failed" ] || { echo "Tests failed on Python$$failed" >&2; exit 1; }

oldest: $(OLDEST)/.installed  ## run every test on the oldest supported dependencies
	@$(OLDEST)/bin/python $(PYTEST) $(ARGS)

newest: $(NEWEST)/.installed  ## run every test on today's releases of all dependencies
	@$(UNPINNED) $(NEWEST)/bin/python -m pip install -q --upgrade --upgrade-strategy eager \
		-e . --group test --group examples
	@$(NEWEST)/bin/python -m pip list --format=freeze | grep -E '^(asn1crypto|cbor2|cryptography)=='
	@$(NEWEST)/bin/python $(PYTEST) $(ARGS)

lint: $(VENV)/.installed  ## ruff: rules and formatting
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check

types: $(VENV)/.installed  ## mypy --strict
	@$(VENV)/bin/mypy --strict
	@MYPYPATH=examples/django_ca $(VENV)/bin/mypy --strict $(WITHOUT_DJANGO) \
		$$(find examples/django_ca -name '*.py')

format: $(VENV)/.installed  ## put the code into its one format
	@$(VENV)/bin/ruff check --fix-only
	@$(VENV)/bin/ruff format

vectors: $(VENV)/.installed  ## generate vectors/ anew from the cases
	@$(VENV)/bin/python -m vectors write

api: $(VENV)/.installed  ## write docs/api.txt, the record of the public interface
	@$(VENV)/bin/python -m release.api

dist: $(DIST)/.installed  ## build wheel, sdist and bill of materials in dist/, and check them
	@$(DIST)/bin/python -m release

golden: $(VENV)/.installed  ## write the golden files and the page of the command line anew
	@APPLEATTEST_GOLDEN=write $(VENV)/bin/python $(PYTEST) tests/cli $(ARGS)

bench: $(VENV)/.installed  ## measure speed and memory
	@$(VENV)/bin/python benchmarks/run.py $(ARGS)

bench-peers: $(VENV)/.installed  ## time others' verifiers and ours on the same objects: docs/peers.md
	@$(MAKE) --no-print-directory $(PEERS)/vectorpeers || true
	@$(VENV)/bin/python benchmarks/peer_times.py --write $(ARGS)
	@$(VENV)/bin/python docs/site/measured.py

bench-costs: $(VENV)/.installed  ## measure what a verification costs: docs/costs.md
	@$(VENV)/bin/python benchmarks/costs.py --write $(ARGS)
	@$(VENV)/bin/python docs/site/measured.py

fuzz: $(FUZZ)/.installed  ## fuzz every entry point (FUZZ_SECONDS=30 for each; TARGET=name for one)
	@$(FUZZ)/bin/python -m fuzz --seconds $(FUZZ_SECONDS) --jobs $(FUZZ_JOBS) $(TARGET)

mutants: $(VENV)/.installed  ## mutate the code and count what the tests notice (MODULES="mdm acme" for some)
	@$(UNPINNED) $(VENV)/bin/python -m pip install -q mutmut==3.8.1
	@$(VENV)/bin/python -m mutation $(MODULES)

mutants-page: $(VENV)/.installed  ## write docs/mutants.md from mutation/survivors.toml
	@$(VENV)/bin/python -m mutation.page

peers: $(PEERS)/.installed $(PEERS)/vectorpeers  ## build what others wrote, for optional tests (needs Go)

peers-vectors: $(VENV)/.installed $(PEERS)/vectorpeers  ## count which vectors others get wrong: docs/peers.md
	@$(VENV)/bin/python -m vectors.peers --write

servers: $(SERVERS)/acme2certifier/.installed $(SERVERS)/django_ca/.installed  ## install the ACME servers that tests enrol at

engines: $(ENGINES)/.installed  ## verify a backlog under DuckDB, Spark and Ray, and compare (Spark needs Java)
	@APPLEATTEST_BACKLOG=$(BACKLOG) $(ENGINES)/bin/python -m pytest -n 0 tests/engines $(ARGS)
	@$(ENGINES)/bin/python -m pytest -n 0 $(ENGINE_GUIDES)

bench-engines: $(ENGINES)/.installed  ## measure the engines with one worker and with two
	@$(ENGINES)/bin/python benchmarks/engines.py $(ARGS)

docs: $(DOCS)/.installed  ## build the documentation site into build/site
	@$(SPHINX) -b html . build/site
	@$(DOCS)/bin/python docs/site/check.py build/site
	@echo "The site is in build/site/index.html"

docs-links: $(DOCS)/.installed  ## ask each site that the documentation links to (needs a network)
	@$(SPHINX) -b linkcheck . build/links

tables: $(VENV)/.installed  ## write the tables of reasons and OIDs in docs/ from the packaged text
	@$(VENV)/bin/python docs/site/tables.py

pictures: $(VENV)/.installed  ## draw docs/pictures anew
	@$(VENV)/bin/python docs/site/pictures.py

check: lint types docs demo coverage oldest newest pythons  ## what CI runs, without the fuzzing

constraints:  ## write constraints.txt anew, with today's releases
	@rm -rf $(FRESH)
	@$(call create-venv,$(FRESH))
	@$(UNPINNED) $(FRESH)/bin/pip install -q --upgrade pip
	@$(UNPINNED) $(FRESH)/bin/pip install -q hatchling editables -e . --group dev --group fuzz --group dist --group docs --group engines
	@sed '/^[^#]/,$$d' constraints.txt >$(FRESH)/constraints.txt
	@$(FRESH)/bin/pip freeze --all --exclude-editable --exclude setuptools >>$(FRESH)/constraints.txt
	@mv $(FRESH)/constraints.txt constraints.txt
	@rm -rf $(FRESH)

clean:  ## remove what the other targets made
	rm -rf $(VENV) $(RUNTIME) $(OLDEST) $(NEWEST) $(FRESH) $(FUZZ) $(DIST) $(DOCS) $(ENGINES) $(PYTHONS:%=$(VENV)-%)
	rm -rf build dist .coverage .coverage.* .hypothesis $(PEERS) $(SERVERS) mutants .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An interpreter of the shell's $$version, "own" where $(PYTHON) is of that version, or nothing. A
# version manager may put a name on the path that starts nothing, so each is tried.
find-python = \
	right="import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$$version')"; \
	if $(PYTHON) -c "$$right" 2>/dev/null; then echo own; exit; fi; \
	for each in "python$$version" "$$(pyenv root 2>/dev/null)/versions/$$version".*/bin/python; do \
		if "$$each" -c "$$right" 2>/dev/null; then echo "$$each"; exit; fi; \
	done

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

$(DIST)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(DIST))
	@$(PIN) $(DIST)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(DIST)/bin/python -m pip install -q --group dist
	@touch $@

$(DOCS)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(DOCS))
	@$(PIN) $(DOCS)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(DOCS)/bin/python -m pip install -q -e . --group docs
	@touch $@

$(ENGINES)/.installed: pyproject.toml constraints.txt
	@$(call create-venv,$(ENGINES))
	@$(PIN) $(ENGINES)/bin/python -m pip install -q --upgrade pip
	@$(PIN) $(ENGINES)/bin/python -m pip install -q -e . --group engines
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

# Its releases are looked up whenever `make newest` runs, so this is no more than the venv.
$(NEWEST)/.installed: pyproject.toml
	@$(call create-venv,$(NEWEST))
	@$(UNPINNED) $(NEWEST)/bin/python -m pip install -q --upgrade pip
	@touch $@

needs-go = command -v $(GO) >/dev/null || \
	{ echo "make peers needs Go: https://go.dev/doc/install" >&2; exit 1; }

# Without cgo: step-ca would want the headers of a smart card library that no test needs.
# Not every module proxy has the simulator: then this says so, and the next run tries again.
$(PEERS)/.installed: Makefile
	@$(needs-go)
	@echo "Building step-ca and NanoMDM (once, some minutes)"
	@GOBIN=$(CURDIR)/$(PEERS) CGO_ENABLED=0 $(GO) install $(STEP_CA)
	@GOBIN=$(CURDIR)/$(PEERS) CGO_ENABLED=0 $(GO) install $(NANOMDM)
	@if GOBIN=$(CURDIR)/$(PEERS) CGO_ENABLED=0 $(GO) install $(IOS_SIMULATOR); then touch $@; else \
		echo "ios-acme-simulator is not to be had: its tests are skipped" >&2; fi

$(PEERS)/vectorpeers: $(wildcard $(VECTOR_PEERS)/*)
	@$(needs-go)
	@echo "Building the peers that the vectors are put to (once, some minutes)"
	@CGO_ENABLED=0 $(GO) build -C $(VECTOR_PEERS) -o $(CURDIR)/$@ .

# Their requirements are exact; of ours, only the build backend is pinned by the constraints.
$(SERVERS)/acme2certifier/.installed: examples/acme2certifier/requirements.txt pyproject.toml
	@$(call create-venv,$(SERVERS)/acme2certifier)
	@$(PIN) $(SERVERS)/acme2certifier/bin/python -m pip install -q --upgrade pip
	@$(UNPINNED) PIP_BUILD_CONSTRAINT=constraints.txt $(SERVERS)/acme2certifier/bin/python -m pip \
		install -q -r examples/acme2certifier/requirements.txt -e .
	@touch $@

$(SERVERS)/django_ca/.installed: examples/django_ca/requirements.txt pyproject.toml
	@$(call create-venv,$(SERVERS)/django_ca)
	@$(UNPINNED) $(SERVERS)/django_ca/bin/python -m pip install -q -e . -r $<
	@touch $@
