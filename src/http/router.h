#pragma once
// Routes: method + pattern → handler. Patterns are "/api/v1/runs/{run}/logs/{path...}"; {name} is one part, {name...} the rest (slashes included).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/message.h"

namespace muster::http {

using Handler = std::function<Response(Request&)>;
/// Begins a streamed upload: a sink, or the refusal to send before any byte is read.
using UploadHandler = std::function<Result<std::unique_ptr<UploadSink>>(Request&)>;

struct Route {
  std::string method;
  std::string pattern;
  Handler handler;            ///< exactly one of handler and upload is set
  UploadHandler upload;
  std::uint64_t body_limit = 8u << 20;  ///< bytes; for uploads too
};

class Router {
 public:
  /// Call before serving. The order does not matter: literal parts win over {name}, {name} over {name...}.
  void add(Route route);

  struct Match {
    const Route* route;
    std::map<std::string, std::string> parameters;
  };
  /// not_found, or method_not_allowed when only the method is wrong (the hint lists those allowed).
  Result<Match> match(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace muster::http
