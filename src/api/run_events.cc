#include "api/run_events.h"

#include <openssl/evp.h>

#include "api/log_clock.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "store/runs.h"

namespace muster::api {
namespace {

constexpr std::string_view kFollowed = "azureml-logs/";
constexpr std::size_t kPiece = 64u << 10;   ///< of one log in one event
constexpr std::size_t kEnough = 192u << 10;  ///< then what is there is sent first
constexpr std::chrono::seconds kSilence{15};

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// How many of the bytes to send now: all but a character that has begun and may still be completed.
std::size_t without_begun_character(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

std::string event(std::string_view name, const Json& data) { return fmt::format("event: {}\ndata: {}\n\n", name, dump_json(data)); }

/// One log that is followed.
struct Follower {
  std::uint64_t offset = 0;
  LogClock clock;
};

class RunEvents final : public http::StreamSource {
 public:
  RunEvents(Services& services, const model::Run& run, EventWishes wishes)
      : services_(services), key_(run.key), uuid_(run.uuid), attempt_(run.attempt), wishes_(std::move(wishes)), last_sent_(services.clock.steady()) {}

  void on_ready(std::function<void()> wake) override { subscription_ = services_.changes.subscribe(key_, std::move(wake)); }

  std::optional<std::string> pull() override {
    if (ended_) return std::nullopt;
    const auto found = services_.store.read([&](store::Session& session) -> Result<std::optional<model::Run>> { return store::runs::find(session, key_); });
    if (!found) throw std::runtime_error(found.error().detail);
    if (!*found) return std::nullopt;  // deleted
    const model::Run& run = **found;
    const bool over = model::has_ended(run.status);

    std::string out;
    // The end is told after the last byte: who hears of it may stop listening.
    if (!over) tell_status(out, run);
    const bool drained = !wishes_.logs || append_logs(out, run, over);
    if (over && drained) {
      tell_status(out, run);
      out += event("end", to_json(run));
      ended_ = true;
    }
    const auto now = services_.clock.steady();
    if (out.empty() && now - last_sent_ >= kSilence) out = ": keeps the connection alive\n\n";
    if (!out.empty()) last_sent_ = now;
    return out;
  }

 private:
  void tell_status(std::string& out, const model::Run& run) {
    std::string told = fmt::format("{}\n{}\n{}", to_string(run.status), run.status_detail, run.attempt);
    if (told == told_) return;
    told_ = std::move(told);
    out += event("status", to_json(run));
  }

  /// Whether everything there is has been sent; otherwise the next pull goes on.
  bool append_logs(std::string& out, const model::Run& run, bool over) {
    const bool last_attempt = attempt_ == run.attempt;
    const auto logs = services_.logs.list(uuid_, attempt_);
    if (!logs) throw std::runtime_error(logs.error().detail);
    for (const store::LogInfo& log : *logs) {
      if (!log.id.path.starts_with(kFollowed)) continue;
      if (!append_log(out, log, over || !last_attempt)) return false;
    }
    if (last_attempt) return true;
    ++attempt_;
    followers_.clear();
    wishes_.positions.clear();
    return false;
  }

  bool append_log(std::string& out, const store::LogInfo& log, bool no_more) {
    Follower& follower = follower_of(log);
    while (follower.offset < log.size) {
      if (out.size() >= kEnough) return false;
      auto bytes = services_.logs.read(log.id, follower.offset, std::min<std::uint64_t>(kPiece, log.size - follower.offset));
      if (!bytes) throw std::runtime_error(bytes.error().detail);
      if (bytes->empty()) return true;
      const bool at_end = follower.offset + bytes->size() >= log.size;
      const std::size_t whole = without_begun_character(*bytes);
      if (whole == 0 && at_end && !log.complete && !no_more) return true;  // its rest will come
      if (whole > 0 && !(at_end && (log.complete || no_more))) bytes->resize(whole);
      Json data{{"path", log.id.path},
                {"offset", follower.offset},
                {"attempt", log.id.attempt},
                {"node_rank", log.id.node_rank},
                {"rank", log.rank ? Json(*log.rank) : Json()},
                {"time", time_to_json(follower.clock.at(follower.offset))}};
      follower.offset += bytes->size();
      if (is_utf8(*bytes)) data["text"] = std::move(*bytes);
      else data["base64"] = base64(*bytes);
      out += event("log", data);
    }
    return true;
  }

  Follower& follower_of(const store::LogInfo& log) {
    const auto at = followers_.find(log.id);
    if (at != followers_.end()) return at->second;
    const auto wished = wishes_.positions.find(log.id.path);
    // A position past the end is one of another attempt.
    const std::uint64_t offset = wished != wishes_.positions.end() && wished->second <= log.size ? wished->second : 0;
    return followers_.emplace(log.id, Follower{offset, LogClock(services_.logs, log.id)}).first->second;
  }

  Services& services_;
  const std::int64_t key_;
  const std::string uuid_;
  int attempt_;  ///< whose logs are being sent; earlier ones to their end before later ones
  EventWishes wishes_;
  std::map<store::LogId, Follower> followers_;
  std::string told_;
  std::chrono::steady_clock::time_point last_sent_;
  bool ended_ = false;
  store::Changes::Subscription subscription_;  ///< last, so that it ends first
};

Result<std::map<std::string, std::uint64_t>> read_positions(const std::string& text) {
  MUSTER_TRY_ASSIGN(const Json json, parse_json(text));
  ObjectReader in(json);
  std::map<std::string, std::uint64_t> positions;
  if (json.is_object()) {
    for (const auto& [path, offset] : json.items()) positions[path] = static_cast<std::uint64_t>(in.integer(path, 0, INT64_MAX));
  }
  MUSTER_TRY(in.finish("positions"));
  return positions;
}

Result<http::Response> follow_run(Call& call) {
  QueryReader query(call.request);
  EventWishes wishes;
  wishes.logs = query.flag("log");
  const auto positions = query.text("positions");
  MUSTER_TRY(query.finish());
  if (positions) {
    MUSTER_TRY_ASSIGN(wishes.positions, read_positions(*positions));
  }
  MUSTER_TRY_ASSIGN(const model::Run run, run_of(call));
  return http::Response{200, {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}}, run_events(call.services, run, std::move(wishes))};
}

}  // namespace

std::unique_ptr<http::StreamSource> run_events(Services& services, const model::Run& run, EventWishes wishes) {
  return std::make_unique<RunEvents>(services, run, std::move(wishes));
}

void add_run_event_routes(Routes& routes) { routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/events", Access::own_run, follow_run); }

}  // namespace muster::api
