#include "runner/journal_follower.h"

#include <algorithm>
#include <cctype>

#include "base/folder_list.h"
#include "runner/patient_start.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::string_view kFirstSegment = ".000000.journal";
constexpr std::size_t kMostJournals = 20'000;
/// How long a drain waits for descriptors or memory to read the rest of a journal.
constexpr std::chrono::seconds kShortageTime{30};

bool is_key(std::string_view key) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  return !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), plain);
}

}  // namespace

JournalFollower::JournalFollower(client::RunnerApi& server, const ServerClock& clock, const StopControl& stop, Warnings& warnings,
                                 Delivery& delivery, const RunFolder& folder)
    : server_(server), clock_(clock), stop_(stop), warnings_(warnings), delivery_(delivery), folder_(folder) {}

JournalFollower::~JournalFollower() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Result<void> JournalFollower::begin() {
  MUSTER_TRY_ASSIGN(thread_, start_thread("the metrics", stop_.asked_token(), [this] { loop(); }));
  return {};
}

Result<void> JournalFollower::drain() {
  if (!thread_.joinable()) return {};
  std::unique_lock lock(mutex_);
  draining_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return finished_; });
  if (stop_.calls_canceled().stop_requested()) return fail(Code::unavailable, "some metric points could not be sent");
  return {};
}

void JournalFollower::loop() {
  while (!ending_ && !stop_.calls_canceled().stop_requested()) {
    bool last_look = false;
    {
      const std::lock_guard lock(mutex_);
      last_look = draining_;  // asked before looking: what was logged before it was set is seen
    }
    unreadable_.clear();
    look_for_journals(last_look);
    const bool sent = send_round();
    if (unreadable_.empty()) unreadable_since_.reset();
    if (sent) continue;
    if (last_look && !waits_for_descriptors()) break;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLookEvery, [this] { return draining_ || ending_; });
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void JournalFollower::look_for_journals(bool last_look) {
  const auto names = list_folder(folder_.metrics());
  if (!names) {
    const Error& why = names.error();
    if (why.code == Code::unavailable) is_unreadable(why);
    if (!last_look || why.code == Code::unavailable || why.code == Code::not_found) return;
    warnings_.add("metrics: " + why.detail);
    delivery_.leave_behind();
    return;
  }
  for (const std::string& name : *names) {
    if (!name.ends_with(kFirstSegment)) continue;
    std::string key = name.substr(0, name.size() - kFirstSegment.size());
    if (!is_key(key) || known_.contains(key)) continue;
    if (known_.size() >= kMostJournals) {
      warnings_.add(fmt::format("more than {} processes logged metrics; those of the others are not recorded", kMostJournals));
      return;
    }
    known_.insert(key);
    journals_.emplace_back(folder_.metrics(), std::move(key));
  }
}

void JournalFollower::is_unreadable(const Error& why) {
  unreadable_ = why.detail;
  if (!unreadable_since_) unreadable_since_ = std::chrono::steady_clock::now();
}

/// While a journal cannot be opened there may be points in it: a drain waits, but not for ever.
bool JournalFollower::waits_for_descriptors() {
  if (!unreadable_since_) return false;
  if (std::chrono::steady_clock::now() - *unreadable_since_ < kShortageTime) return true;
  delivery_.not_delivered("metrics (a journal could not be opened: " + unreadable_ + ")");
  return false;
}

bool JournalFollower::send_round() {
  bool sent = false;
  for (JournalReader& journal : journals_) {
    if (!ending_ && send_batch(journal)) sent = true;
  }
  return sent;
}

bool JournalFollower::send_batch(JournalReader& journal) {
  if (refused_.contains(journal.key())) return false;
  const auto batch = journal.read([this](TimeUs time) { return clock_.to_server(time); });
  if (!batch && batch.error().code == Code::unavailable) {
    is_unreadable(batch.error());
    return false;
  }
  if (!batch) {
    warnings_.add("metrics: " + batch.error().detail);
    delivery_.leave_behind();
    return true;  // what follows the fault may be whole
  }
  if (batch->points == 0) return false;
  const auto next = persist(stop_.calls_canceled(),
                            [&]() -> Result<std::uint64_t> {
                              if (ending_) return fail(Code::invalid, "the follower ends");
                              return server_.post_metrics(journal.key(), batch->sequence, batch->rank, batch->records);
                            },
                            {.with_storage = [this](const Error& why) {
                              return delivery_.refused(Delivery::What::metrics, 0, why, std::chrono::steady_clock::now());
                            }});
  if (next) delivery_.took(Delivery::What::metrics);
  if (ending_ || stop_.calls_canceled().stop_requested()) return false;
  if (next && *next >= batch->sequence + batch->points) {
    journal.take(*next);
    return true;
  }
  refused_.insert(journal.key());
  const std::string gone = fmt::format("the metrics of process {} are recorded up to point {} only: {}", journal.key(),
                                       next ? *next : batch->sequence, next ? "the server takes no more of them" : next.error().detail);
  warnings_.add(gone);
  if (next || verdict_on(next.error().code) != Verdict::storage) delivery_.not_delivered("metrics of process " + journal.key());
  return false;
}

}  // namespace muster::runner
