#pragma once
// An upload on its way into the blob store.

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

}  // namespace muster::api
