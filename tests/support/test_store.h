#pragma once
// A store of a test's own, and rows to put into it.

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/id.h"
#include "model/run.h"
#include "store/runs.h"
#include "store/store.h"
#include "store/workspaces.h"
#include "support/temp_folder.h"

namespace muster::test {

/// The value, or an exception with the error's words (which fails the test).
template <typename T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class TestStore {
 private:
  template <typename F, typename Call>
  static auto wrap(F& work, Call&& call) {
    using R = std::invoke_result_t<F&, store::Session&>;
    if constexpr (std::is_void_v<R>) {
      must(call([&](store::Session& session) -> Result<void> {
        work(session);
        return {};
      }));
    } else if constexpr (requires(R result) { result.error(); }) {
      return must(call(work));
    } else {
      return must(call([&](store::Session& session) -> Result<R> { return work(session); }));
    }
  }

 public:
  /// Runs `work` in a transaction of its own and gives what it returns.
  template <typename F>
  auto write(F&& work) {
    return wrap(work, [this](auto&& inner) { return store_->write(inner); });
  }
  template <typename F>
  auto read(F&& work) {
    return wrap(work, [this](auto&& inner) { return store_->read(inner); });
  }

  TestStore() : store_(must(store::open_sqlite_store(file()))) {
    workspace_key_ = read([](store::Session& session) { return store::workspaces::find(session, "default")->key; });
  }

  std::filesystem::path file() const { return folder_ / "muster.db"; }
  store::Store& store() { return *store_; }
  std::int64_t workspace_key() const { return workspace_key_; }
  void close() { store_.reset(); }
  void reopen() {
    close();
    store_ = must(store::open_sqlite_store(file()));
  }

  /// A run that may be inserted, named after `experiment`.
  model::Run new_run(const std::string& experiment = "birds") const {
    model::Run run;
    run.workspace_key = workspace_key_;
    run.workspace = "default";
    run.uuid = random_hex(16);
    run.run_id = experiment + "_" + run.uuid.substr(0, 12);
    run.created_at = 1'700'000'000'000'000;
    run.created_by = "ada";
    run.spec.experiment = experiment;
    run.spec.script = "train.py";
    return run;
  }
  std::int64_t add(const model::Run& run) {
    return write([&](store::Session& session) { return store::runs::insert(session, run); });
  }
  std::int64_t add_run(const std::string& experiment = "birds") { return add(new_run(experiment)); }

 private:
  TempFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::int64_t workspace_key_ = 0;
};

}  // namespace muster::test
