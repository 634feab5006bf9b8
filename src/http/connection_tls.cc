// What TLS adds to a connection: its handshake.
#include <openssl/err.h>
#include <openssl/sslerr.h>

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

}  // namespace muster::http
