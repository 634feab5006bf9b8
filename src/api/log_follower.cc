#include "api/log_follower.h"

#include "store/runs.h"

namespace muster::api {
namespace {

constexpr std::size_t kFollowedBytes = 256u << 10;

class LogFollower final : public http::StreamSource {
 public:
  LogFollower(Services& services, std::int64_t run_key, store::LogId id, std::uint64_t offset, std::uint64_t limit)
      : services_(services), run_key_(run_key), id_(std::move(id)), offset_(offset), left_(limit) {}

  void on_ready(std::function<void()> wake) override {
    subscription_ = services_.changes.subscribe(run_key_, [wake = std::move(wake), id = id_](const store::LogGrowth* growth) {
      if (growth == nullptr || growth->id == id) wake();
    });
  }

  std::optional<std::string> pull() override {
    if (left_ == 0) return std::nullopt;
    std::string bytes = read();
    if (bytes.empty()) {
      if (!is_complete()) return bytes;
      bytes = read();  // what was written until it was complete
      if (bytes.empty()) return std::nullopt;
    }
    offset_ += bytes.size();
    left_ -= bytes.size();
    return bytes;
  }

 private:
  std::string read() const {
    auto bytes = services_.logs.read(id_, offset_, static_cast<std::size_t>(std::min<std::uint64_t>(left_, kFollowedBytes)));
    if (!bytes) throw std::runtime_error(bytes.error().detail);
    return std::move(*bytes);
  }

  bool is_complete() {
    const auto info = services_.logs.info(id_);
    if (info && info->complete) return true;
    const auto over = services_.store.read([&](store::Session& session) -> Result<bool> {
      const auto run = store::runs::find_brief(session, run_key_);
      return !run || model::has_ended(run->status) || run->attempt != id_.attempt;
    });
    return over.value_or(false);
  }

  Services& services_;
  const std::int64_t run_key_;
  const store::LogId id_;
  std::uint64_t offset_;
  std::uint64_t left_;
  store::Changes::Subscription subscription_;
};

}  // namespace

std::unique_ptr<http::StreamSource> log_follower(Services& services, const store::runs::Brief& run, store::LogId id, std::uint64_t offset,
                                                 std::uint64_t limit) {
  return std::make_unique<LogFollower>(services, run.key, std::move(id), offset, limit);
}

}  // namespace muster::api
