#include <unistd.h>

#include <utility>

#include "base/crash_point.h"
#include "base/host_name.h"
#include "base/log.h"
#include "base/own_variables.h"
#include "client/proxy.h"
#include "client/uri.h"
#include "runner/node_facts.h"
#include "runner/persist.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

using namespace std::chrono_literals;

Result<void> claim_port(NodeRun& run, client::CheckIn& facts) {
  MUSTER_TRY_ASSIGN(run.master_port, PortClaim::take(run.options.avoid_ports));
  facts.port = run.master_port->port();
  return {};
}

Result<client::CheckIn> facts(NodeRun& run) {
  client::CheckIn facts;
  MUSTER_TRY_ASSIGN(const client::HostPort server, client::parse_server_url(run.options.url));
  MUSTER_TRY_ASSIGN(const auto proxy, client::proxy_for(server, own_variables(), host_name()));
  auto address = own_address(server.host);
  // Behind a proxy the server's name may be known to the proxy alone.
  if (!address && proxy) address = own_address(proxy->server.host);
  if (!address) return tl::unexpected(std::move(address).error());
  facts.address = *address;
  // The ranks meet on node 0; a claim of another node on the same machine would only be in its way.
  if (run.options.node_count == 1 && !run.options.salvage) MUSTER_TRY(claim_port(run, facts));
  facts.node = run.options.node_key;
  facts.version = MUSTER_VERSION;
  facts.pid = ::getpid();
  facts.host = host_name();
  facts.salvage = run.options.salvage;
  return facts;
}

Result<void> begin_heartbeat(NodeRun& run) {
  client::Deadlines deadlines;
  deadlines.total = 10s;
  MUSTER_TRY_ASSIGN(auto own, run.make_api(run.stop.calls_canceled(), deadlines));
  run.heartbeat = std::make_unique<Heartbeat>(run.protocol(std::move(own)), run.clock, run.stop, run.delivery,
                                              [&run] { return run.logs->pending_bytes(); });
  return run.heartbeat->begin();
}

/// Which node this is has been learnt: what is said of it has a place from now on, and where it works.
Result<void> become(NodeRun& run, int node_rank) {
  if (run.server) return {};
  run.node_rank = node_rank;
  run.folder = RunFolder(run.options.scratch, run.options.run_id, run.options.attempt, node_rank);
  MUSTER_TRY_ASSIGN(auto way, run.make_api(run.stop.calls_canceled()));
  run.server = run.protocol(std::move(way));
  run.logs = std::make_unique<LogFollower>(*run.server, run.clock, run.stop, run.warnings, run.delivery, run.folder);
  run.journals = std::make_unique<JournalFollower>(*run.server, run.clock, run.stop, run.warnings, run.delivery, run.folder);
  return {};
}

/// What a runner that was stopped before it had its work order knows of it: enough to say so.
client::WorkOrder no_order(const NodeRun& run) {
  client::WorkOrder order;
  order.run_id = run.options.run_id;
  order.attempt = run.options.attempt;
  order.node_rank = run.node_rank;
  return order;
}

/// The server's name may be unknown for a moment, as the server may be away for one.
Result<client::CheckIn> facts_when_found(NodeRun& run) {
  bool said = false;
  for (auto wait = 50ms;; wait = std::min(wait * 2, 1000ms)) {
    auto found = facts(run);
    if (found || verdict_on(found.error().code) != Verdict::away) return found;
    if (!std::exchange(said, true)) log::warning("runner", "{}; looked for again until it is found", found.error().detail);
    if (!client::sleep_for(wait, run.stop.asked_token())) return found;
  }
}

Result<client::WorkOrder> ask_until_ordered(NodeRun& run) {
  MUSTER_TRY_ASSIGN(auto interruptible, run.make_api(run.stop.asked_token()));
  const auto server = run.protocol(std::move(interruptible));
  MUSTER_TRY_ASSIGN(client::CheckIn who, facts_when_found(run));
  for (auto wait = 20ms;; wait = std::min(wait * 2, 500ms)) {
    const auto answer = server->check_in(who);
    if (answer) {
      crash_point("runner.check_in.answered");
      const auto* order = std::get_if<client::WorkOrder>(&*answer);
      MUSTER_TRY(become(run, order != nullptr ? order->node_rank : std::get<client::Waiting>(*answer).node_rank));
      if (order != nullptr) return *order;
      // Only now does the server know us, and so can tell us to stop waiting for nodes that will not come.
      if (!run.heartbeat) MUSTER_TRY(begin_heartbeat(run));
      if (run.node_rank == 0 && who.port == 0 && !run.options.salvage) {
        MUSTER_TRY(claim_port(run, who));
        continue;
      }
    } else if (!run.stop.is_asked()) {
      const Verdict verdict = verdict_on(answer.error().code);
      if (verdict == Verdict::over || verdict == Verdict::refused) return tl::unexpected(answer.error());
    }
    if (client::sleep_for(wait, run.stop.asked_token())) continue;
    if (run.heartbeat) return no_order(run);
    return fail(Code::unavailable, "asked to stop ({}) before the server knew of this node", run.stop.asked()->reason);
  }
}

}  // namespace

Result<void> check_in(NodeRun& run) {
  run.messenger = std::make_unique<Messenger>(run.stop, run.warnings);
  MUSTER_TRY(run.messenger->begin());
  MUSTER_TRY_ASSIGN(run.order, ask_until_ordered(run));
  MUSTER_TRY_ASSIGN(run.api, run.make_api(run.stop.calls_canceled()));
  if (!run.heartbeat) MUSTER_TRY(begin_heartbeat(run));
  return {};
}

}  // namespace muster::runner::steps
