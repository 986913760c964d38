# One-word commands; each installs what it needs into the checkout (.venv, .lab) and is quick when that is done.
# Needs: Python 3.11 or later with venv, make. No root.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo screenshots test unit cover lint check bench install lab lock format clean distclean
MAKEFLAGS += --no-builtin-rules

export PYTHONUTF8 = 1
# Compiled once, not in each of the thousand processes that the tests start.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export LC_ALL = C.UTF-8
export npm_config_cache = $(CURDIR)/.lab/npm

ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
endif

# The stamp's name changes with what decides the environment, so an old environment is brought up to date by itself.
STATE := $(shell cat requirements/dev.txt pyproject.toml 2>/dev/null | sha256sum | cut -c1-16)
STAMP := .venv/installed-$(STATE)
PY := .venv/bin/python
LAB := $(PY) -m callcore.testing.lab
QUICK := $(wildcard $(addprefix tests/,unit property replay torture))
# These wait for phones, prompts and pages. The daemon runs as it is shipped: asyncio's debug mode, which the quick
# ones are in, would make it twice as slow.
SLOW := $(wildcard $(addprefix tests/,integration browser))
# Thousands of small databases that wait for the disk at every commit: in memory, where 4 GB of it are free.
IN_MEMORY := $(shell df --output=avail /dev/shm 2>/dev/null | awk '$$1 + 0 > 4000000 { print "/dev/shm" }')
test unit cover: export TMPDIR := $(or $(IN_MEMORY),$(TMPDIR),/tmp)

help:
	@echo 'make demo       callcore with an Asterisk, callers and phones of its own: see calls ring and cards pop'
	@echo 'make screenshots  the pictures of the pages in docs/images, in both languages, from the seeds'
	@echo 'make test       every test; make test ARGS="-k name" for some; make unit for the quick ones'
	@echo 'make cover      how much of the pure modules the tests tell; fails below every branch'
	@echo 'make lint       format, style, types, import rules, locks; make format mends the first two'
	@echo 'make check      lint and test'
	@echo 'make bench      the benchmarks, one JSON object a line; make bench ONLY=name for one'
	@echo 'make install    the Python environment in .venv; make lab: Asterisk 16 and 22, SIPp, Chromium in .lab'
	@echo 'make lock       make requirements/*.txt anew from pyproject.toml; make lock ARGS=--upgrade for newer versions'
	@echo 'make clean      remove caches; make distclean: .venv and .lab too'

install: $(STAMP)

$(STAMP):
	@if [ -z '$(PYTHON)' ]; then \
		echo 'Python 3.11 or later is missing. On Debian: apt install python3 python3-venv' >&2; exit 1; fi
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'The venv module of $(PYTHON) is missing. On Debian: apt install python3-venv' >&2; exit 1; }
	@mkdir -p .lab; exec 9>.lab/install.lock; flock 9 2>/dev/null || true; \
	if [ -f $@ ]; then exit 0; fi; set -e; \
	echo 'install: Python environment in .venv' >&2; \
	$(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv; \
	$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt; \
	$(PY) -m pip install --quiet --no-build-isolation --no-deps -e .; \
	rm -f .venv/installed-*; touch $@; echo 'install: done' >&2

# 3 says: not a Debian system. The tests that need the laboratory then skip, and say why.
lab: $(STAMP)
	@$(LAB) fetch || [ $$? -eq 3 ]

demo: $(STAMP)
	@$(LAB) fetch asterisk22 sipp espeak sox
	@exec $(PY) -m callcore.cli demo $(ARGS)

screenshots: $(STAMP)
	@$(LAB) fetch chromium
	@$(PY) -m callcore.testing.screenshots $(ARGS)

# 5 says: no test of that layer bears the name that ARGS asks for.
test: $(STAMP) lab
	PYTHONASYNCIODEBUG=1 $(PY) -m pytest -q -n 2 $(QUICK) $(ARGS) $(if $(ARGS),|| [ $$? -eq 5 ])
	$(PY) -m pytest -q -n 8 --dist loadgroup $(SLOW) $(ARGS) $(if $(ARGS),|| [ $$? -eq 5 ])

unit: $(STAMP)
	PYTHONASYNCIODEBUG=1 $(PY) -m pytest -q -n 2 tests/unit $(ARGS)

# The modules that decide everything and touch nothing: each branch of them is told by a test.
PURE := callcore/calls/*,callcore/ami/protocol.py,callcore/ami/translate.py,callcore/ami/headers.py,callcore/ami/snapshot.py,callcore/ami/actions.py,callcore/ami/line_actions.py,callcore/ami/originate.py,callcore/ami/dial_journal.py,callcore/ami/journal.py,callcore/ami/queue_log.py,callcore/ami/postmarks.py
cover: $(STAMP)
	PYTHONASYNCIODEBUG=1 $(PY) -m pytest -q -n 2 tests/unit/ami tests/unit/calls tests/unit/handset tests/property/calls tests/replay \
		--cov=callcore.calls --cov=callcore.ami --cov-branch --cov-report=
	$(PY) -m coverage report --include='$(PURE)' --fail-under=100 --show-missing --skip-covered

lint: $(STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) requirements/lock.py --check

format: $(STAMP)
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

check: lint test

bench: $(STAMP)
	@$(LAB) fetch >&2 || [ $$? -eq 3 ]
	@$(PY) -m benchmarks $(if $(ONLY),--only $(ONLY))

# pip-tools lives in an environment of its own: nothing else needs it, and it must not get into the locks.
lock:
	@test -x .lab/lock-venv/bin/pip-compile || { $(PYTHON) -m venv --clear .lab/lock-venv && \
		.lab/lock-venv/bin/python -m pip install --quiet pip-tools; }
	@.lab/lock-venv/bin/python requirements/lock.py $(ARGS)

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage dist build
	find . -path ./.venv -prune -o -path ./.lab -prune -o -name __pycache__ -type d -print | xargs rm -rf

distclean: clean
	rm -rf .venv .lab
