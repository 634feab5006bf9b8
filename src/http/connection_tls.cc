// What TLS adds to a connection: its handshake, and a file's bytes that have to pass through memory.
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <unistd.h>

#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include "http/connection_impl.h"

namespace muster::http {

net::awaitable<bool> Connection::handshake() {
  constexpr std::string_view kSpeakTls =
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 55\r\nconnection: close\r\n\r\n"
      "this port speaks TLS: write https:// instead of http://\n";
  error_code error;
  core_->connections.set_dispensable(this, true);
  waiting_ = true;
  arm(core_->options.header_deadline);
  co_await stream_.async_handshake(net::redirect_error(net::use_awaitable, error));
  waiting_ = false;
  disarm();
  if (!error) co_return true;
  if (error.category() == net::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST) {
    stream_.give_up_tls();
    const net::const_buffer bytes(kSpeakTls.data(), kSpeakTls.size());
    arm(core_->options.progress_deadline);
    co_await net::async_write(stream_, bytes, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (!error) co_await linger();
  }
  co_return false;
}

net::awaitable<bool> Connection::send_file_by_tls(FileRange& file) {
  auto offset = static_cast<off_t>(file.offset);
  std::uint64_t left = file.length;
  std::string piece;
  ssize_t got = 0;
  auto read = [&] {
    piece.resize(std::min<std::uint64_t>(left, kSlice));
    do {
      got = ::pread(file.file.get(), piece.data(), piece.size(), offset);
    } while (got < 0 && errno == EINTR);
  };
  while (left > 0) {
    co_await on_worker(read);
    if (got <= 0) co_return false;  // shorter than promised; only closing tells the client
    const net::const_buffer bytes(piece.data(), static_cast<std::size_t>(got));
    error_code error;
    arm(core_->options.progress_deadline);
    co_await net::async_write(stream_, bytes, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (error) co_return false;
    offset += got;
    left -= static_cast<std::uint64_t>(got);
  }
  co_return true;
}

}  // namespace muster::http
