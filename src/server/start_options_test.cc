#include "server/start_options.h"

#include <gtest/gtest.h>

namespace muster::server {
namespace {

const ServeOptions kInsecure{"/home", "0.0.0.0:6464", "http://gpu-box:6464", "", "", true};
const ServeOptions kGiven{"/home", "0.0.0.0:6464", "https://gpu-box:6464", "/c.pem", "/k.pem", false};

ServeOptions only_home() {
  ServeOptions options;
  options.home = "/home";
  return options;
}

TEST(StartOptions, AStartThatSaysNothingIsLikeTheLastOne) {
  for (const ServeOptions& kept : {kInsecure, kGiven, only_home()}) {
    const Start start = decide_start(only_home(), {}, kept);
    EXPECT_EQ(start.chosen, kept);
    EXPECT_EQ(start.told, kept);
  }
}

TEST(StartOptions, WhereToListenBeginsAnew) {
  ServeOptions now = only_home();
  now.listen = kInsecure.listen;
  EXPECT_EQ(decide_start(now, {}, kInsecure).chosen, now);
  EXPECT_EQ(decide_start(now, {}, kInsecure).told, now);
  Settings settings;
  settings.listen = "0.0.0.0:7000";
  const Start moved = decide_start(only_home(), settings, kInsecure);
  EXPECT_EQ(moved.chosen.listen, "0.0.0.0:7000");
  EXPECT_FALSE(moved.chosen.insecure);
  settings.listen = kInsecure.listen;
  EXPECT_EQ(decide_start(only_home(), settings, kInsecure).chosen, kInsecure);
}

TEST(StartOptions, AWordOnTlsReplacesWhatWasSaidOfItAndTheAddressStays) {
  ServeOptions now = only_home();
  now.tls_certificate = "/c.pem";
  now.tls_key = "/k.pem";
  const Start secure = decide_start(now, {}, kInsecure);
  EXPECT_EQ(secure.chosen, (ServeOptions{"/home", "0.0.0.0:6464", "", "/c.pem", "/k.pem", false}));
  EXPECT_EQ(secure.told, secure.chosen);
  ServeOptions plain = only_home();
  plain.insecure = true;
  EXPECT_EQ(decide_start(plain, {}, kGiven).chosen, (ServeOptions{"/home", "0.0.0.0:6464", "", "", "", true}));
  ServeOptions half = only_home();
  half.tls_key = "/other.pem";
  EXPECT_EQ(decide_start(half, {}, kGiven).chosen.tls_certificate, "") << "a key is not paired with an earlier certificate";
}

TEST(StartOptions, AnotherAdvertisedAddressLeavesTheRest) {
  ServeOptions now = only_home();
  now.advertise = "http://elsewhere:1";
  ServeOptions expected = kInsecure;
  expected.advertise = now.advertise;
  EXPECT_EQ(decide_start(now, {}, kInsecure).chosen, expected);
}

TEST(StartOptions, TheFileComesBetweenAndIsNotKept) {
  Settings settings;
  settings.tls_certificate = "/file.pem";
  settings.tls_key = "/file.key";
  settings.advertise = "https://of-the-file:1";
  const Start start = decide_start(only_home(), settings, kInsecure);
  EXPECT_EQ(start.chosen, (ServeOptions{"/home", "0.0.0.0:6464", "https://of-the-file:1", "/file.pem", "/file.key", false}));
  EXPECT_EQ(start.told, (ServeOptions{"/home", "0.0.0.0:6464", "", "", "", false})) << "what the file has replaced does not come back";
  ServeOptions now = only_home();
  now.insecure = true;
  EXPECT_TRUE(decide_start(now, settings, kGiven).chosen.insecure) << "what is told wins over the file";
  EXPECT_EQ(decide_start(now, settings, kGiven).chosen.tls_certificate, "");
}

}  // namespace
}  // namespace muster::server
