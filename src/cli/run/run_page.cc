#include "cli/run/run_page.h"

#include "client/uri.h"

namespace muster::cli {

std::string run_page(const client::Api& api, std::string_view run_id) {
  const std::string runs = fmt::format("{}/workspaces/{}/runs", api.address().url, client::encode_value(api.address().workspace));
  return run_id.empty() ? runs : runs + "/" + client::encode_value(run_id);
}

}  // namespace muster::cli
