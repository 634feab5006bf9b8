# shellcheck shell=sh
# ./dev demo: from nothing to a registered model.

demo() {
  need_packages $BUILD_PACKAGES python3 $(torch_packages)
  build_release
  choose_torch_python
  MUSTER=$PWD/build/release/muster
  export PYTHONPATH="$PWD/build/release/python${PYTHONPATH:+:$PYTHONPATH}"
  sample=$PWD/samples/birds
  table=$PWD/tools/demo_table.py

  "$MUSTER" up
  mkdir -p build/demo
  cd build/demo || return
  "$MUSTER" workspace config >config.json
  "$TORCH_PYTHON" "$sample/submit.py" --num_epochs 10 ||
    fail "" "The run did not complete. What it said last is above; '$MUSTER run list' shows all of them."
  "$TORCH_PYTHON" "$table" "$MUSTER"
}
