#include "api/openapi.h"

#include <mutex>

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "base/text.h"

namespace muster::api {
namespace {

Json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  const Json number = Json::parse(text, nullptr, false);
  return number.is_number() ? number : Json(text);
}

Json convert(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      Json object = Json::object();
      for (const auto& member : node) object[member.first.Scalar()] = convert(member.second);
      return object;
    }
    case YAML::NodeType::Sequence: {
      Json list = Json::array();
      for (const auto& item : node) list.push_back(convert(item));
      return list;
    }
    case YAML::NodeType::Scalar: return scalar(node);
    default: return nullptr;
  }
}

/// Converted once, when somebody asks: a server's start does not wait for it.
struct Description {
  std::once_flag once;
  std::string json;
};

}  // namespace

Result<Json> yaml_to_json(std::string_view yaml) {
  try {
    return convert(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return fail(Code::invalid, "not YAML: {}", to_utf8(error.what()));
  }
}

void add_openapi_routes(Routes& routes) {
  routes.add("GET", "/api/v1/openapi.json", {Users::reader},
             [description = std::make_shared<Description>()](Call&) -> Result<http::Response> {
               std::call_once(description->once, [&] { description->json = dump_json(yaml_to_json(openapi_yaml()).value()); });
               return http::Response{200, {{"content-type", "application/json"}}, description->json};
             });
}

}  // namespace muster::api
