#include "client/follow.h"

#include <map>

#include <openssl/evp.h>

#include <nlohmann/json.hpp>

namespace muster::client {
namespace {

class Follower {
 public:
  Follower(Api& api, const std::string& run_id, const FollowHandlers& handlers) : api_(api), run_id_(run_id), handlers_(handlers) {}

  Result<Json> run() {
    auto quiet_since = std::chrono::steady_clock::now();
    for (int attempt = 1;; ++attempt) {
      progressed_ = false;
      const auto read =
          api_.stream_events(api_.in_workspace({"runs", run_id_, "events"}), query(), [this](ServerEvent event) { return take(event); });
      if (ended_) return std::move(*ended_);
      if (handler_failed_) return tl::unexpected(read.error());
      const bool connection_lost = read || read.error().code == Code::unavailable || read.error().code == Code::timeout;
      if (!connection_lost || api_.stop_token().stop_requested()) return tl::unexpected(read.error());
      if (progressed_) {
        quiet_since = std::chrono::steady_clock::now();
        attempt = 1;
      }
      const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - quiet_since);
      const auto wait = wait_before(api_.retry_policy(), attempt, quiet);
      if (wait.count() < 0 || !sleep_for(wait, api_.stop_token())) {
        if (!read) return tl::unexpected(read.error());
        return fail(Code::unavailable, "the server ends the event stream of the run {} again and again", run_id_);
      }
    }
  }

 private:
  Query query() const {
    if (!handlers_.on_log) return {};
    Json positions = Json::object();
    for (const auto& [log, position] : positions_) positions[log] = position;
    Query query{{"log", "true"}, {"positions", dump_json(positions)}};
    if (attempt_ > 0) query.emplace_back("attempt", std::to_string(attempt_));
    return query;
  }

  Result<void> take(const ServerEvent& event) {
    auto json = parse_json(event.data, JsonLimits{.bytes = 32u << 20, .depth = 100});
    if (!json || !json->is_object()) return fail(Code::internal, "an event of the run {} cannot be read", run_id_);
    progressed_ = true;
    auto handled = dispatch(event.name, *json);
    handler_failed_ = !handled;
    return handled;
  }

  Result<void> dispatch(const std::string& name, Json& json) {
    if (name == "log") return take_log(std::move(json));
    // The state is the same after a reconnection; it is told once.
    const bool status = name == "status" || name == "end";
    if (status && handlers_.on_status && json != last_run_) MUSTER_TRY(handlers_.on_status(json));
    if (status) last_run_ = json;
    if (name == "end") ended_ = std::move(json);
    return {};
  }

  Result<void> take_log(Json event) {
    if (!handlers_.on_log) return {};
    MUSTER_TRY_ASSIGN(LogPiece piece, log_piece_of(event));
    // Another attempt's logs go by the same names and begin anew.
    if (piece.attempt > attempt_) {
      attempt_ = piece.attempt;
      positions_.clear();
    }
    std::uint64_t& position = positions_[fmt::format("{}:{}", piece.node_rank, piece.path)];
    if (piece.offset + piece.bytes.size() <= position) return {};
    if (piece.offset < position) {
      piece.bytes.erase(0, position - piece.offset);
      piece.offset = position;
    }
    position = piece.offset + piece.bytes.size();
    return handlers_.on_log(piece);
  }

  Api& api_;
  const std::string& run_id_;
  const FollowHandlers& handlers_;
  std::map<std::string, std::uint64_t> positions_;  ///< by node rank and path, as the server wants them
  int attempt_ = 0;                                 ///< whose logs they are; 0: none have come yet
  Json last_run_;
  std::optional<Json> ended_;
  bool handler_failed_ = false;
  bool progressed_ = false;
};

Result<std::string> from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return fail(Code::malformed, "a log event's base64 cannot be read");
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace

Result<LogPiece> log_piece_of(const Json& event) {
  LogPiece piece;
  const auto path = event.find("path");
  const auto offset = event.find("offset");
  const auto text = event.find("text");
  const auto base64 = event.find("base64");
  if (path == event.end() || !path->is_string() || offset == event.end() || !offset->is_number_unsigned())
    return fail(Code::malformed, "a log event has no path or offset");
  piece.path = path->get<std::string>();
  if (const auto node = event.find("node_rank"); node != event.end() && node->is_number_integer()) piece.node_rank = node->get<int>();
  if (const auto attempt = event.find("attempt"); attempt != event.end() && attempt->is_number_integer())
    piece.attempt = attempt->get<int>();
  piece.offset = offset->get<std::uint64_t>();
  piece.event = event;
  if (text != event.end() && text->is_string()) {
    piece.bytes = text->get<std::string>();
  } else if (base64 != event.end() && base64->is_string()) {
    MUSTER_TRY_ASSIGN(piece.bytes, from_base64(base64->get<std::string>()));
  } else {
    return fail(Code::malformed, "a log event has neither text nor base64");
  }
  return piece;
}

Result<Json> follow_run(Api& api, const std::string& run_id, const FollowHandlers& handlers) {
  return Follower(api, run_id, handlers).run();
}

}  // namespace muster::client
