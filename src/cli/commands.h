#pragma once
// Every command of the program; each adds itself to its noun.

#include "cli/command.h"
#include "cli/context.h"

namespace muster::cli {

void add_up(Command& root, Context& context);
void add_down(Command& root, Context& context);
void add_serve(Command& root, Context& context);
void add_clean(Command& root, Context& context);
void add_status(Command& root, Context& context);
void add_login(Command& root, Context& context);
void add_whoami(Command& root, Context& context);
void add_ui(Command& root, Context& context);
void add_token_create(Command& token, Context& context);
void add_token_list(Command& token, Context& context);
void add_token_revoke(Command& token, Context& context);
void add_user_create(Command& user, Context& context);
void add_user_list(Command& user, Context& context);
void add_user_disable(Command& user, Context& context);
void add_user_enable(Command& user, Context& context);
void add_workspace_config(Command& workspace, Context& context);
void add_version(Command& root, Context& context);
void add_completion(Command& root, Context& context);
void add_runner(Command& root);

void add_run_submit(Command& run, Context& context);
void add_run_list(Command& run, Context& context);
void add_run_show(Command& run, Context& context);
void add_run_logs(Command& run, Context& context);
void add_run_metrics(Command& run, Context& context);
void add_run_outputs(Command& run, Context& context);
void add_run_download(Command& run, Context& context);
void add_run_machine(Command& run, Context& context);
void add_run_compare(Command& run, Context& context);
void add_run_code(Command& run, Context& context);
void add_run_wait(Command& run, Context& context);
void add_run_cancel(Command& run, Context& context);
void add_run_tag(Command& run, Context& context);
void add_run_delete(Command& run, Context& context);
void add_run_restore(Command& run, Context& context);

void add_experiment_list(Command& experiment, Context& context);

void add_compute_create(Command& compute, Context& context);
void add_compute_attach(Command& compute, Context& context);
void add_compute_list(Command& compute, Context& context);
void add_compute_show(Command& compute, Context& context);
void add_compute_delete(Command& compute, Context& context);

void add_model_register(Command& model, Context& context);
void add_model_list(Command& model, Context& context);
void add_model_show(Command& model, Context& context);
void add_model_download(Command& model, Context& context);

void add_secret_set(Command& secret, Context& context);
void add_secret_list(Command& secret, Context& context);
void add_secret_delete(Command& secret, Context& context);

void add_datastore_list(Command& datastore, Context& context);
void add_datastore_show(Command& datastore, Context& context);
void add_datastore_upload(Command& datastore, Context& context);
void add_datastore_download(Command& datastore, Context& context);

void add_environment_build(Command& environment, Context& context);
void add_environment_create(Command& environment, Context& context);
void add_environment_diff(Command& environment, Context& context);
void add_environment_list(Command& environment, Context& context);
void add_environment_lock(Command& environment, Context& context);
void add_environment_override(Command& environment, Context& context);
void add_environment_prune(Command& environment, Context& context);
void add_environment_show(Command& environment, Context& context);

}  // namespace muster::cli
