# Two commands do all set-up on a fresh machine: `make grade` and `make test`.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(PY) -m autograder.cli
READY := $(VENV)/.ready

.PHONY: help setup grade test fast lint types validate release collect report feedback bubblewrap chromium bench
.DEFAULT_GOAL := help

help:
	@echo 'make grade                    set up; grade the course, or the bundled sample class if there is none'
	@echo 'make test                     set up; lint, types and all tests  (TESTS=tests/test_x.py: only these)'
	@echo 'make fast                     set up; lint, types and the tests that take less than a minute'
	@echo 'make release A=backprop       make the student version and release it  (DUE="2026-12-01 23:59 UTC")'
	@echo 'make collect A=backprop       collect what students submitted'
	@echo 'make grade A=backprop         grade what was collected, record it in the gradebook'
	@echo 'make report A=backprop        class page, table and feedback anew, after grading by hand; nothing is released'
	@echo 'make feedback A=backprop      release the feedback to the students'
	@echo 'make validate                 what must hold before a release: references, solutions, misconceptions, mutants'
	@echo 'make bench                    time it against nbgrader, Otter and pytest on this machine'

setup: $(READY) bubblewrap

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Python 3.11 or newer is needed; name one: make PYTHON=python3.12 …'; exit 1; }
	@echo 'Setting up $(VENV) (once; about a minute) …'
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q >/dev/null && apt-get install -qy python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); \
	  else echo 'Python cannot make a virtual environment: sudo apt-get install python3-venv'; exit 1; fi; }
	@$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]' || { \
	  echo 'Not all versions of constraints.txt are to be had here: others are taken, which may draw other cases.'; \
	  $(PY) -m pip install -q --disable-pip-version-check -e '.[test]'; }
	@# Solutions and grades are for nobody else on this machine; who shares them with a group says so with chmod.
	@chmod go-rwx $(wildcard solutions tests course sample .cache .git)
	@touch $@

bubblewrap:
	@command -v bwrap >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo 'Installing bubblewrap, the sandbox …'; \
	    apt-get update -q >/dev/null && apt-get install -qy bubblewrap >/dev/null || \
	      echo 'bubblewrap could not be installed: a weaker sandbox will be used.'; \
	  else echo 'For the strong sandbox: sudo apt-get install bubblewrap (a weaker one is used until then).'; fi; }

chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo 'Installing chromium, in which the tests open the pages …'; \
	    apt-get update -q >/dev/null && apt-get install -qy --no-install-recommends chromium >/dev/null || \
	      echo 'chromium could not be installed: the tests of pages in a browser will be skipped.'; \
	  else echo 'To test pages in a browser: sudo apt-get install chromium (those tests are skipped until then).'; fi; }

grade: setup
	@$(RUN) course grade $(A)

release: setup
	@$(RUN) course release $(A) $(if $(DUE),--due "$(DUE)") $(if $(UNVALIDATED),--unvalidated)

collect: setup
	@$(RUN) course collect $(A)

report: setup
	@$(RUN) course report $(A)

feedback: setup
	@$(RUN) course feedback $(A)

validate: setup
	@$(RUN) validate $(A) $(if $(A),,--published)

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: setup
	@$(VENV)/bin/mypy

test: lint types chromium
	@$(PY) -m pytest -n auto $(TESTS)

fast: lint types
	@$(PY) -m pytest -n auto -m fast

$(VENV)/.bench: $(READY)
	@echo 'Installing what it is compared with …'
	@$(PY) -m pip install -q --disable-pip-version-check -e '.[bench]'
	@touch $@

bench: setup $(VENV)/.bench
	@$(PY) -m tests.benchmarks.run $(ARGS)
