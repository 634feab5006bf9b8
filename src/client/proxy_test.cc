#include "client/proxy.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace muster::client {
namespace {

TEST(Proxy, IsChosenAsTheSdkChoosesIt) {
  for (const auto& file : test::golden_files(test::golden_folder() / "proxy", ".json")) {
    const Json vector = test::read_golden_json(file);
    for (const Json& one : vector["cases"]) {
      HostPort server{one["host"], one["port"]};
      server.tls = one["scheme"] == "https";
      const auto proxy =
          proxy_for(server, one["variables"].get<std::map<std::string, std::string>>(), one.value("own_name", "this-machine"));
      ASSERT_EQ(proxy.has_value(), !one["refused"].get<bool>()) << one;
      if (!proxy) {
        EXPECT_EQ(proxy.error().detail.find("secret"), std::string::npos) << "a password is repeated: " << proxy.error().detail;
        continue;
      }
      ASSERT_EQ(proxy->has_value(), !one["proxy"].is_null()) << one;
      if (!*proxy) continue;
      EXPECT_EQ((*proxy)->server.text(), one["proxy"]) << one;
      EXPECT_EQ((*proxy)->authorization, one["authorization"]) << one;
    }
  }
}

}  // namespace
}  // namespace muster::client
