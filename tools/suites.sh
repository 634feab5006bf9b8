# shellcheck shell=sh
# The test suites. Each adds to PASSED and FAILED; a suite that breaks before it can count is one failure.

PASSED=0
FAILED=0

run_tests() {
  full=
  case ${1:-} in
    "") ;;
    --full) full=yes ;;
    *) usage >&2; exit 2 ;;
  esac
  need_packages $BUILD_PACKAGES $TEST_PACKAGES
  lint
  if build_release; then
    build_ahead asan tsan
    python_suites
    e2e_suite release
    end_building_ahead
  else
    count "The release, which does not build" 0 1
  fi
  # Each C++ test twice, by two compilers: g++ with ASan and UBSan, clang with TSan.
  cpp_suite asan
  cpp_suite tsan
  fuzz_suite "$FUZZ_SHORTLY"
  [ -z "$full" ] || cpp_suite release
  [ -z "$full" ] || cpp_suite clang
  [ -z "$full" ] || e2e_suite asan
  end_of_suites
}

end_of_suites() {
  say "$PASSED passed, $FAILED failed"
  [ "$FAILED" -eq 0 ]
}

count() { # SUITE PASSED FAILED
  PASSED=$((PASSED + $2))
  FAILED=$((FAILED + $3))
  say "$1: $2 passed, $3 failed"
}

# cpp_suite PRESET: the C++ tests, built by that preset.
cpp_suite() {
  # Configured anew: GoogleTest may have come after the last time.
  if ! configure "$1" || ! build "$1" all; then
    count "C++ ($1), which does not build" 0 1
    return
  fi
  junit=$PWD/build/$1/tests.xml
  rm -f "$junit"
  # One Slurm for all of its tests, each of which would else start one of its own.
  export MUSTER_TEST_SLURM="$PWD/build/slurm-tests"
  python3 tools/slurm_testbed.py start "$MUSTER_TEST_SLURM" || unset MUSTER_TEST_SLURM
  step "C++ tests ($1)" in_fixed_memory "$1" ctest --test-dir "build/$1" -j "$(core_count)" --output-on-failure --no-tests=error \
    --output-junit "$junit" || true
  python3 tools/slurm_testbed.py stop build/slurm-tests
  unset MUSTER_TEST_SLURM
  count_junit "C++ ($1)" "$junit"
}

# Compiles while the other tests mostly wait, at the lowest priority. What is missing or fails is built again, and said, by cpp_suite.
build_ahead() { # PRESET…
  mkdir -p build/log
  # A session of its own, so that all of it can be ended.
  # shellcheck disable=SC2016
  JOBS=$(core_count) setsid sh -c 'for preset; do nice -n 19 cmake --preset "$preset" && nice -n 19 cmake --build "build/$preset" -j "$JOBS"; done' \
    build_ahead "$@" >build/log/ahead.log 2>&1 </dev/null &
  ahead=$!
  trap 'end_building_ahead; exit 130' INT TERM
}

end_building_ahead() {
  kill -- "-$ahead" 2>/dev/null || true
  wait "$ahead" 2>/dev/null || true
  trap - INT TERM
}

# TSan of clang 14 does not start where the kernel spreads addresses widely.
in_fixed_memory() {
  preset=$1
  shift
  if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then
    TSAN_OPTIONS="suppressions=$PWD/tests/tsan-suppressions.txt" setarch -R "$@"
  else
    "$@"
  fi
}

# The SDK's own tests, on each Python that is here: it promises all of them from 3.6 on.
python_suites() {
  for python in $(pythons); do
    version=$("$python" -c 'import platform; print(platform.python_version())')
    step "Python SDK tests ($version)" env PYTHONPATH=build/release/python "$python" -m unittest discover -s python/tests || true
    count_unittest "Python SDK ($version)" "$log"
  done
}

# e2e_suite PRESET: with the program of that preset; waits are longer for one with sanitizers in it. A core takes a file at a time, as
# most tests wait for something for most of their time.
e2e_suite() {
  if ! make_test_venv || ! build "$1" muster fault_injector; then
    count "End to end ($1), whose Python or program could not be made" 0 1
    return
  fi
  slower=1
  [ "$1" = release ] || slower=4
  junit=$PWD/build/e2e-$1.xml
  rm -f "$junit"
  step "End-to-end and crash tests ($1)" env MUSTER_PROGRAM="$PWD/build/$1/muster" MUSTER_TEST_SLOWER="$slower" \
    build/venv/bin/python -m pytest tests -n "$(core_count)" --dist loadfile ${full:+--full} --junitxml "$junit" || true
  count_junit "End to end ($1)" "$junit"
}

# A virtual environment for what is tested end to end, made again when its list changes.
make_test_venv() {
  packages="pytest pytest-xdist torch==2.13.0 numpy scikit-learn onnx mpi4py nbclient ipykernel playwright==1.65.2"
  [ "$(cat build/venv/muster-packages 2>/dev/null)" != "$packages" ] || return 0
  step "Installing the tests' Python packages" make_venv build/venv /usr/bin/python3 --clear $packages || return
  printf '%s\n' "$packages" >build/venv/muster-packages
}

count_junit() { # SUITE FILE
  totals=
  # One line, because ctest puts each attribute on a line of its own.
  [ ! -e "$2" ] || totals=$(tr '\n\t' '  ' <"$2" | grep -o '<testsuite [^>]*' | head -n 1)
  all=$(attribute tests "$totals")
  bad=$(($(attribute failures "$totals") + $(attribute errors "$totals") + $(attribute skipped "$totals") + $(attribute disabled "$totals")))
  if [ "$all" -eq 0 ]; then
    count "$1, which gave no result" 0 1
  else
    count "$1" $((all - bad)) "$bad"
  fi
}

attribute() { # NAME TEXT
  value=$(printf '%s' "$2" | grep -o "\b$1=\"[0-9]*\"" | tr -dc '0-9')
  printf '%s' "${value:-0}"
}

count_unittest() { # SUITE LOG
  ran=$(sed -n 's/^Ran \([0-9]*\) test.*/\1/p' "$2" | tail -n 1)
  bad=$(sed -n -E 's/^(OK|FAILED) \((.*)\)$/\2/p' "$2" | tail -n 1 | tr -cs '0-9' '\n' | awk '{n += $1} END {print n + 0}')
  if [ "${ran:-0}" -eq 0 ]; then
    count "$1, which gave no result" 0 1
  else
    count "$1" $((ran - bad)) "$bad"
  fi
}
