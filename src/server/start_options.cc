#include "server/start_options.h"

namespace muster::server {
namespace {

bool speaks_of_tls(const ServeOptions& options) { return !options.tls_certificate.empty() || !options.tls_key.empty() || options.insecure; }

/// What `newer` says takes the place of what `options` said.
void take(ServeOptions& options, const ServeOptions& newer) {
  if (!newer.listen.empty()) options.listen = newer.listen;
  if (!newer.advertise.empty()) options.advertise = newer.advertise;
  if (!speaks_of_tls(newer)) return;
  options.tls_certificate = newer.tls_certificate;
  options.tls_key = newer.tls_key;
  options.insecure = newer.insecure;
}

}  // namespace

Start decide_start(const ServeOptions& now, const Settings& settings, const ServeOptions& kept) {
  const ServeOptions file{{}, settings.listen, settings.advertise, settings.tls_certificate, settings.tls_key, settings.insecure};
  const bool elsewhere = !now.listen.empty() || (!file.listen.empty() && file.listen != kept.listen);
  ServeOptions before = elsewhere ? ServeOptions{} : kept;
  if (speaks_of_tls(now) || speaks_of_tls(file)) before = {{}, before.listen, {}, {}, {}, false};
  before.home = now.home;
  Start start{before, before};
  take(start.chosen, file);
  take(start.chosen, now);
  take(start.told, now);
  return start;
}

}  // namespace muster::server
