# shellcheck shell=sh
# Pythons: those that are here, and one with PyTorch.

# Every Python from 3.6 on, each once: on the PATH, Debian's, pyenv's.
pythons() {
  for python in python3 /usr/bin/python3 /usr/local/bin/python3.* "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
    command -v "$python" >/dev/null || continue
    "$python" -c 'import sys
if sys.version_info >= (3, 6): print(sys.version_info[0] * 1000 + sys.version_info[1], sys.base_prefix, sys.executable)' 2>/dev/null || true
  done | sort -u -k 2,2 | sort -n | cut -d ' ' -f 3
}

has_modules() { # PYTHON MODULE…: whether Python would find them, without the seconds that importing PyTorch takes
  python=$1
  shift
  command -v "$python" >/dev/null && "$python" - "$@" <<'PYTHON' 2>/dev/null
import importlib.util, sys
sys.exit(not all(importlib.util.find_spec(name) for name in sys.argv[1:]))
PYTHON
}

# The Python that has PyTorch already, if there is one.
python_with_torch() {
  for python in build/pytorch/bin/python python3 /usr/bin/python3; do
    if has_modules "$python" torch numpy onnx; then
      "$python" -c 'import os, sys; print(os.path.abspath(sys.executable))'
      return
    fi
  done
  return 1
}

has_gpu() { [ -e /dev/nvidia0 ] || [ -e /dev/kfd ]; }

# Debian's packages for PyTorch, where they are what the demo would use: nothing better is here, and no GPU to use it on.
torch_packages() {
  if ! python_with_torch >/dev/null && ! has_torch_alone >/dev/null && ! has_gpu; then
    printf '%s' "$TORCH_PACKAGES"
  fi
}

has_torch_alone() { # a Python with PyTorch that lacks what goes with it
  for python in python3 /usr/bin/python3; do
    if has_modules "$python" torch; then
      printf '%s' "$python"
      return
    fi
  done
  return 1
}

# Sets TORCH_PYTHON: one that has PyTorch, else one made here on top of it or from PyPI.
choose_torch_python() {
  if ! TORCH_PYTHON=$(python_with_torch); then
    if python=$(has_torch_alone); then
      step "Making a Python beside yours, with onnx" make_venv build/pytorch "$python" --system-site-packages numpy onnx
    else
      step "Installing PyTorch from PyPI" make_venv build/pytorch python3 --clear torch==2.13.0 numpy onnx
    fi
    TORCH_PYTHON=$(python_with_torch) || fail "PyTorch could not be found after its installation; see build/log/"
  fi
}

make_venv() { # FOLDER PYTHON VENV_OPTION PACKAGE…
  folder=$1 python=$2 option=$3
  shift 3
  "$python" -m venv "$option" "$folder" && "$folder/bin/python" -m pip install --disable-pip-version-check "$@"
}
