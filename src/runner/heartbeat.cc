#include "runner/heartbeat.h"

#include <utility>

#include "base/log.h"
#include "client/retry.h"
#include "runner/patient_start.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

constexpr std::chrono::milliseconds kEvery{2000};

}  // namespace

Heartbeat::Heartbeat(std::unique_ptr<client::RunnerApi> server, ServerClock& clock, StopControl& stop, Delivery& delivery,
                     std::function<std::uint64_t()> pending)
    : server_(std::move(server)), clock_(clock), stop_(stop), delivery_(delivery), pending_(std::move(pending)) {}

Heartbeat::~Heartbeat() { ending_.request_stop(); }

Result<void> Heartbeat::begin() {
  MUSTER_TRY_ASSIGN(thread_, start_thread("heartbeats", stop_.asked_token(), [this] { loop(ending_.get_token()); }));
  return {};
}

void Heartbeat::ranks_started() { ranks_since_ = clock_.local().steady(); }

void Heartbeat::concluding(std::chrono::steady_clock::duration longest) { cancel_calls_at_ = clock_.local().steady() + longest; }

void Heartbeat::loop(const std::stop_token& ending) {
  do {
    beat();
    const auto cancel_at = cancel_calls_at_.load();
    if (cancel_at != decltype(cancel_at){} && clock_.local().steady() >= cancel_at) stop_.cancel_calls();
  } while (client::sleep_for(kEvery, ending));
}

void Heartbeat::beat() {
  const TimeUs left = clock_.local().now_us();
  const Delivery::Waiting waiting = delivery_.waiting();
  std::optional<std::chrono::seconds> ran;
  if (const auto since = ranks_since_.load(); since != decltype(since){})
    ran = std::chrono::duration_cast<std::chrono::seconds>(clock_.local().steady() - since);
  const auto answer = server_->heartbeat(clock_.now(), pending_(), {waiting.what, waiting.why, waiting.detail}, ran);
  const TimeUs back = clock_.local().now_us();
  if (!answer) {
    if (verdict_on(answer.error().code) != Verdict::over || is_reporting_done_) return;
    // One that was on its way while the run's end was being answered hears it as well; the answer is there before the next.
    if (!std::exchange(heard_over_, true)) return;
    log::error("runner", "the server does not want this attempt any more: {}", answer.error().detail);
    stop_.ask({"attempt_over", answer.error().detail, std::nullopt});
    stop_.cancel_calls();
    return;
  }
  heard_over_ = false;
  clock_.measured(left, back, answer->server_time);
  // Told each time, also after another stop: of a run whose rank failed the outputs are wanted, until it is canceled.
  if (answer->stop && answer->stop->code == "canceled") delivery_.canceled();
  if (answer->stop) stop_.ask({answer->stop->code, answer->stop->reason, answer->stop->grace_seconds});
}

}  // namespace muster::runner
