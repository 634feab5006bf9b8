#include "page/page.h"

#include <memory>

#include "page/bundle.h"

namespace muster::page {
namespace {

/// Scripts and styles of our own alone, requests to this server alone, in nobody's frame. Pictures may be what a run made, as blobs.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

using Files = std::map<std::string, File, std::less<>>;

bool takes_gzip(const http::Request& request) { return request.header("accept-encoding").find("gzip") != std::string::npos; }

http::Response answer(const http::Request& request, const File& file) {
  http::Response response;
  const std::string quoted = '"' + file.etag + '"';
  response.headers = {{"etag", quoted},
                      {"vary", "accept-encoding"},
                      {"cache-control", file.lasts ? "public, max-age=31536000, immutable" : "no-cache"},
                      {"content-security-policy", std::string(kPolicy)},
                      {"referrer-policy", "same-origin"},
                      {"cross-origin-opener-policy", "same-origin"},
                      {"cross-origin-resource-policy", "same-origin"},
                      {"x-frame-options", "DENY"}};
  if (request.header("if-none-match").find(quoted) != std::string::npos) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("content-type", file.content_type);
  if (takes_gzip(request)) {
    response.headers.emplace_back("content-encoding", "gzip");
    response.body = std::string(file.gzip);
  } else {
    response.body = std::string(file.plain);
  }
  return response;
}

}  // namespace

void add_routes(http::Router& router) {
  // What this very program brings: a fault of it is one of the build, which the tests see.
  auto bundle = read_bundle(embedded_bundle());
  const auto files = std::make_shared<const Files>(bundle ? std::move(*bundle) : Files());
  const auto serve = [&](const std::string& pattern, const std::string& path) {
    router.add({"GET", pattern, [files, file = &files->at(path)](http::Request& request) { return answer(request, *file); }, nullptr, 0});
  };
  if (!files->contains("index.html")) return;
  for (const char* pattern : {"/", "/workspaces", "/workspaces/{rest...}"}) serve(pattern, "index.html");
  for (const auto& [path, file] : *files) {
    if (path != "index.html") serve("/" + path, path);
  }
}

}  // namespace muster::page
