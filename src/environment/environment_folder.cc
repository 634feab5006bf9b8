#include "environment/environment_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/folder_list.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "environment/venv_builder.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

using std::chrono::steady_clock;
using OnLog = std::function<void(std::string_view)>;
using Stop = std::function<Result<void>()>;

constexpr std::chrono::milliseconds kAskAgain{100};
constexpr std::string_view kMarker = "muster.json";

fs::path beside(const fs::path& root, const std::string& hash, std::string_view extension) {
  return root / (hash + std::string(extension));
}

/// The program behind links, so that a Python that was upgraded in place is noticed.
std::string real_path(const fs::path& path) {
  std::error_code error;
  return fs::canonical(path, error).string();
}

/// Gives on what another process's build log has got since `offset`.
void follow(const fs::path& log, std::uint64_t& offset, const OnLog& on_log) {
  const auto bytes = read_file(log);
  if (!bytes) return;
  if (bytes->size() < offset) offset = 0;
  if (bytes->size() > offset) on_log(std::string_view(*bytes).substr(offset));
  offset = bytes->size();
}

/// The lock, however long another holds it.
Result<Fd> lock(const BuildRequest& request, steady_clock::time_point deadline, const OnLog& on_log, const Stop& stop) {
  const fs::path path = beside(request.root, request.hash, ".lock");
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT));
  bool waited = false;
  std::uint64_t followed = 0;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(system_error("lock " + path.string(), errno));
    if (!waited) on_log("another process is building this environment; its log follows\n");
    waited = true;
    follow(beside(request.root, request.hash, ".log"), followed, on_log);
    MUSTER_TRY(stop());
    if (steady_clock::now() > deadline)
      return fail(Code::timeout, "another process builds this environment and did not end in time ({})", path.string());
    std::this_thread::sleep_for(kAskAgain);
  }
  if (waited) follow(beside(request.root, request.hash, ".log"), followed, on_log);
  return file;
}

/// Ends what the builder before us left running: its group may lie elsewhere than ours would (it was started in another cgroup). The lock
/// is ours.
Result<void> end_recorded(const fs::path& root, const std::string& hash) {
  const fs::path record = beside(root, hash, ".group");
  const auto text = try_again([&] { return read_file(record, 64u << 10); });
  if (!text && text.error().code == Code::not_found) return {};
  if (!text) return tl::unexpected(text.error());
  const auto json = parse_json(*text);
  auto group = json ? process::ProcessGroup::reopen(*json) : Result<process::ProcessGroup>(tl::unexpected(json.error()));
  if (group) {
    MUSTER_TRY(group->kill(process::kKillDeadline));
    group->remove();
  }
  std::error_code ignored;
  fs::remove(record, ignored);
  return {};
}

/// The same name in every process that builds here, and another one in every other root: what a dead builder left running can be found,
/// nobody else's.
Result<process::ProcessGroup> group_of(const BuildRequest& request) {
  MUSTER_TRY(end_recorded(request.root, request.hash));
  const std::string name = fmt::format("muster-env-{}-{}", sha256_hex(request.root.string()).substr(0, 8), request.hash.substr(0, 16));
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, process::ProcessGroup::create(name));
  MUSTER_TRY(group.kill(process::kKillDeadline));
  MUSTER_TRY(write_file(beside(request.root, request.hash, ".group"), dump_json(group.to_json()), 0600, Durable::no));
  return group;
}

Result<void> write_marker(const BuildRequest& request, const fs::path& folder, const std::vector<std::string>& installed) {
  // Durable first: pip syncs nothing, and the marker must never outlive what it vouches for.
  MUSTER_TRY_ASSIGN(const Fd root, open_file(request.root, O_RDONLY | O_DIRECTORY));
  if (::syncfs(root.get()) != 0) return tl::unexpected(system_error("sync " + request.root.string(), errno));
  const Json marker{{"version", 1},
                    {"hash", request.hash},
                    {"interpreter", request.interpreter},
                    {"real_interpreter", real_path(request.interpreter)},
                    {"packages", installed},
                    {"built_at", to_rfc3339(SystemClock().now_us())}};
  return write_file(folder / kMarker, dump_json(marker));
}

Result<Prepared> build_locked(const BuildRequest& request, steady_clock::time_point deadline, const OnLog& on_log, const Stop& stop) {
  const fs::path folder = request.root / request.hash;
  const auto began = steady_clock::now();
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, group_of(request));
  MUSTER_TRY(remove_tree(folder));
  on_log(fmt::format("building environment {} with {}\n", request.hash.substr(0, 12), request.interpreter));
  for (const std::string& package : request.provided) on_log(fmt::format("{} is left out: Muster provides it to every job\n", package));

  auto installed = build_venv({folder, request.interpreter, request.packages, request.variables}, group, deadline, on_log, stop);
  // A build may leave a daemon behind (a compiler's cache server); the environment is whole only when nothing writes there any more.
  const Result<void> ended = group.kill(process::kKillDeadline);
  if (ended) {
    group.remove();
    std::error_code ignored;
    fs::remove(beside(request.root, request.hash, ".group"), ignored);
  }
  crash_point("server.environment.made");
  Result<void> whole = installed ? ended : tl::unexpected(installed.error());
  if (whole) whole = write_marker(request, folder, *installed);
  if (!whole) {
    on_log("the build failed\n");  // why is above, and in the error of each run that waits for it
    if (const auto removed = remove_tree(folder); !removed) log::warning("environment", "{}", removed.error().detail);
    return tl::unexpected(whole.error());
  }
  crash_point("server.environment.published");
  on_log(fmt::format("built in {:.1f} s\n", std::chrono::duration<double>(steady_clock::now() - began).count()));
  return Prepared{(folder / "bin" / "python").string(), folder, request.hash};
}

}  // namespace

Result<std::optional<Prepared>> find_built(const fs::path& root, const std::string& hash) {
  const fs::path folder = root / hash;
  const auto bytes = try_again([&] { return read_file(folder / kMarker); });
  // One that cannot be read for want of a descriptor may be whole, and in use: it must not be taken for missing and wiped.
  if (!bytes && bytes.error().code == Code::unavailable) return tl::unexpected(bytes.error());
  if (!bytes) return std::nullopt;
  const auto marker = parse_json(*bytes);
  const fs::path python = folder / "bin" / "python";
  if (!marker || !marker->is_object() || ::access(python.c_str(), X_OK) != 0) return std::nullopt;
  ObjectReader in(*marker);
  const std::string made_of = real_path(in.text_or("interpreter", ""));
  if (made_of.empty() || made_of != in.text_or("real_interpreter", "")) return std::nullopt;
  return Prepared{python.string(), folder, hash};
}

void clear_dead_builds(const fs::path& root) {
  const auto names = list_if_there(root);
  if (!names) return log::warning("environment", "{}", names.error().detail);
  for (const fs::path name : *names) {
    if (name.extension() != ".group") continue;
    const std::string hash = name.stem().string();
    const auto held = open_file(beside(root, hash, ".lock"), O_RDWR | O_CREAT);
    if (!held || ::flock(held->get(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody builds it
    Result<void> cleared = end_recorded(root, hash);
    const auto built = find_built(root, hash);
    if (cleared && built && !*built) cleared = remove_tree(root / hash);
    if (cleared)
      log::info("environment", "ended what a killed builder of {} had left", hash.substr(0, 12));
    else
      log::warning("environment", "{}", cleared.error().detail);
  }
}

Result<Prepared> build_once(const BuildRequest& request, steady_clock::time_point deadline, const OnLog& on_log, const Stop& stop) {
  MUSTER_TRY(make_folders(request.root));
  MUSTER_TRY_ASSIGN(const Fd held, lock(request, deadline, on_log, stop));
  MUSTER_TRY_ASSIGN(const auto built, find_built(request.root, request.hash));
  if (built) return *built;
  MUSTER_TRY_ASSIGN(const Fd log_file, open_file(beside(request.root, request.hash, ".log"), O_WRONLY | O_CREAT | O_TRUNC));
  const auto log = [&](std::string_view text) {
    // The file is for others who wait and for later; that it cannot be written must not end the build.
    if (const auto written = write_all(log_file.get(), text); !written) log::debug("environment", "build log: {}", written.error().detail);
    on_log(text);
  };
  return build_locked(request, deadline, log, stop);
}

}  // namespace muster::environment
