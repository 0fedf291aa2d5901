# Two commands do all the set-up: `make demo` and `make test`. Python 3.11+, git and make are all they need.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

PYTHON ?= $(firstword $(foreach name,python3 python python3.13 python3.12 python3.11,\
	$(shell $(name) -c "import sys; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1 && echo $(name))))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# The versions that the tests were passed with: a release of yesterday cannot break a newcomer.
INSTALL := $(PIP) install --constraint constraints.txt --editable
# Two processes with one thread each: the linear algebra's own threads would only get in each other's way.
PYTEST := OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest --numprocesses auto --dist loadscope

.PHONY: schema help demo test slow lint types contract docs notebooks wheel samples constraints check audit clean

help:
	@echo "make demo        make the environment, run the whole job on a simulated programme"
	@echo "make test        make the environment, pass all tests"
	@echo "make slow        the same, and the 25 slowest tests: none above 10 s on a machine that does nothing else"
	@echo "make check       lint, types, import contract, docs examples, notebooks, wheel"
	@echo "make schema      make the JSON schema of blueprint files again from its declaration"
	@echo "make samples     make data/samples again (same seed, same bytes)"
	@echo "make constraints choose the newest versions of everything anew; pass the tests before you keep them"
	@echo "make audit       licences of what it needs, and known vulnerabilities"
	@echo "make clean       remove the environment and everything that was built"

.venv/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed; install it, or say make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/made pyproject.toml constraints.txt
	$(INSTALL) .
	@touch $@

.venv/installed-test: .venv/installed
	$(INSTALL) ".[test]"
	@touch $@

.venv/installed-dev: .venv/installed-test
	$(INSTALL) ".[dev]"
	@touch $@

demo: .venv/installed
	$(BIN)/ciip-irt demo --out demo

test: .venv/installed-test
	$(PYTEST)

slow: .venv/installed-test
	$(PYTEST) --durations 25 --durations-min 1

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-dev
	$(BIN)/mypy

contract: .venv/installed-dev
	$(BIN)/lint-imports

docs: .venv/installed-dev
	$(PYTEST) --override-ini "addopts=" -ra -q --dist load docs/check_examples.py

notebooks: .venv/installed-dev
	$(BIN)/python notebooks/run.py

# Twice: who builds a release again must get the same bytes.
wheel: .venv/installed-dev
	$(BIN)/python -m build --outdir dist
	$(BIN)/python -m build --outdir dist/again
	cmp dist/*.whl dist/again/*.whl
	cmp dist/*.tar.gz dist/again/*.tar.gz
	$(BIN)/python tests/check_wheel.py dist

# The second asks the registry's service for known vulnerabilities: it needs the network.
audit: .venv/installed
	$(INSTALL) ".[audit]"
	$(BIN)/pip-licenses --from mixed --order license --packages $$($(BIN)/python -c "from importlib.metadata import requires; \
	import re; print(*(re.match('[A-Za-z0-9_-]+', need)[0] for need in requires('ciip-irt') if 'extra' not in need))")
	$(BIN)/pip-audit --requirement constraints.txt

schema: .venv/installed
	$(BIN)/python -c "from pathlib import Path; from ciip_irt.blueprint import reading; \
	Path('src/ciip_irt/blueprint/blueprints/blueprint.schema.json').write_text(reading.generate_schema(), 'utf-8')"

samples: .venv/installed
	$(BIN)/ciip-irt simulate --out data/samples --candidates 600 --seed 2026

# For every Python that pyproject.toml allows and every platform: lines that hold for some only say so.
constraints: .venv/installed-dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --upgrade --no-header --no-annotate \
		--output-file constraints.txt pyproject.toml

check: lint types contract docs notebooks wheel

clean:
	rm -rf .venv .venv-* dist build demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
