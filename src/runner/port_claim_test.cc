#include "runner/port_claim.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

namespace muster::runner {
namespace {

Fd listen_on(int port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 1) != 0) fd.reset();
  return fd;
}

TEST(PortClaim, TwoRunsHaveDifferentPortsThoughNeitherListensYet) {
  const auto first = PortClaim::take();
  const auto second = PortClaim::take();
  ASSERT_TRUE(first && second);
  EXPECT_GE(first->port(), PortClaim::kUsualPort);
  EXPECT_NE(first->port(), second->port());
}

TEST(PortClaim, TheRankCanListenOnIt) {
  const auto claim = PortClaim::take();
  ASSERT_TRUE(claim);
  EXPECT_TRUE(listen_on(claim->port()));
}

TEST(PortClaim, APortOnWhichSomebodyListensIsPassedOver) {
  std::optional<PortClaim> claim = PortClaim::take().value();
  const int port = claim->port();
  const Fd listener = listen_on(port);
  ASSERT_TRUE(listener);
  claim.reset();
  const auto other = PortClaim::take();
  ASSERT_TRUE(other);
  EXPECT_NE(other->port(), port);
}

TEST(PortClaim, APortToAvoidIsNotTakenThoughItIsFree) {
  const int first = PortClaim::take().value().port();
  EXPECT_GT(PortClaim::take({first}).value().port(), first);
}

}  // namespace
}  // namespace muster::runner
