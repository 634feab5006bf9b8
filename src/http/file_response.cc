#include "http/file_response.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace muster::http {
namespace {

/// Digits alone; numbers too large for 64 bits are as good as the largest.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() ? value : UINT64_MAX;
}

bool matches_etag(std::string_view header, std::string_view quoted) {
  if (header == "*") return true;
  for (std::string_view one : split(header, ',')) {
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == quoted) return true;
  }
  return false;
}

}  // namespace

RangeChoice choose_range(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const RangeChoice whole;
  if (!header.starts_with(kUnit)) return whole;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view first_text = header.substr(0, dash);
  const std::string_view last_text = header.substr(dash + 1);
  const auto last = number(last_text);
  if (first_text.empty()) {
    if (!last) return whole;
    const std::uint64_t length = std::min(*last, size);
    if (length == 0) return {RangeChoice::Kind::unsatisfiable, {}};
    return {RangeChoice::Kind::part, {size - length, length}};
  }
  const auto first = number(first_text);
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return whole;
  if (*first >= size) return {RangeChoice::Kind::unsatisfiable, {}};
  const std::uint64_t end = last && *last < size ? *last + 1 : size;
  return {RangeChoice::Kind::part, {*first, end - *first}};
}

Response source_response(const Request& request, std::unique_ptr<ByteSource> source, const std::string& etag,
                         const std::string& content_type) {
  const std::uint64_t size = source->size();
  const std::string quoted = '"' + etag + '"';
  Response response;
  response.headers = {{"etag", quoted}, {"accept-ranges", "bytes"}};
  if (const std::string known = request.header("if-none-match"); !known.empty() && matches_etag(known, quoted)) {
    response.status = 304;
    return response;
  }
  const std::string unless_changed = request.header("if-range");
  const bool same = unless_changed.empty() || unless_changed == quoted;
  const RangeChoice choice = same ? choose_range(request.header("range"), size) : RangeChoice{};
  if (choice.kind == RangeChoice::Kind::unsatisfiable) {
    Response refusal = problem_response_as(
        416, Error{Code::invalid,
                   fmt::format("the range '{}' lies outside the {} bytes there are", to_utf8(request.header("range").substr(0, 100)), size),
                   "",
                   {}});
    refusal.headers.emplace_back("content-range", fmt::format("bytes */{}", size));
    return refusal;
  }
  response.headers.emplace_back("content-type", content_type);
  if (choice.kind == RangeChoice::Kind::whole) {
    response.body = SourceRange{std::move(source), 0, size};
    return response;
  }
  response.status = 206;
  response.headers.emplace_back("content-range",
                                fmt::format("bytes {}-{}/{}", choice.range.offset, choice.range.offset + choice.range.length - 1, size));
  response.body = SourceRange{std::move(source), choice.range.offset, choice.range.length};
  return response;
}

}  // namespace muster::http
