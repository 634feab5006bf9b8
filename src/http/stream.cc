#include "http/stream.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

namespace muster::http {

namespace net = boost::asio;

Stream::ErrorCode Stream::begin() {
  ErrorCode error;
  socket_.native_non_blocking(true, error);
  if (error) return error;
  tls_.reset(SSL_new(context_->native_handle()));
  if (tls_ == nullptr || SSL_set_fd(tls_.get(), socket_.native_handle()) != 1) return net::error::no_memory;
  SSL_set_accept_state(tls_.get());
  return {};
}

template <typename Call>
Stream::Outcome Stream::attempt(Call call) {
  std::size_t bytes = 0;
  ERR_clear_error();
  errno = 0;
  const int result = call(bytes);
  const int system = errno;
  if (result == 1) return {{}, bytes, {}};
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {{}, 0, Socket::wait_read};
    case SSL_ERROR_WANT_WRITE: return {{}, 0, Socket::wait_write};
    case SSL_ERROR_ZERO_RETURN: return {net::error::eof, 0, {}};
    case SSL_ERROR_SYSCALL:
      if (system == 0) return {net::error::eof, 0, {}};
      return {ErrorCode(system, boost::system::system_category()), 0, {}};
    default:
      const unsigned long code = ERR_get_error();
      if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {net::error::eof, 0, {}};
      return {ErrorCode(static_cast<int>(code), net::error::get_ssl_category()), 0, {}};
  }
}

Stream::Outcome Stream::accept() {
  return attempt([this](std::size_t&) { return SSL_do_handshake(tls_.get()); });
}

Stream::Outcome Stream::peek() {
  char byte = 0;
  return attempt([&](std::size_t& bytes) { return SSL_peek_ex(tls_.get(), &byte, 1, &bytes); });
}

Stream::Outcome Stream::read(net::mutable_buffer into) {
  if (into.size() == 0) return {};
  return attempt([&](std::size_t& bytes) { return SSL_read_ex(tls_.get(), into.data(), into.size(), &bytes); });
}

Stream::Outcome Stream::write(net::const_buffer from) {
  if (from.size() == 0) return {};
  return attempt([&](std::size_t& bytes) { return SSL_write_ex(tls_.get(), from.data(), from.size(), &bytes); });
}

}  // namespace muster::http
