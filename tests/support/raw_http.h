#pragma once
// A client that sends exactly the bytes it is given: for tests of the server's edges. Every wait ends after 20 seconds, as a failure.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/fd.h"
#include "base/json.h"

namespace muster::test {

constexpr int kPatienceMs = 20'000;

struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< chunks joined
  bool whole = false;                          ///< it came to its proper end

  Json json() const { return Json::parse(body, nullptr, false); }
};

class RawClient {
 public:
  /// Connects to 127.0.0.1. A small receive buffer makes a slow reader felt early.
  explicit RawClient(std::uint16_t port, std::optional<int> receive_buffer = std::nullopt);

  /// False when the server has closed the connection.
  bool send(std::string_view bytes);
  /// The next answer. `head`: there is no body whatever the headers say.
  RawAnswer answer(bool head = false);
  /// send() and answer().
  RawAnswer ask(std::string_view bytes);
  /// Whatever comes next, at most `limit` bytes; "" at the end of the connection.
  std::string read_some(std::size_t limit = 65536);
  /// Reads until `text` has come (true) or the connection ends (false).
  bool read_until(std::string_view text);
  /// Whether anything comes within this time; it stays unread.
  bool has_bytes(std::chrono::milliseconds time);
  /// Whether the server ends the connection (what still comes before is dropped).
  bool ends();
  void close() { socket_.reset(); }
  const std::string& unread() const { return unread_; }

 private:
  bool fill();
  Fd socket_;
  std::string unread_;
};

/// "GET /x HTTP/1.1", a host, `headers` (each with its CRLF), the empty line.
inline std::string get(std::string_view target, std::string_view headers = "");
/// The same for any method with a body and its length.
inline std::string request(std::string_view method, std::string_view target, std::string_view body, std::string_view headers = "");

inline RawClient::RawClient(std::uint16_t port, std::optional<int> receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer) ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &*receive_buffer, sizeof(int));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) throw std::runtime_error("cannot connect");
}

inline bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd wait{socket_.get(), POLLOUT, 0};
    if (::poll(&wait, 1, kPatienceMs) != 1) throw std::runtime_error("the server does not read");
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

inline bool RawClient::has_bytes(std::chrono::milliseconds time) {
  pollfd wait{socket_.get(), POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
}

inline std::string RawClient::read_some(std::size_t limit) {
  pollfd wait{socket_.get(), POLLIN, 0};
  if (::poll(&wait, 1, kPatienceMs) != 1) throw std::runtime_error("the server sends nothing");
  std::string bytes(limit, '\0');
  const ssize_t n = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

inline bool RawClient::fill() {
  const std::string more = read_some();
  unread_ += more;
  return !more.empty();
}

inline bool RawClient::read_until(std::string_view text) {
  while (true) {
    if (const std::size_t at = unread_.find(text); at != std::string::npos) {
      unread_.erase(0, at + text.size());
      return true;
    }
    if (!fill()) return false;
  }
}

inline bool RawClient::ends() {
  while (fill()) unread_.clear();
  return true;
}

inline RawAnswer RawClient::answer(bool head) {
  RawAnswer answer;
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  std::string header = unread_.substr(0, end + 2);
  unread_.erase(0, end + 4);
  answer.status = std::stoi(header.substr(9, 3));
  for (std::size_t line = header.find("\r\n") + 2; line < header.size();) {
    const std::size_t stop = header.find("\r\n", line);
    const std::size_t colon = header.find(": ", line);
    std::string name = header.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    answer.headers[name] = header.substr(colon + 2, stop - colon - 2);
    line = stop + 2;
  }
  if (head || answer.status == 204 || answer.status == 304 || answer.status == 100) {
    answer.whole = true;
  } else if (answer.headers["transfer-encoding"] == "chunked") {
    while (true) {
      std::size_t line = 0;
      while ((line = unread_.find("\r\n")) == std::string::npos) {
        if (!fill()) return answer;
      }
      const std::size_t size = std::stoul(unread_.substr(0, line), nullptr, 16);
      while (unread_.size() < line + 2 + size + 2) {
        if (!fill()) return answer;
      }
      answer.body += unread_.substr(line + 2, size);
      unread_.erase(0, line + 2 + size + 2);
      if (size == 0) break;
    }
    answer.whole = true;
  } else {
    const std::size_t length = std::stoul(answer.headers["content-length"]);
    while (unread_.size() < length) {
      if (!fill()) {
        answer.body = unread_;
        return answer;
      }
    }
    answer.body = unread_.substr(0, length);
    unread_.erase(0, length);
    answer.whole = true;
  }
  return answer;
}

inline RawAnswer RawClient::ask(std::string_view bytes) {
  send(bytes);
  return answer();
}

inline std::string get(std::string_view target, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", target, headers);
}

inline std::string request(std::string_view method, std::string_view target, std::string_view body, std::string_view headers) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{}\r\n{}", method, target, body.size(), headers, body);
}

}  // namespace muster::test
