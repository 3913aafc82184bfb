# gridpin: make run, then http://127.0.0.1:8080; make test for everything.

# Where the private database lies; its file database-url is what commands take as --database.
DATA ?= .data
# Where the page is served.
PORT ?= 8080

web_sources := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test-output/*' 2>/dev/null)

.PHONY: run test bench fmt clean stop build

run: build ## Serve the demo town at http://127.0.0.1:$(PORT)
	@GRIDPIN_DATABASE="$$(cat '$(DATA)/owner-url')" target/release/gridpin migrate
	@if ./setup.sh is-empty '$(DATA)'; then \
		GRIDPIN_DATABASE="$$(cat '$(DATA)/database-url')" \
			target/release/gridpin demo load; fi
	@GRIDPIN_DATABASE="$$(cat '$(DATA)/database-url')" exec target/release/gridpin serve --bind '127.0.0.1:$(PORT)'

build: web/dist/index.html
	@./setup.sh install
	@./setup.sh start '$(DATA)'
	cargo build --release --quiet

# The web client is embedded in the binary: it comes first, and only when its sources changed.
web/dist/index.html: $(web_sources) web/node_modules/.package-lock.json
	npm --prefix web run build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

test: ## Every test there is, the browser's too
	@./tests/run.sh

bench: ## Measure beside the peers, in one table; QUICK=1 in ten minutes, PART="tile edit" only these: benches/run.sh
	@./benches/run.sh

fmt: ## Format Rust and web sources
	cargo fmt
	npm --prefix web run format

stop: ## Stop the private database of make run
	@./setup.sh stop '$(DATA)'

clean: ## Remove what was built and the test database; what people edited in $(DATA) stays
	@./setup.sh stop .data/test
	rm -rf target web/dist web/node_modules test-output .data/test
	@echo 'kept: $(DATA) (make stop, then remove it by hand to lose the database)'
