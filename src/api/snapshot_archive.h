#pragma once
// A snapshot as one tar stream, made while it is sent.

#include <memory>

#include "blob/blob_store.h"
#include "http/message.h"
#include "model/snapshot.h"

namespace muster::api {

/// `blobs` must outlive the source. A blob that is gone or short breaks the stream off.
std::unique_ptr<http::StreamSource> snapshot_archive(blob::BlobStore& blobs, model::Snapshot snapshot);

}  // namespace muster::api
