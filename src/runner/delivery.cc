#include "runner/delivery.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace muster::runner {
namespace {

constexpr std::size_t kMostNamed = 20;

}  // namespace

void Delivery::concluding(Time now) {
  state_.with([&](State& state) { state.concluding_at = now; });
}

void Delivery::canceled() {
  state_.with([](State& state) { state.canceled = true; });
}

bool Delivery::refused(What what, std::uint64_t bytes, const Error& why, Time now) {
  return state_.with([&](State& state) {
    std::optional<Refusal>& refusal = state.refusals[static_cast<std::size_t>(what)];
    refusal = Refusal{refusal ? refusal->since : now, bytes, why};
    if (!state.concluding_at) return true;
    // The first refusal of any of them: what comes last does not wait its own ten minutes after the others'.
    Time since = now;
    for (const auto& one : state.refusals) {
      if (one) since = std::min(since, one->since);
    }
    const auto waited = now - std::max(since, *state.concluding_at);
    if (waited < (state.canceled ? std::chrono::seconds(kPatienceWhenCanceled) : std::chrono::seconds(kPatience))) return true;
    state.not_delivered[static_cast<std::size_t>(what)] = refusal;
    return false;
  });
}

void Delivery::took(What what) {
  state_.with([&](State& state) { state.refusals[static_cast<std::size_t>(what)].reset(); });
}

void Delivery::not_delivered(std::string what) {
  state_.with([&](State& state) {
    if (state.others.size() < kMostNamed) state.others.push_back(std::move(what));
  });
}

std::string Delivery::words(const Refusals& refusals) {
  constexpr std::array kNames{"outputs", "logs", "metrics"};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    if (!refusals[i]) continue;
    parts.push_back(refusals[i]->bytes > 0 ? fmt::format("{} of {}", human_size(refusals[i]->bytes), kNames[i]) : kNames[i]);
  }
  return join(parts, ", ");
}

Delivery::Waiting Delivery::waiting() const {
  return state_.with([](const State& state) {
    Waiting waiting{words(state.refusals), Code::disk_full, {}};
    for (const auto& one : state.refusals) {
      // A broken disk is shown rather than a full one.
      if (one && (waiting.detail.empty() || one->why.code != Code::disk_full)) {
        waiting.why = one->why.code;
        waiting.detail = one->why.detail;
      }
    }
    return waiting;
  });
}

Delivery::NotKept Delivery::not_kept() const {
  return state_.with([](const State& state) {
    NotKept lost;
    std::vector<std::string> parts = state.others;
    if (!parts.empty()) lost.why = Code::internal;
    for (const auto& one : state.not_delivered) {
      if (one && one->why.code != Code::disk_full && parts.empty()) lost.why = Code::storage_failed;
    }
    if (std::string refused = words(state.not_delivered); !refused.empty()) parts.insert(parts.begin(), std::move(refused));
    lost.words = join(parts, "; ");
    return lost;
  });
}

bool Delivery::folder_is_needed() const {
  return state_.with([](const State& state) { return state.left_behind; }) || !not_kept().words.empty();
}

}  // namespace muster::runner
