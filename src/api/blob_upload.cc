#include "api/blob_upload.h"

namespace muster::api {
namespace {

class BlobUpload final : public http::UploadSink {
 public:
  using Done = std::function<Result<http::Response>(const blob::BlobInfo&)>;
  BlobUpload(std::unique_ptr<blob::BlobStore::Writer> writer, std::string expected, Done done)
      : writer_(std::move(writer)), expected_(std::move(expected)), done_(std::move(done)) {}

  Result<void> write(std::string_view bytes) override { return writer_->write(bytes); }

  http::Response finish() override {
    const auto info = writer_->commit(expected_);
    if (!info) return http::problem_response(info.error());
    auto response = done_(*info);
    return response ? std::move(*response) : http::problem_response(response.error());
  }

 private:
  std::unique_ptr<blob::BlobStore::Writer> writer_;
  std::string expected_;
  Done done_;
};

}  // namespace

Result<std::unique_ptr<http::UploadSink>> upload_blob(blob::BlobStore& blobs, std::string expected,
                                                      std::function<Result<http::Response>(const blob::BlobInfo&)> done) {
  MUSTER_TRY_ASSIGN(auto writer, blobs.create());
  return std::make_unique<BlobUpload>(std::move(writer), std::move(expected), std::move(done));
}

}  // namespace muster::api
