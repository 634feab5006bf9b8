#!/bin/sh
# make_env.sh DIR: makes DIR a virtual environment with PyTorch, scikit-learn and Horovod, which is built from PyPI's source.
#
# Takes five to ten minutes on two cores (three of one core alone are compiling), 1 GB of memory a compiler and 2 GB of disk.
# Does nothing when DIR has a Horovod that works.
# PYTHON names the interpreter (python3), MAKEFLAGS how many compilers run at once (-j, one a core).
# Needs a C++17 compiler, CMake, Open MPI and Python's headers: on Debian `apt-get install g++ cmake openmpi-bin libopenmpi-dev python3-dev python3-venv`.
set -eu

HOROVOD=horovod==0.28.1
# The CPU build; on a machine with GPUs take the one for your CUDA, and NCCL: see Horovod's own guide.
TORCH=torch==2.13.0

[ $# -eq 1 ] || { echo "usage: make_env.sh DIR" >&2; exit 2; }
dir=$1
for tool in g++ cmake mpicxx; do
  command -v "$tool" >/dev/null || { echo "$tool is missing. On Debian: apt-get install g++ cmake openmpi-bin libopenmpi-dev" >&2; exit 1; }
done

works() { "$dir/bin/python" -c 'import horovod.torch, sklearn; horovod.torch.mpi_built() or exit(1)' 2>/dev/null; }
if works; then
  echo "$dir has Horovod already."
  exit
fi

"${PYTHON:-python3}" -m venv "$dir"
dir=$(cd "$dir" && pwd)
PATH=$dir/bin:$PATH
headers=$(python -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$headers/Python.h" ] || { echo "$headers/Python.h is missing. On Debian: apt-get install python3-dev" >&2; exit 1; }

# Horovod's setup.py runs without isolation, to see this PyTorch; so what it imports must be here. Newer setuptools lack what it uses.
pip install --disable-pip-version-check --quiet "setuptools<81" wheel packaging cffi pyyaml psutil cloudpickle numpy scikit-learn "$TORCH"

# 0.28.1, the last release, asks for C++14, which PyTorch's headers refuse since 2.1. The last -std counts.
cat >"$dir/bin/c++17" <<'CXX'
#!/bin/sh
exec g++ "$@" -std=c++17
CXX
chmod +x "$dir/bin/c++17"

export CXX="$dir/bin/c++17" MAKEFLAGS="${MAKEFLAGS:--j$(nproc)}"
export HOROVOD_WITH_PYTORCH=1 HOROVOD_WITH_MPI=1 HOROVOD_CPU_OPERATIONS=MPI
export HOROVOD_WITHOUT_TENSORFLOW=1 HOROVOD_WITHOUT_MXNET=1 HOROVOD_WITHOUT_GLOO=1
pip install --disable-pip-version-check --no-build-isolation --use-pep517 --no-binary horovod "$HOROVOD"
works || { echo "Horovod was built but can't be imported: try  $dir/bin/python -c 'import horovod.torch'" >&2; exit 1; }
echo "$dir/bin/python has Horovod."
