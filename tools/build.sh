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
