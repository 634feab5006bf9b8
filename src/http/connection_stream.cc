// Writing an answer that goes on: pulled from its source when the client can take more, waiting while there is nothing.
#include "base/log.h"
#include "http/connection_impl.h"

namespace muster::http {

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
    } catch (...) {
      log::error("http", "a stream broke off with an exception of no known kind");
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

}  // namespace muster::http
