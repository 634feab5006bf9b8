#include "client/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/tar.h"

namespace muster::client {
namespace {

constexpr std::size_t kAskAtOnce = 10'000;                         // the server holds question and answer in memory
constexpr std::uint64_t kBatchBytes = (16u << 20) - kTarEndBytes;  // what the server takes; it syncs its disk for each
constexpr std::size_t kBatchFiles = 4'000;
constexpr std::uint64_t kHeaderBytes = 512;  // a hash is a short name
/// Larger files go alone: sendfile needs no copy, and a lost connection costs one file.
constexpr std::uint64_t kAloneBytes = 1u << 20;
constexpr int kThreads = 2;

/// What one request carries: one large file, or some small ones.
using Batch = std::vector<const BlobFile*>;

std::vector<Batch> batches_of(const std::vector<BlobFile>& files) {
  std::vector<Batch> batches;
  Batch batch;
  std::uint64_t bytes = 0;
  std::unordered_set<std::string_view> seen;
  for (const BlobFile& file : files) {
    if (!seen.insert(file.sha256).second) continue;
    if (file.size > kAloneBytes) {
      batches.push_back({&file});
      continue;
    }
    const std::uint64_t with_header = kHeaderBytes + file.size + tar_padding(file.size);
    if (!batch.empty() && (bytes + with_header > kBatchBytes || batch.size() >= kBatchFiles)) {
      batches.push_back(std::exchange(batch, {}));
      bytes = 0;
    }
    batch.push_back(&file);
    bytes += with_header;
  }
  if (!batch.empty()) batches.push_back(std::move(batch));
  return batches;
}

Error changed_meanwhile(const std::string& which) {
  return Error{Code::invalid, fmt::format("{} changed while it was being sent", which), "submit again when no program writes to it", {}};
}

/// Called with each file that is no longer what was hashed: an error ends the sending.
using Changed = std::function<Result<void>(const BlobFile&)>;

Result<void> send_alone(Api& api, const BlobFile& file, const OnBytes& on_sent, const Changed& changed) {
  auto opened = open_file(file.path, O_RDONLY);
  if (!opened) return changed(file);
  struct stat status {};
  if (::fstat(opened->get(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) != file.size) return changed(file);
  const auto sent = api.put_bytes(api.in_workspace({"blobs", file.sha256}), {}, FileBody{opened->get(), 0, file.size, on_sent});
  if (!sent && sent.error().code == Code::invalid) return changed(file);
  if (!sent) return tl::unexpected(sent.error());
  return {};
}

/// Once for each file that the server finds changed, and once more for the rest.
Result<void> send_together(Api& api, Batch batch, const Changed& changed) {
  while (!batch.empty()) {
    std::string archive;
    archive.reserve(kBatchBytes + kTarEndBytes);
    Batch sent_files;
    for (const BlobFile* file : batch) {
      const auto bytes = read_file(file->path, kAloneBytes + 1);
      if (!bytes || bytes->size() != file->size) {
        MUSTER_TRY(changed(*file));
        continue;
      }
      archive += tar_header(file->sha256, file->size, 0644);
      archive += *bytes;
      archive.append(tar_padding(file->size), '\0');
      sent_files.push_back(file);
    }
    if (sent_files.empty()) return {};
    archive.append(kTarEndBytes, '\0');
    const auto sent = api.post_bytes(api.in_workspace({"blobs"}), {}, "application/x-tar", std::move(archive));
    if (sent) return {};
    // The server names the blob whose bytes hash otherwise.
    const auto named = std::find_if(sent_files.begin(), sent_files.end(), [&](const BlobFile* file) {
      return sent.error().code == Code::invalid && sent.error().detail.find(file->sha256) != std::string::npos;
    });
    if (named == sent_files.end()) return tl::unexpected(sent.error());
    MUSTER_TRY(changed(**named));
    sent_files.erase(named);
    batch = std::move(sent_files);
  }
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

Result<void> upload_blobs(Api& api, const std::vector<BlobFile>& files, const OnBytes& on_bytes, const OnChanged& on_changed) {
  const std::vector<Batch> batches = batches_of(files);
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::uint64_t sent_bytes = 0;
  std::optional<Error> error;
  const Changed changed = [&](const BlobFile& file) -> Result<void> {
    if (!on_changed) return tl::unexpected(changed_meanwhile(file.path.string()));
    const std::lock_guard lock(mutex);
    on_changed(file);
    return {};
  };
  const auto work = [&] {
    while (!failed) {
      const std::size_t i = next++;
      if (i >= batches.size()) return;
      const Batch& batch = batches[i];
      std::uint64_t counted_bytes = 0;  // of this batch; a file that is sent anew takes its bytes back
      const auto tell = [&](std::uint64_t sent) {
        const std::lock_guard lock(mutex);
        sent_bytes += sent - counted_bytes;
        counted_bytes = sent;
        if (on_bytes) on_bytes(sent_bytes);
      };
      const bool alone = batch.size() == 1 && batch.front()->size > kAloneBytes;
      auto sent = alone ? send_alone(api, *batch.front(), tell, changed) : send_together(api, batch, changed);
      if (!sent) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::move(sent).error();
        failed = true;
        return;
      }
      std::uint64_t size = 0;
      for (const BlobFile* file : batch) size += file->size;
      tell(size);
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::size_t wanted = std::min<std::size_t>(kThreads, batches.size());
    try {
      for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
    } catch (const std::system_error&) {
      // The machine has no room for more threads: those that there are do it.
    }
    work();
  }
  if (error) return tl::unexpected(std::move(*error));
  return {};
}

}  // namespace muster::client
