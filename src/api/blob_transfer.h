#pragma once
// Blobs on their way in and out.

#include <functional>
#include <memory>

#include "api/call.h"
#include "blob/blob_store.h"
#include "http/message.h"

namespace muster::api {

/// Writes into a new blob. `done` is called on a worker once the blob is durable and makes the answer. With `expected` (64 hex) other bytes
/// are refused as invalid.
Result<std::unique_ptr<http::UploadSink>> upload_blob(const Call& call, std::string expected,
                                                      std::function<Result<http::Response>(const blob::BlobInfo&)> done);

/// The blob as an answer: whole, a part, or none that the reader has already. `size` is what is recorded of it; internal when the blob
/// has another.
Result<http::Response> send_blob(const Call& call, const std::string& sha256, std::uint64_t size);

/// Adds a fault of "<prefix>sha256" or "<prefix>size" unless the store has that blob, and of that size.
void check_uploaded(ObjectReader& in, const std::string& prefix, blob::BlobStore& blobs, const std::string& sha256, std::uint64_t size);

}  // namespace muster::api
