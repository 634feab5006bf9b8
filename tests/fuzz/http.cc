// What a connection sends before its body, and what is made of the query.

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <cstdlib>

#include "api/query.h"
#include "base/text.h"
#include "fuzz.h"
#include "http/header_rules.h"
#include "http/target.h"

namespace muster::fuzz {
namespace {

void check(const http::Target& target) {
  if (target.path.empty() || target.path.front() != '/') std::abort();
  if (!is_utf8(target.path) || target.path.find('\0') != std::string::npos) std::abort();
  for (const auto& [key, value] : target.query) {
    if (!is_utf8(key) || !is_utf8(value)) std::abort();
  }
}

}  // namespace

void http_target(std::string_view bytes) {
  if (const auto target = http::parse_target(bytes)) check(*target);
  const std::string_view path = http::encoded_path(bytes);
  // Of "http://host" it is a "/" that is not in the bytes.
  if (!path.empty() && path != "/" && (path.data() < bytes.data() || path.data() + path.size() > bytes.data() + bytes.size())) std::abort();
  const auto parts = http::decoded_parts(path);
  for (const std::string& part : parts.value_or(std::vector<std::string>{})) {
    if (!is_utf8(part) || part.find('\0') != std::string::npos) std::abort();
  }
}

void http_head(std::string_view bytes) {
  namespace wire = boost::beast::http;
  wire::request_parser<wire::buffer_body> parser;
  parser.header_limit(64 << 10);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes), error);
  if (!parser.is_header_done()) return;
  http::HeaderFields fields;
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    fields.emplace_back(name, std::string(field.value()));
  }
  const auto fault = http::header_fault(fields, parser.get().version());
  if (fault && (fault->status < 400 || fault->error.detail.empty())) std::abort();
  const auto target = parser.get().target();
  http_target({target.data(), target.size()});
}

void query(std::string_view bytes) {
  const auto target = http::parse_target("/p?" + std::string(bytes));
  if (!target) return;
  http::Request request;
  request.query = target->query;
  api::QueryReader reader(request);
  (void)reader.text("name");
  const auto number = reader.integer("number", -5, 5);
  (void)reader.flag("flag");
  const store::PageRequest page = reader.page();
  if (!reader.finish()) return;
  if (number && (*number < -5 || *number > 5)) std::abort();
  if (page.limit < 1 || page.limit > 1000) std::abort();
  (void)store::key_cursor(page, 0);
}

}  // namespace muster::fuzz
