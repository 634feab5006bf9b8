#pragma once
// The bytes of a connection, plain or by TLS, chosen when it is accepted. What Asio and Beast want of a stream. Inside this room only.
//
// OpenSSL reads and writes the socket itself; here it is only waited for. Asio's own stream would keep four buffers of 17 KiB for each
// connection, however idle.

#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>

namespace muster::http {

/// Does not own the socket, which must outlive it. Not thread-safe: for the connection's strand.
class Stream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;
  using ErrorCode = boost::system::error_code;

  /// `tls`: nullptr for plain.
  Stream(Socket& socket, boost::asio::ssl::context* tls) : socket_(socket), context_(tls) {}

  executor_type get_executor() { return socket_.get_executor(); }
  bool is_tls() const { return context_ != nullptr; }
  /// From now on without TLS: to say so to a client that does not speak it.
  void give_up_tls() {
    tls_.reset();
    context_ = nullptr;
  }

  /// Once, before anything is read. A client that says nothing costs no memory for TLS.
  template <typename Token>
  auto async_handshake(Token&& token) {
    auto initiate = [this](auto handler) {
      socket_.async_wait(Socket::wait_read, [this, handler = std::move(handler)](ErrorCode error) mutable {
        if (!error) error = begin();
        if (error) return std::move(handler)(error);
        drive([this] { return accept(); }, without_count(std::move(handler)), Inside::no);
      });
    };
    return boost::asio::async_initiate<Token, void(ErrorCode)>(std::move(initiate), token);
  }

  /// Until there is something to read, or the end; nothing is read.
  template <typename Token>
  auto async_wait_readable(Token&& token) {
    auto initiate = [this](auto handler) {
      if (is_tls())
        drive([this] { return peek(); }, without_count(std::move(handler)), Inside::yes);
      else
        socket_.async_wait(Socket::wait_read, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(ErrorCode)>(std::move(initiate), token);
  }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    auto initiate = [this](auto handler, const Buffers& into) {
      if (is_tls())
        drive([this, into] { return read(first_of<boost::asio::mutable_buffer>(into)); }, std::move(handler), Inside::yes);
      else
        socket_.async_read_some(into, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(ErrorCode, std::size_t)>(std::move(initiate), token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    auto initiate = [this](auto handler, const Buffers& from) {
      if (is_tls())
        drive([this, from] { return write_joined(from); }, std::move(handler), Inside::yes);
      else
        socket_.async_write_some(from, std::move(handler));
    };
    return boost::asio::async_initiate<Token, void(ErrorCode, std::size_t)>(std::move(initiate), token, buffers);
  }

 private:
  /// What a call of OpenSSL came to: an error, a number of bytes, or that it has to wait for the socket first.
  struct Outcome {
    ErrorCode error = {};
    std::size_t bytes = 0;
    std::optional<Socket::wait_type> wait = {};
  };
  enum class Inside { no, yes };  ///< whether the caller is still starting the operation, and must not be called back yet
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  ErrorCode begin();
  Outcome accept();
  Outcome peek();
  Outcome read(boost::asio::mutable_buffer into);
  Outcome write(boost::asio::const_buffer from);
  /// One call of OpenSSL, which is given where to put its number of bytes.
  template <typename Call>
  Outcome attempt(Call call);

  /// For drive(), a handler that wants no number of bytes.
  template <typename Handler>
  static auto without_count(Handler handler) {
    return [handler = std::move(handler)](ErrorCode error, std::size_t) mutable { std::move(handler)(error); };
  }

  template <typename Buffer, typename Buffers>
  static Buffer first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto one = boost::asio::buffer_sequence_begin(buffers); one != end; ++one) {
      if (Buffer(*one).size() > 0) return Buffer(*one);
    }
    return {};
  }

  /// Small pieces, such as an answer's header and body, go out as one record.
  template <typename Buffers>
  Outcome write_joined(const Buffers& buffers) {
    constexpr std::size_t kRecord = 16 * 1024;
    const auto first = first_of<boost::asio::const_buffer>(buffers);
    if (first.size() >= kRecord || first.size() == boost::asio::buffer_size(buffers)) return write(first);
    std::array<char, kRecord> record;
    return write({record.data(), boost::asio::buffer_copy(boost::asio::buffer(record), buffers)});
  }

  /// Calls `once` until it need not wait for the socket, then the handler, on the socket's executor.
  template <typename Once, typename Handler>
  void drive(Once once, Handler handler, Inside inside) {
    const Outcome outcome = once();
    if (outcome.wait) {
      socket_.async_wait(*outcome.wait, [this, once = std::move(once), handler = std::move(handler)](ErrorCode error) mutable {
        if (error) return std::move(handler)(error, std::size_t{0});
        drive(std::move(once), std::move(handler), Inside::no);
      });
    } else if (inside == Inside::yes) {
      boost::asio::post(socket_.get_executor(),
                        [handler = std::move(handler), outcome]() mutable { std::move(handler)(outcome.error, outcome.bytes); });
    } else {
      std::move(handler)(outcome.error, outcome.bytes);
    }
  }

  Socket& socket_;
  boost::asio::ssl::context* context_;
  std::unique_ptr<SSL, Free> tls_;
};

}  // namespace muster::http
