#pragma once
// What runs in the child between fork and exec. The child may share our memory (vfork) or be a copy of one thread of many (fork): it makes
// system calls on what was prepared beforehand, and does not allocate, lock, log or throw.

#include <sys/types.h>

namespace muster::process {

enum class SpawnStep : int { session, descriptors, folder, cpus, at_gate, exec };

/// What the child says through its report pipe: a failed step, or that it stands at the gate.
struct SpawnReport {
  SpawnStep step;
  int error_number;  ///< 0 with at_gate
};

/// Everything the child needs, as the kernel wants it. Descriptors are -1 when absent.
struct ChildPlan {
  const char* program;
  char* const* argv;
  char* const* envp;
  const char* folder;              ///< nullptr: stay
  const char* const* procs_files;  ///< nullptr at the end
  const void* cpu_set;             ///< cpu_set_t, nullptr: all
  const void* file_limit;          ///< rlimit of descriptors, nullptr: as ours
  int input;
  int output;
  int gate;
  int report;
  pid_t parent;
};

[[noreturn]] void run_child(const ChildPlan& plan);

}  // namespace muster::process
