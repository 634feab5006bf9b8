#pragma once
// The graphics cards of this machine.

#include <string>
#include <vector>

namespace muster::process {

/// As CUDA_VISIBLE_DEVICES names them: those in `chosen`, the value of that variable ("0,1", "GPU-1b2c…"; what follows a "-1" is hidden),
/// or with none those that the NVIDIA driver shows, by number. Empty when there are none, or no driver that says so.
std::vector<std::string> visible_gpus(const char* chosen, const std::string& driver_folder = "/proc/driver/nvidia/gpus");

}  // namespace muster::process
