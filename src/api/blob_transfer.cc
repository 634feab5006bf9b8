#include "api/blob_transfer.h"

#include "api/room.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/file_response.h"

namespace muster::api {
namespace {

class BlobUpload final : public http::UploadSink {
 public:
  using Done = std::function<Result<http::Response>(const blob::BlobInfo&)>;
  BlobUpload(const Services& services, std::unique_ptr<blob::BlobStore::Writer> writer, std::string expected, Done done)
      : services_(services), writer_(std::move(writer)), expected_(std::move(expected)), done_(std::move(done)) {}

  Result<void> write(std::string_view bytes) override {
    since_look_ += bytes.size();
    if (since_look_ >= kBytesBetweenLooks) {
      MUSTER_TRY(check_room(services_, bytes.size()));
      since_look_ = 0;
    }
    return writer_->write(bytes);
  }

  http::Response finish() override {
    const auto info = writer_->commit(expected_);
    if (!info) return http::problem_response(info.error());
    auto response = done_(*info);
    return response ? std::move(*response) : http::problem_response(response.error());
  }

 private:
  const Services& services_;
  std::uint64_t since_look_ = 0;
  std::unique_ptr<blob::BlobStore::Writer> writer_;
  std::string expected_;
  Done done_;
};

}  // namespace

Result<std::unique_ptr<http::UploadSink>> upload_blob(const Call& call, std::string expected,
                                                      std::function<Result<http::Response>(const blob::BlobInfo&)> done) {
  std::int64_t promised = 0;  // a chunked body promises nothing
  if (parse_int64(call.request.header("content-length"), promised) && promised > 0)
    MUSTER_TRY(check_room(call.services, static_cast<std::uint64_t>(promised)));
  MUSTER_TRY_ASSIGN(auto writer, call.services.blobs.create());
  return std::make_unique<BlobUpload>(call.services, std::move(writer), std::move(expected), std::move(done));
}

Result<http::Response> send_blob(const Call& call, const std::string& sha256, std::uint64_t size) {
  MUSTER_TRY_ASSIGN(auto bytes, call.services.blobs.open(sha256));
  if (bytes->size() != size) {
    return fail_hint(Code::internal, "store the same content again, which repairs it, or restore the blob from a copy",
                     "the blob {} was damaged on the server's disk: it has {} bytes, and {} were stored", sha256, bytes->size(), size);
  }
  return http::source_response(call.request, std::move(bytes), sha256, "application/octet-stream");
}

void check_uploaded(ObjectReader& in, const std::string& prefix, blob::BlobStore& blobs, const std::string& sha256, std::uint64_t size) {
  if (!is_sha256(sha256)) return in.fault(prefix + "sha256", "must be 64 lower-case hex digits");
  const auto info = blobs.stat(sha256);
  if (!info)
    in.fault(prefix + "sha256", "is not on the server", "upload it with PUT blobs/{sha256} first");
  else if (info->size != size)
    in.fault(prefix + "size", fmt::format("is {} by the blob's sha256", info->size));
}

}  // namespace muster::api
