#include "runner/patient_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "base/log.h"
#include "client/retry.h"

namespace muster::runner {
namespace {

using namespace std::chrono_literals;

/// The waiting between tries, longer each time; said once.
class WaitForRoom {
 public:
  WaitForRoom(std::string_view what, const std::stop_token& stop, std::chrono::milliseconds patience)
      : what_(what), stop_(stop), until_(std::chrono::steady_clock::now() + patience) {}

  /// False: it has lasted long enough, or a stop was asked for.
  bool wait(std::string_view why) {
    if (!is_said_) log::warning("runner", "{} cannot be started now ({}); it is waited for", what_, why);
    is_said_ = true;
    if (std::chrono::steady_clock::now() >= until_ || !client::sleep_for(next_, stop_)) return false;
    next_ = std::min(next_ * 2, std::chrono::milliseconds(500ms));
    return true;
  }

 private:
  const std::string_view what_;
  const std::stop_token& stop_;
  const std::chrono::steady_clock::time_point until_;
  std::chrono::milliseconds next_{20};
  bool is_said_ = false;
};

}  // namespace

Result<std::jthread> start_thread(std::string_view what, const std::stop_token& stop, const std::function<void()>& body,
                                  std::chrono::milliseconds patience, const MakeThread& make) {
  const std::string name = fmt::format("a thread for {}", what);
  WaitForRoom waiting(name, stop, patience);
  while (true) {
    try {
      return make ? make(body) : std::jthread(body);
    } catch (const std::system_error& none) {
      if (!waiting.wait(none.what())) return fail(Code::unavailable, "there is no thread for {}: {}", what, none.what());
    }
  }
}

Result<process::Child> start_process(std::string_view what, const std::stop_token& stop,
                                     const std::function<Result<process::Child>()>& start, std::chrono::milliseconds patience) {
  WaitForRoom waiting(what, stop, patience);
  while (true) {
    auto child = start();
    if (child || child.error().code != Code::unavailable || !waiting.wait(child.error().detail)) return child;
  }
}

}  // namespace muster::runner
