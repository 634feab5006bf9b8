#include "http/port_holder.h"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "base/file.h"

namespace muster::http {
namespace {
namespace fs = std::filesystem;

/// "socket:[inode]" of each socket that listens on the port, as /proc/net/tcp tells (proc(5)).
std::set<std::string> listening_sockets(std::uint16_t port) {
  constexpr std::string_view kListening = "0A";
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
      if (state == kListening && local.ends_with(fmt::format(":{:04X}", port))) sockets.insert("socket:[" + inode + "]");
    }
  }
  return sockets;
}

bool holds_one(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator one(process / "fd", error), end; !error && one != end; one.increment(error)) {
    std::error_code unreadable;
    if (sockets.contains(fs::read_symlink(one->path(), unreadable).string())) return true;
  }
  return false;
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  const std::set<std::string> sockets = listening_sockets(port);
  if (sockets.empty()) return "";
  std::error_code error;
  for (fs::directory_iterator one("/proc", error), end; !error && one != end; one.increment(error)) {
    const std::string pid = one->path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !holds_one(one->path(), sockets)) continue;
    std::string name = read_file(one->path() / "comm", 4096).value_or("");
    while (name.ends_with('\n')) name.pop_back();
    return fmt::format("process {} ({})", pid, name);
  }
  return "";
}

}  // namespace muster::http
