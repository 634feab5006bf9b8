#include "cli/server/background.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "cli/fields.h"
#include "client/address.h"
#include "process/spawn.h"
#include "server/address.h"
#include "server/home.h"
#include "server/settings.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartDeadline{10};
constexpr std::chrono::seconds kStopDeadline{20};
constexpr std::chrono::seconds kNamedWithin{2};
constexpr milliseconds kAskEvery{20};
constexpr std::size_t kShownLogBytes = 4096;

/// Why the server ended instead of serving: the error it wrote, else its last words, else what the disk says to who writes there.
Error start_error(const process::Ended& ended, const fs::path& log, std::uint64_t from) {
  const std::string hint = fmt::format("its log is {}", log.string());
  const auto text = read_file(log, 256u << 20);
  const std::string_view written = text && text->size() > from ? std::string_view(*text).substr(from) : std::string_view();
  std::string words;
  for (const std::string_view line : split(written, '\n')) {
    if (line.empty()) continue;
    if (line.front() != '{') {
      words += std::string(words.empty() ? "" : "; ") + std::string(line);
      continue;
    }
    // Its log has such lines too, and they have no code.
    const auto problem = parse_json(line);
    if (!problem || text_at(*problem, "code").empty() || text_at(*problem, "detail").empty()) continue;
    const std::string own_hint = text_at(*problem, "hint");
    return Error{code_from_string(text_at(*problem, "code")),
                 "the server did not start: " + text_at(*problem, "detail"),
                 own_hint.empty() ? hint : own_hint,
                 {}};
  }
  if (words.empty()) {
    const fs::path probe = log.parent_path() / "up.probe";
    const auto tried = write_file(probe, std::string(kShownLogBytes, ' '), 0600);
    std::error_code ignored;
    fs::remove(probe, ignored);
    if (!tried) {
      const std::string why = tried.error().code == Code::disk_full
                                  ? fmt::format("the disk that holds {} is full", log.parent_path().string())
                                  : tried.error().detail;
      return Error{tried.error().code, "the server did not start: " + why, tried.error().hint, {}};
    }
  }
  return Error{Code::internal,
               fmt::format("the server did not start ({}){}{}", process::to_words(ended), words.empty() ? "" : ": ",
                           to_utf8(words.substr(0, kShownLogBytes))),
               hint,
               {}};
}

bool looks_like_a_server(pid_t pid) {
  const auto line = read_file(fmt::format("/proc/{}/cmdline", pid), 1u << 20);
  if (!line) return false;
  for (const std::string_view word : split(*line, '\0')) {
    if (word == "serve") return true;
  }
  return false;
}

/// Whether the process was ended and has threads that are not gone yet (in a sync of the disk): its locks go with them.
bool is_ending(pid_t pid) {
  const auto line = read_file(fmt::format("/proc/{}/cmdline", pid), 1u << 20);
  return line && line->empty();
}

/// The right to start this home's server, until the descriptor is closed: of two `muster up` at one instant the second finds the server of
/// the first.
Result<Fd> take_turn(const fs::path& home) {
  auto turn = lock_file(home / "up.lock", 2 * kStartDeadline);
  if (!turn && turn.error().code == Code::timeout)
    return fail_hint(Code::timeout, "try again", "another `muster up` still holds {}", (home / "up.lock").string());
  return turn;
}

/// Until it ends, but no longer than until it is time to look again.
void wait_a_moment(const ServerProcess& server) {
  pollfd ended{server.pidfd.get(), POLLIN, 0};  // of a process that is not known, poll() watches nothing
  (void)::poll(&ended, 1, static_cast<int>(kAskEvery.count()));
}

Result<Json> ask_status(const fs::path& home, const ServerProcess& server) {
  MUSTER_TRY_ASSIGN(const auto api, api_of(home, server));
  return api->get("/api/v1/status");
}

tl::unexpected<Error> does_not_answer(const fs::path& home, std::string what, const Error& last) {
  const std::string log = fmt::format("its log is {}", server::Home{home}.log_file().string());
  return fail_hint(Code::timeout, last.hint.empty() ? log : last.hint + "; " + log, "{}: {}", what, last.detail);
}

/// Whether server.json says of the server what it says itself.
bool card_is_right(const fs::path& home, const Json& server) {
  const auto text = read_file(server::Home{home}.server_file(), 1u << 20);
  const auto card = text ? parse_json(*text) : Result<Json>(Json());
  return card && text_at(*card, "url") == text_at(server, "url") && number_at(*card, "pid") == number_at(server, "pid");
}

/// Clients find the server by server.json: one that was removed or overwritten is written again.
void mend_card(const fs::path& home, const Json& server) {
  if (card_is_right(home, server)) return;
  const Json fresh{{"url", member(server, "url")},
                   {"pid", member(server, "pid")},
                   {"version", member(server, "version")},
                   {"started_at", member(server, "started_at")}};
  (void)write_file(server::Home{home}.server_file(), fresh.dump() + "\n");  // for other commands; this one has its answer
}

/// The status of the home's server. One that is about to start or to end is waited for; nothing when none is left.
Result<std::optional<Json>> running_server(const fs::path& home) {
  const auto deadline = steady_clock::now() + kStartDeadline;
  while (true) {
    MUSTER_TRY_ASSIGN(const auto server, server_process(home));
    if (!server) return std::nullopt;
    auto status = ask_status(home, *server);
    if (status) {
      mend_card(home, member(*status, "server"));
      return std::move(*status);
    }
    if (steady_clock::now() > deadline) {
      return does_not_answer(
          home, fmt::format("a server (pid {}) has {}, and does not answer (`muster down` ends it)", server->pid, home.string()),
          status.error());
    }
    wait_a_moment(*server);
  }
}

/// The command line of `muster serve` with these options.
std::vector<std::string> words_of(const server::ServeOptions& options) {
  std::error_code ignored;
  std::vector<std::string> words{fs::read_symlink("/proc/self/exe", ignored).string(), "serve", "--json", "--home", options.home.string()};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {name, value});
  };
  // The server does not stand where the user does.
  const auto absolute = [](const std::string& path) { return path.empty() ? path : fs::absolute(path).string(); };
  add("--listen", options.listen);
  add("--advertise", options.advertise);
  add("--tls-certificate", absolute(options.tls_certificate));
  add("--tls-key", absolute(options.tls_key));
  if (options.insecure) words.emplace_back("--insecure");
  return words;
}

}  // namespace

void add_server_options(Command& command, server::ServeOptions& options, std::string& home) {
  command.option("--listen", "HOST:PORT", options.listen,
                 "where to listen (the first time 127.0.0.1:6464, or a free port when that is taken; then as before)");
  command.option("--advertise", "URL", options.advertise, "the address by which other machines reach this server");
  command.option("--tls-certificate", "FILE", options.tls_certificate,
                 "the server's certificate, a PEM file (beyond this machine it makes one of its own when none is given)");
  command.option("--tls-key", "FILE", options.tls_key, "the certificate's key, a PEM file");
  command.flag("--insecure", options.insecure, "listen beyond this machine without TLS: others can read and change what is sent");
  command.option("--home", "DIR", home, "where it keeps everything (else MUSTER_HOME, or ~/.muster)");
}

Result<fs::path> chosen_home(const std::string& told) {
  fs::path home = told;
  if (told.empty()) {
    MUSTER_TRY_ASSIGN(home, client::home_folder(client::hints_of_process().variables));
  }
  std::error_code ignored;
  home = fs::absolute(home, ignored).lexically_normal();
  if (fs::exists(home, ignored) && !fs::is_directory(home, ignored))
    return fail_hint(Code::invalid, "give another one by --home or MUSTER_HOME", "{} is not a folder", home.string());
  return home;
}

Result<std::optional<ServerProcess>> server_process(const fs::path& home) {
  const server::Home files{home};
  const auto begun = steady_clock::now();
  while (true) {
    MUSTER_TRY_ASSIGN(const auto pid, server::serving_process(files));
    if (!pid) return std::nullopt;
    // The descriptor first: from then on the pid cannot become another process's without our noticing.
    ServerProcess found{*pid, Fd(*pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)) : -1)};
    MUSTER_TRY_ASSIGN(const auto still, server::serving_process(files));
    if (still != pid) continue;
    if (found.pidfd && looks_like_a_server(*pid)) return found;
    // One that has just taken the lock names itself in it a moment later.
    const auto patience = found.pidfd && is_ending(*pid) ? kStartDeadline : kNamedWithin;
    if (steady_clock::now() < begun + patience) {
      wait_a_moment(found);
      continue;
    }
    return fail_hint(Code::conflict, fmt::format("`fuser {}.lock` names it", files.database().string()),
                     "a server has {}, but its process{} cannot be seen from here", home.string(),
                     *pid > 0 ? fmt::format(" ({})", *pid) : "");
  }
}

std::vector<std::string> urls_of(const fs::path& home) {
  const server::Home files{home};
  std::vector<std::string> urls;
  const auto add = [&](const std::string& url) {
    if (!url.empty() && std::find(urls.begin(), urls.end(), url) == urls.end()) urls.push_back(url);
  };
  const auto text = read_file(files.server_file(), 1u << 20);
  const auto card = text ? parse_json(*text) : Result<Json>(Json());
  if (card) add(text_at(*card, "url"));
  const auto settings = server::read_settings(files.settings());
  if (settings) add(settings->advertise);
  const auto kept = server::kept_start(files);
  if (!kept) return urls;
  add(kept->url);
  const auto address = server::parse_address(kept->told.listen);
  if (!address) return urls;
  for (const char* scheme : {"https", "http"}) {
    if (kept->scheme.empty() || kept->scheme == scheme) add(server::url_of(*address, scheme));
  }
  return urls;
}

Result<std::shared_ptr<client::Api>> api_of(const fs::path& home, const ServerProcess& server) {
  // server.json says where it is; when that is gone or wrong, the address it had is kept beside it.
  Error last{Code::unavailable, fmt::format("the server (pid {}) of {} does not answer", server.pid, home.string()), "", {}};
  const std::vector<std::string> urls = urls_of(home);
  for (const std::string& url : urls) {
    client::AddressHints hints;
    hints.server = url;
    hints.workspace = "default";
    hints.variables = {{"MUSTER_HOME", home.string()}};
    client::ApiOptions options;
    auto address = client::find_address(hints);
    if (!address) {  // why one does not answer says more than that there is no token for another
      if (url == urls.front()) last = address.error();
      continue;
    }
    options.address = std::move(*address);
    options.deadlines.connect = milliseconds(1'000);
    options.deadlines.progress = milliseconds(10'000);
    MUSTER_TRY_ASSIGN(auto api, client::Api::create(std::move(options)));
    const auto status = api->get("/api/v1/status");
    if (!status) {
      last = status.error();
      continue;
    }
    if (number_at(member(*status, "server"), "pid") == server.pid) return api;
    last.detail = fmt::format("another server answers at {}", url);
  }
  return tl::unexpected(std::move(last));
}

Result<Started> start_in_background(const server::ServeOptions& options) {
  const fs::path& home = options.home;
  MUSTER_TRY_ASSIGN(auto running, running_server(home));
  if (running) return Started{std::move(*running), true};

  std::error_code ignored;
  const bool fresh = !fs::exists(home, ignored);
  MUSTER_TRY(make_folders(home));
  if (fresh) fs::permissions(home, fs::perms::owner_all, ignored);
  MUSTER_TRY(server::check_owner(home));
  MUSTER_TRY_ASSIGN(const Fd turn, take_turn(home));
  MUSTER_TRY_ASSIGN(running, running_server(home));  // somebody else may have started it meanwhile
  if (running) return Started{std::move(*running), true};

  const fs::path log_path = home / "server.log";
  MUSTER_TRY_ASSIGN(const Fd log, open_file(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600));
  const std::uint64_t log_size = fs::file_size(log_path, ignored);

  process::SpawnOptions spawning;
  spawning.command = words_of(options);
  spawning.variables = own_variables();
  spawning.variables["MUSTER_HOME"] = home.string();
  spawning.folder = home;  // not where the user stands: that folder may go away
  spawning.output = log.get();
  MUSTER_TRY_ASSIGN(process::Child child, process::spawn(spawning));

  const auto deadline = steady_clock::now() + kStartDeadline;
  Error last{Code::timeout, "it has not opened its database yet", "", {}};
  while (steady_clock::now() < deadline) {
    // Its end ends the wait at once; else it is asked again a little later.
    const auto ended = child.wait(kAskEvery);
    if (ended) return tl::unexpected(start_error(*ended, log_path, log_size));
    MUSTER_TRY_ASSIGN(const auto server, server_process(home));
    if (!server || server->pid != child.pid()) continue;
    auto status = ask_status(home, *server);
    // It answers a moment before server.json is there, which other commands find it by.
    if (status && card_is_right(home, member(*status, "server"))) return Started{std::move(*status), false};
    last = status ? Error{Code::timeout, "its server.json is not there yet", "", {}} : status.error();
  }
  return does_not_answer(home, fmt::format("the server (pid {}) does not answer within {} s", child.pid(), kStartDeadline.count()), last);
}

Result<void> stop(const ServerProcess& server) {
  if (::syscall(SYS_pidfd_send_signal, server.pidfd.get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
    return tl::unexpected(system_error(fmt::format("stop process {}", server.pid), errno));
  }
  const auto deadline = steady_clock::now() + kStopDeadline;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    pollfd ended{server.pidfd.get(), POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&ended, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    return fail_hint(Code::timeout, fmt::format("`kill -9 {}` ends it; runs go on and are found again by `muster up`", server.pid),
                     "the server (pid {}) has not ended within {} s", server.pid, kStopDeadline.count());
  }
}

}  // namespace muster::cli
