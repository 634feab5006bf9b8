// The connection's loop: a request after the other.
#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>

#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "http/connection_impl.h"
#include "http/header_rules.h"
#include "http/target.h"

namespace muster::http {
namespace {

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

std::string words_of(const std::exception_ptr& surprise) {
  try {
    std::rethrow_exception(surprise);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "of no known kind";
  }
}

HeaderFields fields_of(const Parser& parser) {
  HeaderFields fields;
  for (const auto& field : parser.get()) {
    fields.emplace_back(to_lower({field.name_string().data(), field.name_string().size()}), std::string(field.value()));
  }
  return fields;
}

}  // namespace

Response failure(const Request& request, std::string_view what) {
  log::error("http", "{} {} ({}) failed: {}", request.method, request.path, request.id, what);
  return problem_response(Error{Code::internal,
                                fmt::format("the request could not be carried out; the server's log has the reason under {}", request.id),
                                "report it with that line of server.log",
                                {}});
}

net::awaitable<bool> Connection::wait_for_request() {
  if (core_->stopping) co_return false;
  if (buffer_.size() > 0) co_return true;
  if (buffer_.capacity() > kHeaderLimit) buffer_.shrink_to_fit();  // an idle connection holds little
  error_code error;
  waiting_ = true;
  arm(core_->options.idle_deadline);
  co_await stream_.async_wait_readable(net::redirect_error(net::use_awaitable, error));
  waiting_ = false;
  buffer_.reserve(kFirstRead);
  co_return !error && !timed_out_;
}

net::awaitable<bool> Connection::serve_one() {
  core_->connections.set_dispensable(this, !known_);
  const bool arrived = co_await wait_for_request();
  if (!arrived) co_return false;

  Parser parser;
  parser.header_limit(kHeaderLimit);
  parser.body_limit(boost::none);  // ours is the route's, known only after the header
  error_code error;
  arm(core_->options.header_deadline);
  co_await wire::async_read_header(stream_, buffer_, parser, net::redirect_error(net::use_awaitable, error));
  disarm();
  core_->connections.set_dispensable(this, false);
  if (error) {
    std::optional<Response> refusal = refusal_of(error);
    if (!refusal) co_return false;
    const AnswerOptions options;
    const bool closed = co_await answer_and_close(*refusal, options);
    co_return closed;
  }

  AnswerOptions options;
  options.version = parser.get().version() == 10 ? 10 : 11;
  options.head = parser.get().method() == wire::verb::head;
  options.keep_alive = parser.keep_alive();
  const bool has_body = !parser.is_done();

  Request request;
  if (std::optional<HeaderFault> fault = header_fault(fields_of(parser), options.version)) {
    Response response = problem_response_as(fault->status, fault->error);
    const bool closed = co_await answer_and_close(response, options);
    co_return closed;
  }
  const Result<const Route*> route = prepare(parser, request);
  options.request = &request;
  Response response;
  if (!route) {
    response = problem_response(route.error());
    if (route.error().code == Code::method_not_allowed)
      response.headers.emplace_back("allow", join(core_->router->methods(encoded_path(parser.get().target())), ", "));
    if (has_body) {
      const bool closed = co_await answer_and_close(response, options);
      co_return closed;
    }
    const bool again = co_await send(response, options);
    co_return again;
  }

  std::unique_ptr<UploadSink> sink;
  std::optional<Response> refusal;
  auto admit = [&] {
    refusal = begin(**route, request, sink);
    known_ = known_ || request.context.has_value();
  };
  auto finish = [&] {
    if (!has_body) admit();
    if (refusal)
      response = std::move(*refusal);
    else
      response = guarded(request, [&] { return sink ? sink->finish() : (*route)->handler(request); });
  };
  if (has_body) {
    co_await on_worker(admit);
    if (refusal) {
      const bool closed = co_await answer_and_close(*refusal, options);
      co_return closed;
    }
    if (beast::iequals(parser.get()[wire::field::expect], "100-continue") && options.version == 11) {
      constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
      const net::const_buffer bytes(kContinue.data(), kContinue.size());
      arm(core_->options.progress_deadline);
      co_await net::async_write(stream_, bytes, net::redirect_error(net::use_awaitable, error));
      disarm();
      if (error) co_return false;
    }
    const BodyEnd end = co_await read_body(parser, (*route)->body_limit, request, sink.get(), response);
    if (end == BodyEnd::gone) co_return false;
    if (end == BodyEnd::refused) {
      sink.reset();
      const bool closed = co_await answer_and_close(response, options);
      co_return closed;
    }
  }
  co_await on_worker(finish);
  sink.reset();
  if (core_->stopping) options.keep_alive = false;
  const bool again = co_await send(response, options);
  co_return again;
}

Result<const Route*> Connection::prepare(const Parser& parser, Request& request) const {
  const auto& header = parser.get();
  request.method = std::string(header.method_string());
  request.id = random_hex(6);
  MUSTER_TRY_ASSIGN(Target target, parse_target(header.target()));
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  for (auto& [name, text] : fields_of(parser)) {
    std::string& value = request.headers[name];
    value += (value.empty() ? "" : ", ") + text;
  }
  MUSTER_TRY_ASSIGN(Router::Match match, core_->router->match(request.method, encoded_path(header.target())));
  request.parameters = std::move(match.parameters);
  const auto length = parser.content_length();
  if (length && *length > match.route->body_limit) {
    return fail(Code::too_large, "the body of {} may have at most {}, this one has {}", request.path, human_size(match.route->body_limit),
                human_size(*length));
  }
  return match.route;
}

std::optional<Response> Connection::refusal_of(const error_code& error) const {
  if (timed_out_)
    return problem_response(Error{Code::timeout, "the request did not arrive in time", "send it faster, or in smaller parts", {}});
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
    return problem_response_as(
        431, Error{Code::too_large, fmt::format("the request line and headers are larger than {}", human_size(kHeaderLimit)), "", {}});
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
  } catch (...) {
    return failure(request, "an exception of no known kind");
  }
}

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
    if (surprise) log::error("http", "a connection ended with an exception: {}", words_of(surprise));
    connection->close();
    core->connections.remove(connection.get());
  };
  net::co_spawn(executor, admission == Connections::Admission::served ? connection->serve() : connection->refuse(), done);
}

}  // namespace muster::http
