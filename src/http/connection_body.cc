// Reading a request's body: into the request, or piece by piece into an upload's sink.
#include "http/connection_impl.h"

#include "base/text.h"

namespace muster::http {
namespace {

constexpr std::size_t kUploadChunk = 512 * 1024;  ///< what a sink is given at a time

}  // namespace

net::awaitable<BodyEnd> Connection::read_body(Parser& parser, std::uint64_t limit, Request& request, UploadSink* sink, Response& refusal) {
  std::string chunk;
  std::string& into = sink != nullptr ? chunk : request.body;
  std::uint64_t total = 0;
  const std::uint64_t promised = parser.content_length().value_or(0);  // within the limit: prepare() has looked
  if (promised > kFirstRead) buffer_.reserve(kSlice);                  // what one read of the socket takes
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
    co_await wire::async_read(stream_, buffer_, parser, net::redirect_error(net::use_awaitable, error));
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
      refusal = problem_response(
          Error{Code::too_large, fmt::format("the body of {} may have at most {}", request.path, human_size(limit)), "", {}});
      co_return BodyEnd::refused;
    }
    if (sink == nullptr || (chunk.size() < kUploadChunk && !parser.is_done())) continue;
    co_await on_worker(write);
    if (!written) co_return BodyEnd::refused;
  }
  co_return BodyEnd::whole;
}

}  // namespace muster::http
