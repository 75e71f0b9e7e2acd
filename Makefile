# make demo   open the generated demo volume
# make test   the whole test suite, the browser's part included
# make crashtest  kill a labelling process a thousand times, and see that the log keeps all that it acknowledged
# make check  lint, types, and that the committed page is what its source builds

PYTHON ?= python3
PY := .venv/bin/python
# What pyproject.toml asks for, so that the versions stand in one place; the checkout itself is never installed.
wants = $(shell $(PYTHON) -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
	o = p['optional-dependencies']; print(*p['dependencies'], *o['encoder'], *o['openvino'], *o['layout'], *o['explore'], *o['skeletons'], *o['parquet'], *o['distributed'], *o['phantom'], *$(1))")
install = $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(foreach w,$(1),"$(w)")

.PHONY: demo test crashtest check format bench page chromium clean

demo: .venv/.demo
	$(PY) launch.py $(ARGS)

test: .venv/.dev chromium static/node_modules/.installed
	@if command -v npm >/dev/null; then cd static && npm test; \
	else echo "node is not installed: the page's own tests are left out (install Node.js 20 or newer)"; fi
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	@echo "tests without the app in a browser, side by side:"
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile --ignore tests/browser; found=$$?; \
	echo "the app in a browser, which keeps two cores busy by itself:"; $(PY) -m pytest tests/browser && exit $$found
endif

crashtest: .venv/.dev
	PYTHONPATH=model:. OMP_NUM_THREADS=1 $(PY) -m tests.crash $(ARGS)

check: .venv/.dev static/node_modules/.installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	cd static && npm run check && npm run build
	@git diff --exit-code --stat -- static/dist || \
		{ echo "static/dist is not what static/src builds: commit the output of 'make page'"; exit 1; }

format: .venv/.dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: .venv/.dev
	$(PY) -m benchmarks $(ARGS)

page: static/node_modules/.installed
	cd static && npm run build

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else echo "no Chromium found: the browser tests will be skipped (install the 'chromium' package, or set CHROMIUM=/path)"; fi

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit('Python 3.11 or newer is needed, this is ' + sys.version.split()[0] if sys.version_info < (3, 11) else 0)"
	$(PYTHON) -m venv .venv

.venv/.demo: .venv/bin/python constraints.txt pyproject.toml
	$(call install,$(call wants,[]))
	@touch $@

.venv/.dev: .venv/.demo
	$(call install,$(call wants,o['dev']))
	@touch $@

static/node_modules/.installed: static/package-lock.json
	@if command -v npm >/dev/null; then cd static && npm ci --silent --no-audit --no-fund && touch node_modules/.installed; fi

clean:
	rm -rf .venv static/node_modules build dist .mypy_cache .ruff_cache .pytest_cache
