#include "model/printed_exception.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/text.h"
#include "model/log_lines.h"

namespace muster::model {
namespace {

constexpr std::string_view kTraceback = "Traceback (most recent call last):";
constexpr std::string_view kRichTraceback = "Traceback (most recent call last) ";
constexpr std::size_t kMostMessageLines = 100;
constexpr std::size_t kLongestTraceback = 64u << 10;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool is_connector(std::string_view line) {
  return line == "During handling of the above exception, another exception occurred:" ||
         line == "The above exception was the direct cause of the following exception:" ||
         (line.starts_with("-- Process ") && line.ends_with(" terminated with the following error:"));
}

/// What cannot belong to an exception's message: others' output that follows it without an empty line.
bool is_foreign(std::string_view line) {
  const bool glog =
      line.size() > 6 && contains("EWIF", line.substr(0, 1)) && line[5] == ' ' && std::all_of(line.begin() + 1, line.begin() + 5, is_digit);
  return glog || line.ends_with(kTraceback) || is_connector(line) || line.starts_with("-----------------") ||
         line.starts_with("terminate called ") || line.starts_with("Fatal Python error: ") || line.starts_with("Exception ignored ") ||
         line.starts_with("Exception in thread ") || line == "--- Logging error ---";
}

/// "ValueError: text", "KeyboardInterrupt", "pkg.mod.f.<locals>.Oops: text"
bool split_exception_line(std::string_view line, PrintedException& exception) {
  std::size_t end = 0;
  while (end < line.size()) {
    const char c = line[end];
    const bool word = is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
    const bool later = is_digit(c) || c == '.' || c == '<' || c == '>';
    if (!word && !(later && end > 0)) break;
    ++end;
  }
  if (end == 0 || (end < line.size() && line[end] != ':')) return false;
  exception.type = line.substr(0, end);
  line.remove_prefix(std::min(line.size(), end + 1));
  if (line.starts_with(' ')) line.remove_prefix(1);
  exception.message = line;
  return true;
}

enum class Standing {
  program,   ///< ended the program, for all one can see
  aside,     ///< of a thread, a task or a child process: the cause only when there is no other
  launcher,  ///< says that another process failed
};

struct Finding {
  PrintedException exception;
  Standing standing = Standing::program;
  std::size_t at = 0;  ///< number of its last line in the log
  std::string_view prefix;
};

/// One process's lines, with their numbers in the log.
struct Stream {
  std::string_view prefix;
  std::vector<std::string_view> lines;
  std::vector<std::size_t> numbers;
};

/// Reads one stream from its start to its end; finished exceptions are put into `findings`.
class StreamReader {
 public:
  StreamReader(const Stream& stream, std::vector<Finding>& findings) : stream_(stream), lines_(stream.lines), findings_(findings) {}

  void read() {
    while (at_ < lines_.size()) {
      const std::string_view line = lines_[at_];
      if (contains(line, "+ Exception Group Traceback (most recent call last):"))
        read_group();
      else if (line.ends_with(kTraceback))
        read_block(at_ + 1, "  ");
      else if (line.starts_with("╭") && contains(line, kRichTraceback))
        read_rich();
      else if (line.starts_with("  File \""))
        read_headless();
      else if (const std::size_t term = line.find("terminate called "); term != std::string_view::npos)
        read_terminate(line.substr(term));
      else if (contains(line, "libc++abi: terminating "))
        read_libcxx(line);
      else if (line.starts_with("Fatal Python error: "))
        read_fatal();
      else
        ++at_;
    }
  }

 private:
  /// From the frames at `frames` (each line starting with `margin`) to the exception's line and the rest of its message.
  void read_block(std::size_t frames, std::string_view margin) {
    const std::size_t start = at_;
    std::size_t at = frames;
    while (at < lines_.size() && lines_[at].starts_with(margin)) ++at;
    PrintedException exception;
    if (at >= lines_.size() || at == frames || !split_exception_line(lines_[at], exception)) {
      at_ = std::max(at, start + 1);  // cut off: killed while printing, or not a traceback
      return;
    }
    at = read_message(at + 1, exception);
    add(std::move(exception), start, at);
  }

  /// The message's further lines, up to an empty one.
  std::size_t read_message(std::size_t at, PrintedException& exception) const {
    for (std::size_t n = 0; n < kMostMessageLines && at < lines_.size() && !lines_[at].empty() && !is_foreign(lines_[at]); ++n, ++at) {
      exception.message += exception.message.empty() ? "" : "\n";
      exception.message += lines_[at];
    }
    return at;
  }

  /// Python 3.11's exception groups are drawn inside a margin of '|' and '+'; the group's own line stands right at the margin.
  void read_group() {
    const std::size_t start = at_;
    const std::size_t margin = lines_[at_].find('+');
    PrintedException exception;
    std::size_t at = at_ + 1;
    for (; at < lines_.size() && lines_[at].find_first_not_of(' ') >= margin && lines_[at].find_first_of("|+") != std::string_view::npos &&
           contains("|+", lines_[at].substr(lines_[at].find_first_not_of(' '), 1));
         ++at) {
      const std::string_view inside = lines_[at].substr(std::min(lines_[at].size(), margin));
      if (exception.type.empty() && inside.starts_with("| ") && !inside.starts_with("|  "))
        split_exception_line(inside.substr(2), exception);
    }
    if (exception.type.empty())
      at_ = at;
    else
      add(std::move(exception), start, at);
  }

  void read_rich() {
    std::size_t frames = at_ + 1;
    while (frames < lines_.size() && lines_[frames].starts_with("│")) ++frames;
    if (frames < lines_.size() && lines_[frames].starts_with("╰"))
      read_block(frames, "╰");
    else
      at_ = frames;
  }

  /// Frames without a heading: a syntax error in the script itself, or a traceback whose start is before the tail's.
  void read_headless() {
    std::size_t end = at_;
    while (end < lines_.size() && lines_[end].starts_with("  ")) ++end;
    PrintedException exception;
    const bool finished = end < lines_.size() && split_exception_line(lines_[end], exception);
    const bool syntax = exception.type == "SyntaxError" || exception.type == "IndentationError" || exception.type == "TabError";
    const bool cut = std::all_of(lines_.begin() + (at_ > 0 ? 1 : 0), lines_.begin() + static_cast<std::ptrdiff_t>(at_),
                                 [](std::string_view line) { return line.starts_with("  "); });
    if (finished && (syntax || cut))
      read_block(at_, "  ");
    else
      at_ = std::max(end, at_ + 1);
  }

  /// libstdc++: "terminate called after throwing an instance of 'std::runtime_error'", then "  what():  text"
  void read_terminate(std::string_view line) {
    const std::size_t start = at_;
    PrintedException exception;
    std::size_t at = at_ + 1;
    if (const std::size_t quote = line.find('\''); quote != std::string_view::npos) {
      exception.type = line.substr(quote + 1, line.rfind('\'') - quote - 1);
      constexpr std::string_view kWhat = "  what():  ";
      if (at < lines_.size() && lines_[at].starts_with(kWhat)) {
        exception.message = lines_[at].substr(kWhat.size());
        at = read_message(at + 1, exception);
      }
    } else {
      // A destructor that found a running thread, most often while the program was ending of something else: which may stand in another
      // stream, as PyTorch puts the rank in front of a traceback and the C++ library does not.
      if (!findings_.empty() && findings_.back().prefix == stream_.prefix) {
        ++at_;
        return;
      }
      exception = {"std::terminate", std::string(line), ""};
      add(std::move(exception), start, at, Standing::aside);
      return;
    }
    if (exception.type.empty()) exception.type = "std::terminate";
    add(std::move(exception), start, at);
  }

  /// libc++: "libc++abi: terminating due to uncaught exception of type std::runtime_error: text"
  void read_libcxx(std::string_view line) {
    PrintedException exception;
    constexpr std::string_view kType = " of type ";
    const std::size_t type = line.find(kType);
    if (type == std::string_view::npos) {
      ++at_;
      return;
    }
    const std::string_view rest = line.substr(type + kType.size());
    const std::size_t colon = rest.find(": ");
    exception.type = rest.substr(0, colon);
    if (colon != std::string_view::npos) exception.message = rest.substr(colon + 2);
    add(std::move(exception), at_, at_ + 1);
  }

  /// "Fatal Python error: Segmentation fault", an empty line, then the stack of each thread.
  void read_fatal() {
    const std::size_t start = at_;
    PrintedException exception{"Fatal Python error", std::string(lines_[at_].substr(std::string_view("Fatal Python error: ").size())), ""};
    std::size_t at = at_ + 1;
    while (at < lines_.size() && (lines_[at].empty() || lines_[at].starts_with("  ") || lines_[at].starts_with("Thread 0x") ||
                                  lines_[at].starts_with("Current thread ") || lines_[at].starts_with("Python runtime state: ") ||
                                  lines_[at].starts_with("Extension modules: "))) {
      ++at;
    }
    while (at > start + 1 && lines_[at - 1].empty()) --at;
    add(std::move(exception), start, at);
  }

  /// Takes the exception of lines [start, end), or its chain, and goes on behind it.
  void add(PrintedException exception, std::size_t start, std::size_t end, Standing at_least = Standing::program) {
    at_ = end;
    const std::string_view before = line_before(start);
    const bool chained = chain_start_ && (is_connector(before) || lines_[start].starts_with("Original Traceback "));
    if (chained) start = *chain_start_;
    const std::string_view lead = line_before(start);
    if (lead.starts_with("Exception ignored ") || lead == "--- Logging error ---") return;
    Finding finding{std::move(exception), std::max(at_least, standing(lead)), stream_.numbers[end - 1], stream_.prefix};
    finding.exception.traceback = text_of(start, end);
    finding.exception.type = to_utf8(finding.exception.type);
    finding.exception.message = to_utf8(finding.exception.message);
    const bool launcher =
        finding.exception.type.ends_with(".ChildFailedError") ||
        (finding.exception.type.ends_with("CalledProcessError") && contains(finding.exception.traceback, "torch/distributed/"));
    if (launcher) finding.standing = Standing::launcher;
    if (chained) findings_.pop_back();
    findings_.push_back(std::move(finding));
    chain_start_ = start;
  }

  std::string_view line_before(std::size_t at) const {
    while (at > 0 && lines_[at - 1].empty()) --at;
    return at > 0 ? lines_[at - 1] : std::string_view();
  }

  static Standing standing(std::string_view lead) {
    const bool child = lead.starts_with("Process ") && lead.ends_with(':');
    const bool aside = child || lead.starts_with("Exception in thread ") || lead.starts_with("Exception in callback ") ||
                       lead.starts_with("Task exception was never retrieved");
    return aside ? Standing::aside : Standing::program;
  }

  std::string text_of(std::size_t start, std::size_t end) const {
    std::string text;
    for (std::size_t i = start; i < end; ++i) {
      std::string_view line = lines_[i];
      // What stood on the line before the traceback began (a progress bar) is not part of it.
      if (i == start && line.ends_with(kTraceback) && !contains(line, "+ Exception Group")) line = kTraceback;
      text += line;
      text += '\n';
    }
    if (text.size() > kLongestTraceback) text = "…\n" + text.substr(text.find('\n', text.size() - kLongestTraceback) + 1);
    return to_utf8(text);
  }

  const Stream& stream_;
  const std::vector<std::string_view>& lines_;
  std::vector<Finding>& findings_;
  std::size_t at_ = 0;
  std::optional<std::size_t> chain_start_;  ///< where the last finding of this stream begins
};

std::vector<Stream> streams_of(std::string_view tail) {
  std::vector<Stream> streams;
  std::map<std::string_view, std::size_t> by_prefix;
  std::size_t number = 0;
  for (const LogLine& line : split_log(tail)) {
    const auto [at, is_new] = by_prefix.try_emplace(line.prefix, streams.size());
    if (is_new) streams.push_back({line.prefix, {}, {}});
    streams[at->second].lines.push_back(line.text);
    streams[at->second].numbers.push_back(number++);
  }
  return streams;
}

const Finding* choose(const std::vector<Finding>& findings) {
  for (const Standing standing : {Standing::program, Standing::aside, Standing::launcher}) {
    std::vector<const Finding*> these;
    for (const Finding& finding : findings) {
      if (finding.standing == standing) these.push_back(&finding);
    }
    if (these.empty()) continue;
    // Several programs write into one log: then the last need not be the cause, it may have died of another's death.
    std::string_view prefix;
    bool several = false;
    for (const Finding& finding : findings) {
      several =
          several || finding.standing == Standing::launcher || (!prefix.empty() && !finding.prefix.empty() && finding.prefix != prefix);
      if (!finding.prefix.empty()) prefix = finding.prefix;
    }
    if (!several) return these.back();
    const auto own = std::find_if(these.rbegin(), these.rend(), [](const Finding* one) { return !is_communication_error(one->exception); });
    return own != these.rend() ? *own : these.front();
  }
  return nullptr;
}

}  // namespace

std::optional<PrintedException> find_exception(std::string_view tail) {
  std::vector<Finding> findings;
  for (const Stream& stream : streams_of(tail)) StreamReader(stream, findings).read();
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.at < b.at; });
  const Finding* chosen = choose(findings);
  return chosen != nullptr ? std::optional(chosen->exception) : std::nullopt;
}

bool is_communication_error(const PrintedException& exception) {
  static constexpr std::array<std::string_view, 10> kTypes{
      "DistBackendError",     "DistNetworkError", "DistStoreError",         "HorovodInternalError",   "HostsUpdatedInterrupt",
      "ConnectionResetError", "BrokenPipeError",  "ConnectionAbortedError", "ConnectionRefusedError", "MpirunAborted",
  };
  static constexpr std::array<std::string_view, 14> kWords{
      "Connection reset by peer",
      "Connection closed by peer",
      "Connection refused",
      "Broken pipe",
      "gloo/transport",
      "NCCL",
      "ncclUnhandled",
      "ncclRemoteError",
      "ncclSystemError",
      "MPI_ABORT",
      "Horovod has been shut down",
      "TCPStore",
      "Socket Timeout",
      "Timed out waiting",
  };
  std::string_view type = exception.type;
  type.remove_prefix(type.rfind('.') == std::string_view::npos ? 0 : type.rfind('.') + 1);
  type.remove_prefix(type.rfind(':') == std::string_view::npos ? 0 : type.rfind(':') + 1);
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() ||
         std::any_of(kWords.begin(), kWords.end(), [&](std::string_view words) { return contains(exception.message, words); });
}

bool is_port_in_use(const PrintedException& exception, int port) {
  static constexpr std::array<std::string_view, 3> kWords{"EADDRINUSE", "ddress already in use", "errno: 98"};
  const std::string_view message = exception.message;
  if (std::none_of(kWords.begin(), kWords.end(), [&](std::string_view words) { return contains(message, words); })) return false;
  const auto has_digit = [&](std::size_t at) { return at < message.size() && is_digit(message[at]); };
  const std::string number = std::to_string(port);
  for (std::size_t at = message.find(number); at != std::string_view::npos; at = message.find(number, at + 1)) {
    if (!has_digit(at - 1) && !has_digit(at + number.size())) return true;
  }
  return false;
}

}  // namespace muster::model
