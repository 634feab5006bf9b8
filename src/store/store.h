#pragma once
// What is remembered. One writer thread commits queued writes in groups (each in a savepoint of its own, so one failure does not fail its
// neighbours); a few read-only sessions serve reads. The files beside this one hold the statements, one file a resource: free functions
// over a Session.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/result.h"
#include "store/session.h"

namespace muster::store {

class Store {
 public:
  virtual ~Store() = default;

  /// Runs `work` inside a write transaction and returns after it is durable. An Error returned by `work` rolls its part back and is passed
  /// on. `work` may run more than once, each time as if it had not run before (a commit that others share may have been taken back): it
  /// uses up nothing of what it captured, and what it leaves there is of its last run alone. It runs on the writer thread: it must not call
  /// out (no HTTP, processes, blob store, no other write()) and must be quick. Any thread may call; blocks.
  template <typename F>
  auto write(F&& work) -> std::invoke_result_t<F, Session&> {
    using R = std::invoke_result_t<F, Session&>;
    std::optional<R> answer;
    const Result<void> done = write_erased([&](Session& session) -> Result<void> {
      answer.emplace(work(session));
      if (!*answer) return tl::unexpected(answer->error());
      return {};
    });
    if (!done && (!answer || *answer)) return tl::unexpected(done.error());
    return std::move(*answer);
  }

  /// The same without waiting: `work` is called later, `then` with its outcome once that is durable or has failed. Writes are run, and
  /// `then` called, in the order in which they were asked for. `then` runs on the writer thread: what holds for `work` holds for it too,
  /// but it may call write_later().
  template <typename F, typename Then>
  void write_later(F work, Then then) {
    using R = std::invoke_result_t<F&, Session&>;
    auto answer = std::make_shared<std::optional<R>>();
    write_later_erased(
        [answer, work = std::move(work)](Session& session) mutable -> Result<void> {
          answer->emplace(work(session));
          if (!**answer) return tl::unexpected((*answer)->error());
          return {};
        },
        [answer, then = std::move(then)](const Result<void>& done) mutable {
          if (!done && (!*answer || **answer)) *answer = R(tl::unexpected(done.error()));
          then(std::move(**answer));
        });
  }

  /// Runs `work` on a consistent read-only view. Any thread may call; blocks while all readers are busy (`unavailable` after 30 s).
  template <typename F>
  auto read(F&& work) -> std::invoke_result_t<F, Session&> {
    using R = std::invoke_result_t<F, Session&>;
    std::optional<R> answer;
    const Result<void> done = read_erased([&](Session& session) -> Result<void> {
      answer.emplace(work(session));
      return {};
    });
    if (!done) return tl::unexpected(done.error());
    return std::move(*answer);
  }

 protected:
  using Work = std::function<Result<void>(Session&)>;
  using Then = std::function<void(const Result<void>&)>;
  virtual Result<void> write_erased(const Work& work) = 0;
  virtual void write_later_erased(Work work, Then then) = 0;
  virtual Result<void> read_erased(const Work& work) = 0;
};

/// Opens or creates the database file and migrates it forward. conflict: another server has it open; invalid: it is newer than this program
/// (says both versions).
Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& file);

}  // namespace muster::store
