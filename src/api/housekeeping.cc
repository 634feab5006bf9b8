// Removing what nothing refers to: what was done, and doing it now.
#include <nlohmann/json.hpp>

#include "housekeeping/housekeeper.h"

#include "api/answers.h"
#include "api/resources.h"

namespace muster::api {
namespace {

Result<http::Response> get_housekeeping(Call& call) { return object_response(call.services.housekeeper.report()); }

Result<http::Response> begin_housekeeping(Call& call) {
  MUSTER_TRY_ASSIGN(const Json body, optional_json_body(call));
  ObjectReader in(body);
  const bool deleted_runs = in.boolean_or("deleted_runs", false);
  MUSTER_TRY(in.finish("housekeeping"));
  using housekeeping::Housekeeper;
  call.services.housekeeper.tidy_now(deleted_runs ? Housekeeper::Deleted::remove : Housekeeper::Deleted::keep);
  return object_response(call.services.housekeeper.report(), 202);
}

}  // namespace

void add_housekeeping_routes(Routes& routes) {
  routes.add("GET", "/api/v1/housekeeping", {Users::owner}, get_housekeeping);
  routes.add("POST", "/api/v1/housekeeping", {Users::owner}, begin_housekeeping);
}

}  // namespace muster::api
