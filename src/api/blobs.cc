#include <algorithm>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/blob_batch.h"
#include "api/blob_transfer.h"
#include "api/resources.h"
#include "api/room.h"
#include "base/hash.h"
#include "base/text.h"

namespace muster::api {
namespace {

constexpr std::size_t kMissingAtOnce = 100'000;
constexpr std::size_t kBatchBytes = 16u << 20;

Result<http::Response> missing_blobs(Call& call) {
  MUSTER_TRY(workspace_of(call));
  MUSTER_TRY_ASSIGN(const Json body, json_body(call));
  ObjectReader in(body);
  const std::vector<std::string> wanted = in.texts_or_empty("sha256");
  if (!in.has("sha256")) in.fault("sha256", "is required");
  if (wanted.size() > kMissingAtOnce)
    in.fault("sha256", fmt::format("may have at most {} items, not {}", kMissingAtOnce, wanted.size()), "ask in several requests");
  for (std::size_t i = 0; i < wanted.size() && i < kMissingAtOnce; ++i) {
    if (!is_sha256(wanted[i])) in.fault(fmt::format("sha256[{}]", i), "must be 64 lower-case hex digits");
  }
  MUSTER_TRY(in.finish("blobs"));
  Json missing = Json::array();
  for (const std::string& sha256 : wanted) {
    if (!call.services.blobs.has(sha256)) missing.push_back(sha256);
  }
  return http::json_response(200, {{"missing", std::move(missing)}});
}

http::Response blob_response(int status, const blob::BlobInfo& info) {
  return http::json_response(status, {{"sha256", info.sha256}, {"size", info.size}});
}

/// The blob is there: what comes is compared with it as it comes, and dropped. From the first difference on it is an upload like others:
/// the blob may have been damaged on the disk.
class KnownBlob final : public http::UploadSink {
 public:
  KnownBlob(blob::BlobStore& blobs, blob::BlobInfo info, std::unique_ptr<ByteSource> there)
      : blobs_(blobs), info_(std::move(info)), there_(std::move(there)) {}

  Result<void> write(std::string_view bytes) override {
    if (!writer_ && is_next(bytes)) {
      same_ += bytes.size();
      return {};
    }
    if (!writer_) MUSTER_TRY(begin_upload());
    return writer_->write(bytes);
  }

  http::Response finish() override {
    if (!writer_ && same_ == info_.size) return blob_response(200, info_);
    if (!writer_) {
      if (const auto begun = begin_upload(); !begun) return http::problem_response(begun.error());
    }
    const auto info = writer_->commit(info_.sha256);
    return info ? blob_response(200, *info) : http::problem_response(info.error());
  }

 private:
  bool is_next(std::string_view bytes) {
    std::string there(bytes.size(), '\0');
    const auto n = there_->read(same_, there);
    return n && *n == bytes.size() && there == bytes;
  }
  /// With all that has come so far.
  Result<void> begin_upload() {
    MUSTER_TRY_ASSIGN(writer_, blobs_.create());
    std::string piece(1u << 20, '\0');
    for (std::uint64_t at = 0; at < same_;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), same_ - at));
      MUSTER_TRY_ASSIGN(const std::size_t got, there_->read(at, std::span(piece).first(wanted)));
      if (got < wanted) return fail(Code::storage_failed, "the blob {} has become shorter while it was compared", info_.sha256);
      MUSTER_TRY(writer_->write(std::string_view(piece).substr(0, got)));
      at += got;
    }
    return {};
  }

  blob::BlobStore& blobs_;
  blob::BlobInfo info_;
  std::unique_ptr<ByteSource> there_;
  std::uint64_t same_ = 0;
  std::unique_ptr<blob::BlobStore::Writer> writer_;
};

Result<std::unique_ptr<http::UploadSink>> put_blob(Call& call) {
  MUSTER_TRY(workspace_of(call));
  const std::string sha256 = call.parameter("sha256");
  if (!is_sha256(sha256)) return fail(Code::invalid, "'{}' is not a blob's name: 64 lower-case hex digits", sha256.substr(0, 100));
  auto known = call.services.blobs.stat(sha256);
  auto there = known ? call.services.blobs.open(sha256) : tl::unexpected(known.error());
  if (there) return std::make_unique<KnownBlob>(call.services.blobs, std::move(*known), std::move(*there));
  return upload_blob(call, sha256, [](const blob::BlobInfo& info) -> Result<http::Response> { return blob_response(201, info); });
}

Result<http::Response> put_blob_batch(Call& call) {
  MUSTER_TRY(workspace_of(call));
  MUSTER_TRY_ASSIGN(const std::vector<BatchEntry> entries, read_blob_batch(call.request.body, kBatchBytes));
  std::vector<blob::BlobStore::Bytes> blobs;
  for (const BatchEntry& entry : entries) blobs.push_back({entry.sha256, entry.bytes});
  MUSTER_TRY(check_room(call.services, call.request.body.size()));
  MUSTER_TRY(call.services.blobs.put_all(blobs));
  return http::json_response(200, {{"stored", blobs.size()}});
}

}  // namespace

void add_blob_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/blobs";
  routes.add("POST", base, {Users::contributor, Runs::transfer}, put_blob_batch, kBatchBytes);
  routes.add("POST", base + "/missing", {Users::contributor, Runs::transfer}, missing_blobs);
  routes.add_upload("PUT", base + "/{sha256}", {Users::contributor, Runs::transfer}, put_blob);
}

}  // namespace muster::api
