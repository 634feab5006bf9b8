#include "runner/threads.h"

#include <algorithm>
#include <system_error>

#include "base/log.h"
#include "client/retry.h"

namespace muster::runner {

Result<std::jthread> start_thread(std::string_view what, const std::stop_token& stop, const std::function<void()>& body,
                                  std::chrono::milliseconds patience, const MakeThread& make) {
  using namespace std::chrono_literals;
  const auto until = std::chrono::steady_clock::now() + patience;
  bool is_said = false;
  for (auto wait = 20ms;; wait = std::min(wait * 2, 500ms)) {
    try {
      return make ? make(body) : std::jthread(body);
    } catch (const std::system_error& none) {
      if (!is_said) log::warning("runner", "no thread for {} ({}); it is waited for", what, none.what());
      is_said = true;
      if (std::chrono::steady_clock::now() >= until || !client::sleep_for(wait, stop))
        return fail(Code::unavailable, "there is no thread for {}: {}", what, none.what());
    }
  }
}

}  // namespace muster::runner
