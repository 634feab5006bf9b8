# shellcheck shell=sh
# The mechanical part of the style: formatting, and what a machine can see of mistakes. Each tool is one test.

LINT_PACKAGES="clang-format shellcheck"
PYTHON_LINTERS="ruff==0.17.6 mypy==2.4.1"

lint() {
  need_packages $LINT_PACKAGES python3-venv git
  make_lint_venv || { count "Lint, whose tools could not be installed" 0 1; return; }
  lint_with "C++ formatting (clang-format)" format_check
  lint_with "Python mistakes (ruff)" build/lint/bin/ruff check --quiet python samples tests bench tools
  lint_with "Python types of the SDK (mypy)" env -C python ../build/lint/bin/mypy --strict muster azureml
  lint_with "Python types of the samples (mypy)" mypy_samples
  lint_with "Shell scripts (shellcheck)" shellcheck -x dev tools/*.sh .ci/run samples/*/*.sh
}

lint_with() { # TITLE COMMAND…
  if step "$@"; then count "$1" 1 0; else count "$1" 0 1; fi
}

# The files that git tracks, where this is a checkout; all of them elsewhere.
cpp_files() {
  git ls-files '*.cc' '*.h' 2>/dev/null || find src tests bench -name '*.cc' -o -name '*.h'
}

format_check() { cpp_files | xargs clang-format --dry-run --Werror; }

# What mends the formatting.
format() {
  need_packages $LINT_PACKAGES
  cpp_files | xargs clang-format -i
}

# Each sample by itself: their scripts have the same names.
mypy_samples() {
  for sample in samples/*/; do
    ls "$sample"*.py >/dev/null 2>&1 || continue
    (cd "$sample" && MYPYPATH=../../python ../../build/lint/bin/mypy --ignore-missing-imports --no-warn-unused-ignores ./*.py) || return
  done
}

make_lint_venv() {
  [ "$(cat build/lint/muster-packages 2>/dev/null)" != "$PYTHON_LINTERS" ] || return 0
  step "Installing the linters" make_venv build/lint /usr/bin/python3 --clear $PYTHON_LINTERS || return
  printf '%s\n' "$PYTHON_LINTERS" >build/lint/muster-packages
}
