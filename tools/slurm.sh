# shellcheck shell=sh
# A real Slurm on this machine, to try Muster on (tools/slurm_testbed.py).

slurm_testbed() {
  need_packages $SLURM_PACKAGES
  python3 tools/slurm_testbed.py start build/slurm
  cat <<TEXT
Slurm is up: nodes n1 and n2 in the partition cpu, n3 and n4, which come when they are wanted, in the partition cloud.

  export SLURM_CONF=$PWD/build/slurm/slurm.conf
  sinfo
  build/release/muster up
  build/release/muster compute create small --engine slurm --partition cpu --max-nodes 2

./dev slurm-testbed-stop ends it.
TEXT
}

slurm_testbed_stop() {
  python3 tools/slurm_testbed.py stop build/slurm
  say "Slurm is down."
}
