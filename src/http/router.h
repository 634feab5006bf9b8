#pragma once
// Routes: method + pattern → handler. Patterns are "/api/v1/runs/{run}/logs/{path...}"; {name} is one part, {name...} the rest (slashes
// included).

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace muster::http {

using Handler = std::function<Response(Request&)>;
/// Begins a streamed upload: a sink, or the refusal to send before any byte is read.
using UploadHandler = std::function<Result<std::unique_ptr<UploadSink>>(Request&)>;

struct Route {
  std::string method;
  std::string pattern;
  Handler handler;  ///< exactly one of handler and upload is set
  UploadHandler upload;
  std::uint64_t body_limit = 8u << 20;  ///< bytes; for uploads too
};

class Router {
 public:
  Router();
  ~Router();
  /// Call before serving. The order does not matter: literal parts win over {name}, {name} over {name...}. Two routes of one method and
  /// pattern are a mistake of the programmer and throw.
  void add(Route route);

  struct Match {
    const Route* route;
    std::map<std::string, std::string> parameters;
  };
  /// `path` is still encoded: an encoded '/' does not part it. A GET route answers HEAD too. A part may be "": it is a name that nothing
  /// has. not_found, or method_not_allowed when only the method is wrong (the hint lists those allowed).
  Result<Match> match(std::string_view method, std::string_view path) const;

  /// The methods that the path has, sorted; empty when there is no such path.
  std::vector<std::string> methods(std::string_view path) const;

  std::vector<const Route*> routes() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
};

}  // namespace muster::http
