# shellcheck shell=sh
# The fuzzers of every reader of outside bytes (tests/fuzz/): each from the golden files on, for its share of the time.

FUZZ_SHORTLY=30 # seconds that ./dev test gives to all of them

# fuzz [SECONDS]: of all targets together; ends with 1 when one has a finding.
fuzz() {
  seconds=${1:-60}
  case $seconds in
    *[!0-9]* | "") fail "How many seconds is a whole number: ./dev fuzz 60" ;;
  esac
  need_packages $BUILD_PACKAGES $TEST_PACKAGES
  fuzz_suite "$seconds"
  end_of_suites
}

fuzz_suite() { # SECONDS
  if ! build_fuzzers; then
    count "Fuzzers, which do not build" 0 1
    return
  fi
  targets="$(build/fuzz/fuzz)
conda_yaml"
  number=$(printf '%s\n' "$targets" | wc -l)
  # As many at once as there are cores.
  share=$(($1 * $(core_count) / number))
  [ "$share" -gt 0 ] || share=1
  mkdir -p build/fuzz/log build/fuzz/findings
  printf '%s\n' "$targets" | xargs -P "$(core_count)" -I '{}' sh tools/fuzz_one.sh '{}' "$share"
  inputs=0
  good=0
  for target in $targets; do
    ran=$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/log/$target.log")
    say "$(printf '%12s inputs  %s' "${ran:-0}" "$target")"
    inputs=$((inputs + ${ran:-0}))
    if [ -e "build/fuzz/log/$target.ok" ]; then
      good=$((good + 1))
    else
      tail -n 40 "build/fuzz/log/$target.log" >&2
      say "$target: a finding; the input is in build/fuzz/findings/"
    fi
  done
  say "$(printf '%12s inputs in all' "$inputs")"
  count "Fuzzers" "$good" "$((number - good))"
}

build_fuzzers() {
  step "Configuring fuzz" cmake --preset clang -B build/fuzz -DMUSTER_SANITIZE=address,undefined,fuzzer-no-link -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1" &&
    build fuzz fuzz
}
