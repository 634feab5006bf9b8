#pragma once
// A real server on a free port, with the routes that a test gives it.

#include <memory>
#include <vector>

#include "http/server.h"

namespace muster::test {

class HttpServer {
 public:
  explicit HttpServer(std::vector<http::Route> routes, http::ServerOptions options = {}, http::Gate gate = nullptr,
                      http::Finish finish = nullptr) {
    auto router = std::make_shared<http::Router>();
    for (http::Route& route : routes) router->add(std::move(route));
    server_ = std::move(*http::Server::start(std::move(options), router, std::move(gate), Fd(), std::move(finish)));
  }
  std::uint16_t port() const { return server_->port(); }
  http::Server& operator*() { return *server_; }
  http::Server* operator->() { return server_.get(); }

 private:
  std::unique_ptr<http::Server> server_;
};

inline http::Response text_response(std::string body, int status = 200) {
  return {status, {{"content-type", "text/plain"}}, std::move(body)};
}

inline http::Route route(std::string method, std::string pattern, http::Handler handler, std::uint64_t body_limit = 8u << 20) {
  return {std::move(method), std::move(pattern), std::move(handler), nullptr, body_limit};
}

}  // namespace muster::test
