// A connection is one coroutine on one strand: read a request, have it answered on a worker, write the answer, again.
// The rule for coroutines is that of server.cc: name the argument, name the result, one await per statement, none in a condition.
#include "http/connection.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "http/reason.h"
#include "http/target.h"

namespace muster::http {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using net::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint32_t kHeaderLimit = 16 * 1024;
constexpr std::size_t kFirstRead = 4 * 1024;        ///< most requests come whole in this
constexpr std::size_t kSlice = 64 * 1024;           ///< what one progress deadline is for
constexpr std::size_t kUploadChunk = 512 * 1024;    ///< what a sink is given at a time
constexpr std::size_t kFileTurn = 8 * 1024 * 1024;  ///< what a worker sends of a file before others have their turn
constexpr std::chrono::seconds kLinger{2};          ///< for the client to read a refusal while it still sends

using Parser = wire::request_parser<wire::buffer_body>;
using Message = wire::response<wire::buffer_body>;
using Serializer = wire::response_serializer<wire::buffer_body>;

/// How the answer to a request has to be sent.
struct Manner {
  unsigned version = 11;
  bool head = false;
  bool keep_alive = false;
};

enum class BodyEnd { whole, refused, gone };
enum class More { no, yes };

std::string http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != second) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> buffer{};
    text.assign(buffer.data(), std::strftime(buffer.data(), buffer.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    second = now;
  }
  return text;
}

/// Header values may carry what users wrote: nothing in them may end the line.
std::string header_safe(std::string value) {
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return value;
}

Response failure(const Request& request, std::string_view what) {
  log::error("http", "{} {} ({}) failed: {}", request.method, request.path, request.id, what);
  return problem_response(Error{Code::internal, fmt::format("the request could not be carried out; the server's log has the reason under {}", request.id),
                                "report it with that line of server.log", {}});
}

/// Runs a handler's part: what it throws becomes an answer with an id that the log has too.
template <typename F>
Response guarded(const Request& request, F&& handle) {
  try {
    return handle();
  } catch (const std::exception& error) {
    return failure(request, error.what());
  } catch (...) {
    return failure(request, "an exception of no known kind");
  }
}

bool is_protocol_error(const error_code& error) { return error.category() == make_error_code(wire::error::bad_method).category(); }

class Connection final : public Interruptible, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        socket_(std::move(socket)),
        buffer_(kHeaderLimit + kSlice),
        deadline_timer_(socket_.get_executor()),
        wakeup_(socket_.get_executor()) {}

  net::awaitable<void> serve() {
    bool again = true;
    while (again) again = co_await serve_one();
    close();
  }

  net::awaitable<void> refuse() {
    Response refusal = problem_response(Error{Code::unavailable, fmt::format("the server has {} connections, as many as it takes", core_->options.max_connections),
                                              "try again in a moment", {}});
    refusal.headers.emplace_back("retry-after", "1");
    const Manner manner;
    const bool sent = co_await send(refusal, manner);
    if (sent) co_await linger();
    close();
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
  net::awaitable<bool> answer_and_close(Response& response, Manner manner);
  net::awaitable<bool> send(Response& response, Manner manner);
  net::awaitable<bool> send_bytes(Serializer& serializer, Message& message, std::string_view bytes, More more);
  net::awaitable<bool> send_file(FileRange& file);
  net::awaitable<bool> send_stream(StreamSource& source, Serializer& serializer, Message& message);
  net::awaitable<bool> wait_for_wake();
  net::awaitable<void> linger();

  /// Only here, at the coroutine's end, may the descriptor go: no worker uses it any more. Ends what still waits and would keep this object.
  void close() {
    error_code ignored;
    socket_.close(ignored);
    disarm();
    deadline_timer_.cancel();
  }

  Result<const Route*> prepare(const Parser& parser, Request& request) const;
  /// The answer to what could not be read; nothing when there is nobody to answer.
  std::optional<Response> refusal_of(const error_code& error) const;
  /// The gate, and an upload's beginning; a Response is a refusal.
  std::optional<Response> begin(const Route& route, Request& request, std::unique_ptr<UploadSink>& sink) const;

  /// Runs `work`, which must not throw, on a worker thread; the coroutine goes on afterwards on its strand.
  template <typename Work>
  net::awaitable<void> on_worker(Work& work) {
    auto initiate = [this, &work](auto handler) {
      net::post(*core_->workers, [this, &work, handler = std::move(handler)]() mutable {
        work();
        net::post(socket_.get_executor(), std::move(handler));
      });
    };
    co_await net::async_initiate<const net::use_awaitable_t<>, void()>(initiate, net::use_awaitable);
  }

  /// From now on the socket's operations end after that long: they fail, and timed_out_ is set. The timer itself is only touched when it would fire too late.
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
  beast::flat_buffer buffer_;

  net::steady_timer deadline_timer_;
  SteadyTime deadline_ = SteadyTime::max();
  bool timer_pending_ = false;
  bool timed_out_ = false;

  bool waiting_ = false;  ///< for a request, or lingering: may be cut off at any time
  net::steady_timer wakeup_;
  std::atomic<bool> wake_posted_{false};
  bool woken_ = false;
  bool reader_watched_ = false;
  bool readable_ = false;
};

net::awaitable<bool> Connection::wait_for_request() {
  if (core_->stopping) co_return false;
  if (buffer_.size() > 0) co_return true;
  if (buffer_.capacity() > kHeaderLimit) buffer_.shrink_to_fit();  // an idle connection holds little
  error_code error;
  waiting_ = true;
  arm(core_->options.idle_deadline);
  co_await socket_.async_wait(tcp::socket::wait_read, net::redirect_error(net::use_awaitable, error));
  waiting_ = false;
  buffer_.reserve(kFirstRead);
  co_return !error && !timed_out_;
}

net::awaitable<bool> Connection::serve_one() {
  const bool arrived = co_await wait_for_request();
  if (!arrived) co_return false;

  Parser parser;
  parser.header_limit(kHeaderLimit);
  parser.body_limit(boost::none);  // ours is the route's, known only after the header
  error_code error;
  arm(core_->options.header_deadline);
  co_await wire::async_read_header(socket_, buffer_, parser, net::redirect_error(net::use_awaitable, error));
  disarm();
  if (error) {
    std::optional<Response> refusal = refusal_of(error);
    if (!refusal) co_return false;
    const Manner manner;
    const bool closed = co_await answer_and_close(*refusal, manner);
    co_return closed;
  }

  Manner manner;
  manner.version = parser.get().version() == 10 ? 10 : 11;
  manner.head = parser.get().method() == wire::verb::head;
  manner.keep_alive = parser.keep_alive();
  const bool has_body = !parser.is_done();

  Request request;
  const Result<const Route*> route = prepare(parser, request);
  Response response;
  if (!route) {
    response = problem_response(route.error());
    if (route.error().code == Code::method_not_allowed) response.headers.emplace_back("allow", join(core_->router->methods(request.path), ", "));
    if (has_body) {
      const bool closed = co_await answer_and_close(response, manner);
      co_return closed;
    }
    const bool again = co_await send(response, manner);
    co_return again;
  }

  std::unique_ptr<UploadSink> sink;
  std::optional<Response> refusal;
  auto admit = [&] { refusal = begin(**route, request, sink); };
  auto finish = [&] {
    if (!has_body) admit();
    if (refusal) response = std::move(*refusal);
    else response = guarded(request, [&] { return sink ? sink->finish() : (*route)->handler(request); });
  };
  if (has_body) {
    co_await on_worker(admit);
    if (refusal) {
      const bool closed = co_await answer_and_close(*refusal, manner);
      co_return closed;
    }
    if (beast::iequals(parser.get()[wire::field::expect], "100-continue") && manner.version == 11) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const net::const_buffer bytes(kContinue.data(), kContinue.size());
      arm(core_->options.progress_deadline);
      co_await net::async_write(socket_, bytes, net::redirect_error(net::use_awaitable, error));
      disarm();
      if (error) co_return false;
    }
    const BodyEnd end = co_await read_body(parser, (*route)->body_limit, request, sink.get(), response);
    if (end == BodyEnd::gone) co_return false;
    if (end == BodyEnd::refused) {
      sink.reset();
      const bool closed = co_await answer_and_close(response, manner);
      co_return closed;
    }
  }
  co_await on_worker(finish);
  sink.reset();
  if (core_->stopping) manner.keep_alive = false;
  const bool again = co_await send(response, manner);
  co_return again;
}

Result<const Route*> Connection::prepare(const Parser& parser, Request& request) const {
  const auto& header = parser.get();
  request.method = std::string(header.method_string());
  request.id = random_hex(6);
  MUSTER_TRY_ASSIGN(Target target, parse_target(header.target()));
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (const auto& field : header) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string& value = request.headers[std::move(name)];
    value += (value.empty() ? "" : ", ") + std::string(field.value());
  }
  MUSTER_TRY_ASSIGN(Router::Match match, core_->router->match(request.method, request.path));
  request.parameters = std::move(match.parameters);
  const auto length = parser.content_length();
  if (length && *length > match.route->body_limit) {
    return fail(Code::too_large, "the body of {} may have at most {}, this one has {}", request.path, human_size(match.route->body_limit), human_size(*length));
  }
  return match.route;
}

std::optional<Response> Connection::refusal_of(const error_code& error) const {
  if (timed_out_) return problem_response(Error{Code::timeout, "the request did not arrive in time", "send it faster, or in smaller parts", {}});
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
    return problem_response_as(431, Error{Code::too_large, fmt::format("the request line and headers are larger than {}", human_size(kHeaderLimit)), "", {}});
  }
  if (error == wire::error::end_of_stream || error == wire::error::partial_message || !is_protocol_error(error)) return std::nullopt;
  return problem_response(Error{Code::malformed, fmt::format("this is not an HTTP/1.1 request: {}", error.message()), "", {}});
}

std::optional<Response> Connection::begin(const Route& route, Request& request, std::unique_ptr<UploadSink>& sink) const {
  try {
    if (core_->gate) {
      const Result<void> admitted = core_->gate(request);
      if (!admitted) return problem_response(admitted.error());
    }
    if (!route.upload) return std::nullopt;
    Result<std::unique_ptr<UploadSink>> begun = route.upload(request);
    if (!begun) return problem_response(begun.error());
    sink = std::move(*begun);
    return std::nullopt;
  } catch (const std::exception& error) {
    return failure(request, error.what());
  }
}

net::awaitable<BodyEnd> Connection::read_body(Parser& parser, std::uint64_t limit, Request& request, UploadSink* sink, Response& refusal) {
  std::string chunk;
  std::string& into = sink != nullptr ? chunk : request.body;
  std::uint64_t total = 0;
  const std::uint64_t promised = parser.content_length().value_or(0);  // within the limit: prepare() has looked
  if (promised > kFirstRead) buffer_.reserve(kSlice);                    // what one read of the socket takes
  if (sink == nullptr && promised > 0) into.reserve(promised + kSlice);
  Result<void> written;
  auto write = [&] {
    try {
      written = sink->write(chunk);
      if (!written) refusal = problem_response(written.error());
    } catch (const std::exception& error) {
      refusal = failure(request, error.what());
      written = fail(Code::internal, "{}", error.what());
    }
    chunk.clear();
  };
  while (!parser.is_done()) {
    const std::size_t had = into.size();
    into.resize(had + kSlice);
    parser.get().body().data = into.data() + had;
    parser.get().body().size = kSlice;
    error_code error;
    arm(core_->options.progress_deadline);
    co_await wire::async_read(socket_, buffer_, parser, net::redirect_error(net::use_awaitable, error));
    disarm();
    const std::size_t got = kSlice - parser.get().body().size;
    into.resize(had + got);
    total += got;
    if (error && error != wire::error::need_buffer) {
      std::optional<Response> answer = refusal_of(error);
      if (!answer) co_return BodyEnd::gone;
      refusal = std::move(*answer);
      co_return BodyEnd::refused;
    }
    if (total > limit) {
      refusal = problem_response(Error{Code::too_large, fmt::format("the body of {} may have at most {}", request.path, human_size(limit)), "", {}});
      co_return BodyEnd::refused;
    }
    if (sink == nullptr || (chunk.size() < kUploadChunk && !parser.is_done())) continue;
    co_await on_worker(write);
    if (!written) co_return BodyEnd::refused;
  }
  co_return BodyEnd::whole;
}

/// For requests that were not read to their end: what is left of them cannot be told from the next. Always false, so that the caller ends.
net::awaitable<bool> Connection::answer_and_close(Response& response, Manner manner) {
  manner.keep_alive = false;
  const bool sent = co_await send(response, manner);
  (void)sent;
  // Closing with unread bytes would make the kernel send a reset, and the client would lose the answer.
  co_await linger();
  co_return false;
}

net::awaitable<void> Connection::linger() {
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  buffer_.clear();
  std::string unread(kSlice, '\0');
  const net::mutable_buffer space(unread.data(), unread.size());
  waiting_ = true;
  arm(kLinger);
  while (!error && !timed_out_ && !core_->stopping) {
    co_await socket_.async_read_some(space, net::redirect_error(net::use_awaitable, error));
  }
  waiting_ = false;
  disarm();
}

/// Whether the connection can go on.
net::awaitable<bool> Connection::send(Response& response, Manner manner) {
  Message message;
  message.version(manner.version);
  message.result(static_cast<unsigned>(response.status));
  message.reason(reason_phrase(response.status));
  for (auto& [name, value] : response.headers) message.insert(name, header_safe(std::move(value)));
  message.set(wire::field::date, http_date());
  message.set("x-content-type-options", "nosniff");

  auto* const file = std::get_if<FileRange>(&response.body);
  auto* const stream = std::get_if<std::unique_ptr<StreamSource>>(&response.body);
  const bool without_body = response.status == 204 || response.status == 304;
  if (stream != nullptr) {
    if (manner.version == 11) message.chunked(true);
    else manner.keep_alive = false;  // its end is the connection's end
  } else if (!without_body) {
    message.content_length(file != nullptr ? file->length : std::get<std::string>(response.body).size());
  }
  message.keep_alive(manner.keep_alive);
  Serializer serializer(message);

  bool sent = false;
  if (file == nullptr && stream == nullptr && !manner.head && !without_body) {
    const std::string& body = std::get<std::string>(response.body);
    sent = co_await send_bytes(serializer, message, body, More::no);
    co_return sent && manner.keep_alive;
  }
  serializer.split(true);
  error_code error;
  arm(core_->options.progress_deadline);
  co_await wire::async_write_header(socket_, serializer, net::redirect_error(net::use_awaitable, error));
  disarm();
  if (error) co_return false;
  if (manner.head || without_body) co_return manner.keep_alive;
  if (file != nullptr) sent = co_await send_file(*file);
  else sent = co_await send_stream(**stream, serializer, message);
  co_return sent && manner.keep_alive;
}

net::awaitable<bool> Connection::send_bytes(Serializer& serializer, Message& message, std::string_view bytes, More more) {
  do {
    const std::string_view slice = bytes.substr(0, kSlice);
    bytes.remove_prefix(slice.size());
    message.body().data = slice.empty() ? nullptr : const_cast<char*>(slice.data());  // never written to by a serializer
    message.body().size = slice.size();
    message.body().more = !bytes.empty() || more == More::yes;
    error_code error;
    arm(core_->options.progress_deadline);
    co_await wire::async_write(socket_, serializer, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (error && error != wire::error::need_buffer) co_return false;
  } while (!bytes.empty());
  co_return true;
}

net::awaitable<bool> Connection::send_file(FileRange& file) {
  error_code error;
  socket_.native_non_blocking(true, error);
  auto offset = static_cast<off_t>(file.offset);
  std::uint64_t left = file.length;
  bool full = false;
  bool failed = static_cast<bool>(error);
  // On a worker, since the disk may block.
  auto turn = [&] {
    full = false;
    std::size_t done = 0;
    while (left > 0 && done < kFileTurn && !full && !failed) {
      const ssize_t n = ::sendfile(socket_.native_handle(), file.file.get(), &offset, std::min<std::uint64_t>(left, kFileTurn - done));
      if (n > 0) {
        left -= static_cast<std::uint64_t>(n);
        done += static_cast<std::size_t>(n);
      } else if (n < 0 && errno == EAGAIN) {
        full = true;
      } else if (n == 0 || errno != EINTR) {
        failed = true;  // 0: the file is shorter than promised; only closing tells the client
      }
    }
  };
  while (left > 0) {
    co_await on_worker(turn);
    if (failed) co_return false;
    if (!full) continue;
    arm(core_->options.progress_deadline);
    co_await socket_.async_wait(tcp::socket::wait_write, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (error || timed_out_) co_return false;
  }
  co_return true;
}

net::awaitable<bool> Connection::send_stream(StreamSource& source, Serializer& serializer, Message& message) {
  std::function<void()> wake = [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->wake_posted_.exchange(true)) return;
    // The handler holds nothing, so that a wake at the server's end keeps nothing alive.
    net::post(self->socket_.get_executor(), [weak] {
      const auto woken = weak.lock();
      if (!woken) return;
      woken->woken_ = true;
      woken->wakeup_.cancel();
    });
  };
  std::optional<std::string> piece;
  bool first = true;
  bool failed = false;
  auto pull = [&] {
    try {
      if (std::exchange(first, false)) source.on_ready(wake);
      piece = source.pull();
    } catch (const std::exception& error) {
      log::error("http", "a stream broke off: {}", error.what());
      failed = true;
    }
  };
  readable_ = false;
  bool ended = false;
  while (!ended) {
    if (core_->stopping) co_return false;
    woken_ = false;
    wake_posted_ = false;
    co_await on_worker(pull);
    if (failed) co_return false;
    if (!piece) {
      ended = true;
    } else if (piece->empty()) {
      const bool present = co_await wait_for_wake();
      if (!present) co_return false;
    } else {
      const bool sent = co_await send_bytes(serializer, message, *piece, More::yes);
      if (!sent) co_return false;
    }
  }
  if (reader_watched_) {
    error_code ignored;
    socket_.cancel(ignored);
  }
  const bool sent = co_await send_bytes(serializer, message, std::string_view(), More::no);
  co_return sent;
}

/// False when the client has left or the server stops.
net::awaitable<bool> Connection::wait_for_wake() {
  if (!readable_) watch_reader();
  if (!woken_ && !core_->stopping) {
    wakeup_.expires_after(core_->options.stream_tick);
    error_code ignored;
    co_await wakeup_.async_wait(net::redirect_error(net::use_awaitable, ignored));
  }
  co_return !(readable_ && reader_left());
}

}  // namespace

void serve_connection(const std::shared_ptr<Core>& core, Fd fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof(name);
  const bool named = ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &length) == 0;
  tcp::socket socket(net::make_strand(*core->io));
  error_code error;
  socket.assign(named && name.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd.get(), error);
  if (error) return;
  fd.release();
  socket.set_option(tcp::no_delay(true), error);

  const auto executor = socket.get_executor();
  const auto connection = std::make_shared<Connection>(core, std::move(socket));
  const Connections::Admission admission = core->connections.add(connection);
  if (admission == Connections::Admission::dropped) return;
  auto done = [core, connection](const std::exception_ptr& surprise) {
    if (surprise) log::error("http", "a connection ended with an exception");
    core->connections.remove(connection.get());
  };
  net::co_spawn(executor, admission == Connections::Admission::served ? connection->serve() : connection->refuse(), done);
}

}  // namespace muster::http
