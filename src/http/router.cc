#include "http/router.h"

#include <set>
#include <stdexcept>

#include "base/text.h"
#include "http/target.h"

namespace muster::http {
namespace {

using Parts = std::vector<std::string>;

std::vector<std::string_view> parts_of_pattern(std::string_view pattern) { return split(pattern.substr(1), '/'); }
bool is_name(std::string_view part) { return part.starts_with('{') && part.ends_with('}'); }
bool is_rest(std::string_view part) { return is_name(part) && part.ends_with("...}"); }

std::string name_of(std::string_view part) { return std::string(part.substr(1, part.size() - (is_rest(part) ? 5 : 2))); }

}  // namespace

/// A tree by parts. A route's own names for its parameters are kept with its pattern, so that two routes may name the same part
/// differently.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> name;
  std::unique_ptr<Node> rest;
  std::map<std::string, const Route*, std::less<>> by_method;

  using Visit = std::function<bool(const Node&, const std::vector<std::string>& values)>;

  /// Offers every node that the parts reach, the most literal first, until `visit` takes one.
  bool walk(const Parts& parts, std::size_t at, std::vector<std::string>& values, const Visit& visit) const {
    if (at == parts.size()) return !by_method.empty() && visit(*this, values);
    if (const auto next = literal.find(parts[at]); next != literal.end() && next->second->walk(parts, at + 1, values, visit)) return true;
    if (name) {
      values.emplace_back(parts[at]);
      if (name->walk(parts, at + 1, values, visit)) return true;
      values.pop_back();
    }
    if (rest) {
      values.push_back(join({parts.begin() + static_cast<std::ptrdiff_t>(at), parts.end()}, "/"));
      if (visit(*rest, values)) return true;
      values.pop_back();
    }
    return false;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::add(Route route) {
  Node* node = root_.get();
  for (const std::string_view part : parts_of_pattern(route.pattern)) {
    std::unique_ptr<Node>& next = is_rest(part) ? node->rest : is_name(part) ? node->name : node->literal[std::string(part)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  auto kept = std::make_unique<Route>(std::move(route));
  if (!node->by_method.emplace(kept->method, kept.get()).second) {
    throw std::logic_error(fmt::format("two routes for {} {}", kept->method, kept->pattern));
  }
  routes_.push_back(std::move(kept));
}

Result<Router::Match> Router::match(std::string_view method, std::string_view path) const {
  std::optional<Match> found;
  std::vector<std::string> values;
  MUSTER_TRY_ASSIGN(const Parts parts, decoded_parts(path));
  root_->walk(parts, 0, values, [&](const Node& node, const std::vector<std::string>& captured) {
    auto route = node.by_method.find(method);
    if (route == node.by_method.end() && method == "HEAD") route = node.by_method.find("GET");
    if (route == node.by_method.end()) return false;
    found = Match{route->second, {}};
    std::size_t index = 0;
    for (const std::string_view part : parts_of_pattern(route->second->pattern)) {
      if (is_name(part)) found->parameters[name_of(part)] = captured[index++];
    }
    return true;
  });
  if (found) return std::move(*found);
  const std::vector<std::string> others = methods(path);
  if (others.empty()) {
    return fail_hint(Code::not_found, "GET /api/v1/openapi.json describes what there is", "there is nothing at {}", path.substr(0, 256));
  }
  return fail_hint(Code::method_not_allowed, fmt::format("allowed: {}", join(others, ", ")), "{} is not possible on {}",
                   to_utf8(method.substr(0, 32)), path.substr(0, 256));
}

std::vector<std::string> Router::methods(std::string_view path) const {
  std::set<std::string> methods;
  std::vector<std::string> values;
  const auto parts = decoded_parts(path);
  if (!parts) return {};
  root_->walk(*parts, 0, values, [&](const Node& node, const std::vector<std::string>&) {
    for (const auto& [method, route] : node.by_method) methods.insert(method);
    return false;
  });
  if (methods.contains("GET")) methods.insert("HEAD");
  return {methods.begin(), methods.end()};
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> all;
  for (const auto& route : routes_) all.push_back(route.get());
  return all;
}

}  // namespace muster::http
