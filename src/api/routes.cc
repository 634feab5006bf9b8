#include "api/routes.h"

#include "api/call.h"
#include "api/resources.h"

namespace muster::api {

void add_routes(http::Router& router, Services& services) {
  Routes routes(router, services);
  add_status_routes(routes);
  add_housekeeping_routes(routes);
  add_openapi_routes(routes);
  add_identity_routes(routes);
  add_session_routes(routes);
  add_workspace_routes(routes);
  add_experiment_routes(routes);
  add_blob_routes(routes);
  add_snapshot_routes(routes);
  add_snapshot_file_routes(routes);
  add_run_routes(routes);
  add_run_field_routes(routes);
  add_run_comparison_routes(routes);
  add_run_end_routes(routes);
  add_client_source_routes(routes);
  add_run_event_routes(routes);
  add_log_routes(routes);
  add_log_search_routes(routes);
  add_metric_routes(routes);
  add_artifact_routes(routes);
  add_environment_routes(routes);
  add_environment_build_routes(routes);
  add_compute_target_routes(routes);
  add_datastore_routes(routes);
  add_secret_routes(routes);
  add_model_routes(routes);
  add_runner_protocol_routes(routes);
}

}  // namespace muster::api
