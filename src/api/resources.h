#pragma once
// Each resource's own routes; each in the file of its name.

#include "api/call.h"

namespace muster::api {

void add_identity_routes(Routes& routes);
void add_session_routes(Routes& routes);
void add_workspace_routes(Routes& routes);
void add_experiment_routes(Routes& routes);
void add_blob_routes(Routes& routes);
void add_snapshot_routes(Routes& routes);
void add_snapshot_file_routes(Routes& routes);
void add_run_routes(Routes& routes);
void add_run_field_routes(Routes& routes);
void add_run_comparison_routes(Routes& routes);
void add_run_end_routes(Routes& routes);
void add_client_source_routes(Routes& routes);
void add_run_event_routes(Routes& routes);
void add_log_routes(Routes& routes);
void add_log_search_routes(Routes& routes);
void add_metric_routes(Routes& routes);
void add_artifact_routes(Routes& routes);
void add_environment_routes(Routes& routes);
void add_environment_build_routes(Routes& routes);
void add_compute_target_routes(Routes& routes);
void add_datastore_routes(Routes& routes);
void add_secret_routes(Routes& routes);
void add_model_routes(Routes& routes);
void add_housekeeping_routes(Routes& routes);
void add_status_routes(Routes& routes);
void add_openapi_routes(Routes& routes);
void add_runner_protocol_routes(Routes& routes);

}  // namespace muster::api
