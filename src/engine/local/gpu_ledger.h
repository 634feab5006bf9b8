#pragma once
// Which run has which of a machine's GPUs. Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster::engine {

/// What part number `part` (from 0) gets when `count` things are divided over `parts`: as equal as can be, the first ones get one more. 0
/// for a part that is not among them.
int part_of(int count, int parts, int part);

class GpuLedger {
 public:
  /// All of the machine's, as CUDA_VISIBLE_DEVICES names them.
  explicit GpuLedger(std::vector<std::string> gpus) : gpus_(std::move(gpus)) {}

  /// GPUs for each node of a run, so many as `counts` says, in the machine's order; nothing when not enough are free. They are the run's
  /// until released.
  std::optional<std::vector<std::vector<std::string>>> take(const std::string& run_id, const std::vector<int>& counts);
  /// After a restart: these are the run's. One that is not this machine's (any more) is passed over.
  void adopt(const std::string& run_id, const std::vector<std::string>& gpus);
  void release(const std::string& run_id);

  int count() const { return static_cast<int>(gpus_.size()); }
  int free() const { return count() - static_cast<int>(holders_.size()); }

 private:
  std::vector<std::string> gpus_;
  std::map<std::string, std::string> holders_;  ///< GPU to run id
};

}  // namespace muster::engine
