#include "engine/slurm/options.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::engine::slurm {
namespace {

constexpr std::int64_t kMostCpus = 100'000;
constexpr std::int64_t kMostGpus = 1'000;
constexpr std::int64_t kLongestMinutes = 527'040;  // a year

/// What Muster says itself, so that a job stays what its engine takes it for.
constexpr std::array<std::string_view, 19> kOurs{
    "array",      "chdir", "comment",  "dependency", "error",    "help",    "hold",   "input",     "job-name", "kill-on-invalid-dep",
    "no-requeue", "nodes", "nodelist", "output",     "parsable", "requeue", "signal", "test-only", "wrap"};

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; });
}

bool is_memory(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  return digits > 0 && digits <= 15 &&
         (unit.empty() || (unit.size() == 1 && std::string_view("KMGT").find(unit) != std::string_view::npos));
}

/// Collects what is wrong with each option.
class Reader {
 public:
  explicit Reader(const Json& options) : options_(options) {}

  std::string text(const char* name) {
    const auto at = options_.find(name);
    std::string value = at == options_.end() ? "" : text_of(*at);
    if (!is_plain(value)) fault(name, "must be one line");
    return value;
  }
  int count(const char* name, std::int64_t most) {
    const std::string value = text(name);
    std::int64_t number = 0;
    if (!value.empty() && (!parse_int64(value, number) || number < 1 || number > most))
      fault(name, fmt::format("must be a whole number from 1 to {}", most));
    return static_cast<int>(std::clamp<std::int64_t>(number, 0, most));
  }
  std::string folder(const char* name) {
    std::string value = text(name);
    if (!value.empty() && value.front() != '/') fault(name, "must be an absolute path");
    return value;
  }
  void fault(const std::string& name, std::string detail) { faults_.push_back({"engine_options." + name, std::move(detail), {}}); }

  Result<void> finish() {
    if (faults_.empty()) return {};
    Error error{Code::invalid, faults_.front().field + ": " + faults_.front().detail, {}, {}};
    error.errors = std::move(faults_);
    return tl::unexpected(std::move(error));
  }

 private:
  const Json& options_;
  std::vector<FieldError> faults_;
};

std::vector<std::string> extra_words(Reader& in) {
  std::vector<std::string> words;
  const std::string text = in.text("sbatch");
  for (const std::string_view word : split(text, ' ')) {
    if (word.empty()) continue;
    const std::string_view name = word.substr(0, word.find('=')).substr(std::min<std::size_t>(2, word.size()));
    if (!word.starts_with("--") || name.empty())
      in.fault("sbatch", fmt::format("'{}' must be a long option of sbatch, with its value after '=': --exclusive --mail-user=me", word));
    else if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end())
      in.fault("sbatch", fmt::format("--{} is Muster's to say", name));
    words.emplace_back(word);
  }
  return words;
}

}  // namespace

std::vector<EngineOption> option_list() {
  return {{"partition", "where its jobs go (Slurm's default partition)"},
          {"account", "who is charged for its jobs"},
          {"qos", "the quality of service of its jobs"},
          {"constraint", "features that its nodes must have"},
          {"reservation", "the reservation that its jobs may use"},
          {"cpus", "processors of each node"},
          {"memory", "memory of each node, as 8G or 500M"},
          {"gpus", "GPUs of each node (--gres=gpu:N)"},
          {"time_limit", "the longest that a job may take, in minutes or as D-HH:MM:SS (the partition's)"},
          {"runner", "where the nodes have the muster program (the server's own path, on a disk that they share)"},
          {"scratch", "a folder of the nodes that runs may fill (/tmp/muster-UID)"},
          {"sbatch", "further options of sbatch, with spaces between: --exclusive --nice=100"}};
}

Result<Options> options_from(const Json& engine_options) {
  Reader in(engine_options);
  Options options;
  options.partition = in.text("partition");
  options.account = in.text("account");
  options.qos = in.text("qos");
  options.constraint = in.text("constraint");
  options.reservation = in.text("reservation");
  options.cpus = in.count("cpus", kMostCpus);
  options.memory = in.text("memory");
  if (!options.memory.empty() && !is_memory(options.memory)) in.fault("memory", "must be a number of megabytes, or one with K, M, G or T");
  options.gpus = in.count("gpus", kMostGpus);
  const std::string time = in.text("time_limit");
  options.time_limit = parse_time(time);
  if (!time.empty() && (!options.time_limit || options.time_limit->count() == 0))
    in.fault("time_limit", "must be minutes or D-HH:MM:SS, and more than none");
  options.runner = in.folder("runner");
  options.scratch = in.folder("scratch");
  options.extra = extra_words(in);
  MUSTER_TRY(in.finish());
  return options;
}

std::optional<std::chrono::seconds> parse_time(std::string_view text) {
  const std::size_t dash = text.find('-');
  const bool has_days = dash != std::string_view::npos;
  const auto parts = split(has_days ? text.substr(dash + 1) : text, ':');
  if (parts.empty() || parts.size() > 3) return std::nullopt;
  std::vector<std::int64_t> numbers;
  const auto read = [&](std::string_view part) {
    std::int64_t number = 0;
    const bool is_number = !part.empty() && part.size() <= 9 && parse_int64(part, number) && number >= 0;
    if (is_number) numbers.push_back(number);
    return is_number;
  };
  if (has_days && !read(text.substr(0, dash))) return std::nullopt;
  if (!std::all_of(parts.begin(), parts.end(), read)) return std::nullopt;
  // With days the first of the others is hours; without, a single number or pair begins with minutes.
  std::int64_t seconds = 0;
  if (has_days) {
    numbers.resize(4);
    seconds = ((numbers[0] * 24 + numbers[1]) * 60 + numbers[2]) * 60 + numbers[3];
  } else if (numbers.size() == 3) {
    seconds = (numbers[0] * 60 + numbers[1]) * 60 + numbers[2];
  } else {
    numbers.resize(2);
    seconds = numbers[0] * 60 + numbers[1];
  }
  if (seconds > kLongestMinutes * 60) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::string time_in_minutes(std::chrono::seconds time) { return std::to_string((time.count() + 59) / 60); }

}  // namespace muster::engine::slurm
