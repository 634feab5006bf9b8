#include "client/problem.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::client {
namespace {

struct Pair {
  int status;
  Code code;
};
constexpr Pair kPairs[] = {
    {400, Code::malformed},   {401, Code::unauthorized}, {403, Code::forbidden}, {404, Code::not_found}, {405, Code::method_not_allowed},
    {408, Code::timeout},     {409, Code::conflict},     {413, Code::too_large}, {422, Code::invalid},   {500, Code::internal},
    {503, Code::unavailable}, {507, Code::disk_full},
};

/// What answers with it stands between us and the server.
bool is_of_a_proxy(int status) { return status == 407 || status == 502 || status == 504; }

Code code_of_status(int status) {
  if (is_of_a_proxy(status)) return Code::unavailable;
  for (const Pair& pair : kPairs) {
    if (pair.status == status) return pair.code;
  }
  return status >= 500 ? Code::internal : Code::invalid;
}

}  // namespace

Error error_of(const HttpResponse& response) {
  Error error;
  error.code = code_of_status(response.status);
  const auto problem = parse_json(response.body);
  if (!problem || !problem->is_object() || !problem->contains("detail")) {
    const std::string body = to_utf8(response.body.substr(0, 200));
    error.detail = fmt::format("{} answered {} without saying why{}{}", is_of_a_proxy(response.status) ? "a proxy" : "the server",
                               response.status, body.empty() ? "" : ": ", body);
    error.hint = response.status == 407           ? "it wants USER:PASSWORD@ in http_proxy"
                 : is_of_a_proxy(response.status) ? "is the server up? http_proxy and no_proxy say how it is reached"
                                                  : "is it a Muster server?";
    return error;
  }
  if (const std::string code = text_at(*problem, "code"); !code.empty()) error.code = code_from_string(code);
  error.detail = text_at(*problem, "detail");
  error.hint = text_at(*problem, "hint");
  const auto errors = problem->find("errors");
  if (errors != problem->end() && errors->is_array()) {
    for (const Json& one : *errors) {
      if (one.is_object()) error.errors.push_back({text_at(one, "field"), text_at(one, "detail"), text_at(one, "hint")});
    }
  }
  return error;
}

Json problem_of(const Error& error) {
  int status = 500;
  for (const Pair& pair : kPairs) {
    if (pair.code == error.code) status = pair.status;
  }
  Json problem{{"type", "about:blank"},
               {"title", to_string(error.code)},
               {"status", status},
               {"code", to_string(error.code)},
               {"detail", error.detail}};
  if (!error.hint.empty()) problem["hint"] = error.hint;
  for (const FieldError& one : error.errors) {
    Json entry{{"field", one.field}, {"detail", one.detail}};
    if (!one.hint.empty()) entry["hint"] = one.hint;
    problem["errors"].push_back(std::move(entry));
  }
  return problem;
}

}  // namespace muster::client
