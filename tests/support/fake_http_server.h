#pragma once
// A small HTTP server for tests of clients: answers what the test says, and misbehaves when told to.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace muster::test {

struct FakeRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;  ///< which of the accepted connections, from 0
};

struct FakeAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::string> chunks;            ///< when not empty: sent chunked, one write each, instead of `body`
  bool drop = false;                          ///< close the connection without a word
  bool close_after = false;                   ///< close it silently after the answer, as if by a time-out
  std::size_t cut_after = std::string::npos;  ///< send so many bytes of the body, then close
  bool hang = false;                          ///< answer nothing until the server is destroyed
};

/// Serves on 127.0.0.1 at a free port, a thread a connection. The handler may be called from several threads at once.
class FakeHttpServer {
 public:
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;

  explicit FakeHttpServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("the fake server cannot listen");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~FakeHttpServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<FakeRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      open_.insert(fd);
      threads_.emplace_back([this, fd, connection = connections_++] {
        serve(fd, connection);
        const std::lock_guard inner(mutex_);
        open_.erase(fd);
        ::close(fd);
      });
    }
  }

  static bool more(int fd, std::string& buffer) {
    char piece[65536];
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(n));
    return true;
  }

  static bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void serve(int fd, int connection) {
    std::string buffer;
    while (true) {
      std::size_t end = buffer.find("\r\n\r\n");
      while (end == std::string::npos) {
        if (!more(fd, buffer)) return;
        end = buffer.find("\r\n\r\n");
      }
      FakeRequest request = parse_head(buffer.substr(0, end));
      request.connection = connection;
      buffer.erase(0, end + 4);
      const auto length = request.headers.count("content-length") != 0 ? std::stoul(request.headers["content-length"]) : 0;
      while (buffer.size() < length) {
        if (!more(fd, buffer)) return;
      }
      request.body = buffer.substr(0, length);
      buffer.erase(0, length);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const FakeAnswer answer = handler_(request);
      if (answer.drop) return;
      if (answer.hang) {
        while (more(fd, buffer)) {
        }
        return;
      }
      if (!send_answer(fd, answer)) return;
    }
  }

  static FakeRequest parse_head(const std::string& head) {
    FakeRequest request;
    const std::string first = head.substr(0, head.find("\r\n"));
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    for (std::size_t at = head.find("\r\n"); at != std::string::npos;) {
      const std::size_t next = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, next == std::string::npos ? next : next - at - 2);
      const std::size_t colon = line.find(": ");
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (colon != std::string::npos) request.headers[name] = line.substr(colon + 2);
      at = next;
    }
    return request;
  }

  static bool send_answer(int fd, const FakeAnswer& answer) {
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Words\r\n";
    for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
    if (!answer.chunks.empty()) {
      if (!send_all(fd, head + "Transfer-Encoding: chunked\r\n\r\n")) return false;
      for (const std::string& chunk : answer.chunks) {
        char size[32];
        std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
        if (!send_all(fd, size + chunk + "\r\n")) return false;
      }
      if (answer.cut_after != std::string::npos) return false;
      return send_all(fd, "0\r\n\r\n") && !answer.close_after;
    }
    if (answer.status != 204) head += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
    if (!send_all(fd, head + "\r\n" + answer.body.substr(0, answer.cut_after))) return false;
    return answer.cut_after == std::string::npos && !answer.close_after;
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  int connections_ = 0;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::vector<FakeRequest> requests_;
};

}  // namespace muster::test
