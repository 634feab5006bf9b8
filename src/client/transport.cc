#include "client/transport.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "client/resolve.h"

namespace muster::client {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr int kProxyAuthenticationRequired = 407;

bool was_closed(const boost::system::error_code& error) {
  return error == http::error::end_of_stream || error == asio::error::eof || error == http::error::partial_message ||
         error == asio::ssl::error::stream_truncated;
}

}  // namespace

tl::unexpected<Error> Transport::lost(const ErrorCode& error) const {
  if (error == asio::error::timed_out) {
    return fail(Code::timeout, "the server at {} did not answer within {} s", server_.text(),
                std::chrono::duration_cast<std::chrono::seconds>(deadlines_.progress).count());
  }
  return fail(Code::unavailable, "the connection to {} was lost: {}", server_.text(),
              was_closed(error) ? "the server closed it" : error.message());
}

void Transport::close() {
  ErrorCode ignored;
  socket_.close(ignored);
  open_ = false;
}

void Transport::close_soon() {
  asio::post(io_, [this] { close(); });
}

bool Transport::still_open() {
  char byte = 0;
  const ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0 && tls_) return true;  // TLS sends records of its own between answers
  return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

Result<void> Transport::open() {
  MUSTER_TRY(connect());
  if (!server_.tls) return {};
  MUSTER_TRY(handshake());
  auto right = check_certificate(tls_->native_handle(), server_);
  if (!right) close();
  return right;
}

Result<ShownCertificate> Transport::look_at_certificate() {
  MUSTER_TRY(connect());
  MUSTER_TRY(handshake());
  ShownCertificate shown{fingerprint_of(tls_->native_handle()), check_certificate(tls_->native_handle(), server_).has_value()};
  close();
  return shown;
}

Result<void> Transport::connect() {
  tls_.reset();
  const HostPort& first = proxy_ ? proxy_->server : server_;
  const std::string words = proxy_ ? fmt::format("the proxy {} (of the variable {})", first.text(), proxy_->variable) : first.text();
  MUSTER_TRY_ASSIGN(const auto addresses, resolve(first, deadlines_.connect));
  ErrorCode error;
  for (const SocketAddress& address : addresses) {
    Tcp::endpoint endpoint;
    endpoint.resize(address.size);
    std::memcpy(endpoint.data(), &address.storage, address.size);
    close();
    error = await(deadlines_.connect, [&](auto&& done) { socket_.async_connect(endpoint, std::move(done)); });
    if (!error) break;
  }
  if (error == asio::error::timed_out) return fail(Code::timeout, "no answer from {} within {} ms", words, deadlines_.connect.count());
  if (error) return fail(Code::unavailable, "no connection to {}: {}", words, error.message());
  ErrorCode ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  open_ = true;
  if (proxy_ && server_.tls) return open_tunnel();
  return {};
}

/// CONNECT (RFC 9110, 9.3.6): from then on the proxy passes bytes on without reading them.
Result<void> Transport::open_tunnel() {
  std::string head = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", server_.text());
  if (!proxy_->authorization.empty()) head += fmt::format("Proxy-Authorization: {}\r\n", proxy_->authorization);
  MUSTER_TRY(write(head + "\r\n"));
  boost::beast::flat_buffer buffer;
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  const ErrorCode error = read([&](auto& stream, auto&& done) { http::async_read_header(stream, buffer, parser, std::move(done)); });
  if (error) return lost(error);
  const int status = static_cast<int>(parser.get().result_int());
  if (status / 100 == 2 && buffer.size() == 0) return {};
  close();
  return fail_hint(Code::unavailable,
                   status == kProxyAuthenticationRequired ? "put USER:PASSWORD@ into the variable" : "or name the server in no_proxy",
                   "the proxy {} (of the variable {}) does not connect to {}: it answers {}", proxy_->server.text(), proxy_->variable,
                   server_.text(), status);
}

Result<void> Transport::handshake() {
  tls_.emplace(socket_, client_tls(server_));
  if (!expect_host(tls_->native_handle(), server_)) {
    close();
    return fail(Code::unavailable, "no TLS connection to {}: no certificate can have that name", server_.text());
  }
  const ErrorCode error =
      await(deadlines_.connect, [&](auto&& done) { tls_->async_handshake(asio::ssl::stream_base::client, std::move(done)); });
  if (!error) return {};
  close();
  if (error == asio::error::timed_out)
    return fail(Code::timeout, "no TLS handshake with {} within {} ms", server_.text(), deadlines_.connect.count());
  return fail_hint(Code::unavailable, "the address of a server without TLS begins with http://", "no TLS connection to {}: {}",
                   server_.text(), was_closed(error) ? "the other side closed it" : error.message());
}

Result<void> Transport::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t count = 0;
    const asio::const_buffer piece(bytes.data(), std::min(bytes.size(), kPieceBytes));
    const ErrorCode error = await(deadlines_.progress, [&](auto&& done) {
      on_stream([&](auto& stream) {
        stream.async_write_some(piece, [&count, done](ErrorCode e, std::size_t n) mutable {
          count = n;
          done(e);
        });
      });
    });
    if (error) return lost(error);
    bytes.remove_prefix(count);
  }
  return {};
}

Result<void> Transport::send_file(const FileBody& body, const std::function<bool()>& stopped) {
  if (tls_) return send_file_by_tls(body, stopped);
  auto offset = static_cast<off_t>(body.offset);
  const off_t end = offset + static_cast<off_t>(body.length);
  while (offset < end) {
    if (stopped()) return fail(Code::unavailable, "stopped");
    const ssize_t n = ::sendfile(socket_.native_handle(), body.fd, &offset, static_cast<std::size_t>(end - offset));
    if (n > 0) {
      if (body.on_sent) body.on_sent(static_cast<std::uint64_t>(offset) - body.offset);
      continue;
    }
    if (n == 0) return fail(Code::invalid, "the file became shorter while it was being sent");
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return lost(ErrorCode(errno, boost::system::system_category()));
    const ErrorCode error = await(deadlines_.progress, [&](auto&& done) { socket_.async_wait(Tcp::socket::wait_write, std::move(done)); });
    if (error) return lost(error);
  }
  return {};
}

Result<void> Transport::send_file_by_tls(const FileBody& body, const std::function<bool()>& stopped) {
  std::string piece;
  for (std::uint64_t sent = 0; sent < body.length;) {
    if (stopped()) return fail(Code::unavailable, "stopped");
    piece.resize(std::min<std::uint64_t>(body.length - sent, kPieceBytes));
    const ssize_t n = ::pread(body.fd, piece.data(), piece.size(), static_cast<off_t>(body.offset + sent));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(system_error("read the file that is being sent", errno));
    if (n == 0) return fail(Code::invalid, "the file became shorter while it was being sent");
    MUSTER_TRY(write({piece.data(), static_cast<std::size_t>(n)}));
    sent += static_cast<std::uint64_t>(n);
    if (body.on_sent) body.on_sent(sent);
  }
  return {};
}

}  // namespace muster::client
