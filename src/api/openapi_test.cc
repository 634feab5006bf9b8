// The description and the program say the same: every route is described and every described path is a route; answers have the keys that
// their schemas have.
#include "api/openapi.h"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

const Json& description() {
  static const Json json = yaml_to_json(openapi_yaml()).value();
  return json;
}

TEST(OpenapiTest, IsServedAsJson) {
  Api api;
  const auto answer = api("GET", "/api/v1/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json(), description());
  EXPECT_EQ(answer.json()["openapi"], "3.1.0");
}

TEST(OpenapiTest, RoutesAndPathsAreTheSame) {
  Api api;
  std::set<std::string> routes;
  for (const http::Route* route : api.router.routes()) {
    std::string pattern = route->pattern;
    if (const std::size_t dots = pattern.find("..."); dots != std::string::npos) pattern.erase(dots, 3);
    routes.insert(route->method + " " + pattern);
  }
  std::set<std::string> described;
  for (const auto& [path, item] : description()["paths"].items()) {
    for (const char* method : {"get", "put", "post", "patch", "delete"}) {
      if (!item.contains(method)) continue;
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 32);
      described.insert(upper + " " + path);
    }
  }
  EXPECT_EQ(routes, described);
}

/// Calls `use` for every object inside, with its place.
void walk(const Json& json, const std::string& place, const std::function<void(const Json&, const std::string&)>& use) {
  if (json.is_object()) use(json, place);
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) walk(value, place + "/" + key, use);
}

TEST(OpenapiTest, EveryReferenceLeadsSomewhere) {
  int references = 0;
  walk(description(), "", [&](const Json& object, const std::string& place) {
    if (!object.contains("$ref")) return;
    ++references;
    const auto target = object["$ref"].get<std::string>();
    EXPECT_TRUE(target.starts_with("#/") && description().contains(Json::json_pointer(target.substr(1)))) << target << " at " << place;
  });
  EXPECT_GT(references, 100);
}

TEST(OpenapiTest, EveryOperationIsNamedOnceHasProblemsAndItsPathsParameters) {
  std::set<std::string> names;
  for (const auto& [path, item] : description()["paths"].items()) {
    std::set<std::string> parameters;
    for (Json parameter : item.value("parameters", Json::array())) {
      if (parameter.contains("$ref")) parameter = description()[Json::json_pointer(parameter["$ref"].get<std::string>().substr(1))];
      if (parameter["in"] == "path") parameters.insert("{" + parameter["name"].get<std::string>() + "}");
    }
    std::set<std::string> in_path;
    for (const std::string_view part : split(path, '/')) {
      if (part.starts_with('{')) in_path.insert(std::string(part));
    }
    EXPECT_EQ(parameters, in_path) << path;
    for (const char* method : {"get", "put", "post", "patch", "delete"}) {
      if (!item.contains(method)) continue;
      EXPECT_TRUE(names.insert(item[method]["operationId"]).second) << item[method]["operationId"];
      EXPECT_TRUE(item[method]["responses"].contains("default") || path == "/healthz") << method << ' ' << path;
    }
  }
}

TEST(OpenapiTest, YamlsScalarsBecomeJsons) {
  EXPECT_EQ(yaml_to_json("{a: 1, b: '1', c: true, d: \"null\", e: null, f: 1.5, g: [x, -2]}").value(),
            (Json{{"a", 1}, {"b", "1"}, {"c", true}, {"d", "null"}, {"e", nullptr}, {"f", 1.5}, {"g", {"x", -2}}}));
  EXPECT_FALSE(yaml_to_json("{a: ["));
}

}  // namespace
}  // namespace muster::api
