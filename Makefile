# SPDX-License-Identifier: Apache-2.0
# A thin front to Meson and tools/. Everything here can be done by hand: see CONTRIBUTING.md.

PREFIX ?= /usr/local
BUILD := build
PYTHON := $(firstword $(wildcard /usr/bin/python3) python3)

.PHONY: help setup configure build demo test bench fuzz sanitize format install uninstall clean
.DEFAULT_GOAL := help

help:
	@echo 'make setup      install the Debian packages that are missing (root or sudo; tools/packages.txt)'
	@echo 'make build      build everything; the program is build/headroom'
	@echo 'make demo       a virtual rack under its budget, live; options: DEMO="--nodes 20 --seconds 60"'
	@echo 'make test       setup, build and every check; options: ONLY=gcc,format   (CI=true: a skip fails)'
	@echo 'make bench      run the benchmarks and print their tables'
	@echo 'make fuzz       fuzz every parser; options: FUZZ_SECONDS=60 (per target)'
	@echo 'make sanitize   all tests with the address and undefined-behaviour sanitizers'
	@echo 'make format     format the C files, write the include table into ARCHITECTURE.md'
	@echo 'make install    install build/; options: PREFIX=/usr/local DESTDIR='
	@echo 'make uninstall  remove what "make install" of this tree installed'
	@echo 'make clean      remove everything that was built'

setup:
	@tools/setup.sh

configure:
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --prefix=$(PREFIX)

build: configure
	ninja -C $(BUILD)

demo: setup build
	$(BUILD)/headroom demo --plot docs/pictures/demo.svg $(DEMO)

test: setup build
	@$(PYTHON) tools/run_tests.py $(if $(ONLY),--only $(ONLY))

bench: build
	meson test -C $(BUILD) --no-rebuild --benchmark --verbose --num-processes 1

FUZZ_SECONDS ?= 60
fuzz: setup
	@HR_FUZZ_SECONDS=$(FUZZ_SECONDS) $(PYTHON) tools/run_tests.py --only fuzz

sanitize: setup
	@$(PYTHON) tools/run_tests.py --only sanitize

format:
	@$(PYTHON) tools/run_tests.py --format

install: build
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	meson install -C $(BUILD)

uninstall:
	ninja -C $(BUILD) uninstall

clean:
	rm -rf $(BUILD) $(wildcard build-*)
