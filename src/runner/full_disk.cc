#include "runner/full_disk.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::runner {

void FullDisk::concluding(Time now) {
  state_.with([&](State& state) { state.concluding_at = now; });
}

void FullDisk::canceled() {
  state_.with([](State& state) { state.canceled = true; });
}

bool FullDisk::refused(What what, std::uint64_t bytes, Time now) {
  return state_.with([&](State& state) {
    std::optional<Refusal>& refusal = state.refusals[static_cast<std::size_t>(what)];
    if (refusal)
      refusal->bytes = bytes;
    else
      refusal = Refusal{now, bytes};
    if (!state.concluding_at) return true;
    // The first refusal of any of them: what comes last does not wait its own ten minutes after the others'.
    Time since = now;
    for (const auto& one : state.refusals) {
      if (one) since = std::min(since, one->since);
    }
    const auto waited = now - std::max(since, *state.concluding_at);
    if (state.canceled) return waited < kPatienceWhenCanceled;
    if (waited < kPatience) return true;
    state.given_up[static_cast<std::size_t>(what)] = refusal;
    return false;
  });
}

void FullDisk::took(What what) {
  state_.with([&](State& state) { state.refusals[static_cast<std::size_t>(what)].reset(); });
}

std::string FullDisk::words(const std::array<std::optional<Refusal>, 3>& refusals) {
  constexpr std::array kNames{"outputs", "logs", "metrics"};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    if (!refusals[i]) continue;
    parts.push_back(refusals[i]->bytes > 0 ? fmt::format("{} of {}", human_size(refusals[i]->bytes), kNames[i]) : kNames[i]);
  }
  return join(parts, ", ");
}

std::string FullDisk::waiting() const {
  return state_.with([](const State& state) { return words(state.refusals); });
}

std::string FullDisk::given_up() const {
  return state_.with([](const State& state) { return state.canceled ? std::string() : words(state.given_up); });
}

}  // namespace muster::runner
