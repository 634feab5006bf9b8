#pragma once
// Gets environments ready for runs: in this process the one place where one builds and many wait, the log streaming into each of them.
// Processes that share environments wait for each other in EnvironmentCache.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "environment/builder.h"
#include "environment/cache.h"
#include "environment/prepared.h"
#include "model/run.h"
#include "scheduler/ordered_workers.h"
#include "store/log_store.h"

namespace muster::scheduler {

/// Where the build log of a run is found.

/// Thread-safe. The destructor cancels running builds and joins their threads.
class EnvironmentPreparer {
 public:
  struct Lookup {
    environment::Plan plan;
    std::optional<environment::Prepared> prepared;  ///< nothing when it has to be built
  };
  using Found = Result<Lookup>;
  using Built = Result<environment::Prepared>;
  /// What is done for it elsewhere. `find` and `build` are called from threads of the preparer, the others from there or from prepare().
  struct Callbacks {
    std::function<Found(const model::EnvironmentDefinition&)> find;  ///< builds nothing
    std::function<Built(const environment::Plan&, const std::function<void(std::string_view)>& on_log,
                        const std::function<bool()>& canceled)>
        build;
    std::function<void(std::int64_t run_key, const Built&)> ready;                ///< once for each prepare() that was not abandoned
    std::function<void(std::int64_t run_key, const std::string& why)> put_off;    ///< it will be tried again
    std::function<void(std::chrono::milliseconds, std::function<void()>)> after;  ///< on another thread; not once the preparer is to go
  };
  EnvironmentPreparer(Callbacks callbacks, store::LogStore& logs, const Clock& clock,
                      const OrderedWorkers::MakeThread& make_thread = OrderedWorkers::plain_thread);
  ~EnvironmentPreparer();

  /// Never blocks.
  void prepare(const model::Run& run);
  void abandon(std::int64_t run_key);

 private:
  struct Waiter {
    model::Run run;
    std::uint64_t log_bytes = 0;  ///< of the build log that this run has; under the log's mutex
  };
  using Waiters = std::map<std::int64_t, std::shared_ptr<Waiter>>;
  /// One environment: of one definition until it is known what that means here, then of all definitions with the same hash.
  struct Wanted {
    explicit Wanted(model::EnvironmentDefinition of) : definition(std::move(of)) {}
    const model::EnvironmentDefinition definition;
    Waiters waiters;  ///< under the preparer's mutex
    int tries = 0;    ///< one step at a time touches it
    std::mutex log_mutex;
    std::string log;  ///< all so far, for those who come later
  };
  using WantedPointer = std::shared_ptr<Wanted>;
  void look(const std::string& key, const WantedPointer& wanted);
  void build(const std::string& key, const WantedPointer& wanted, const environment::Plan& plan);
  /// Has it built, or wait with those who have the same built already.
  void build_or_join(const WantedPointer& wanted, const environment::Plan& plan);
  /// Tells those who wait, or for want of something that comes back tries again later. False: it was canceled when nobody waited, and now
  /// somebody does.
  bool conclude(const std::string& key, const WantedPointer& wanted, const Built& outcome, bool was_canceled = false);
  bool nobody_waits(const WantedPointer& wanted);
  Waiters waiters_of(const WantedPointer& wanted);
  void show_log(Wanted& wanted, const Waiters& waiters, std::string_view more = {});
  static bool has_log(Wanted& wanted);
  void bring_up_to_date(const Wanted& wanted, Waiter& waiter);

  const Callbacks callbacks_;
  store::LogStore& logs_;
  const Clock& clock_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::map<std::string, WantedPointer> wanted_;  ///< by definition, and by hash once that is known
  OrderedWorkers lookups_;                       ///< quick: no build waits here
  OrderedWorkers builds_;
};

}  // namespace muster::scheduler
