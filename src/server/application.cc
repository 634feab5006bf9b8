#include "server/application.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include <nlohmann/json.hpp>

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
#include "client/credentials.h"
#include "client/uri.h"
#include "engine/local/local_engine.h"
#include "engine/slurm/slurm_engine.h"
#include "http/server.h"
#include "page/page.h"
#include "process/file_limit.h"
#include "process/gpus.h"
#include "scheduler/environment_builds.h"
#include "server/address.h"
#include "server/certificate.h"
#include "server/home.h"
#include "server/runner_binary.h"
#include "server/settings.h"
#include "store/references.h"
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

/// Where it was told to listen, now or before, else somewhere free.
Result<Listening> choose_address(const std::string& wanted) {
  if (wanted.empty()) return first_address();
  MUSTER_TRY_ASSIGN(const Address address, parse_address(wanted));
  if (address.port == 0)
    return fail_hint(Code::invalid, "name the port", "'{}': clients must know the port before the server starts", wanted);
  return Listening{address, Fd()};
}

/// The token of whoever owns this home, an owner's: in `credentials` for the clients, in the store as a hash. Where that one has expired,
/// was revoked or is nobody's any more, there will be another: who has the home has the server. With it the fingerprint ("": none) that
/// they have to know; nothing leaves the one that is kept.
Result<void> ensure_owner_token(store::Store& store, const Home& home, const std::string& url,
                                const std::optional<std::string>& fingerprint, TimeUs now) {
  MUSTER_TRY_ASSIGN(const auto known, client::stored_token(home.root, url));
  MUSTER_TRY_ASSIGN(const std::string known_fingerprint, client::stored_fingerprint(home.root, url));
  bool valid = false;
  if (known) {
    MUSTER_TRY_ASSIGN(valid, store.read([&](store::Session& session) -> Result<bool> {
      const auto token = store::tokens::find(session, *known);
      return token && store::tokens::usable(*token, now);
    }));
  }
  if (valid && fingerprint.value_or(known_fingerprint) == known_fingerprint) return {};
  const std::string token = valid ? *known : "mu_" + random_hex(32);
  if (!valid) {
    MUSTER_TRY(store.write([&](store::Session& session) {
      return store::tokens::add_owner(session, token, user_name(), fmt::format("the server's own account, at {}", url), now);
    }));
  }
  return client::store_token(home.root, url, token, fingerprint);
}

/// As many as the limit of descriptors leaves room for, beside what the server itself opens.
int connections_within(std::uint64_t file_limit) {
  const std::uint64_t own = std::min(kOwnDescriptors, file_limit / 2);
  return static_cast<int>(std::min<std::uint64_t>(http::ServerOptions().max_connections, file_limit - own));
}

/// Whether to serve by TLS: beyond this machine, unless the user says otherwise.
Result<bool> wants_tls(const ServeOptions& options, const Address& address) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return fail_hint(Code::invalid, "give both --tls-certificate and --tls-key (tls_certificate and tls_key in the settings)",
                     "a certificate was given without its key, or a key without its certificate");
  }
  if (!options.tls_certificate.empty()) return true;
  if (is_loopback(address)) return false;
  if (options.insecure)
    log::warning("server", "{} is served without TLS (--insecure): whoever can read the network's traffic reads tokens and data",
                 address.text());
  return !options.insecure;
}

/// `host`: by what name or address clients reach the server.
Result<Certificate> choose_certificate(const Home& home, const ServeOptions& options, const Address& address, const std::string& host) {
  if (!options.tls_certificate.empty()) return given_certificate(options.tls_certificate, options.tls_key, host);
  std::vector<std::string> names{host_name(), "localhost", "127.0.0.1", "::1"};
  for (const std::string& one : {address.host, host}) {
    if (!is_any({one, 0})) names.push_back(one);
  }
  return own_certificate(home.tls(), names, host);
}

/// Whether to go on without TLS, untold, as a server of an older version did, which kept no more than where it listened: as long as runs
/// go on that it started, whose runners know no other address.
Result<bool> goes_on_without_tls(const Home& home, const KeptStart& kept, const ServeOptions& now, const ServeOptions& chosen,
                                 const Address& address) {
  std::error_code ignored;
  const bool told = !now.listen.empty() || chosen.listen != kept.told.listen || chosen.insecure || !chosen.tls_certificate.empty() ||
                    !chosen.tls_key.empty();
  if (!kept.of_older_version || told || is_loopback(address) || std::filesystem::exists(home.tls(), ignored)) return false;
  MUSTER_TRY_ASSIGN(const auto token, client::stored_token(home.root, url_of(address, "http")));
  return token.has_value();
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

  MUSTER_TRY_ASSIGN(const auto active, store->read([](store::Session& session) -> Result<std::map<model::RunStatus, std::int64_t>> {
    return store::runs::count_active(session);
  }));

  // Who we are to clients and runners.
  MUSTER_TRY_ASSIGN(const KeptStart kept, kept_start(home));
  ServeOptions now = options;
  for (std::string* path : {&now.tls_certificate, &now.tls_key}) {  // the next start may have another working folder
    if (!path->empty()) *path = std::filesystem::absolute(*path).string();
  }
  Start start = decide_start(now, settings, kept.told);
  MUSTER_TRY_ASSIGN(Listening chosen, choose_address(start.chosen.listen));
  const Address& address = chosen.address;
  MUSTER_TRY_ASSIGN(bool as_before, goes_on_without_tls(home, kept, options, start.chosen, address));
  as_before = as_before && !active.empty();
  if (as_before) start.chosen.insecure = true;
  MUSTER_TRY_ASSIGN(const bool tls, wants_tls(start.chosen, address));
  const std::string url = start.chosen.advertise.empty() ? url_of(address, tls ? "https" : "http") : start.chosen.advertise;
  MUSTER_TRY_ASSIGN(const client::HostPort reached_by, client::parse_server_url(url));
  if (tls && !reached_by.tls) {
    return fail_hint(Code::invalid, "advertise an https:// address, or allow --insecure", "the server speaks TLS, and {} does not say so",
                     url);
  }
  std::optional<Certificate> certificate;
  if (tls) {
    MUSTER_TRY_ASSIGN(certificate, choose_certificate(home, start.chosen, address, reached_by.host));
  }
  // Who does not find an authority for the certificate has to know its fingerprint: this home's clients and the runners do. Without TLS of
  // its own the server may stand behind a proxy whose fingerprint its owner has stored.
  std::optional<std::string> pin;
  if (certificate) pin = certificate->vouched_for ? "" : certificate->fingerprint;
  MUSTER_TRY_ASSIGN(const std::string secret, token_secret(home));
  MUSTER_TRY_ASSIGN(const SealingKey sealing_key, secrets_key(home));
  MUSTER_TRY(ensure_owner_token(*store, home, url, pin, clock.now_us()));
  remove_abandoned(home.root, std::chrono::hours(1));
  MUSTER_TRY_ASSIGN(const std::filesystem::path runner_binary, keep_runner_binary(home.root / "bin", "/proc/self/exe", active.empty()));

  // What happens to runs.
  scheduler::SchedulerOptions scheduling;
  scheduling.home = home.root;
  scheduling.runner_binary = runner_binary;
  scheduling.url = client::pinned_url(url, pin.value_or(""));
  scheduling.token_secret = secret;
  engine::LocalOptions local;
  local.runs_at_once = settings.local_runs_at_once;
  local.gpus = process::visible_gpus(std::getenv("CUDA_VISIBLE_DEVICES"));
  engine::Registry engines(engine::local_engine(local));
  engines.add(engine::slurm_engine());
  const auto scheduler = scheduler::Scheduler::create(scheduling, *store, logs, changes, clock, engines);
  MUSTER_TRY(scheduler->recover());

  // What is said about them.
  const std::uint64_t snapshot_limit = static_cast<std::uint64_t>(settings.snapshot_limit_mb) << 20;
  housekeeping::Housekeeper housekeeper(*store, *blobs, logs, clock, {});
  scheduler::EnvironmentBuilds environments(home.root / "environments", static_cast<std::uint64_t>(settings.environments_mb) << 20, [&] {
    return store->read(
        [](store::Session& session) -> Result<std::set<std::string>> { return store::references::environments_in_use(session); });
  });
  api::Services services{*store,
                         *blobs,
                         logs,
                         changes,
                         *scheduler,
                         engines,
                         housekeeper,
                         environments,
                         sealing_key,
                         clock,
                         {url, std::string(kVersion), home.root.string(), clock.now_us(), snapshot_limit,
                          certificate ? "SHA256:" + certificate->fingerprint : ""}};
  const auto router = std::make_shared<http::Router>();
  api::add_routes(*router, services);
  page::add_routes(*router);
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
  start.told.listen = address.text();
  // For the next time; only now is it known to be ours.
  if (!as_before) MUSTER_TRY(keep_start(home, {start.told, url, tls ? "https" : "http"}));

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
