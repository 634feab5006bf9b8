#include "environment/kept.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/log.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMarker = "muster.json";
constexpr std::string_view kFailure = ".failed";

/// What the files below take on the disk. One that goes meanwhile takes nothing.
std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) == 0) bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

TimeUs used_at(const fs::path& root, const std::string& hash) {
  struct stat status {};
  if (::stat(beside(root, hash, ".lock").c_str(), &status) != 0) return 0;
  return status.st_mtim.tv_sec * TimeUs{1'000'000} + status.st_mtim.tv_nsec / 1000;
}

}  // namespace

fs::path beside(const fs::path& root, const std::string& hash, std::string_view extension) {
  return root / (hash + std::string(extension));
}

Result<void> write_marker(const fs::path& root, const Plan& plan, const Description& made) {
  // Durable first: installers sync nothing, and the marker must never outlive what it vouches for.
  MUSTER_TRY_ASSIGN(const Fd folder, open_file(root, O_RDONLY | O_DIRECTORY));
  if (::syncfs(folder.get()) != 0) return tl::unexpected(system_error("sync " + root.string(), errno));
  Json marker = to_json(made);
  marker["bytes"] = bytes_below(root / plan.hash);
  marker["version"] = 1;
  marker["builder"] = plan.builder;
  marker["hash"] = plan.hash;
  marker["built_at"] = to_rfc3339(SystemClock().now_us());
  return write_file(root / plan.hash / kMarker, dump_json(marker));
}

Result<std::optional<Description>> read_marker(const fs::path& root, const std::string& hash) {
  const auto bytes = try_again([&] { return read_file(root / hash / kMarker); });
  // One that cannot be read for want of a descriptor may be whole, and in use: it must not be taken for missing and removed.
  if (!bytes && bytes.error().code == Code::unavailable) return tl::unexpected(bytes.error());
  if (!bytes) return std::nullopt;
  const auto json = parse_json(*bytes);
  auto made = json ? description_from_json(*json) : Result<Description>(tl::unexpected(json.error()));
  if (!made) return std::nullopt;
  return std::move(*made);
}

bool has_marker(const fs::path& root, const std::string& hash) { return ::access((root / hash / kMarker).c_str(), F_OK) == 0; }

void remember_failure(const fs::path& root, const std::string& hash, const Error& error) {
  if (error.code != Code::invalid) return;
  const Json json{{"detail", error.detail}, {"hint", error.hint}, {"failed_at_us", SystemClock().now_us()}};
  if (const auto written = write_file(beside(root, hash, kFailure), dump_json(json), 0644, Durable::no); !written)
    log::debug("environment", "the failure of {} is not remembered: {}", hash.substr(0, 12), written.error().detail);
}

std::optional<Error> remembered_failure(const fs::path& root, const std::string& hash) {
  const auto text = read_file(beside(root, hash, kFailure), 1u << 20);
  const Json json = text ? parse_json(*text).value_or(Json()) : Json();
  const Json& at = member(json, "failed_at_us");
  if (!at.is_number_integer()) return std::nullopt;
  const auto age = std::chrono::microseconds(SystemClock().now_us() - at.get<TimeUs>());
  // A clock that was set back must not have it hold for ever.
  if (age < std::chrono::seconds(0) || age >= kFailureHolds) return std::nullopt;
  const std::string again =
      fmt::format("this build failed {} s ago and is tried again {} s from now; `muster environment build` tries it at once",
                  age / std::chrono::seconds(1), (kFailureHolds - age) / std::chrono::seconds(1));
  const std::string hint = text_at(json, "hint");
  return Error{Code::invalid, text_at(json, "detail"), hint.empty() ? again : hint + "; " + again, {}};
}

void note_use(const fs::path& root, const std::string& hash) {
  const timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  ::utimensat(AT_FDCWD, beside(root, hash, ".lock").c_str(), times, 0);
}

Result<std::vector<Kept>> list_kept(const fs::path& root) {
  MUSTER_TRY_ASSIGN(const auto names, list_if_there(root));
  std::vector<Kept> all;
  for (const std::string& hash : names) {
    const auto bytes = hash.size() == 64 ? read_file(root / hash / kMarker) : Result<std::string>(fail(Code::not_found, ""));
    const Json marker = bytes ? parse_json(*bytes).value_or(Json()) : Json();
    const auto made = bytes ? description_from_json(marker) : Result<Description>(tl::unexpected(bytes.error()));
    if (!made) continue;
    Kept& kept = all.emplace_back();
    kept.hash = hash;
    kept.builder = text_at(marker, "builder");
    kept.interpreter = made->interpreter;
    kept.packages = made->packages;
    const Json& size = member(marker, "bytes");
    if (size.is_number_unsigned()) kept.bytes = size.get<std::uint64_t>();
    kept.built_at = from_rfc3339(text_at(marker, "built_at")).value_or(0);
    kept.used_at = std::max(used_at(root, hash), kept.built_at);
  }
  return all;
}

Result<bool> take_marker_unless_used(const fs::path& root, const Kept& listed) {
  const fs::path marker = root / listed.hash / kMarker;
  const fs::path aside = root / listed.hash / "muster.json.going";
  std::error_code error;
  fs::rename(marker, aside, error);
  if (error) return tl::unexpected(system_error("rename " + marker.string(), error.value()));
  if (used_at(root, listed.hash) <= listed.used_at) return true;
  fs::rename(aside, marker, error);
  if (error) return tl::unexpected(system_error("rename " + aside.string(), error.value()));
  return false;
}

std::vector<Kept> to_prune(std::vector<Kept> all, const std::set<std::string>& in_use, const PruneRules& rules, TimeUs now) {
  std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.used_at < b.used_at; });
  std::uint64_t bytes = 0;
  for (const Kept& one : all) bytes += one.bytes;
  std::vector<Kept> gone;
  for (Kept& one : all) {
    const auto unused = std::chrono::microseconds(now - one.used_at);
    if (unused < kJustUsed || in_use.contains(one.hash)) continue;
    if (bytes <= rules.most_bytes && !(rules.unused_for && unused >= *rules.unused_for)) continue;
    bytes -= one.bytes;
    gone.push_back(std::move(one));
  }
  return gone;
}

Result<void> forget_failure(const fs::path& root, const std::string& hash) {
  std::error_code error;
  fs::remove(beside(root, hash, kFailure), error);
  if (!error) return {};
  return tl::unexpected(system_error("remove " + beside(root, hash, kFailure).string(), error.value()));
}

}  // namespace muster::environment
