#include "process/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "process/spawn.h"

namespace muster::process {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepest = 32;  // cgroups below ours that a job made; deeper ones are left to the kernel's own limits

struct Mount {
  std::string root;
  fs::path point;
  std::string_view type;
  std::string_view options;
};

/// Spaces and the like are written as three octal digits.
std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0')));
      i += 3;
    } else {
      result.push_back(text[i]);
    }
  }
  return result;
}

/// "id parent major:minor root point options [optional…] - type source super-options"
std::optional<Mount> read_mount(std::string_view line) {
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 6 || fields.end() - dash < 4) return std::nullopt;
  return Mount{unescape(fields[3]), unescape(fields[4]), dash[1], dash[3]};
}

bool has_word(std::string_view list, std::string_view word, std::string_view separators = ",") {
  while (!list.empty()) {
    const std::size_t end = std::min(list.size(), list.find_first_of(separators));
    if (list.substr(0, end) == word) return true;
    list.remove_prefix(std::min(list.size(), end + 1));
  }
  return false;
}

/// systemd marks what it hands over (Delegate=).
bool is_delegated(const fs::path& folder) {
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    char value = 0;
    if (::getxattr(folder.c_str(), name, &value, 1) == 1 && value == '1') return true;
  }
  return false;
}

/// The folder of cgroup `path` below a mount; a mount of a part of the hierarchy shows only what is below its root.
fs::path below(const Mount& mount, std::string_view path) {
  if (mount.root != "/") {
    if (path != mount.root && !path.starts_with(mount.root + "/")) return {};
    path.remove_prefix(mount.root.size());
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.empty() ? mount.point : mount.point / path;
}

void add_members(const fs::path& folder, int depth, std::vector<pid_t>& pids) {
  if (const auto text = read_file(folder / "cgroup.procs")) {
    for (const std::string_view line : split(*text, '\n')) {
      std::int64_t pid = 0;
      if (parse_int64(line, pid) && pid > 0) pids.push_back(static_cast<pid_t>(pid));
    }
  }
  if (depth == 0) return;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored)) add_members(entry.path(), depth - 1, pids);
  }
}

std::optional<std::int64_t> count_in(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  for (const std::string_view line : split(*text, '\n')) {
    std::int64_t count = 0;
    if (line.starts_with("oom_kill ") && parse_int64(line.substr(9), count)) return count;
  }
  return std::nullopt;
}

std::optional<std::int64_t> oom_kills_v1(const fs::path& folder, int depth) {
  auto sum = count_in(folder / "memory.oom_control");
  if (!sum || depth == 0) return sum;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored)) *sum += oom_kills_v1(entry.path(), depth - 1).value_or(0);
  }
  return sum;
}

void remove_below(const fs::path& folder, int depth) {
  std::error_code ignored;
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored)) folders.push_back(entry.path());
  }
  if (depth > 0) {
    for (const fs::path& child : folders) remove_below(child, depth - 1);
  }
  ::rmdir(folder.c_str());
}

}  // namespace

CgroupPlaces find_cgroups(std::string_view cgroup, std::string_view mountinfo) {
  std::string_view unified_path;
  std::string_view memory_path;
  for (const std::string_view line : split(cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (controllers.empty() && line.starts_with("0:")) unified_path = path;
    if (has_word(controllers, "memory")) memory_path = path;
  }
  CgroupPlaces places;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto mount = read_mount(line);
    if (!mount) continue;
    if (mount->type == "cgroup2" && !unified_path.empty() && places.unified.empty()) places.unified = below(*mount, unified_path);
    if (mount->type == "cgroup" && has_word(mount->options, "memory") && !memory_path.empty() && places.memory_v1.empty()) {
      places.memory_v1 = below(*mount, memory_path);
    }
  }
  return places;
}

CgroupPlaces own_cgroups() {
  const char* wanted = std::getenv("MUSTER_CGROUPS");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  if (wanted != nullptr && std::string_view(wanted) == "0") return {};
  const auto cgroup = read_file("/proc/self/cgroup");
  const auto mountinfo = read_file("/proc/self/mountinfo");
  if (!cgroup || !mountinfo) return {};
  CgroupPlaces places = find_cgroups(*cgroup, *mountinfo);
  places.handed_over = !places.unified.empty() && is_delegated(places.unified.parent_path());
  return places;
}

fs::path place_for_groups(const CgroupPlaces& places) { return places.handed_over ? places.unified.parent_path() : places.unified; }

void count_memory_below(const fs::path& folder) {
  const auto has_memory = [&](const char* file) {
    const auto text = read_file(folder / file);
    return text && has_word(*text, "memory", " \n");
  };
  if (!has_memory("cgroup.controllers") || has_memory("cgroup.subtree_control")) return;
  // Refused (EBUSY) where processes are in the folder itself: then nothing is counted.
  if (const auto file = open_file(folder / "cgroup.subtree_control", O_WRONLY)) (void)write_all(file->get(), "+memory");
}

std::vector<pid_t> cgroup_members(const fs::path& folder) {
  std::vector<pid_t> pids;
  add_members(folder, kDeepest, pids);
  return pids;
}

Result<void> make_cgroup(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
    return tl::unexpected(system_error("make the cgroup " + folder.string(), errno));
  SpawnOptions probe;
  probe.command = {"/bin/sh", "-c", R"(echo 0 > "$1/cgroup.procs")", "sh", folder.string()};
  auto child = spawn(probe);
  if (child) {
    const auto ended = child->wait(std::chrono::seconds(10));
    if (ended && ended->exit_code == 0) return {};
  }
  ::rmdir(folder.c_str());
  return fail(Code::internal, "no process can be put into the cgroup {}", folder.string());
}

bool write_cgroup_kill(const fs::path& folder) {
  const auto file = open_file(folder / "cgroup.kill", O_WRONLY);
  return file && write_all(file->get(), "1");
}

void remove_cgroup(const fs::path& folder) { remove_below(folder, kDeepest); }

std::optional<std::int64_t> oom_kills(const fs::path& folder) {
  // v2 counts what lies below along; v1 does not.
  if (const auto here = count_in(folder / "memory.events")) return here;
  return oom_kills_v1(folder, kDeepest);
}

}  // namespace muster::process
