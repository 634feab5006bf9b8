#include "api/vm_sizes.h"

#include <algorithm>
#include <array>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/openapi.h"
#include "base/text.h"

namespace muster::api {
namespace {

struct Machine {
  std::string_view name;
  int cpus;
  const char* memory;
  int gpus;
};
/// Azure's own.
constexpr std::array kMachines{Machine{"standard_d1_v2", 1, "3584M", 0},    Machine{"standard_d2_v2", 2, "7G", 0},
                               Machine{"standard_ds3_v2", 4, "14G", 0},     Machine{"standard_d4_v2", 8, "28G", 0},
                               Machine{"standard_nc6", 6, "56G", 1},        Machine{"standard_nc12", 12, "112G", 2},
                               Machine{"standard_nc24", 24, "224G", 4},     Machine{"standard_nc6s_v3", 6, "112G", 1},
                               Machine{"standard_nc24s_v3", 24, "448G", 4}, Machine{"standard_nd40rs_v2", 40, "672G", 8}};

tl::unexpected<Error> refuse(std::string detail, std::string hint) {
  Error error{Code::invalid, detail, hint, {}};
  error.errors.push_back({"vm_size", std::move(detail), std::move(hint)});
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<Json> options_of_vm_size(std::string_view file, const std::string& vm_size) {
  const auto sizes = yaml_to_json(file);
  if (!sizes || !sizes->is_object())
    return refuse(fmt::format("{} maps no sizes: {}", kVmSizesFile, sizes ? "it is no mapping" : sizes.error().detail),
                  "STANDARD_NC6: {partition: gpu}");
  const std::string wanted = to_lower(vm_size);
  std::vector<std::string> known;
  for (const auto& [name, options] : sizes->items()) {
    known.push_back(name);
    if (to_lower(name) != wanted) continue;
    if (!options.is_object() || !options.contains("partition"))
      return refuse(fmt::format("{} gives {} no partition", kVmSizesFile, name), fmt::format("{}: {{partition: gpu}}", name));
    Json all = Json::object();
    const auto machine = std::find_if(kMachines.begin(), kMachines.end(), [&](const Machine& one) { return one.name == wanted; });
    if (machine != kMachines.end()) {
      all = {{"cpus", machine->cpus}, {"memory", machine->memory}};
      if (machine->gpus > 0) all["gpus"] = machine->gpus;
    }
    all.update(options);
    // null takes away what Azure's machine has.
    for (auto at = all.begin(); at != all.end();) at = at->is_null() ? all.erase(at) : std::next(at);
    return all;
  }
  return refuse(fmt::format("{} does not name the size '{}'", kVmSizesFile, to_utf8(vm_size.substr(0, 100))),
                "it has: " + join(known, ", "));
}

}  // namespace muster::api
