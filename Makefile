# `make book` and `make test` need git, Python 3.11 or newer, and make; everything else they install into .venv.
PYTHON ?= python3
BIN := .venv/bin
SITE := _build/html
NOTEBOOKS := $(patsubst book/text/%.md,book/%.ipynb,$(sort $(wildcard book/text/*.md)))
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help book serve test lint format unit nbval site browser notebooks bench clean force

help: ## list the targets
	@awk -F ":.*## " "/^[a-z]+:.*## / {printf \"make %-10s %s\\n\", \$$1, \$$2}" $(MAKEFILE_LIST)

book: site ## install what is missing, build the site and say where it is
	@echo "The book is at $(CURDIR)/$(SITE)/index.html (\`make serve\` serves it)."

serve: book ## build the site and serve it on this machine alone
	@echo "http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT) \
	  || { echo "make: no server (see above): if port $(PORT) is in use, name another: make serve PORT=8001" >&2; exit 1; }

test: lint unit nbval site browser ## everything that CI checks

lint: .venv/installed ## ruff, codespell, and notebooks against their texts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/python book/notebooks.py --check

format: .venv/installed ## format the code, and the code cells of the texts (then `make notebooks`)
	$(BIN)/ruff check -q --fix nin_lib tests benchmarks book/*.py book/_ext
	$(BIN)/ruff format -q nin_lib tests benchmarks book/*.py book/_ext
	$(BIN)/jupytext -q --pipe '$(BIN)/ruff format -q -' --pipe-fmt py:percent book/text/*.md

unit: .venv/installed ## the tests that need no browser and no built site
	$(BIN)/python -m pytest -q -m "not browser" tests

nbval: .venv/installed ## run every notebook and compare each output with the stored one
	$(BIN)/python -m pytest -q --nbval book

# -n: a broken cross-reference is a warning; -W: a warning is a failure; --keep-going: report all of them.
site: .venv/installed ## build the site, warnings are errors
	@$(BIN)/jupyter-book build . -W -n --keep-going

browser: site ## the built site and the explorers in headless Chromium
	$(BIN)/python -m pytest -q -m browser tests

notebooks: $(NOTEBOOKS) ## make the notebooks from book/text, execute them and store the outputs

book/%.ipynb: book/text/%.md .venv/installed force # `make book/NAME.ipynb` makes one
	$(BIN)/python book/notebooks.py $*

bench: site ## ratio tables, each measured side by side in one run
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean: ## remove what was built and installed
	rm -rf .venv _build nin_lib/widgets/static nin_lib/widgets/js/node_modules

# An independent library that a test compares with. It also asks for backpack, and that for torchvision, which has no build
# for every torch; neither is needed here. So it is installed without what it asks for, but for this.
CURVLINOPS := curvlinops-for-pytorch==3.0.1 einconv==0.1.0 einops==0.8.2 linear-operator==0.6.1 opt-einsum==3.4.0

# Installs again when a pin, the project's metadata or an explorer's source has changed. The check of the version
# comes first and in plain sh, so that its sentence is what a reader of an old machine sees.
.venv/installed: pyproject.toml constraints.txt $(shell find nin_lib/widgets/js -type f -not -path '*/node_modules/*' 2>/dev/null)
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) found: install Python 3.11 or newer, or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $$($(PYTHON) --version) is too old: this book needs Python 3.11 or newer; name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing into .venv; the first time takes some minutes."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[book,test]' \
	  && $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps $(CURVLINOPS) \
	  || { echo "make: the installation failed (see above): it needs a network that reaches PyPI and the npm registry; run the same command again once it does" >&2; exit 1; }
	@touch $@

force:
