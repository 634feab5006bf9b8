# shellcheck shell=sh
# Debian's packages: what is needed for what, and getting it.

BUILD_PACKAGES="g++ cmake ninja-build pkg-config ccache mold libboost1.81-dev libsqlite3-dev libssl-dev nlohmann-json3-dev
  libyaml-cpp-dev libcli11-dev libfmt-dev libspdlog-dev libzstd-dev libarchive-dev libexpected-dev libtomlplusplus-dev libre2-dev python3-venv"
SLURM_PACKAGES="slurm-wlm munge"
CONTAINER_PACKAGES="podman runc mmdebstrap"
TEST_PACKAGES="libgtest-dev libgmock-dev librapidcheck-dev clang libclang-rt-14-dev python3-venv python3-dev openmpi-bin libopenmpi-dev
  chromium $SLURM_PACKAGES $CONTAINER_PACKAGES"
TORCH_PACKAGES="python3-torch python3-torchvision python3-onnx"

# need_packages NAME…: all of them are there afterwards; without the right to install, says the one line to run and stops.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "This is not Debian: going on with the compilers and libraries that are here."
    return
  fi
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    fail "Some packages are missing. Install them with this line, then start again:" "" \
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing"
  fi
  step "Fetching Debian's package lists" $as_root apt-get update
  step "Installing $(printf '%s' "$missing" | wc -w) packages" \
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}

missing_packages() {
  names=
  for name in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) in
      installed) ;;
      *) names="$names $name" ;;
    esac
  done
  printf '%s' "${names# }"
}
