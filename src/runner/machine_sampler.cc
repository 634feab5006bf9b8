#include "runner/machine_sampler.h"

#include <unistd.h>

#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "runner/patient_start.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

constexpr std::chrono::seconds kUsually{10};
constexpr std::chrono::seconds kFirst{1};  ///< the first rates come soon: many runs are short
constexpr std::int64_t kLongest = 3600;
constexpr std::size_t kMostWaiting = 20'000;  // points

}  // namespace

std::chrono::seconds sample_interval(const std::string& text) {
  std::int64_t seconds = 0;
  if (!parse_int64(text, seconds) || seconds < 0) return kUsually;
  return std::chrono::seconds(std::min(seconds, kLongest));
}

MachineSampler::MachineSampler(std::unique_ptr<client::RunnerApi> server, const ServerClock& clock, std::filesystem::path cgroup,
                               std::chrono::seconds every)
    : server_(std::move(server)),
      clock_(clock),
      cgroup_(std::move(cgroup)),
      every_(every),
      source_(fmt::format("machine-{}-{}", ::getpid(), random_hex(4))) {}

MachineSampler::~MachineSampler() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Result<void> MachineSampler::begin() {
  MUSTER_TRY_ASSIGN(thread_, start_thread(
                                 "the node's use", {}, [this] { loop(); }, std::chrono::milliseconds(0)));
  return {};
}

void MachineSampler::loop() {
  GpuProgram gpus(every_);
  MachineLook before = look(gpus);
  auto wait = std::min(kFirst, every_);
  for (bool last = false; !last && !refused_;) {
    {
      std::unique_lock lock(mutex_);
      last = changed_.wait_for(lock, wait, [this] { return ending_; });
    }
    if (last && !has_looked_) return;  // ranks that do next to nothing cost no call
    has_looked_ = true;
    const MachineLook now = look(gpus);
    note(before, now);
    before = now;
    send();
    wait = every_;
  }
}

MachineLook MachineSampler::look(GpuProgram& gpus) const {
  MachineLook seen;
  seen.machine = process::read_machine_counters();
  std::error_code ignored;
  if (!cgroup_.empty() && std::filesystem::exists(cgroup_ / "cpu.stat", ignored)) seen.run = process::read_cgroup_counters(cgroup_);
  seen.gpus = gpus.take();
  seen.seconds = std::chrono::duration<double>(clock_.local().steady().time_since_epoch()).count();
  return seen;
}

void MachineSampler::note(const MachineLook& before, const MachineLook& now) {
  if (waiting_.points() >= kMostWaiting) return;
  const TimeUs time = clock_.now();
  for (const auto& [name, value] : machine_points(before, now)) waiting_.add(name, {time, std::nullopt, model::Number{value, false}});
}

/// One try: what is not taken waits for the next look.
void MachineSampler::send() {
  if (waiting_.points() == 0) return;
  const auto next = server_->post_machine(source_, sequence_, waiting_.bytes());
  if (next && *next >= sequence_ + waiting_.points()) {
    sequence_ = *next;
    waiting_.clear();
  } else {
    // A server that is away or short of room may take them later; one that refuses will not.
    const Verdict verdict = next ? Verdict::refused : verdict_on(next.error().code);
    refused_ = verdict == Verdict::refused || verdict == Verdict::over;
  }
}

}  // namespace muster::runner
