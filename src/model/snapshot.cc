#include "model/snapshot.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kFaultLimit = 20;         // more tell nobody more
constexpr std::int64_t kSizeLimit = 1LL << 46;  // of one file, so that no sum of sizes overflows

bool by_path(const SnapshotFile& a, const SnapshotFile& b) { return a.path < b.path; }  // std::string compares as unsigned bytes

std::string sorted_id(const std::vector<SnapshotFile>& files) {
  Sha256 hash;
  hash.update("muster-snapshot 1\n");
  for (const SnapshotFile& file : files) {
    hash.update(fmt::format("{} {} {} {}", file.mode, file.size, file.sha256, file.path));
    hash.update(std::string_view("\0", 1));
  }
  return hash.hex();
}

SnapshotFile read_file_entry(const Json& json, std::size_t index, std::vector<FieldError>& faults) {
  ObjectReader in(json);
  SnapshotFile file;
  file.path = in.text("path");
  file.size = static_cast<std::uint64_t>(in.integer("size", 0, kSizeLimit));
  file.sha256 = in.text("sha256");
  file.mode = static_cast<int>(in.integer("mode", 0644, 0755));
  if (in.has("path") && !is_safe_relative_path(file.path)) {
    in.fault("path", "must stay inside the folder: relative, without empty, `.` or `..` parts, at most 4096 bytes");
  }
  if (clashes_with_run_folder(file.path)) {
    in.fault("path", fmt::format("must not be `{}`: every run's folder has a folder of that name", file.path),
             "rename it, or leave it out with an .amlignore file");
  }
  if (in.has("sha256") && !is_sha256(file.sha256)) in.fault("sha256", "must be 64 lower-case hex digits");
  if (file.mode != 0644 && file.mode != 0755) in.fault("mode", "must be 420 (0644) or 493 (0755)");
  if (const auto read = in.finish("file"); !read) {
    for (FieldError fault : read.error().errors) {
      fault.field = fmt::format("files[{}].{}", index, fault.field);
      faults.push_back(std::move(fault));
    }
  }
  return file;
}

/// Two files of one path, or a file where another has a folder. Neighbours do not suffice: "a-b" sorts between "a" and "a/b".
void find_clashes(const std::vector<SnapshotFile>& files, std::vector<FieldError>& faults) {
  const auto is_file = [&](std::string_view path) {
    const auto at = std::lower_bound(files.begin(), files.end(), path,
                                     [](const SnapshotFile& file, std::string_view wanted) { return file.path < wanted; });
    return at != files.end() && at->path == path;
  };
  for (std::size_t i = 0; i < files.size() && faults.size() < kFaultLimit; ++i) {
    const std::string_view path = files[i].path;
    if (i > 0 && files[i - 1].path == path) faults.push_back({"files", fmt::format("name `{}` twice", path), ""});
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      if (is_file(path.substr(0, slash))) {
        faults.push_back({"files", fmt::format("have both a file `{}` and `{}` below it", path.substr(0, slash), path), ""});
      }
    }
  }
}

}  // namespace

bool clashes_with_run_folder(std::string_view path) {
  return path == "outputs" || path == "logs" || path == ".muster" || path.starts_with(".muster/");
}

void sort_manifest(std::vector<SnapshotFile>& files) { std::sort(files.begin(), files.end(), by_path); }

std::string snapshot_id(std::vector<SnapshotFile> files) {
  sort_manifest(files);
  return sorted_id(files);
}

Result<Snapshot> snapshot_from_json(const Json& body) {
  ObjectReader in(body);
  Snapshot snapshot;
  const Json* files = in.member("files");
  if (files == nullptr)
    in.fault("files", "is required");
  else if (!files->is_array())
    in.fault("files", "must be a list");
  else if (files->size() > kSnapshotFileLimit) {
    in.fault("files", fmt::format("are {}, more than {}", files->size(), kSnapshotFileLimit), "leave some out with an .amlignore file");
  } else {
    std::vector<FieldError> faults;
    for (std::size_t i = 0; i < files->size() && faults.size() < kFaultLimit; ++i)
      snapshot.files.push_back(read_file_entry((*files)[i], i, faults));
    sort_manifest(snapshot.files);
    if (faults.empty()) find_clashes(snapshot.files, faults);
    for (FieldError& fault : faults) in.fault(std::move(fault.field), std::move(fault.detail), std::move(fault.hint));
  }
  MUSTER_TRY(in.finish("snapshot"));
  snapshot.file_count = snapshot.files.size();
  for (const SnapshotFile& file : snapshot.files) snapshot.size += file.size;
  snapshot.snapshot_id = sorted_id(snapshot.files);
  return snapshot;
}

Json to_json(const SnapshotFile& file) { return {{"path", file.path}, {"size", file.size}, {"sha256", file.sha256}, {"mode", file.mode}}; }

Json to_json(const Snapshot& snapshot) {
  Json json = {{"snapshot_id", snapshot.snapshot_id},
               {"created_at", time_to_json(snapshot.created_at)},
               {"file_count", snapshot.file_count},
               {"size", snapshot.size}};
  if (!snapshot.files.empty() || snapshot.file_count == 0) {
    Json files = Json::array();
    for (const SnapshotFile& file : snapshot.files) files.push_back(to_json(file));
    json["files"] = std::move(files);
  }
  return json;
}

}  // namespace muster::model
