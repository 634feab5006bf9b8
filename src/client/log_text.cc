#include "client/log_text.h"

#include <charconv>
#include <cstdint>
#include <map>

namespace muster::client {
namespace {

/// Takes bytes of an answer; whether they brought anything new.
using Feed = std::function<Result<bool>(std::string_view)>;

/// Streams `path` again and again until it came to its end.
Result<void> stream_to_end(Api& api, const std::string& path, const std::function<Query()>& query, const Feed& feed) {
  bool sink_failed = false;
  const auto once = [&](bool& progressed) -> Result<void> {
    MUSTER_TRY(api.stream(path, query(), [&](std::string_view bytes) -> Result<void> {
      const auto taken = feed(bytes);
      sink_failed = !taken;
      if (!taken) return tl::unexpected(taken.error());
      progressed |= *taken;
      return {};
    }));
    return {};
  };
  return while_it_progresses([&] { return api.retry_policy(); }, api.stop_token(), once, [&] { return !sink_failed; });
}

/// Whole lines of a merged answer, counted by rank.
class MergedLines {
 public:
  explicit MergedLines(const ByteSink& sink) : sink_(sink) {}

  /// For an answer that goes on after the lines there were; what came of the next one is sent again.
  Query rest(Query query) {
    partial_.clear();
    std::string skip;
    for (const auto& [rank, count] : printed_) skip += fmt::format("{}{}:{}", skip.empty() ? "" : ",", rank, count);
    if (!skip.empty()) query.emplace_back("skip", skip);
    return query;
  }

  Result<bool> feed(std::string_view bytes) {
    partial_ += bytes;
    const std::size_t end = partial_.rfind('\n');
    if (end == std::string::npos) return false;
    const std::string_view lines = std::string_view(partial_).substr(0, end + 1);
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
      constexpr std::string_view kBegin = "[rank ";
      int rank = 0;
      const char* const number = lines.data() + at + kBegin.size();
      if (!lines.substr(at).starts_with(kBegin) || std::from_chars(number, lines.data() + lines.size(), rank).ec != std::errc())
        return fail(Code::internal, "the server's merged log has a line without its rank");
      ++printed_[rank];
    }
    MUSTER_TRY(sink_(lines));
    partial_.erase(0, end + 1);
    return true;
  }

 private:
  const ByteSink& sink_;
  std::string partial_;
  std::map<int, std::uint64_t> printed_;
};

}  // namespace

Result<void> read_log(Api& api, const std::string& path, const Query& query, const ByteSink& sink) {
  std::uint64_t offset = 0;
  const auto rest = [&] {
    Query more = query;
    if (offset > 0) more.emplace_back("offset", std::to_string(offset));
    return more;
  };
  return stream_to_end(api, path, rest, [&](std::string_view bytes) -> Result<bool> {
    offset += bytes.size();
    MUSTER_TRY(sink(bytes));
    return !bytes.empty();
  });
}

Result<void> read_merged_log(Api& api, const std::string& path, const Query& query, const ByteSink& sink) {
  MergedLines lines(sink);
  return stream_to_end(
      api, path, [&] { return lines.rest(query); }, [&](std::string_view bytes) { return lines.feed(bytes); });
}

}  // namespace muster::client
