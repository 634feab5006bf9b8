#pragma once
// A connection is one coroutine on one strand: read a request, have it answered on a worker, write the answer, again. Inside this room
// only; its parts: connection.cc (the loop), connection_body.cc (what comes), connection_answer.cc (what goes), connection_stream.cc
// (answers that go on). The rule for coroutines is that of server.cc: name the argument, name the result, one await per statement, none in
// a condition.

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "http/core.h"
#include "http/stream.h"

// g++ 12.2 takes half of how Asio allocates a coroutine's frame for the whole, as soon as it inlines it.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace muster::http {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using boost::system::error_code;
using net::ip::tcp;
using SteadyTime = std::chrono::steady_clock::time_point;

inline constexpr std::uint32_t kHeaderLimit = 16 * 1024;
inline constexpr std::size_t kFirstRead = 4 * 1024;  ///< most requests come whole in this
inline constexpr std::size_t kSlice = 64 * 1024;     ///< what one progress deadline is for
/// An operation of several steps that is canceled between two of them goes on: it is canceled again after this long.
inline constexpr std::chrono::milliseconds kCancelEvery{100};

using Parser = wire::request_parser<wire::buffer_body>;
using Message = wire::response<wire::buffer_body>;
using Serializer = wire::response_serializer<wire::buffer_body>;

/// How the answer to a request has to be sent.
struct AnswerOptions {
  unsigned version = 11;
  bool head = false;
  bool keep_alive = false;
  const Request* request = nullptr;  ///< null when its head could not be read
};

enum class BodyEnd { whole, refused, gone };
enum class More { no, yes };

/// The answer to a request that ended in a surprise; the log has `what`, under the id that the answer names.
Response failure(const Request& request, std::string_view what);

class Connection final : public Interruptible, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        socket_(std::move(socket)),
        stream_(socket_, core_->tls.get()),
        buffer_(kHeaderLimit + kSlice),
        deadline_timer_(socket_.get_executor()),
        wakeup_(socket_.get_executor()) {}

  net::awaitable<void> serve() {
    bool again = true;
    if (stream_.is_tls()) again = co_await handshake();
    while (again) again = co_await serve_one();
    close();
  }

  net::awaitable<void> refuse() {
    Response refusal =
        problem_response(Error{Code::unavailable,
                               fmt::format("the server has {} connections, as many as it takes", core_->options.max_connections),
                               "try again in a moment",
                               {}});
    refusal.headers.emplace_back("retry-after", "1");
    const AnswerOptions options;
    bool reached = true;
    if (stream_.is_tls()) reached = co_await handshake();
    if (reached) reached = co_await send(refusal, options);
    if (reached) co_await linger();
    close();
  }

  /// Only at the coroutine's end may the descriptor go: no worker uses it any more. Ends what still waits and would keep this object.
  void close() {
    error_code ignored;
    socket_.close(ignored);
    disarm();
    deadline_timer_.cancel();
  }

  void interrupt(Interrupt what) override {
    net::post(socket_.get_executor(), [self = shared_from_this(), what] {
      error_code ignored;
      // Not close(): a worker may be sending from the descriptor.
      if (what == Interrupt::everything) self->socket_.shutdown(tcp::socket::shutdown_both, ignored);
      if (what == Interrupt::everything || self->waiting_) self->socket_.cancel(ignored);
      self->wakeup_.cancel();
    });
  }

 private:
  net::awaitable<bool> serve_one();
  net::awaitable<bool> wait_for_request();
  net::awaitable<BodyEnd> read_body(Parser& parser, std::uint64_t limit, Request& request, UploadSink* sink, Response& refusal);
  net::awaitable<bool> answer_and_close(Response& response, AnswerOptions options);
  net::awaitable<bool> send(Response& response, AnswerOptions options);
  net::awaitable<bool> send_bytes(Serializer& serializer, Message& message, std::string_view bytes, More more);
  net::awaitable<bool> send_file(SourceRange& range);
  net::awaitable<bool> send_range(SourceRange& range);
  net::awaitable<bool> handshake();
  net::awaitable<bool> send_stream(StreamSource& source, Serializer& serializer, Message& message);
  net::awaitable<bool> wait_for_wake();
  net::awaitable<void> linger();

  Result<const Route*> prepare(const Parser& parser, Request& request) const;
  /// The answer to what could not be read; nothing when there is nobody to answer.
  std::optional<Response> refusal_of(const error_code& error) const;
  /// The gate, and an upload's beginning; a Response is a refusal.
  std::optional<Response> begin(const Route& route, Request& request, std::unique_ptr<UploadSink>& sink) const;

  /// Runs `work` on a worker thread; the coroutine goes on afterwards on its strand, with what it threw: the thread must not end by it.
  template <typename Work>
  net::awaitable<void> on_worker(Work& work) {
    auto initiate = [this, &work](auto handler) {
      net::post(*core_->workers, [this, &work, handler = std::move(handler)]() mutable {
        std::exception_ptr surprise;
        try {
          work();
        } catch (...) {
          surprise = std::current_exception();
        }
        net::post(socket_.get_executor(), [handler = std::move(handler), surprise]() mutable { std::move(handler)(surprise); });
      });
    };
    co_await net::async_initiate<const net::use_awaitable_t<>, void(std::exception_ptr)>(initiate, net::use_awaitable);
  }

  /// Until disarm() the socket's operations end after that long: they fail, and timed_out_ is set. The timer itself is only touched when it
  /// would fire too late.
  void arm(std::chrono::milliseconds after) {
    timed_out_ = false;
    deadline_ = std::chrono::steady_clock::now() + after;
    if (!timer_pending_ || deadline_timer_.expiry() > deadline_) watch_deadline();
  }
  void disarm() { deadline_ = SteadyTime::max(); }
  void watch_deadline() {
    deadline_timer_.expires_at(deadline_);
    timer_pending_ = true;
    deadline_timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;  // set anew, or at the end
      self->timer_pending_ = false;
      if (self->deadline_ == SteadyTime::max()) return;
      if (self->deadline_ > std::chrono::steady_clock::now()) {
        self->watch_deadline();
        return;
      }
      self->timed_out_ = true;
      error_code ignored;
      self->socket_.cancel(ignored);
      self->deadline_ = std::chrono::steady_clock::now() + kCancelEvery;
      self->watch_deadline();
    });
  }

  /// While a stream has nothing to send, a client that leaves is only noticed by reading.
  void watch_reader() {
    if (reader_watched_) return;
    reader_watched_ = true;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
      self->reader_watched_ = false;
      if (!error) self->readable_ = true;
      self->wakeup_.cancel();
    });
  }
  bool reader_left() {
    char byte = 0;
    const ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
  }

  const std::shared_ptr<Core> core_;
  tcp::socket socket_;  ///< its executor is the connection's strand
  Stream stream_;       ///< what is said goes through it
  beast::flat_buffer buffer_;

  net::steady_timer deadline_timer_;
  SteadyTime deadline_ = SteadyTime::max();
  bool timer_pending_ = false;
  bool timed_out_ = false;

  bool known_ = false;    ///< a request had the token of somebody
  bool waiting_ = false;  ///< for a request, or lingering: may be cut off at any time
  net::steady_timer wakeup_;
  std::atomic<bool> wake_posted_{false};
  bool woken_ = false;
  bool reader_watched_ = false;
  bool readable_ = false;
};

}  // namespace muster::http
