# The short names people type. Everything works as root, and for others through sudo.

SHELL := /bin/bash
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)

# One compiler cache serves every checkout, so a second clone builds in seconds.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros,include_file_mtime,include_file_ctime

TIDEWIRE := build/release/server/tidewire

.PHONY: help run test bench lint fmt build clean deps node-deps web
.PHONY: test-unit test-sim test-client test-conformance test-e2e test-browser test-sanitizers test-fuzz

help:
	@echo "make run     build and start tidewire with the trip planner demo"
	@echo "make test    run every test"
	@echo "make build   build the server, the client and the demo"
	@echo "make bench   measure against the peers (QUICK=1: below two minutes)"
	@echo "make lint    check formats, layers, generated files and static analysis"
	@echo "make fmt     format the sources"
	@echo "make clean   remove everything that was built"

deps:
	@tools/install-deps

node-deps: deps
	@tools/install-node-modules

build/%/build.ninja: CMakeLists.txt CMakePresets.json server/CMakeLists.txt
	@cmake --preset $* > /dev/null

$(TIDEWIRE): deps build/release/build.ninja
	@ninja -C build/release -j $(JOBS) --quiet tidewire

web: node-deps
	@tools/build-web

build: $(TIDEWIRE) web
.PHONY: $(TIDEWIRE)

run: build
	@tools/run-demo $(TIDEWIRE)

test:
	@tools/run-tests

test-unit test-sim test-client test-conformance test-e2e test-browser test-sanitizers test-fuzz:
	@tools/run-tests $(@:test-%=%)

bench: $(TIDEWIRE)
	@ninja -C build/release -j $(JOBS) --quiet
	@bench/run $(if $(QUICK),--quick)

lint:
	@tools/lint

fmt: deps
	@git ls-files '*.h' '*.cc' | grep -v 'gen\.h$$' | xargs clang-format-19 -i

clean:
	@rm -rf build node_modules clients/ts/packages/*/{node_modules,dist} examples/*/{node_modules,dist} tests/output
