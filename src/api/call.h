#pragma once
// What a resource's handlers are given, and how they are put into the router.

#include <functional>
#include <memory>
#include <string>

#include "api/caller.h"
#include "api/services.h"
#include "base/json.h"
#include "http/router.h"
#include "model/run.h"
#include "model/workspace.h"
#include "store/runs.h"

namespace muster::api {

inline constexpr std::uint64_t kJsonBytes = 8u << 20;      ///< a request's JSON, unless its route says otherwise
inline constexpr std::uint64_t kUploadBytes = 1ULL << 40;  ///< one uploaded file

/// One request on its way. Lives as long as the handler runs.
struct Call {
  http::Request& request;
  Services& services;
  const Caller& caller;

  const std::string& parameter(const std::string& name) const { return request.parameter(name); }
};

/// What a user's token must have for a route. One that is good for a single workspace reaches no other, and of what lies outside of
/// workspaces only what readers may see.
enum class Users {
  anyone,  ///< no token is needed
  reader,  ///< each role includes the ones before it
  contributor,
  owner,
  nobody,
};

/// What the token of a run's process opens. That of a run that has ended, or of an earlier attempt, opens nothing (but last_report).
enum class Runs {
  nothing,
  own_run,      ///< jobs of the run that the path's {run} names, or of one above it
  workspace,    ///< jobs of runs in the path's {workspace}
  transfer,     ///< as workspace, and runners of runs there, which reach no {run} and no {snapshot_id} but their own run's
  runner,       ///< only runners of the attempt that the path's {run_id} and {attempt} name, for a {node_rank} that it has
  last_report,  ///< as runner, but of an attempt that is over as well: the scheduler knows whether this one was heard before
};

/// Who may use a route.
struct Access {
  Users users;
  Runs runs = Runs::nothing;
};

using Handle = std::function<Result<http::Response>(Call&)>;
using HandleUpload = std::function<Result<std::unique_ptr<http::UploadSink>>(Call&)>;

/// Puts routes into the router, each behind its Access. `services` must outlive the router.
class Routes {
 public:
  Routes(http::Router& router, Services& services) : router_(router), services_(services) {}
  void add(std::string method, std::string pattern, Access access, Handle handle, std::uint64_t body_limit = kJsonBytes);
  void add_upload(std::string method, std::string pattern, Access access, HandleUpload handle, std::uint64_t body_limit = kUploadBytes);

 private:
  http::Router& router_;
  Services& services_;
};

/// The request's body as JSON.
Result<Json> json_body(const Call& call, std::size_t limit = kJsonBytes);
/// The same; an empty object when there is no body.
Result<Json> optional_json_body(const Call& call);

/// The answer for a workspace that is not there, and for one that the caller must not know of.
tl::unexpected<Error> no_such_workspace(std::string_view name);

/// unauthorized when the caller belongs to an attempt that is over by now. For what takes long, and inside the transaction that writes.
Result<void> check_not_over(const Call& call);
Result<void> check_not_over(const Call& call, const store::runs::Brief& own_run);

/// What the path names; not_found, in words, when it is not there.
Result<model::Workspace> workspace_of(const Call& call, store::Session& session);
Result<model::Workspace> workspace_of(const Call& call);
Result<store::runs::Brief> run_of(const Call& call, store::Session& session);
Result<store::runs::Brief> run_of(const Call& call);
Result<model::Run> whole_run_of(const Call& call, store::Session& session);
Result<model::Run> whole_run_of(const Call& call);
/// The same, for what changes it: a deleted run is a conflict that says how to bring it back.
Result<store::runs::Brief> run_to_change(const Call& call, store::Session& session);
Result<store::runs::Brief> run_to_change(const Call& call);
Result<void> check_not_deleted(const store::runs::Brief& run);

}  // namespace muster::api
