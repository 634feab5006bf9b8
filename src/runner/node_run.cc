#include "runner/node_run.h"

namespace muster::runner {

Result<std::shared_ptr<client::Api>> NodeRun::make_api(std::stop_token until, client::Deadlines deadlines) const {
  client::ApiOptions api_options;
  api_options.address = {options.url, options.token, order.workspace.empty() ? "default" : order.workspace};
  api_options.retry.give_up_after = std::chrono::milliseconds(0);  // persist() is the patient one
  api_options.deadlines = deadlines;
  api_options.stop = std::move(until);
  api_options.proof_key = options.proof_key;
  return client::Api::create(std::move(api_options));
}

std::unique_ptr<client::RunnerApi> NodeRun::protocol(std::shared_ptr<client::Api> way) const {
  return std::make_unique<client::RunnerApi>(std::move(way), options.run_id, options.attempt, node_rank);
}

}  // namespace muster::runner
