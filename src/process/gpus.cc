#include "process/gpus.h"

#include <filesystem>

#include "base/text.h"

namespace muster::process {

std::vector<std::string> visible_gpus(const char* chosen, const std::string& driver_folder) {
  std::vector<std::string> gpus;
  if (chosen != nullptr) {
    for (const std::string_view one : split(chosen, ',')) {
      if (one.empty() || one.starts_with('-')) break;
      gpus.emplace_back(one);
    }
    return gpus;
  }
  std::error_code none;
  for (std::filesystem::directory_iterator at(driver_folder, none), end; !none && at != end; at.increment(none))
    gpus.push_back(std::to_string(gpus.size()));
  return gpus;
}

}  // namespace muster::process
