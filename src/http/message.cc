#include "http/message.h"

#include <nlohmann/json.hpp>

#include "http/reason.h"

namespace muster::http {

std::string Request::header(std::string_view lower_case_name) const {
  const auto at = headers.find(std::string(lower_case_name));
  return at == headers.end() ? "" : at->second;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  const auto [first, end] = query.equal_range(std::string(name));
  return first == end ? std::nullopt : std::optional(std::prev(end)->second);
}

int status_of(Code code) {
  switch (code) {
    case Code::malformed: return 400;
    case Code::unauthorized: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::method_not_allowed: return 405;
    case Code::timeout: return 408;
    case Code::conflict: return 409;
    case Code::too_large: return 413;
    case Code::invalid: return 422;
    case Code::internal:
    case Code::storage_failed: return 500;
    case Code::unavailable: return 503;
    case Code::disk_full: return 507;
  }
  return 500;
}

Response json_response(int status, const Json& body) { return Response{status, {{"content-type", "application/json"}}, dump_json(body)}; }

Response problem_response_as(int status, const Error& error, const Json& extra) {
  Json problem{{"type", "about:blank"},
               {"title", reason_phrase(status)},
               {"status", status},
               {"code", to_string(error.code)},
               {"detail", error.detail}};
  if (!error.hint.empty()) problem["hint"] = error.hint;
  if (!error.errors.empty()) {
    Json& errors = problem["errors"] = Json::array();
    for (const FieldError& one : error.errors) {
      Json fault{{"field", one.field}, {"detail", one.detail}};
      if (!one.hint.empty()) fault["hint"] = one.hint;
      errors.push_back(std::move(fault));
    }
  }
  if (extra.is_object()) problem.update(extra);
  Response response{status, {{"content-type", "application/problem+json"}}, dump_json(problem)};
  if (status == 401) response.headers.emplace_back("www-authenticate", "Bearer");
  return response;
}

Response problem_response(const Error& error, const Json& extra) { return problem_response_as(status_of(error.code), error, extra); }

Response empty_response(int status) { return Response{status, {}, std::string()}; }

}  // namespace muster::http
