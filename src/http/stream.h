#pragma once
// The bytes of a connection, plain or by TLS, chosen when it is accepted. What Asio and Beast want of a stream. Inside this room only.

#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace muster::http {

/// Does not own the socket, which must outlive it. Not thread-safe: for the connection's strand.
class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;

  /// `tls`: nullptr for plain.
  Stream(Socket& socket, boost::asio::ssl::context* tls) : socket_(socket) {
    if (tls != nullptr) tls_.emplace(socket, *tls);
  }

  executor_type get_executor() { return socket_.get_executor(); }
  bool is_tls() const { return tls_.has_value(); }

  template <typename Token>
  auto async_handshake(Token&& token) {
    return tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Token>(token));
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto initiate = [this](auto handler, const Buffers& into) {
      if (tls_)
        tls_->async_read_some(into, std::move(handler));
      else
        socket_.async_read_some(into, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(initiate), token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    auto initiate = [this](auto handler, const Buffers& from) {
      if (tls_)
        tls_->async_write_some(from, std::move(handler));
      else
        socket_.async_write_some(from, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(std::move(initiate), token, buffers);
  }

 private:
  Socket& socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace muster::http
