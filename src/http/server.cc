// The listener. Coroutines here and in connection.cc follow one rule, because g++ 12.2 miscompiles some forms:
// name the argument, name the result, one await per statement, none in a condition.
#include "http/server.h"

#include <csignal>
#include <optional>
#include <system_error>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "http/connection.h"
#include "http/core.h"
#include "http/port_holder.h"

namespace muster::http {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

/// When descriptors or memory run out, accepting again at once would only burn a core.
constexpr std::chrono::milliseconds kAcceptPause{100};

class RunningServer final : public Server {
 public:
  RunningServer(const std::shared_ptr<Core>& core, tcp::acceptor acceptor)
      : core_(core), acceptor_(std::move(acceptor)), pause_(acceptor_.get_executor()), keep_running_(core->io->get_executor()) {
    port_ = acceptor_.local_endpoint().port();
    net::co_spawn(acceptor_.get_executor(), accept(), [](const std::exception_ptr&) {});
    try {
      for (int i = 0; i < core_->options.io_threads; ++i) threads_.emplace_back([io = core_->io.get()] { run(*io); });
    } catch (...) {
      keep_running_.reset();
      core_->io->stop();  // those threads that there are end
      throw;
    }
  }

  ~RunningServer() override { stop(std::chrono::milliseconds(0)); }

  std::uint16_t port() const override { return port_; }

  void stop(std::chrono::milliseconds grace) override {
    const std::lock_guard lock(stop_mutex_);
    if (threads_.empty()) return;
    core_->stopping = true;
    net::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    core_->connections.interrupt_all(Interrupt::waiting);
    if (!core_->connections.wait_until_none(grace)) {
      core_->connections.interrupt_all(Interrupt::everything);
      core_->connections.wait_until_none();
    }
    core_->workers->join();
    keep_running_.reset();  // the io threads end when the listener has
    threads_.clear();
  }

 private:
  net::awaitable<void> accept() {
    while (!core_->stopping) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(net::redirect_error(net::use_awaitable, error));
      if (core_->stopping) break;
      if (!error) {
        take(std::move(socket));
        continue;
      }
      if (error == net::error::connection_aborted) continue;
      // Descriptors or memory are short (EMFILE, ENFILE, ENOBUFS, ENOMEM): one client that says nothing makes room for who comes now.
      core_->connections.drop_one();
      warn(error.message());
      pause_.expires_after(kAcceptPause);
      error_code ignored;
      co_await pause_.async_wait(net::redirect_error(net::use_awaitable, ignored));
    }
  }

  /// Nothing that goes wrong with one connection ends the listener.
  void take(tcp::socket socket) {
    try {
      error_code error;
      Fd taken(socket.release(error));
      if (!error) serve_connection(core_, std::move(taken));
    } catch (const std::exception& surprise) {
      warn(surprise.what());
    }
  }

  /// At most once a minute: a shortage lasts, and would fill the log.
  void warn(const std::string& why) {
    constexpr std::chrono::minutes kEvery{1};
    const auto now = std::chrono::steady_clock::now();
    if (warned_ && now < *warned_ + kEvery) return;
    warned_ = now;
    log::warning("http", "cannot accept connections: {}; trying again", why);
  }

  static void run(net::io_context& io) {
    while (true) {
      try {
        io.run();
        return;
      } catch (const std::exception& surprise) {
        log::error("http", "a thread goes on after an exception: {}", surprise.what());
      } catch (...) {
        log::error("http", "a thread goes on after an exception of no known kind");
      }
    }
  }

  std::shared_ptr<Core> core_;
  std::optional<std::chrono::steady_clock::time_point> warned_;
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  net::executor_work_guard<net::io_context::executor_type> keep_running_;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  std::vector<std::jthread> threads_;
};

Result<tcp::endpoint> resolve(net::io_context& io, const ServerOptions& options) {
  error_code error;
  const net::ip::address literal = net::ip::make_address(options.address, error);
  if (!error) return tcp::endpoint(literal, options.port);
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(options.address, "", error);
  if (error || found.empty()) {
    return fail_hint(Code::unavailable, "give an address of this machine, such as 127.0.0.1 or 0.0.0.0", "cannot listen on '{}': {}",
                     options.address, error.message());
  }
  return tcp::endpoint(found.begin()->endpoint().address(), options.port);
}

tl::unexpected<Error> cannot_listen(const ServerOptions& options, const error_code& error) {
  const std::string holder = error == net::error::address_in_use ? port_holder(options.port) : "";
  return fail_hint(Code::unavailable, holder.empty() ? "choose another port or address" : "end that process, or choose another port",
                   "cannot listen on {}:{}: {}{}", options.address, options.port, error.message(),
                   holder.empty() ? "" : ": " + holder + " has it");
}

Result<std::unique_ptr<net::ssl::context>> tls_of(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return nullptr;
  auto tls = std::make_unique<net::ssl::context>(net::ssl::context::tls_server);
  error_code error;
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_num_tickets(tls->native_handle(), 0);  // a client would find them unread on a connection that it kept
  // As http/stream.h needs it, and with as little memory for a connection as can be.
  SSL_CTX_set_mode(tls->native_handle(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(tls->native_handle(), 1);  // a record is one read, not two
  SSL_CTX_set_session_cache_mode(tls->native_handle(), SSL_SESS_CACHE_OFF);
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets whose other end may be gone
  tls->use_certificate_chain_file(options.tls_certificate, error);
  if (error)
    return fail_hint(Code::invalid, "give a certificate as a PEM file", "the certificate {} cannot be used: {}", options.tls_certificate,
                     error.message());
  tls->set_password_callback([](auto, auto) { return std::string(); });  // else OpenSSL asks at the terminal
  tls->use_private_key_file(options.tls_key, net::ssl::context::pem, error);
  if (error)
    return fail_hint(Code::invalid, "give the certificate's own key as a PEM file without a password", "the key {} cannot be used: {}",
                     options.tls_key, error.message());
  return tls;
}

tl::unexpected<Error> no_threads(const std::system_error& error) {
  return fail_hint(Code::unavailable, "`ulimit -u` says how many processes and threads you may have",
                   "cannot start the server's threads: {}", error.what());
}

Result<void> listen_on(tcp::acceptor& acceptor, net::io_context& io, const ServerOptions& options) {
  MUSTER_TRY_ASSIGN(const tcp::endpoint endpoint, resolve(io, options));
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(net::socket_base::max_listen_connections, error);
  if (error) return cannot_listen(options, error);
  return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, std::shared_ptr<const Router> router, Gate gate, Fd listening,
                                              Finish finish) {
  // Threads are made here, and here alone; that there are none to be had is said, not thrown.
  std::shared_ptr<Core> core;
  try {
    core = std::make_shared<Core>(std::move(options), std::move(router), std::move(gate), std::move(finish));
  } catch (const std::system_error& none) {
    return no_threads(none);
  }
  MUSTER_TRY_ASSIGN(core->tls, tls_of(core->options));
  tcp::acceptor acceptor(net::make_strand(*core->io));
  error_code error;
  if (listening) {
    acceptor.assign(tcp::v4(), listening.get(), error);
    if (error) return cannot_listen(core->options, error);
    listening.release();
  } else {
    MUSTER_TRY(listen_on(acceptor, *core->io, core->options));
  }
  try {
    return std::make_unique<RunningServer>(core, std::move(acceptor));
  } catch (const std::system_error& none) {
    return no_threads(none);
  }
}

}  // namespace muster::http
