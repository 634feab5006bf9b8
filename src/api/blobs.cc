#include "api/answers.h"
#include "api/blob_batch.h"
#include "api/blob_upload.h"
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

/// The blob is there: what comes is read, so that the connection can go on, and dropped.
class KnownBlob final : public http::UploadSink {
 public:
  explicit KnownBlob(blob::BlobInfo info) : info_(std::move(info)) {}
  Result<void> write(std::string_view) override { return {}; }
  http::Response finish() override { return blob_response(200, info_); }

 private:
  blob::BlobInfo info_;
};

Result<std::unique_ptr<http::UploadSink>> put_blob(Call& call) {
  MUSTER_TRY(workspace_of(call));
  const std::string sha256 = call.parameter("sha256");
  if (!is_sha256(sha256)) return fail(Code::invalid, "'{}' is not a blob's name: 64 lower-case hex digits", sha256.substr(0, 100));
  auto known = call.services.blobs.stat(sha256);
  if (known) return std::make_unique<KnownBlob>(std::move(*known));
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
  routes.add("POST", base, Access::transfer, put_blob_batch, kBatchBytes);
  routes.add("POST", base + "/missing", Access::transfer, missing_blobs);
  routes.add_upload("PUT", base + "/{sha256}", Access::transfer, put_blob);
}

}  // namespace muster::api
