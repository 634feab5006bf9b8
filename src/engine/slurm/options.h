#pragma once
// What a compute target says to Slurm: its engine_options. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/registry.h"

namespace muster::engine::slurm {

struct Options {
  std::string partition;  ///< "": Slurm's default one
  std::string account;
  std::string qos;
  std::string constraint;
  std::string reservation;
  int cpus = 0;        ///< of each node; 0: as many as Slurm gives when it is not told
  std::string memory;  ///< of each node, in Slurm's words: "8G"; "": as above
  int gpus = 0;        ///< of each node
  std::optional<std::chrono::seconds> time_limit;
  std::string runner;              ///< where the nodes have the muster program; "": where the server has it, on a disk that they share
  std::string scratch;             ///< a folder of the nodes that runs may fill; "": a folder of the account's own in /tmp
  std::vector<std::string> extra;  ///< further words for sbatch
};

/// What people may set, and what each of it is.
std::vector<EngineOption> option_list();
/// invalid names every fault by its option. All members are known options with plain values (engine/registry.h).
Result<Options> options_from(const Json& engine_options);

/// "30" (minutes), "30:00", "2:00:00", "1-12", "1-12:30", "1-12:30:00"; nothing for anything else, and for "UNLIMITED".
std::optional<std::chrono::seconds> parse_time(std::string_view text);
/// The shortest time in whole minutes that is not shorter, as sbatch takes it.
std::string time_in_minutes(std::chrono::seconds time);

}  // namespace muster::engine::slurm
