#pragma once
// Requests and responses as the client sees them. Nothing of the HTTP library shows here.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace muster::client {

/// A part of an open file, sent by sendfile(2). The descriptor is borrowed and must stay open until the call returns; its position is not
/// used.
struct FileBody {
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::function<void(std::uint64_t sent)> on_sent =
      {};  ///< how much of it has gone out, often; less again when it is sent anew. Must be quick
};

struct HttpResponse;

struct HttpRequest {
  std::string method = "GET";
  std::string target;  ///< path and query, encoded
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::variant<std::string, FileBody> body = {};
  /// Asked of the answer's head before anything of its body is used: an error ends the exchange and is its result.
  std::function<Result<void>(const HttpResponse& head)> check_head = {};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< empty when the body went to a sink

  /// "" when absent.
  std::string header(const std::string& lower_case_name) const {
    const auto at = headers.find(lower_case_name);
    return at == headers.end() ? "" : at->second;
  }
  bool succeeded() const { return status >= 200 && status < 300; }
};

/// Where a streamed body goes, piece by piece (at most 256 KiB each). An error ends the exchange and is its result. May block.
using ByteSink = std::function<Result<void>(std::string_view)>;

/// How long the other side may take; every blocking step is under one of these.
struct Deadlines {
  std::chrono::milliseconds connect{5'000};    ///< looking up the name and connecting
  std::chrono::milliseconds progress{60'000};  ///< the longest time in which not one byte moves
  std::chrono::milliseconds total{0};          ///< for the exchange as a whole; 0: none
};

}  // namespace muster::client
