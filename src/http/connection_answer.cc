// Writing an answer: text, a part of a source, or nothing; and closing so that it still arrives.
#include <sys/sendfile.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>

#include <boost/asio/write.hpp>

#include "base/log.h"
#include "http/connection_impl.h"
#include "http/reason.h"

namespace muster::http {
namespace {

constexpr std::size_t kFileTurn = 8 * 1024 * 1024;  ///< what a worker sends of a file before others have their turn
constexpr int kInsufficientStorage = 507;
constexpr std::string_view kNoPage = "default-src 'none'; frame-ancestors 'none'; sandbox";
constexpr std::chrono::seconds kLinger{2};  ///< for the client to read a refusal while it still sends

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

/// Every client hears of it with its own answer; the operator at most once a minute.
void warn_of_full_disk(const Response& response) {
  constexpr std::chrono::seconds::rep kEvery = 60;
  static std::atomic<std::chrono::seconds::rep> next{0};
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  auto due = next.load();
  if (now < due || !next.compare_exchange_strong(due, now + kEvery)) return;
  const auto* const problem = std::get_if<std::string>(&response.body);
  log::warning("http", "the disk is full, requests are refused: {}", problem != nullptr ? *problem : "");
}

/// Header values may carry what users wrote: nothing in them may end the line.
std::string header_safe(std::string value) {
  for (char& c : value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return value;
}

}  // namespace

/// For requests that were not read to their end: what is left of them cannot be told from the next. Always false, so that the caller ends.
net::awaitable<bool> Connection::answer_and_close(Response& response, AnswerOptions options) {
  options.keep_alive = false;
  const bool sent = co_await send(response, options);
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
  core_->connections.set_dispensable(this, !known_);
  arm(kLinger);
  while (!error && !timed_out_ && !core_->stopping) {
    co_await stream_.async_read_some(space, net::redirect_error(net::use_awaitable, error));
  }
  waiting_ = false;
  disarm();
}

/// Whether the connection can go on.
net::awaitable<bool> Connection::send(Response& response, AnswerOptions options) {
  if (response.status == kInsufficientStorage) warn_of_full_disk(response);
  if (options.request != nullptr && core_->finish) core_->finish(*options.request, response);
  Message message;
  message.version(options.version);
  message.result(static_cast<unsigned>(response.status));
  message.reason(reason_phrase(response.status));
  for (auto& [name, value] : response.headers) message.insert(name, header_safe(std::move(value)));
  message.set(wire::field::date, http_date());
  message.set("x-content-type-options", "nosniff");
  // What users wrote never becomes a page of this server; the page itself brings a policy of its own.
  if (message.count("content-security-policy") == 0) message.set("content-security-policy", kNoPage);

  auto* const range = std::get_if<SourceRange>(&response.body);
  auto* const stream = std::get_if<std::unique_ptr<StreamSource>>(&response.body);
  const bool without_body = response.status == 204 || response.status == 304;
  if (stream != nullptr) {
    if (options.version == 11)
      message.chunked(true);
    else
      options.keep_alive = false;  // its end is the connection's end
  } else if (!without_body) {
    message.content_length(range != nullptr ? range->length : std::get<std::string>(response.body).size());
  }
  message.keep_alive(options.keep_alive);
  Serializer serializer(message);

  bool sent = false;
  if (range == nullptr && stream == nullptr && !options.head && !without_body) {
    const std::string& body = std::get<std::string>(response.body);
    sent = co_await send_bytes(serializer, message, body, More::no);
    co_return sent&& options.keep_alive;
  }
  serializer.split(true);
  error_code error;
  arm(core_->options.progress_deadline);
  co_await wire::async_write_header(stream_, serializer, net::redirect_error(net::use_awaitable, error));
  disarm();
  if (error) co_return false;
  if (options.head || without_body) co_return options.keep_alive;
  if (range != nullptr && (stream_.is_tls() || range->source->descriptor() < 0))
    sent = co_await send_range(*range);
  else if (range != nullptr)
    sent = co_await send_file(*range);
  else
    sent = co_await send_stream(**stream, serializer, message);
  co_return sent&& options.keep_alive;
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
    co_await wire::async_write(stream_, serializer, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (error && error != wire::error::need_buffer) co_return false;
  } while (!bytes.empty());
  co_return true;
}

/// Through memory: what TLS encrypts, and what is no file of this machine.
net::awaitable<bool> Connection::send_range(SourceRange& range) {
  std::uint64_t offset = range.offset;
  std::uint64_t left = range.length;
  std::string piece;
  std::size_t got = 0;
  auto read = [&] {
    piece.resize(std::min<std::uint64_t>(left, kSlice));
    const auto n = range.source->read(offset, piece);
    if (!n) log::warning("http", "an answer is cut off: {}", n.error().detail);
    got = n.value_or(0);
  };
  while (left > 0) {
    co_await on_worker(read);
    if (got == 0) co_return false;  // shorter than promised; only closing tells the client
    const net::const_buffer bytes(piece.data(), got);
    error_code error;
    arm(core_->options.progress_deadline);
    co_await net::async_write(stream_, bytes, net::redirect_error(net::use_awaitable, error));
    disarm();
    if (error) co_return false;
    offset += got;
    left -= got;
  }
  co_return true;
}

/// From the kernel's cache into the socket.
net::awaitable<bool> Connection::send_file(SourceRange& range) {
  error_code error;
  socket_.native_non_blocking(true, error);
  auto offset = static_cast<off_t>(range.offset);
  std::uint64_t left = range.length;
  bool full = false;
  bool failed = static_cast<bool>(error);
  // On a worker, since the disk may block.
  auto turn = [&] {
    full = false;
    std::size_t done = 0;
    while (left > 0 && done < kFileTurn && !full && !failed) {
      const ssize_t n =
          ::sendfile(socket_.native_handle(), range.source->descriptor(), &offset, std::min<std::uint64_t>(left, kFileTurn - done));
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

}  // namespace muster::http
