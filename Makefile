# holdfast: a short way into Meson and Ninja. Each target installs the Debian packages it needs when
# they are missing (as root, or through sudo), saying which and why: tools/packages lists them.

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
CC_WITH_CACHE := $(shell command -v ccache >/dev/null 2>&1 && echo 'ccache ')$(or $(HOLDFAST_CC),gcc)

.PHONY: all build run check bench fuzz oracle install clean need-build need-check need-bench need-fuzz

all: build

need-build need-check need-bench need-fuzz: need-%:
	@tools/need $*

build/build.ninja: meson.build meson_options.txt
	@CC="$(CC_WITH_CACHE)" meson setup build --buildtype=release -Doptimization=2 -Dwerror=false --prefix="$(PREFIX)" $(if $(wildcard build/build.ninja),--reconfigure,) >/dev/null

build: need-build
	@$(MAKE) --no-print-directory build/build.ninja
	@ninja -C build -j$(JOBS) --quiet

run: build
	@build/src/cli/holdfast quickstart $(FILE)

check: need-build need-check
	@tools/check

bench: need-build need-bench build
	@tools/bench

oracle: need-build need-check build
	@ninja -C build -j$(JOBS) --quiet tests/oracle
	@build/tests/oracle $(STRIDE)

fuzz: need-build need-fuzz
	@tools/fuzz

install: build
	@meson configure build -Dprefix="$(PREFIX)"
	@ninja -C build --quiet
	@DESTDIR="$(DESTDIR)" meson install -C build --no-rebuild --quiet
	@echo "installed under $(DESTDIR)$(PREFIX)"

clean:
	@rm -rf build build-*
