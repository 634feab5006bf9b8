#include "client/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

#include "base/file.h"
#include "base/tar.h"

namespace muster::client {
namespace {

constexpr std::size_t kAskAtOnce = 100'000;
constexpr std::uint64_t kBatchBytes = (16u << 20) - kTarEndBytes;  // what the server takes; it syncs its disk for each
constexpr std::size_t kBatchFiles = 4'000;
constexpr std::uint64_t kHeaderBytes = 512;  // a hash is a short name
/// Larger files go alone: sendfile needs no copy, and a lost connection costs one file.
constexpr std::uint64_t kAloneBytes = 1u << 20;
constexpr int kThreads = 2;

/// What one request carries: one large file, or some small ones.
using Parcel = std::vector<const BlobFile*>;

std::vector<Parcel> parcels_of(const std::vector<BlobFile>& files) {
  std::vector<Parcel> parcels;
  Parcel batch;
  std::uint64_t bytes = 0;
  std::unordered_set<std::string_view> seen;
  for (const BlobFile& file : files) {
    if (!seen.insert(file.sha256).second) continue;
    if (file.size > kAloneBytes) {
      parcels.push_back({&file});
      continue;
    }
    const std::uint64_t with_header = kHeaderBytes + file.size + tar_padding(file.size);
    if (!batch.empty() && (bytes + with_header > kBatchBytes || batch.size() >= kBatchFiles)) {
      parcels.push_back(std::exchange(batch, {}));
      bytes = 0;
    }
    batch.push_back(&file);
    bytes += with_header;
  }
  if (!batch.empty()) parcels.push_back(std::move(batch));
  return parcels;
}

Error changed_meanwhile(const std::string& which) {
  return Error{Code::invalid, fmt::format("{} changed while it was being sent", which), "submit again when nothing writes to it", {}};
}

Result<void> send_alone(Api& api, const BlobFile& file, const OnBytes& on_sent) {
  auto opened = open_file(file.path, O_RDONLY);
  if (!opened) return tl::unexpected(changed_meanwhile(file.path.string()));
  struct stat status {};
  if (::fstat(opened->get(), &status) != 0) return tl::unexpected(system_error("stat " + file.path.string(), errno));
  if (static_cast<std::uint64_t>(status.st_size) != file.size) return tl::unexpected(changed_meanwhile(file.path.string()));
  const auto sent = api.put_bytes(api.in_workspace({"blobs", file.sha256}), {}, FileBody{opened->get(), 0, file.size, on_sent});
  if (!sent && sent.error().code == Code::invalid) return tl::unexpected(changed_meanwhile(file.path.string()));
  if (!sent) return tl::unexpected(sent.error());
  return {};
}

Result<void> send_together(Api& api, const Parcel& parcel) {
  std::string archive;
  archive.reserve(kBatchBytes + kTarEndBytes);
  for (const BlobFile* file : parcel) {
    const auto bytes = read_file(file->path, kAloneBytes + 1);
    if (!bytes || bytes->size() != file->size) return tl::unexpected(changed_meanwhile(file->path.string()));
    archive += tar_header(file->sha256, file->size, 0644);
    archive += *bytes;
    archive.append(tar_padding(file->size), '\0');
  }
  archive.append(kTarEndBytes, '\0');
  const auto sent = api.post_bytes(api.in_workspace({"blobs"}), {}, "application/x-tar", std::move(archive));
  if (!sent && sent.error().code == Code::invalid) {
    // The server names the blob whose bytes hash otherwise; people know its file.
    for (const BlobFile* file : parcel) {
      if (sent.error().detail.find(file->sha256) != std::string::npos) return tl::unexpected(changed_meanwhile(file->path.string()));
    }
  }
  if (!sent) return tl::unexpected(sent.error());
  return {};
}

}  // namespace

Result<std::vector<std::string>> missing_blobs(Api& api, const std::vector<std::string>& sha256) {
  std::vector<std::string> missing;
  for (std::size_t at = 0; at < sha256.size(); at += kAskAtOnce) {
    const std::size_t end = std::min(sha256.size(), at + kAskAtOnce);
    Json asked = Json::array();
    for (std::size_t i = at; i < end; ++i) asked.push_back(sha256[i]);
    MUSTER_TRY_ASSIGN(const Json answer, api.post(api.in_workspace({"blobs", "missing"}), {{"sha256", std::move(asked)}}));
    const auto list = answer.find("missing");
    if (list == answer.end() || !list->is_array()) return fail(Code::internal, "the server's answer has no `missing`");
    for (const Json& one : *list) {
      if (one.is_string()) missing.push_back(one.get<std::string>());
    }
  }
  return missing;
}

Result<void> upload_blobs(Api& api, const std::vector<BlobFile>& files, const OnBytes& on_bytes) {
  const std::vector<Parcel> parcels = parcels_of(files);
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::uint64_t sent_bytes = 0;
  std::optional<Error> error;
  const auto work = [&] {
    while (!failed) {
      const std::size_t i = next++;
      if (i >= parcels.size()) return;
      const Parcel& parcel = parcels[i];
      std::uint64_t told = 0;  // of this parcel; a file that is sent anew takes its bytes back
      const auto tell = [&](std::uint64_t sent) {
        const std::lock_guard lock(mutex);
        sent_bytes += sent - told;
        told = sent;
        if (on_bytes) on_bytes(sent_bytes);
      };
      const bool alone = parcel.size() == 1 && parcel.front()->size > kAloneBytes;
      auto sent = alone ? send_alone(api, *parcel.front(), tell) : send_together(api, parcel);
      if (!sent) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::move(sent).error();
        failed = true;
        return;
      }
      std::uint64_t size = 0;
      for (const BlobFile* file : parcel) size += file->size;
      tell(size);
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::size_t wanted = std::min<std::size_t>(kThreads, parcels.size());
    for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
    work();
  }
  if (error) return tl::unexpected(std::move(*error));
  return {};
}

}  // namespace muster::client
