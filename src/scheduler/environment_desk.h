#pragma once
// Gets environments ready for runs: one build however many runs wait for it, its log streaming into each of them.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "environment/builder.h"
#include "model/run.h"
#include "store/log_store.h"

namespace muster::scheduler {

/// Where the build log of a run is found.
inline constexpr const char* kBuildLog = "azureml-logs/20_image_build_log.txt";

/// Thread-safe. The destructor gives up running builds and joins their threads.
class EnvironmentDesk {
 public:
  using Ready = std::function<void(std::int64_t run_key, const Result<environment::Prepared>&)>;
  /// `ready` is called once for each prepare() that was not abandoned, from prepare() itself or from a thread of the desk.
  EnvironmentDesk(environment::EnvironmentCache& cache, store::LogStore& logs, const Clock& clock, Ready ready);
  ~EnvironmentDesk();

  /// Quick for a system interpreter; a build goes to a thread of its own.
  void prepare(const model::Run& run);
  void abandon(std::int64_t run_key);

 private:
  struct Waiter {
    model::Run run;
    std::uint64_t log_bytes = 0;  ///< of the build log that this run has
  };
  struct Build {
    std::map<std::int64_t, Waiter> waiters;
    std::string log;  ///< all so far, for those who come later
    std::thread thread;
  };
  void run_build(const std::string& key, const model::EnvironmentDefinition& definition);
  void bring_up_to_date(const Build& build, Waiter& waiter);
  void join_finished();

  environment::EnvironmentCache& cache_;
  store::LogStore& logs_;
  const Clock& clock_;
  Ready ready_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::map<std::string, std::shared_ptr<Build>> builds_;
  std::vector<std::shared_ptr<Build>> finished_;
};

}  // namespace muster::scheduler
