# Two targets do all the set-up: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := samples/logs/package-without-cpu-of-16

.PHONY: run test check bench-check wheel pyz docs man compile rule fuzz explore torture mutants floors lock axe release clean

# What the main jobs need, and nothing else.
$(VENV)/run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[c,fast]'
	$(BIN)/python -m compileall -q analyzer/tdxwhy
	touch $@

# What tests and checks need beside it.
$(VENV)/installed: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# The same, as CI installs it: each version pinned, with its hashes.
$(VENV)/locked: packaging/ci.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement packaging/ci.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q analyzer/tdxwhy
	touch $(VENV)/run $(VENV)/installed $@

run: $(VENV)/run
	$(BIN)/tdxwhy log $(SAMPLE)/dmesg.log || test $$? -eq 1

test: $(VENV)/installed
	$(BIN)/python -m pytest -n auto

# The tables made of rules/, which are otherwise made when they are first asked for, and what is written from code: schemas, a page.
compile: $(VENV)/installed
	$(BIN)/python -m tdxwhy.build

check: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test wheel

# The documentation as pages, with the reference made of rules/ and of the parsers, in build/site.
docs: $(VENV)/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

# Each reader fed with what a fuzzer makes of samples, one after another: make fuzz, or make fuzz RUNS=1000 READERS='log mail'.
RUNS ?= 60000
fuzz: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz $(RUNS) build/fuzz $(READERS)

# The property tests with examples that no run has drawn yet, one seed after another: make explore, or make explore SEEDS='7 8 9'.
SEEDS ?= 1 2 3 4 5
explore: $(VENV)/installed
	for seed in $(SEEDS); do $(BIN)/python -m pytest -n auto --hypothesis-profile=explore --hypothesis-seed=$$seed $$(grep -rl '@given' tests) || exit 1; done

# A thousand kills of ingest and compact at random moments.
KILLS ?= 1000
torture: $(VENV)/installed
	$(BIN)/python -m tests.fleet.torture $(KILLS)

# Small changes of explain/, know/, replay/ and source/, each with the tests that call it: which does nobody notice?
MUTANTS ?= 500
mutants: $(VENV)/installed
	$(BIN)/python -m tests.mutation $(MUTANTS) build/mutation

# A new rule from the skeleton: make rule ID=TDX211, or ID=TDX901 DIR=my-rules.
rule: $(VENV)/installed
	$(BIN)/python -m tdxwhy.check.skeleton $(ID) $(DIR)

# Processor time beside that of another commit (BASE=...): over 5 % more in any row fails. No part of the tests, as it takes minutes.
BASE ?= main
bench-check: $(VENV)/installed
	$(BIN)/python benchmarks/check.py --base $(BASE)

wheel: $(VENV)/installed
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --outdir build/wheel . > build/wheel/log
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel && venv/bin/tdxwhy --version
	cd build/wheel && { venv/bin/tdxwhy log --brief $(CURDIR)/$(SAMPLE)/dmesg.log || test $$? -eq 1; }

# One file for a host that has Python 3.11 and nothing else.
pyz: $(VENV)/run
	rm -rf build/pyz && mkdir -p build/pyz dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/pyz .
	$(BIN)/python packaging/pyz.py build/pyz/*.whl dist/tdxwhy.pyz
	cd build/pyz && { $(PYTHON) -I $(CURDIR)/dist/tdxwhy.pyz log --brief $(CURDIR)/$(SAMPLE)/dmesg.log || test $$? -eq 1; }

# Manual pages and completions of shells, from the commands' own parsers, in build/man and build/completions.
man: $(VENV)/installed
	$(BIN)/python packaging/manual.py build

# The tests with every dependency at its floor.
floors:
	rm -rf build/floors && $(PYTHON) -m venv build/floors
	build/floors/bin/python packaging/floors.py > build/floors/constraints.txt
	build/floors/bin/python -m pip install --quiet --disable-pip-version-check --constraint build/floors/constraints.txt --editable '.[dev]'
	build/floors/bin/python -m pytest

# What CI installs, each version with its hashes.
lock:
	$(PYTHON) -m venv build/lock && build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-annotate --no-header --output-file packaging/ci.lock pyproject.toml

# What the browser test asks whether pages are accessible.
axe:
	npm install --silent --no-audit --no-fund --prefix build/axe axe-core

# What a tag is published as, the same bytes whoever makes them of it.
release: $(VENV)/installed
	rm -rf dist && mkdir -p dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist
	$(BIN)/python packaging/pyz.py dist/*.whl dist/tdxwhy.pyz
	$(BIN)/python packaging/sbom.py dist/*.whl dist/tdxwhy.cdx.json
	cd dist && sha256sum * > SHA256SUMS

clean:
	rm -rf $(VENV) build dist
