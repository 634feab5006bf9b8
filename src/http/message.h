#pragma once
// Requests and responses as handlers see them. Nothing of the HTTP library shows here.

#include <any>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/byte_source.h"
#include "base/json.h"
#include "base/result.h"

namespace muster::http {

struct Request {
  std::string method;
  std::string path;  ///< percent-decoded, without the query; always starts with '/'; UTF-8 without NUL, as the query
  std::multimap<std::string, std::string> query;  ///< decoded; repeated keys in their order
  std::map<std::string, std::string> headers;     ///< names in lower case
  std::map<std::string, std::string> parameters;  ///< from the route's {names}
  std::string body;                               ///< empty for streamed uploads
  std::string id;                                 ///< for the log
  std::any context;                               ///< what the gate found out about the caller, for handlers

  /// "" when absent.
  std::string header(std::string_view lower_case_name) const;
  std::optional<std::string> query_value(std::string_view name) const;  ///< of a repeated key the last
  const std::string& parameter(const std::string& name) const { return parameters.at(name); }
};

/// A part of a source, sent without passing through memory as a whole. One that ends before the part does cuts the answer off.
struct SourceRange {
  std::unique_ptr<ByteSource> source;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// A body that is produced as it is sent (log followers, event streams, archives). The connection pulls when it can write, so a slow reader
/// costs no memory.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Next bytes (at most about 256 KiB). Empty: nothing now, `wake` will be called. Nothing: the end. Called on a worker thread, one call
  /// at a time; may block on the disk. Without a wake it is called again after at most 5 s, so that a source can send heartbeats. An
  /// exception cuts the answer off, so that the reader sees that it is not whole.
  virtual std::optional<std::string> pull() = 0;
  /// Called once, before the first pull. `wake` may be called from any thread, often, and also after the connection is gone.
  virtual void on_ready(std::function<void()> wake) = 0;
};

using Body = std::variant<std::string, SourceRange, std::unique_ptr<StreamSource>>;

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  Body body;
};

Response json_response(int status, const Json& body);
/// application/problem+json, from docs/rest-api.md. Extra members of `extra` (an object or null) are added.
Response problem_response(const Error& error, const Json& extra = nullptr);
/// The same with a status of its own, for those that HTTP has and our codes have not (414, 416, 431).
Response problem_response_as(int status, const Error& error, const Json& extra = nullptr);
/// 204 without a body.
Response empty_response(int status = 204);
int status_of(Code code);

/// Where a streamed upload goes. Called on worker threads, one call at a time. Destroyed without finish(): the upload is discarded.
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  virtual Response finish() = 0;
};

}  // namespace muster::http
