#include "server/application.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "api/auth.h"
#include "api/routes.h"
#include "api/services.h"
#include "base/crash_point.h"
#include "base/file.h"
#include "base/host_name.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/version.h"
#include "engine/local/local_engine.h"
#include "http/server.h"
#include "process/file_limit.h"
#include "process/gpus.h"
#include "server/address.h"
#include "server/certificate.h"
#include "server/home.h"
#include "server/runner_binary.h"
#include "server/settings.h"
#include "store/runs.h"
#include "store/tokens.h"

namespace muster::server {
namespace {

constexpr std::chrono::seconds kShutdownGrace{3};
/// Descriptors that no connection takes: for logs, the database, uploads, answers from files, and two a node that runs.
constexpr std::uint64_t kOwnDescriptors = 1024;

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

/// Where it was told to listen, else where it did the last time, else somewhere free.
Result<Listening> choose_address(const Home& home, const ServeOptions& options, const Settings& settings) {
  std::string wanted = options.listen.empty() ? settings.listen : options.listen;
  if (wanted.empty()) wanted = kept_address(home);
  if (wanted.empty()) return first_address();
  MUSTER_TRY_ASSIGN(const Address address, parse_address(wanted));
  if (address.port == 0)
    return fail_hint(Code::invalid, "name the port", "'{}': clients must know the port before the server starts", wanted);
  return Listening{address, Fd()};
}

/// The token of whoever owns this home: in `credentials` for the clients, in the store as a hash.
Result<void> ensure_owner_token(store::Store& store, const Home& home, const std::string& url, TimeUs now) {
  const std::string known = kept_token(home, url);
  if (!known.empty()) {
    MUSTER_TRY_ASSIGN(const bool valid,
                      store.read([&](store::Session& session) -> Result<bool> { return store::tokens::find(session, known).has_value(); }));
    if (valid) return {};
  }
  const std::string token = "mu_" + random_hex(32);
  MUSTER_TRY(store.write([&](store::Session& session) { return store::tokens::add(session, token, user_name(), now); }));
  return keep_token(home, url, token);
}

/// As many as the limit of descriptors leaves room for, beside what the server itself opens.
int connections_within(std::uint64_t file_limit) {
  const std::uint64_t own = std::min(kOwnDescriptors, file_limit / 2);
  return static_cast<int>(std::min<std::uint64_t>(http::ServerOptions().max_connections, file_limit - own));
}

/// The certificate to serve with; nothing for plain HTTP, which is for this machine alone unless the user says otherwise.
Result<std::optional<Certificate>> choose_certificate(const Home& home, const ServeOptions& options, const Settings& settings,
                                                      const Address& address) {
  const bool by_options = !options.tls_certificate.empty() || !options.tls_key.empty();
  const std::string file = by_options ? options.tls_certificate : settings.tls_certificate;
  const std::string key = by_options ? options.tls_key : settings.tls_key;
  if (file.empty() != key.empty()) {
    return fail_hint(Code::invalid, "give both --tls-certificate and --tls-key (tls_certificate and tls_key in the settings)",
                     "a certificate was given without its key, or a key without its certificate");
  }
  if (!file.empty()) {
    MUSTER_TRY_ASSIGN(Certificate certificate, given_certificate(file, key));
    return certificate;
  }
  if (is_loopback(address)) return std::nullopt;
  if (options.insecure || settings.insecure) {
    log::warning("server", "{} is served without TLS (--insecure): whoever can read the network's traffic reads tokens and data",
                 address.text());
    return std::nullopt;
  }
  std::vector<std::string> names{host_name(), "localhost", "127.0.0.1", "::1"};
  if (address.host != "0.0.0.0" && address.host != "[::]") names.push_back(address.host);
  MUSTER_TRY_ASSIGN(Certificate certificate, own_certificate(home.tls(), names));
  return certificate;
}

log::Level level_of(const std::string& name) {
  if (name == "debug") return log::Level::debug;
  if (name == "warning") return log::Level::warning;
  if (name == "error") return log::Level::error;
  return log::Level::info;
}

/// Blocks the signals that end a server, for this thread and all that it starts; serve() waits for them.
sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);  // the terminal that it was started from may close
  return signals;
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
  arm_crash_point("server", ForChildren::keep);
  const sigset_t stop_signals = block_stop_signals();
  const std::uint64_t file_limit = process::raise_file_limit();
  const SystemClock clock;
  MUSTER_TRY_ASSIGN(const Home home, open_home(options.home));
  MUSTER_TRY_ASSIGN(const Settings settings, read_settings(home.settings()));

  // What is remembered. The store comes first: it refuses a home that another server has.
  MUSTER_TRY_ASSIGN(const auto store, store::open_sqlite_store(home.database()));
  log::open(home.log_file().string(), level_of(settings.log_level));
  if (!home.was_open.empty()) log::warning("server", "{}", home.was_open);
  MUSTER_TRY_ASSIGN(const auto blobs, blob::open_local_blob_store(home.blobs().string()));
  store::LogStore logs(home.logs());
  store::Changes changes;

  // Who we are to clients and runners.
  MUSTER_TRY_ASSIGN(Listening chosen, choose_address(home, options, settings));
  const Address& address = chosen.address;
  std::string url = options.advertise.empty() ? settings.advertise : options.advertise;
  MUSTER_TRY_ASSIGN(const auto certificate, choose_certificate(home, options, settings, address));
  if (url.empty()) url = url_of(address, certificate ? "https" : "http");
  if (certificate && url.starts_with("http://")) {
    return fail_hint(Code::invalid, "advertise an https:// address, or allow --insecure", "the server speaks TLS, and {} does not say so",
                     url);
  }
  // Who does not find an authority for the certificate has to know its fingerprint: this home's clients and the runners do.
  const std::string pin = certificate && !certificate->vouched_for ? "SHA256:" + certificate->fingerprint : "";
  MUSTER_TRY_ASSIGN(const std::string secret, token_secret(home));
  // Without TLS of its own the server may stand behind a proxy whose fingerprint its owner has stored.
  if (certificate) MUSTER_TRY(keep_fingerprint(home, url, pin));
  MUSTER_TRY(ensure_owner_token(*store, home, url, clock.now_us()));
  MUSTER_TRY_ASSIGN(const auto active, store->read([](store::Session& session) -> Result<std::map<model::RunStatus, std::int64_t>> {
    return store::runs::count_active(session);
  }));
  MUSTER_TRY_ASSIGN(const std::filesystem::path runner_binary, keep_runner_binary(home.root / "bin", "/proc/self/exe", active.empty()));

  // What happens to runs.
  scheduler::SchedulerOptions scheduling;
  scheduling.home = home.root;
  scheduling.runner_binary = runner_binary;
  scheduling.url = pin.empty() ? url : url + "#" + pin;
  scheduling.token_secret = secret;
  scheduling.local_runs_at_once = settings.local_runs_at_once;
  scheduling.gpus = process::visible_gpus(std::getenv("CUDA_VISIBLE_DEVICES"));
  const auto scheduler = scheduler::Scheduler::create(scheduling, *store, logs, changes, clock, engine::make_local_engine);
  MUSTER_TRY(scheduler->recover());

  // What is said about them.
  const std::uint64_t snapshot_limit = static_cast<std::uint64_t>(settings.snapshot_limit_mb) << 20;
  api::Services services{*store,
                         *blobs,
                         logs,
                         changes,
                         *scheduler,
                         clock,
                         {url, std::string(kVersion), home.root.string(), clock.now_us(), snapshot_limit,
                          certificate ? "SHA256:" + certificate->fingerprint : ""}};
  const auto router = std::make_shared<http::Router>();
  api::add_routes(*router, services);
  http::ServerOptions listening;
  listening.address = address.host;
  listening.port = address.port;
  if (certificate) {
    listening.tls_certificate = certificate->file;
    listening.tls_key = certificate->key;
  }
  listening.worker_threads = settings.worker_threads;
  listening.max_connections = connections_within(file_limit);
  MUSTER_TRY_ASSIGN(const auto http,
                    http::Server::start(listening, router, api::make_gate(services), std::move(chosen.socket), api::make_prover(services)));
  MUSTER_TRY(keep_address(home, address.text()));  // for the next time; only now is it known to be ours

  const Json card{{"url", url}, {"pid", ::getpid()}, {"version", kVersion}, {"started_at", to_rfc3339(services.info.started_at)}};
  MUSTER_TRY(write_file(home.server_file(), card.dump() + "\n"));
  log::info("server", "muster {} serves {} from {}", kVersion, url, home.root.string());

  int signal = 0;
  sigwait(&stop_signals, &signal);
  log::info("server", "stopping; runs go on");
  http->stop(kShutdownGrace);
  std::error_code ignored;  // a stale card is harmless: clients check the pid and the answer
  std::filesystem::remove(home.server_file(), ignored);
  return {};
}

}  // namespace muster::server
