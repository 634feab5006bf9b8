#pragma once
// Who may ask: bearer tokens of people (stored hashed) and of runs (reckoned from a secret, stored nowhere), and cookies of browsers that
// people have signed in.

#include "api/services.h"
#include "http/server.h"

namespace muster::api {

/// Finds out who calls and leaves a Caller in the request's context; unauthorized without a good token or session, forbidden for a
/// session's request that is not of our own page (same_site.h). GET /healthz, signing in and the page's files need none. What a caller may
/// do is each route's (call.h, Access). `services` must outlive the gate.
http::Gate make_gate(Services& services);

/// Proves with each answer to a process of a run that this is the server the run belongs to (model/server_proof.h): when the request asked
/// for it and came with a genuine token, also one of a run that is over. `services` must outlive it.
http::Finish make_prover(Services& services);

}  // namespace muster::api
