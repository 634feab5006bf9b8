#include "client/http_connection.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/host_name.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "client/transport.h"

namespace muster::client {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kBodyLimit = 256ULL << 20;
/// Bodies up to this size go out in one write with their head.
constexpr std::size_t kTogetherBytes = 64u << 10;
/// How long to look for the answer of a server that stopped reading our body.
constexpr std::chrono::seconds kEarlyAnswerWait{2};

std::uint64_t body_length(const HttpRequest& request) {
  if (const auto* text = std::get_if<std::string>(&request.body)) return text->size();
  return std::get<FileBody>(request.body).length;
}

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(HostPort server, std::optional<Proxy> proxy, std::stop_token stop)
      : transport_(std::move(server), std::move(proxy)), stop_(std::move(stop)) {}

  Result<HttpResponse> exchange(const HttpRequest& request, const Deadlines& deadlines, const ByteSink& sink) {
    if (stop_.stop_requested()) return stopped();
    deadlines_ = deadlines;
    const SteadyTime end = deadlines.total.count() > 0 ? std::chrono::steady_clock::now() + deadlines.total : SteadyTime::max();
    transport_.set_deadlines(deadlines, end);
    // Closing the socket on its own thread ends whatever operation waits there.
    const std::stop_callback on_stop(stop_, [this] { transport_.close_soon(); });

    const bool kept = transport_.is_open() && transport_.still_open();
    reached_ = kept;
    if (!kept) close();
    auto response = attempt(request, sink);
    // The server may close a kept connection at the moment we use it: not a fault, and nothing of an answer has come.
    if (!response && kept && response.error().code == Code::unavailable && !answer_begun_ && !stop_.stop_requested()) {
      close();
      transport_.set_deadlines(deadlines, end);
      response = attempt(request, sink);
    }
    if (!response) close();
    if (!response && stop_.stop_requested()) return stopped();
    return response;
  }

  bool reached() const { return reached_; }

 private:
  static tl::unexpected<Error> stopped() { return fail(Code::unavailable, "stopped"); }

  void close() {
    transport_.close();
    buffer_.clear();
  }

  Result<HttpResponse> attempt(const HttpRequest& request, const ByteSink& sink) {
    answer_begun_ = false;
    if (!transport_.is_open()) MUSTER_TRY(transport_.open());
    reached_ = true;
    const auto written = send(request);
    if (!written) {
      // A server that refuses early (too large, not allowed) answers and stops reading. Its answer says more than the broken pipe.
      if (written.error().code != Code::unavailable || !transport_.has_socket()) return tl::unexpected(written.error());
      transport_.set_deadlines(deadlines_, std::min(transport_.end(), std::chrono::steady_clock::now() + kEarlyAnswerWait));
      auto early = receive(request, sink);
      close();
      if (early && !early->succeeded()) return early;
      return tl::unexpected(written.error());
    }
    return receive(request, sink);
  }

  std::string head_of(const HttpRequest& request) const {
    const HostPort& server = transport_.server();
    http::request_header<> head;
    head.version(11);
    head.method_string(request.method);
    head.target(request.target);
    if (const Proxy* proxy = transport_.forwarding_proxy()) {
      head.target("http://" + server.text() + request.target);
      if (!proxy->authorization.empty()) head.set(http::field::proxy_authorization, proxy->authorization);
    }
    head.set(http::field::host, server.text());
    head.set(http::field::user_agent, "muster/" MUSTER_VERSION);
    for (const auto& [name, value] : request.headers) head.set(name, value);
    if (request.method != "GET" || body_length(request) > 0) head.set(http::field::content_length, std::to_string(body_length(request)));
    std::ostringstream out;
    out << head;
    return out.str();
  }

  Result<void> send(const HttpRequest& request) {
    const std::string head = head_of(request);
    if (const auto* text = std::get_if<std::string>(&request.body)) {
      if (text->size() <= kTogetherBytes) return transport_.write(head + *text);
      MUSTER_TRY(transport_.write(head));
      return transport_.write(*text);
    }
    MUSTER_TRY(transport_.write(head));
    return transport_.send_file(std::get<FileBody>(request.body), [this] { return stop_.stop_requested(); });
  }

  Result<HttpResponse> receive(const HttpRequest& request, const ByteSink& sink) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    parser.header_limit(64u << 10);
    const error_code error =
        transport_.read([&](auto& stream, auto&& done) { http::async_read_header(stream, buffer_, parser, std::move(done)); });
    answer_begun_ = parser.got_some();
    if (error) return transport_.lost(error);

    HttpResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base()) {
      response.headers[to_lower({field.name_string().data(), field.name_string().size()})] =
          std::string(field.value().data(), field.value().size());
    }
    if (request.check_head) MUSTER_TRY(request.check_head(response));
    // Beast reads as much at a time as the buffer has room for, and that is little at first.
    if (parser.content_length_remaining().value_or(0) > kTogetherBytes) buffer_.reserve(kPieceBytes);
    const bool to_sink = sink && response.succeeded();
    std::string piece;
    while (!parser.is_done()) {
      piece.resize(kPieceBytes);
      parser.get().body().data = piece.data();
      parser.get().body().size = piece.size();
      parser.get().body().more = true;
      const error_code read =
          transport_.read([&](auto& stream, auto&& done) { http::async_read_some(stream, buffer_, parser, std::move(done)); });
      if (read && read != http::error::need_buffer) return transport_.lost(read);
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

  Transport transport_;
  std::stop_token stop_;
  beast::flat_buffer buffer_;
  Deadlines deadlines_;
  bool answer_begun_ = false;
  bool reached_ = false;
};

HttpConnection::HttpConnection(HostPort server, std::stop_token stop, std::optional<Proxy> proxy)
    : impl_(std::make_unique<Impl>(std::move(server), std::move(proxy), std::move(stop))) {}
HttpConnection::~HttpConnection() = default;

Result<HttpResponse> HttpConnection::exchange(const HttpRequest& request, const Deadlines& deadlines, const ByteSink& sink) {
  return impl_->exchange(request, deadlines, sink);
}

bool HttpConnection::reached() const { return impl_->reached(); }

Result<ShownCertificate> look_at_certificate(const HostPort& server) {
  MUSTER_TRY_ASSIGN(auto proxy, proxy_for(server, own_variables(), host_name()));
  return Transport(server, std::move(proxy)).look_at_certificate();
}

}  // namespace muster::client
