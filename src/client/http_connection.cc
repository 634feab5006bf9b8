#include "client/http_connection.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/text.h"
#include "client/resolve.h"

namespace muster::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kBodyLimit = 256ULL << 20;
/// Bodies up to this size go out in one write with their head.
constexpr std::size_t kTogetherBytes = 64u << 10;
/// How long to look for the answer of a server that stopped reading our body.
constexpr std::chrono::seconds kEarlyAnswerWait{2};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::uint64_t body_length(const HttpRequest& request) {
  if (const auto* text = std::get_if<std::string>(&request.body)) return text->size();
  return std::get<FileBody>(request.body).length;
}

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(HostPort server, std::stop_token stop) : server_(std::move(server)), stop_(std::move(stop)) {}

  Result<HttpResponse> exchange(const HttpRequest& request, const Deadlines& deadlines, const ByteSink& sink) {
    if (stop_.stop_requested()) return stopped();
    deadlines_ = deadlines;
    const SteadyTime end = deadlines.total.count() > 0 ? std::chrono::steady_clock::now() + deadlines.total : SteadyTime::max();
    end_ = end;
    // Closing the socket on its own thread ends whatever operation waits there.
    const std::stop_callback on_stop(stop_, [this] { asio::post(io_, [this] { close(); }); });

    const bool kept = open_ && still_open();
    reached_ = kept;
    if (!kept) close();
    auto response = attempt(request, sink);
    // The server may close a kept connection at the moment we use it: not a fault, and nothing of an answer has come.
    if (!response && kept && response.error().code == Code::unavailable && !answer_begun_ && !stop_.stop_requested()) {
      close();
      end_ = end;
      response = attempt(request, sink);
    }
    if (!response) close();
    if (!response && stop_.stop_requested()) return stopped();
    return response;
  }

  bool reached() const { return reached_; }

 private:
  static tl::unexpected<Error> stopped() { return fail(Code::unavailable, "stopped"); }

  tl::unexpected<Error> lost(const error_code& error) const {
    if (error == asio::error::timed_out) {
      return fail(Code::timeout, "the server at {}:{} did not answer within {} s", server_.host, server_.port,
                  std::chrono::duration_cast<std::chrono::seconds>(deadlines_.progress).count());
    }
    return fail(Code::unavailable, "the connection to {}:{} was lost: {}", server_.host, server_.port,
                error == http::error::end_of_stream || error == asio::error::eof || error == http::error::partial_message
                    ? "the server closed it"
                    : error.message());
  }

  void close() {
    error_code ignored;
    socket_.close(ignored);
    open_ = false;
    buffer_.clear();
  }

  /// A kept connection on which something can be read was closed by the server (or is out of step).
  bool still_open() {
    char byte = 0;
    const ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  SteadyTime step_end(std::chrono::milliseconds at_most) const { return std::min(end_, std::chrono::steady_clock::now() + at_most); }

  /// Starts one operation and runs the context until it has ended; timed_out (and a closed socket) when the time is over first.
  template <typename Start>
  error_code await(SteadyTime end, Start&& start) {
    std::optional<error_code> outcome;
    start([&outcome](error_code error, auto&&...) { outcome = error; });
    io_.restart();
    while (!outcome) {
      if (io_.run_one_until(end) > 0 || outcome) continue;
      close();
      io_.restart();
      while (!outcome) io_.run_one();
      return asio::error::timed_out;
    }
    return *outcome;
  }

  Result<void> connect() {
    MUSTER_TRY_ASSIGN(const auto addresses, resolve(server_, deadlines_.connect));
    const SteadyTime end = step_end(deadlines_.connect);
    error_code error;
    for (const SocketAddress& address : addresses) {
      tcp::endpoint endpoint;
      endpoint.resize(address.size);
      std::memcpy(endpoint.data(), &address.storage, address.size);
      close();
      error = await(end, [&](auto&& done) { socket_.async_connect(endpoint, std::move(done)); });
      if (!error) break;
    }
    if (error == asio::error::timed_out) {
      return fail(Code::timeout, "no answer from {}:{} within {} ms", server_.host, server_.port, deadlines_.connect.count());
    }
    if (error) return fail(Code::unavailable, "no connection to {}:{}: {}", server_.host, server_.port, error.message());
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    open_ = reached_ = true;
    return {};
  }

  Result<HttpResponse> attempt(const HttpRequest& request, const ByteSink& sink) {
    answer_begun_ = false;
    if (!open_) MUSTER_TRY(connect());
    const auto written = send(request);
    if (!written) {
      // A server that refuses early (too large, not allowed) answers and stops reading. Its answer says more than the broken pipe.
      if (written.error().code != Code::unavailable || !socket_.is_open()) return tl::unexpected(written.error());
      end_ = std::min(end_, std::chrono::steady_clock::now() + kEarlyAnswerWait);
      auto early = receive(request, sink);
      close();
      if (early && !early->succeeded()) return early;
      return tl::unexpected(written.error());
    }
    return receive(request, sink);
  }

  std::string head_of(const HttpRequest& request) const {
    http::request_header<> head;
    head.version(11);
    head.method_string(request.method);
    head.target(request.target);
    const bool v6 = server_.host.find(':') != std::string::npos;
    head.set(http::field::host, fmt::format("{}{}{}:{}", v6 ? "[" : "", server_.host, v6 ? "]" : "", server_.port));
    head.set(http::field::user_agent, "muster/" MUSTER_VERSION);
    for (const auto& [name, value] : request.headers) head.set(name, value);
    if (request.method != "GET" || body_length(request) > 0) head.set(http::field::content_length, std::to_string(body_length(request)));
    std::ostringstream out;
    out << head;
    return out.str();
  }

  Result<void> send(const HttpRequest& request) {
    std::string head = head_of(request);
    if (const auto* text = std::get_if<std::string>(&request.body)) {
      if (text->size() <= kTogetherBytes) return write(head + *text);
      MUSTER_TRY(write(head));
      return write(*text);
    }
    MUSTER_TRY(write(head));
    return send_file(std::get<FileBody>(request.body));
  }

  Result<void> write(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t count = 0;
      const error_code error = await(step_end(deadlines_.progress), [&](auto&& done) {
        socket_.async_write_some(asio::buffer(bytes.data(), std::min(bytes.size(), kPieceBytes)),
                                 [&count, done](error_code e, std::size_t n) mutable {
                                   count = n;
                                   done(e);
                                 });
      });
      if (error) return lost(error);
      bytes.remove_prefix(count);
    }
    return {};
  }

  Result<void> send_file(const FileBody& body) {
    auto offset = static_cast<off_t>(body.offset);
    const off_t end = offset + static_cast<off_t>(body.length);
    while (offset < end) {
      if (stop_.stop_requested()) return stopped();
      const ssize_t n = ::sendfile(socket_.native_handle(), body.fd, &offset, static_cast<std::size_t>(end - offset));
      if (n > 0) {
        if (body.on_sent) body.on_sent(static_cast<std::uint64_t>(offset) - body.offset);
        continue;
      }
      if (n == 0) return fail(Code::invalid, "the file became shorter while it was being sent");
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) return lost(error_code(errno, boost::system::system_category()));
      const error_code error =
          await(step_end(deadlines_.progress), [&](auto&& done) { socket_.async_wait(tcp::socket::wait_write, std::move(done)); });
      if (error) return lost(error);
    }
    return {};
  }

  Result<HttpResponse> receive(const HttpRequest& request, const ByteSink& sink) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    parser.header_limit(64u << 10);
    const error_code error =
        await(step_end(deadlines_.progress), [&](auto&& done) { http::async_read_header(socket_, buffer_, parser, std::move(done)); });
    answer_begun_ = parser.got_some();
    if (error) return lost(error);

    HttpResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base()) {
      response.headers[lower({field.name_string().data(), field.name_string().size()})] =
          std::string(field.value().data(), field.value().size());
    }
    if (request.check_head) MUSTER_TRY(request.check_head(response));
    const bool to_sink = sink && response.succeeded();
    std::string piece;
    while (!parser.is_done()) {
      piece.resize(kPieceBytes);
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      parser.get().body().more = true;
      const error_code read =
          await(step_end(deadlines_.progress), [&](auto&& done) { http::async_read_some(socket_, buffer_, parser, std::move(done)); });
      if (read && read != http::error::need_buffer) return lost(read);
      const std::string_view bytes(piece.data(), piece.size() - parser.get().body().size);
      if (bytes.empty()) continue;
      if (to_sink) {
        MUSTER_TRY(sink(bytes));
      } else if (response.body.size() + bytes.size() > kBodyLimit) {
        return fail(Code::too_large, "the server's answer is larger than {}", human_size(kBodyLimit));
      } else {
        response.body += bytes;
      }
    }
    if (!parser.keep_alive()) close();
    return response;
  }

  HostPort server_;
  std::stop_token stop_;
  asio::io_context io_{1};
  tcp::socket socket_{io_};
  beast::flat_buffer buffer_;
  Deadlines deadlines_;
  SteadyTime end_;
  bool open_ = false;
  bool answer_begun_ = false;
  bool reached_ = false;
};

HttpConnection::HttpConnection(HostPort server, std::stop_token stop) : impl_(std::make_unique<Impl>(std::move(server), std::move(stop))) {}
HttpConnection::~HttpConnection() = default;

Result<HttpResponse> HttpConnection::exchange(const HttpRequest& request, const Deadlines& deadlines, const ByteSink& sink) {
  return impl_->exchange(request, deadlines, sink);
}

bool HttpConnection::reached() const { return impl_->reached(); }

}  // namespace muster::client
