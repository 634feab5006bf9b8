#include "http/reason.h"

#include <algorithm>
#include <array>
#include <utility>

namespace muster::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 25> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {507, "Insufficient Storage"},
}};

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* const at = std::find_if(kReasons.begin(), kReasons.end(), [&](const auto& one) { return one.first == status; });
  return at == kReasons.end() ? "Error" : at->second;
}

}  // namespace muster::http
