#pragma once
// GPUs' use, as `nvidia-smi` prints it while it keeps running: a static program loads no driver's library.

#include <chrono>
#include <optional>
#include <string>

#include "base/fd.h"
#include "process/spawn.h"
#include "runner/machine_points.h"

namespace muster::runner {

/// Where the program is not there, or ends, there are no readings. It ends with this object; when this process is killed it ends at its
/// next line, which nobody takes. Not thread-safe.
class GpuProgram {
 public:
  /// `every`: how often it prints, in whole seconds. `program`: what is started. Its first line may take seconds: nothing here waits for
  /// it.
  explicit GpuProgram(std::chrono::seconds every, const std::string& program = "nvidia-smi");
  ~GpuProgram();
  GpuProgram(const GpuProgram&) = delete;
  GpuProgram& operator=(const GpuProgram&) = delete;

  /// What it has printed last of each GPU since the last call.
  GpuReadings take();

 private:
  std::optional<process::Child> child_;
  Fd reading_;
  std::string line_;  ///< that has not ended yet
};

}  // namespace muster::runner
