# `make book` and `make test` need git, Python 3.11 or newer, and make; everything else they install into .venv.
PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python -m
JS := nin_lib/widgets/js
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm --prefix $(JS)
SITE := _build/html
NOTEBOOKS := $(patsubst book/text/%.md,book/%.ipynb,$(sort $(wildcard book/text/*.md)))
PORT ?= 8000

# PyPI's torch for Linux on x86-64 brings CUDA, some gigabytes; PyTorch's own index has a CPU build of 200 MB. Empty: PyPI's.
TORCH_INDEX ?= $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),https://download.pytorch.org/whl/cpu)
TORCH := torch==$(shell sed -n 's/^torch==//p' constraints.txt)

# uv where there is one, which is faster; else pip, the newer one that is installed first.
UV := $(shell command -v uv)
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(if $(UV),$(UV) pip install -q --python $(BIN)/python,$(PIP) install -q --no-compile)

# What a shell has set for other projects must not leak in, nor a locale in which Python cannot name this folder.
# (LC_ALL=C keeps Python from choosing UTF-8 by itself, as it does in an empty locale, also where PYTHONUTF8 has no say.)
unexport PYTHONPATH PYTHONHOME $(if $(filter C POSIX,$(LC_ALL)),LC_ALL)
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help book serve test test-all lint format unit nbval site browser slow fuzz mutants lowest portable notebooks bench \
  locks clean force

help: ## list the targets
	@awk -F ":.*## " "/^[a-z-]+:.*## / {printf \"make %-10s %s\\n\", \$$1, \$$2}" $(MAKEFILE_LIST)

book: site ## install what is missing, build the site and say where it is
	@echo "The book is at $(CURDIR)/$(SITE)/index.html (\`make serve\` serves it)."

serve: book ## build the site and serve it on this machine alone
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT) \
	  || { echo "make: no server (see above): if port $(PORT) is in use, name another: make serve PORT=8001" >&2; exit 1; }

test: lint unit nbval site browser ## everything that CI checks

test-all: test slow fuzz mutants ## and what takes too long for every push: once a week in the workflows
	$(BIN)/python tests/portable.py plain

lint: .venv/js ## ruff, codespell, mypy, the explorers' own linters, and notebooks against their texts
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) codespell_lib
	$(RUN) mypy
	$(NPM) run --if-present lint
	$(BIN)/python book/notebooks.py --check

format: .venv/js ## format the code, and the code cells of the texts (then `make notebooks`)
	$(RUN) ruff check -q --fix nin_lib tests benchmarks book/*.py book/_ext
	$(RUN) ruff format -q nin_lib tests benchmarks book/*.py book/_ext
	$(RUN) jupytext -q --pipe '$(RUN) ruff check -q --fix --exit-zero --select I --stdin-filename book/text.py -' --pipe-fmt py:percent \
	  --pipe '$(RUN) ruff format -q --stdin-filename book/text.py -' --pipe-fmt py:percent book/text/*.md
	$(NPM) run --if-present format

# One thread for each process, as many processes as there are cores. What was computed elsewhere, the outputs of the notebooks
# and the stored results, is computed again with the plainest kernels of this processor (tests/processors.py), so that a
# number that depends on the processor shows on every machine.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(RUN) pytest -q -n auto --dist worksteal --durations=10
PLAIN = env $$($(BIN)/python tests/processors.py plain)

unit: .venv/js ## the tests that need no browser and no built site, and what of nin_lib they reach
	$(NPM) run --if-present test
	$(PYTEST) -m "not browser and not stored and not slow" --cov=nin_lib tests
	$(PLAIN) $(PYTEST) -m "stored and not slow" tests

nbval: .venv/test ## run every notebook and compare each output with the stored one
	$(PLAIN) $(PYTEST) --dist loadfile --nbval book

slow: .venv/test ## the trainings at full size, an epoch of each, and what else takes minutes
	$(PLAIN) $(PYTEST) -m slow tests

fuzz: .venv/test ## the tests with random examples, 2000 new ones for each
	NIN_EXAMPLES=long $(PYTEST) -m hypothesis tests

mutants: .venv/js ## change the code in the ways of tests/mutants.yml, on a copy, and see that tests fail
	$(BIN)/python tests/mutants.py

# In a folder of its own, with the wheel: what passes there leans neither on the checkout nor on newer versions.
LOWEST = $${TMPDIR:-/tmp}/nin-lowest
lowest: ## unit tests and notebooks from the wheel, outside the checkout, at the lowest versions allowed (needs uv)
	@command -v uv >/dev/null || { echo "make: uv chooses the lowest versions: pip install uv" >&2; exit 1; }
	rm -rf $(LOWEST) && mkdir $(LOWEST) && cp -r tests book pyproject.toml $(LOWEST)
	uv build -q --wheel -o $(LOWEST)
	uv pip compile -q --python $(PYTHON) --resolution lowest-direct --extra notebooks pyproject.toml -o $(LOWEST)/lowest.txt
	uv venv -q --python $(PYTHON) $(LOWEST)/.venv
	uv pip install -q --python $(LOWEST)/.venv/bin/python -r $(LOWEST)/lowest.txt
	uv pip install -q --python $(LOWEST)/.venv/bin/python --no-deps $(LOWEST)/*.whl
	uv pip install -q --python $(LOWEST)/.venv/bin/python $(TESTERS)
	cd $(LOWEST) && OMP_NUM_THREADS=1 .venv/bin/python -m pytest -q -n auto -m "not browser and not checkout and not slow" \
	  $(patsubst %,--ignore=tests/test_%.py,$(OF_THE_CHECKOUT)) tests
	cd $(LOWEST) && OMP_NUM_THREADS=1 .venv/bin/python -m pytest -q -n auto --dist loadfile --nbval book
OF_THE_CHECKOUT := address book equations mutants site
TESTERS := distributed filelock hypothesis nbclient nbval playwright pytest pytest-xdist

portable: .venv/test ## unit tests and notebooks as on other processors, one thread and two, and the margins of the digits
	$(BIN)/python tests/portable.py

# -n: a broken cross-reference is a warning; -W: a warning is a failure; --keep-going: report all of them.
site: .venv/book ## build the site, warnings are errors
	@$(WRITABLE)
	@$(BIN)/python $(BIN)/jupyter-book build . -W -n --keep-going && test -f $(SITE)/index.html

browser: site .venv/js ## the built site and the explorers in headless Chromium
	$(PYTEST) -m "browser and not slow" tests

notebooks: $(NOTEBOOKS) ## make the notebooks from book/text, execute them and store the outputs

book/%.ipynb: book/text/%.md .venv/test force # `make book/NAME.ipynb` makes one
	$(BIN)/python book/notebooks.py $*

bench: site .venv/test ## ratio tables, each measured side by side in one run
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean: ## remove what was built and installed
	rm -rf .venv _build .coverage nin_lib/widgets/static $(JS)/node_modules

locks: ## pin what the project installs: constraints.txt and, with hashes, locks/ (needs uv)
	@command -v uv >/dev/null || { echo "make: locks are made by uv: pip install uv" >&2; exit 1; }
	$(COMPILE) --extra test --extra compare -o constraints.txt
	$(COMPILE) --extra test --extra compare --generate-hashes -c constraints.txt -o locks/test.txt \
	  $$(sed -nE 's/^((torch|triton|cuda|nvidia)[a-z0-9-]*)==.*/--no-emit-package \1/p' constraints.txt)
	$(COMPILE) --extra book --generate-hashes -c constraints.txt -o locks/book.txt \
	  $(addprefix --no-emit-package ,$(NOT_FOR_THE_SITE))
COMPILE := uv pip compile -q --universal --python-version 3.11 --no-annotate --no-header pyproject.toml
# Of scikit-learn the site needs a file, the digits, which is read without importing what scikit-learn itself needs.
NOT_FOR_THE_SITE := scipy joblib threadpoolctl

# .venv/book has what the site needs, .venv/test all the rest. Each is made again when a pin, the project's metadata or an
# explorer's source has changed, and both when the checkout has been moved. The checks come first and in plain sh, so that
# their sentences are what a reader of an old machine sees.
SOURCES := pyproject.toml build_explorers.py $(shell find $(JS) -type f -not -path '*/node_modules/*' 2>/dev/null)
MOVED := $(shell test -e .venv/checkout && test "$$(cat .venv/checkout)" != "$(CURDIR)" && echo force)
WRITABLE = test -w . || { echo "make: $(CURDIR) cannot be written, and the site is built in it: copy the checkout to a folder of your own" >&2; exit 1; }
FAILED = { echo "make: the installation failed (see above): it needs a network that reaches PyPI and the npm registry; run the same command again once it does" >&2; exit 1; }

.venv/book: locks/book.txt $(SOURCES) $(MOVED)
	@$(WRITABLE)
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old: this book needs Python 3.11 or newer; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(if $(MOVED),echo "The checkout has been moved: installing anew."; rm -rf .venv;) test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the site needs into .venv, with $(if $(UV),uv,pip); the first time takes a minute."
	@$(if $(UV),,$(PIP) install -q -U pip==26.3 || $(FAILED))
	@$(INSTALL) --no-deps --require-hashes -r locks/book.txt && $(INSTALL) --no-deps -e . || $(FAILED)
	@echo "$(CURDIR)" >.venv/checkout
	@touch $@

# The explorers' own tools: the package's build installs what bundles them, and no more.
.venv/js: .venv/test $(JS)/package-lock.json
	@$(NPM) ci --silent || $(FAILED)
	@touch $@

.venv/test: .venv/book locks/test.txt constraints.txt
	@echo "Installing what the tests need into .venv; the first time takes some minutes."
	@$(INSTALL) --no-deps --require-hashes -r locks/test.txt || $(FAILED)
	@if [ -n "$(TORCH_INDEX)" ] && $(BIN)/python -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5)' "$(TORCH_INDEX)/torch/" 2>/dev/null; \
	then echo "$(TORCH): the CPU build of $(TORCH_INDEX)"; $(INSTALL) --index-url "$(TORCH_INDEX)" $(TORCH); \
	else echo "$(TORCH): the build of PyPI$(if $(TORCH_INDEX),: $(TORCH_INDEX) cannot be reached)"; $(INSTALL) -c constraints.txt $(TORCH); fi || $(FAILED)
	@touch $@

force:
