#pragma once
// Tells the server how much this node is used while its ranks run.

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "client/runner_api.h"
#include "model/journal.h"
#include "runner/gpu_program.h"
#include "runner/server_clock.h"

namespace muster::runner {

/// How often, from the run's environment variable MUSTER_SAMPLE_SECONDS (1 to 3600; 0: never); ten seconds without a number there.
std::chrono::seconds sample_interval(const std::string& text);
inline constexpr const char* kSampleSecondsVariable = "MUSTER_SAMPLE_SECONDS";

/// One thread. What the server does not take at once waits in memory, a thousand looks at most; points beyond are lost, as are those of a
/// runner that is killed: of a run nothing depends on them.
class MachineSampler {
 public:
  /// `server` is used by this object alone. `cgroup` is the run's own on this node, "" when it has none.
  MachineSampler(std::unique_ptr<client::RunnerApi> server, const ServerClock& clock, std::filesystem::path cgroup,
                 std::chrono::seconds every);
  /// Looks and tells once more, if it did before, and waits for that as long as a call may last.
  ~MachineSampler();
  MachineSampler(const MachineSampler&) = delete;
  MachineSampler& operator=(const MachineSampler&) = delete;

  /// Once. unavailable when there is no thread for it.
  Result<void> begin();

 private:
  void loop();
  MachineLook look(GpuProgram& gpus) const;
  void note(const MachineLook& before, const MachineLook& now);
  void send();

  std::unique_ptr<client::RunnerApi> server_;
  const ServerClock& clock_;
  const std::filesystem::path cgroup_;
  const std::chrono::seconds every_;
  const std::string source_;  ///< this process's, as a journal's key
  model::JournalWriter waiting_;
  std::uint64_t sequence_ = 0;  ///< of the first that waits
  bool refused_ = false;
  bool has_looked_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace muster::runner
