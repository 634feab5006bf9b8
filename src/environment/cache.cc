#include "environment/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/folder_list.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/plural.h"
#include "environment/kept.h"

namespace muster::environment {
namespace fs = std::filesystem;

using std::chrono::steady_clock;
using OnLog = std::function<void(std::string_view)>;
using Stop = std::function<Result<void>()>;

/// One ask for an environment that is not there.
struct EnvironmentCache::Build {
  const Plan& plan;
  steady_clock::time_point deadline;
  OnLog on_log;
  Stop stop;
};

namespace {

constexpr std::chrono::minutes kDeadline{30};
constexpr std::chrono::milliseconds kAskAgain{100};

/// Gives on what another process's build log has got since `offset`.
void follow(const fs::path& log, std::uint64_t& offset, const OnLog& on_log) {
  const auto bytes = read_file(log);
  if (!bytes) return;
  if (bytes->size() < offset) offset = 0;
  if (bytes->size() > offset) on_log(std::string_view(*bytes).substr(offset));
  offset = bytes->size();
}

/// The lock, however long another holds it: who waits follows the log of who builds.
Result<Fd> take_lock(const fs::path& root, const std::string& hash, steady_clock::time_point deadline, const OnLog& on_log,
                     const Stop& stop) {
  const fs::path path = beside(root, hash, ".lock");
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT));
  bool waited = false;
  std::uint64_t followed = 0;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(system_error("lock " + path.string(), errno));
    if (!waited) on_log("another process is building this environment; its log follows\n");
    waited = true;
    follow(beside(root, hash, ".log"), followed, on_log);
    MUSTER_TRY(stop());
    if (steady_clock::now() > deadline)
      return fail(Code::timeout, "another process builds this environment and did not end in time ({})", path.string());
    std::this_thread::sleep_for(kAskAgain);
  }
  if (waited) follow(beside(root, hash, ".log"), followed, on_log);
  return file;
}

/// The same name in every process that builds here, and another one in every other root: what a dead builder left running can be found,
/// nobody else's.
Result<process::ProcessGroup> make_group(const fs::path& root, const Plan& plan) {
  const std::string name = fmt::format("muster-env-{}-{}", sha256_hex(root.string()).substr(0, 8), plan.hash.substr(0, 16));
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, process::ProcessGroup::create(name));
  MUSTER_TRY(group.kill(process::kKillDeadline));
  const Json record{{"builder", plan.builder}, {"group", group.to_json()}};
  MUSTER_TRY(write_file(beside(root, plan.hash, ".group"), dump_json(record), 0600, Durable::no));
  return group;
}

}  // namespace

EnvironmentCache::EnvironmentCache(fs::path root, const std::map<std::string, std::string>& variables)
    : EnvironmentCache(std::move(root), standard_builders(variables)) {}

EnvironmentCache::EnvironmentCache(fs::path root, Builders builders) : root_(std::move(root)), builders_(std::move(builders)) {
  clear_dead_builds();
}

Result<Plan> EnvironmentCache::plan(const model::EnvironmentDefinition& definition) const {
  MUSTER_TRY_ASSIGN(const Builder* const builder, builders_.choose(definition));
  return builder->plan(definition);
}

Result<const Builder*> EnvironmentCache::builder_of(const Plan& plan) const {
  if (const Builder* const builder = builders_.find(plan.builder)) return builder;
  return fail(Code::invalid, "this machine has no builder of the kind '{}'", plan.builder);
}

Result<std::optional<Prepared>> EnvironmentCache::find(const Plan& plan) const {
  MUSTER_TRY_ASSIGN(const Builder* const builder, builder_of(plan));
  if (!builder->makes_folder()) return builder->prepared(plan, "", nullptr);
  MUSTER_TRY_ASSIGN(const auto made, read_marker(root_, plan.hash));
  if (!made) return std::nullopt;
  note_use(root_, plan.hash);
  // Whoever removes it takes the marker away first and then looks whether somebody has asked: one of us sees the other.
  if (!has_marker(root_, plan.hash)) return std::nullopt;
  return builder->prepared(plan, root_ / plan.hash, &*made);
}

Result<BuildState> EnvironmentCache::state(const Plan& plan) const {
  BuildState state;
  MUSTER_TRY_ASSIGN(const auto found, find(plan));
  std::error_code ignored;
  const auto log_size = fs::file_size(beside(root_, plan.hash, ".log"), ignored);
  if (!ignored) state.log_bytes = log_size;
  if (found) {
    state.kind = BuildState::Kind::ready;
  } else if (fs::exists(beside(root_, plan.hash, ".group"), ignored)) {
    state.kind = BuildState::Kind::building;
  } else if (auto failed = remembered_failure(root_, plan.hash)) {
    state.kind = BuildState::Kind::failed;
    state.error = std::move(*failed);
  }
  return state;
}

Result<std::string> EnvironmentCache::log_of(const Plan& plan, std::uint64_t offset, std::size_t most) const {
  const auto file = open_file(beside(root_, plan.hash, ".log"), O_RDONLY);
  if (!file && file.error().code == Code::not_found) return "";
  if (!file) return tl::unexpected(file.error());
  std::string text(most, '\0');
  const ssize_t size = ::pread(file->get(), text.data(), text.size(), static_cast<off_t>(offset));
  if (size < 0) return tl::unexpected(system_error("read " + beside(root_, plan.hash, ".log").string(), errno));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<void> EnvironmentCache::retry(const Plan& plan) const {
  MUSTER_TRY(forget_failure(root_, plan.hash));
  std::error_code ignored;  // the old log would be taken for the new one until the build begins
  fs::remove(beside(root_, plan.hash, ".log"), ignored);
  return {};
}

Result<std::vector<Kept>> EnvironmentCache::kept() const { return list_kept(root_); }

Result<bool> EnvironmentCache::remove(const Kept& kept) const {
  const auto held = open_file(beside(root_, kept.hash, ".lock"), O_RDWR | O_CREAT);
  if (!held) return tl::unexpected(held.error());
  if (::flock(held->get(), LOCK_EX | LOCK_NB) != 0) return false;  // somebody builds it
  // The marker goes first: what is half removed is not there.
  MUSTER_TRY_ASSIGN(const bool taken, take_marker_unless_used(root_, kept));
  if (!taken) return false;
  const Builder* const builder = builders_.find(kept.builder);
  MUSTER_TRY(builder != nullptr ? builder->remove(root_ / kept.hash) : remove_tree(root_ / kept.hash));
  std::error_code ignored;
  fs::remove(beside(root_, kept.hash, ".log"), ignored);
  return true;
}

Result<Prepared> EnvironmentCache::prepare(const Plan& plan, const OnLog& on_log, const std::function<bool()>& canceled) {
  MUSTER_TRY_ASSIGN(const Builder* const builder, builder_of(plan));
  MUSTER_TRY_ASSIGN(const auto found, find(plan));
  if (found) return *found;
  Build build{plan, steady_clock::now() + kDeadline, on_log, [&]() -> Result<void> {
                if (canceled()) return fail(Code::conflict, "the build of the environment was canceled");
                return {};
              }};
  MUSTER_TRY(make_folders(root_));
  MUSTER_TRY_ASSIGN(const Fd held, take_lock(root_, plan.hash, build.deadline, build.on_log, build.stop));
  MUSTER_TRY_ASSIGN(const auto built, find(plan));
  if (built) return *built;
  if (const auto failed = remembered_failure(root_, plan.hash)) {
    std::uint64_t told = 0;
    follow(beside(root_, plan.hash, ".log"), told, on_log);
    on_log(failed->hint + "\n");
    return tl::unexpected(*failed);
  }
  MUSTER_TRY_ASSIGN(const Fd log_file, open_file(beside(root_, plan.hash, ".log"), O_WRONLY | O_CREAT | O_TRUNC));
  build.on_log = [&](std::string_view text) {
    // The file is for others who wait and for later; that it cannot be written must not end the build.
    if (const auto written = write_all(log_file.get(), text); !written) log::debug("environment", "build log: {}", written.error().detail);
    on_log(text);
  };
  return build_locked(*builder, build);
}

Result<Prepared> EnvironmentCache::prepare(const model::EnvironmentDefinition& definition, const OnLog& on_log,
                                           const std::function<bool()>& canceled) {
  MUSTER_TRY_ASSIGN(const Plan made, plan(definition));
  return prepare(made, on_log, canceled);
}

Result<Prepared> EnvironmentCache::build_locked(const Builder& builder, const Build& build) const {
  const Plan& plan = build.plan;
  const fs::path folder = root_ / plan.hash;
  const auto began = steady_clock::now();
  MUSTER_TRY(end_recorded(plan.hash, false));
  MUSTER_TRY_ASSIGN(process::ProcessGroup group, make_group(root_, plan));
  MUSTER_TRY(builder.remove(folder));
  build.on_log(fmt::format("building environment {} ({}) with {}\n", plan.hash.substr(0, 12), plan.builder, plan.interpreter));
  for (const std::string& package : plan.provided) build.on_log(fmt::format("{} is left out: Muster provides it to every job\n", package));
  for (const std::string& notice : plan.notices) build.on_log(notice + "\n");

  auto made = builder.build({plan, folder, group, build.deadline, build.on_log, build.stop});
  // A build may leave a daemon behind (a compiler's cache server); the environment is whole only when nothing writes there any more.
  const Result<void> ended = group.kill(process::kKillDeadline);
  if (ended) {
    group.remove();
    std::error_code ignored;
    fs::remove(beside(root_, plan.hash, ".group"), ignored);
  }
  crash_point("server.environment.made");
  Result<void> whole = made ? ended : tl::unexpected(made.error());
  if (whole) whole = write_marker(root_, plan, *made);
  if (!whole) {
    build.on_log("the build failed\n");  // why is above, and in the error of each run that waits for it
    remember_failure(root_, plan.hash, whole.error());
    if (const auto removed = builder.remove(folder); !removed) log::warning("environment", "{}", removed.error().detail);
    return tl::unexpected(whole.error());
  }
  crash_point("server.environment.published");
  build.on_log(fmt::format("built in {:.1f} s: {}\n", std::chrono::duration<double>(steady_clock::now() - began).count(),
                           counted(made->packages.size(), "package")));
  MUSTER_TRY_ASSIGN(auto prepared, builder.prepared(plan, folder, &*made));
  if (prepared) return std::move(*prepared);
  return fail(Code::unavailable, "the environment {} was built and cannot be used: what it was made of has changed meanwhile",
              folder.string());
}

/// Ends what the builder before us left running: its group may lie elsewhere than ours would (it was started in another cgroup). The lock
/// is ours. What it had half made goes too, when that is wished.
Result<void> EnvironmentCache::end_recorded(const std::string& hash, bool also_remove) const {
  const fs::path record = beside(root_, hash, ".group");
  const auto text = try_again([&] { return read_file(record, 64u << 10); });
  if (!text && text.error().code == Code::not_found) return {};
  if (!text) return tl::unexpected(text.error());
  const Json json = parse_json(*text).value_or(Json());
  if (auto group = process::ProcessGroup::reopen(member(json, "group"))) {
    MUSTER_TRY(group->kill(process::kKillDeadline));
    group->remove();
  }
  if (also_remove) {
    MUSTER_TRY_ASSIGN(const auto made, read_marker(root_, hash));
    const Builder* const builder = builders_.find(text_at(json, "builder"));
    if (!made) MUSTER_TRY(builder != nullptr ? builder->remove(root_ / hash) : remove_tree(root_ / hash));
  }
  std::error_code ignored;
  fs::remove(record, ignored);
  return {};
}

/// Ends the processes of builders that died, and removes what they had half made. Builds that somebody still holds the lock of are left
/// alone. Blocks until those processes are gone (10 s each at most); what cannot be ended is logged.
void EnvironmentCache::clear_dead_builds() const {
  const auto names = list_if_there(root_);
  if (!names) return log::warning("environment", "{}", names.error().detail);
  for (const fs::path name : *names) {
    if (name.extension() != ".group") continue;
    const std::string hash = name.stem().string();
    const auto held = open_file(beside(root_, hash, ".lock"), O_RDWR | O_CREAT);
    if (!held || ::flock(held->get(), LOCK_EX | LOCK_NB) != 0) continue;  // somebody builds it
    if (const auto cleared = end_recorded(hash, true))
      log::info("environment", "ended what a killed builder of {} had left", hash.substr(0, 12));
    else
      log::warning("environment", "{}", cleared.error().detail);
  }
}

}  // namespace muster::environment
