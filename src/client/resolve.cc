#include "client/resolve.h"

#include <netdb.h>

#include <cstring>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

namespace muster::client {
namespace {

using Addresses = Result<std::vector<SocketAddress>>;

Addresses look_up(const HostPort& server, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found);
  if (error != 0) return fail(Code::unavailable, "the host \"{}\" cannot be found: {}", server.host, gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

Result<std::vector<SocketAddress>> resolve(const HostPort& server, std::chrono::milliseconds at_most) {
  if (auto numeric = look_up(server, AI_NUMERICHOST | AI_NUMERICSERV)) return numeric;
  // getaddrinfo cannot be interrupted and may take longer than we are willing to wait, so it gets a thread that may outlive this call.
  auto answer = std::make_shared<std::promise<Addresses>>();
  auto future = answer->get_future();
  try {
    std::thread([answer, server] { answer->set_value(look_up(server, AI_NUMERICSERV | AI_ADDRCONFIG)); }).detach();
  } catch (const std::system_error& none) {
    return fail(Code::unavailable, "no thread to look up the host \"{}\": {}", server.host, none.what());
  }
  if (future.wait_for(at_most) != std::future_status::ready) {
    return fail(Code::timeout, "looking up the host \"{}\" took longer than {} ms", server.host, at_most.count());
  }
  return future.get();
}

}  // namespace muster::client
