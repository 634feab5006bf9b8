# shellcheck shell=sh
# Configuring and building, one folder a preset: build/<preset>.

core_count() { printf '%s' "${MUSTER_JOBS:-$(nproc)}"; }

configure() { # PRESET
  step "Configuring $1" cmake --preset "$1"
}

# build PRESET TARGET…
build() {
  preset=$1
  shift
  [ -e "build/$preset/build.ninja" ] || configure "$preset" || return
  step "Building $preset" cmake --build "build/$preset" -j "$(core_count)" --target "$@"
}

build_release() { build release muster; }

bench() {
  need_packages $BUILD_PACKAGES python3
  build_release
  python3 bench/run.py "$@"
}

# package: build/package/ with a tarball, a Debian package and a wheel, each with the one static program.
package() {
  need_packages $BUILD_PACKAGES python3-venv dpkg-dev
  build release muster completions
  rm -rf build/package
  step "Packing the tarball and the Debian package" cpack --config build/release/CPackConfig.cmake -B build/package
  rm -rf build/package/_CPack_Packages
  [ -x build/packing/bin/pip ] || step "Making a Python to pack with" make_venv build/packing python3 --clear setuptools wheel
  step "Packing the wheel" build/packing/bin/pip wheel --disable-pip-version-check --no-deps --no-build-isolation -w build/package ./python
  say "Packed:" ""
  ls -sh1 build/package
}
