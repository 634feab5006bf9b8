#!/bin/sh
# fuzz_one.sh TARGET SECONDS: one fuzzer, its words in build/fuzz/log/TARGET.log; TARGET.ok beside it says that it found nothing.
target=$1
seconds=$2
corpus=build/fuzz/corpus/$target
mkdir -p "$corpus"
rm -f "build/fuzz/log/$target.ok"
case $target in
  conda_yaml) # the SDK's, in Python
    if PYTHONPATH=python python3 tests/fuzz/conda_yaml.py "$seconds" >"build/fuzz/log/$target.log" 2>&1; then
      : >"build/fuzz/log/$target.ok"
    fi
    exit 0
    ;;
  exception) seeds=tests/golden/exceptions ;;
  journal) seeds=tests/golden/journal ;;
  snapshot_manifest) seeds=tests/golden/snapshot ;;
  ignore_file) seeds=tests/golden/ignore ;;
  git_url) seeds=tests/golden/git ;;
  *) seeds="tests/golden/api tests/golden/model tests/fuzz/seeds" ;;
esac
# shellcheck disable=SC2086 # several folders
if MUSTER_FUZZ_TARGET=$target build/fuzz/fuzz -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
  -artifact_prefix="build/fuzz/findings/$target-" "$corpus" $seeds >"build/fuzz/log/$target.log" 2>&1; then
  : >"build/fuzz/log/$target.ok"
fi
exit 0
