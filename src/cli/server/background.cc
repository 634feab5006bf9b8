#include "cli/server/background.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "cli/fields.h"
#include "client/address.h"
#include "process/spawn.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartDeadline{10};
constexpr std::chrono::seconds kStopDeadline{20};
constexpr milliseconds kAskEvery{20};
constexpr std::size_t kShownLogBytes = 4096;

/// What the server wrote since the log had `from` bytes, its structured lines left out: those are for operators, an error at start is in
/// words.
std::string last_words(const fs::path& log, std::uint64_t from) {
  const auto text = read_file(log, 256u << 20);
  if (!text || text->size() <= from) return "";
  std::string words;
  for (const std::string_view line : split(std::string_view(*text).substr(from), '\n')) {
    if (!line.empty() && line.front() != '{') words += std::string(words.empty() ? "" : "; ") + std::string(line);
  }
  return to_utf8(words.substr(0, kShownLogBytes));
}

/// When the process began, on the wall clock as it is now.
std::optional<TimeUs> wall_start(pid_t pid) {
  const auto ticks = process::start_time(pid);
  if (!ticks) return std::nullopt;
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto boot_us = since_boot.tv_sec * 1'000'000 + since_boot.tv_nsec / 1000;
  return SystemClock().now_us() - boot_us + *ticks * 1'000'000 / ::sysconf(_SC_CLK_TCK);
}

bool looks_like_a_server(pid_t pid) {
  const auto line = read_file(fmt::format("/proc/{}/cmdline", pid), 1u << 20);
  if (!line) return false;
  for (const std::string_view word : split(*line, '\0')) {
    if (word == "serve") return true;
  }
  return false;
}

/// The right to start this home's server, until the descriptor is closed: of two `muster up` at one instant the second finds the server of
/// the first.
Result<Fd> take_turn(const fs::path& home) {
  const fs::path path = home / "up.lock";
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT, 0600));
  const auto deadline = steady_clock::now() + 2 * kStartDeadline;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(system_error("lock " + path.string(), errno));
    if (steady_clock::now() > deadline) return fail_hint(Code::timeout, "try again", "another `muster up` still holds {}", path.string());
    std::this_thread::sleep_for(kAskEvery);
  }
  return file;
}

}  // namespace

Result<fs::path> chosen_home(const std::string& told) {
  fs::path home = told;
  if (told.empty()) {
    MUSTER_TRY_ASSIGN(home, client::home_folder(client::hints_of_process().variables));
  }
  std::error_code ignored;
  return fs::absolute(home, ignored).lexically_normal();
}

Result<std::optional<ServerCard>> read_card(const fs::path& home) {
  const auto text = read_file(home / "server.json", 1u << 20);
  if (!text && text.error().code == Code::not_found) return std::nullopt;
  if (!text) return tl::unexpected(text.error());
  const auto json = parse_json(*text);
  ServerCard card;
  if (json) card = {text_at(*json, "url"), static_cast<pid_t>(number_at(*json, "pid")), text_at(*json, "started_at")};
  if (card.url.empty() || card.pid <= 0)
    return fail_hint(Code::invalid, "remove that file", "{} is damaged", (home / "server.json").string());
  return card;
}

Result<std::shared_ptr<client::Api>> api_of_home(const fs::path& home) {
  MUSTER_TRY_ASSIGN(const auto card, read_card(home));
  if (!card) return fail_hint(Code::unavailable, "start it with `muster up`", "no server runs in {}", home.string());
  client::AddressHints hints;
  hints.server = card->url;
  hints.workspace = "default";
  hints.variables = {{"MUSTER_HOME", home.string()}};
  client::ApiOptions options;
  MUSTER_TRY_ASSIGN(options.address, client::find_address(hints));
  options.deadlines.connect = milliseconds(1'000);
  options.deadlines.progress = milliseconds(10'000);
  return client::Api::create(std::move(options));
}

std::optional<Json> ask_status(const fs::path& home) {
  const auto api = api_of_home(home);
  if (!api) return std::nullopt;
  auto status = (*api)->get("/api/v1/status");
  if (!status) return std::nullopt;
  return std::move(*status);
}

Result<Started> start_in_background(const fs::path& home, const std::string& listen, const std::string& advertise) {
  if (auto status = ask_status(home)) return Started{std::move(*status), true};

  std::error_code ignored;
  const bool fresh = !fs::exists(home, ignored);
  MUSTER_TRY(make_folders(home));
  if (fresh) fs::permissions(home, fs::perms::owner_all, ignored);
  MUSTER_TRY_ASSIGN(const Fd turn, take_turn(home));
  if (auto status = ask_status(home)) return Started{std::move(*status), true};  // somebody else has started it meanwhile

  const fs::path log_path = home / "server.log";
  MUSTER_TRY_ASSIGN(const Fd log, open_file(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600));
  const std::uint64_t log_size = fs::file_size(log_path, ignored);

  process::SpawnOptions spawning;
  spawning.command = {fs::read_symlink("/proc/self/exe", ignored).string(), "serve", "--home", home.string()};
  for (const auto& [name, value] : {std::pair<std::string, const std::string&>{"--listen", listen}, {"--advertise", advertise}}) {
    if (value.empty()) continue;
    spawning.command.push_back(name);
    spawning.command.push_back(value);
  }
  spawning.variables = own_variables();
  spawning.variables["MUSTER_HOME"] = home.string();
  spawning.folder = home;  // not where the user stands: that folder may go away
  spawning.output = log.get();
  MUSTER_TRY_ASSIGN(process::Child child, process::spawn(spawning));

  const auto deadline = steady_clock::now() + kStartDeadline;
  while (steady_clock::now() < deadline) {
    // Its end ends the wait at once; else it is asked again a little later.
    auto ended = child.wait(kAskEvery);
    if (ended) {
      const std::string words = last_words(log_path, log_size);
      return fail_hint(Code::internal, fmt::format("its log is {}", log_path.string()), "the server did not start ({}){}{}",
                       process::to_words(*ended), words.empty() ? "" : ": ", words);
    }
    auto status = ask_status(home);
    if (status && number_at(member(*status, "server"), "pid") == child.pid()) return Started{std::move(*status), false};
  }
  return fail_hint(Code::timeout, fmt::format("its log is {}", log_path.string()), "the server (pid {}) does not answer within {} s",
                   child.pid(), kStartDeadline.count());
}

Result<std::optional<Fd>> server_process(const ServerCard& card) {
  // The descriptor first: from then on the pid cannot become another process's without our noticing.
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, card.pid, 0)));
  if (!pidfd) {
    if (errno == ESRCH) return std::nullopt;
    return tl::unexpected(system_error(fmt::format("open process {}", card.pid), errno));
  }
  constexpr TimeUs kTolerance = 5'000'000;
  const auto began = wall_start(card.pid);
  const auto said = from_rfc3339(card.started_at);
  const bool began_later = began && said && *began > *said + kTolerance;
  if (!looks_like_a_server(card.pid) || began_later) return std::nullopt;
  return pidfd;
}

Result<void> stop_process(const Fd& pidfd, pid_t pid) {
  if (::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
    return tl::unexpected(system_error(fmt::format("stop process {}", pid), errno));
  }
  const auto deadline = steady_clock::now() + kStopDeadline;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd ended{pidfd.get(), POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&ended, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    return fail_hint(Code::timeout, fmt::format("`kill -9 {}` ends it; runs go on and are found again by `muster up`", pid),
                     "the server (pid {}) has not ended within {} s", pid, kStopDeadline.count());
  }
}

}  // namespace muster::cli
