#pragma once
// What is submitted: the words of sbatch and the script of the job, which starts one runner on each of its nodes. Pure.

#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/options.h"

namespace muster::engine::slurm {

struct Submission {
  Attempt attempt;
  Options options;
  std::vector<std::string> keys;  ///< of the nodes, in the order of their ranks
  std::string host = {};          ///< not "": this one node, where an earlier job of the attempt was, with no more than a runner needs
  std::chrono::seconds most{0};   ///< the longest that the partition gives to a job; 0: not known, or no limit
};

/// "node-0"
std::string node_key(int index);
/// By which a job is found that was submitted, and whose id nobody has got to know. `key`: of a job for one node that was lost.
std::string job_name(const AttemptId& id, const std::string& key = {});

/// How long the job may take: what the run asked for and some more, since its own time begins with its ranks; no longer than the target or
/// the partition allow. Nothing: what Slurm gives when it is not told.
std::optional<std::chrono::seconds> job_time(const Submission& submission);
/// invalid: the run asks for more than the target, or the partition, gives.
Result<void> check_time(const Submission& submission);

/// Words of sbatch that say what is needed, for a job and for the question whether there could be one.
std::vector<std::string> needs(const Options& options, const NodeResources& of_node, int node_count);
/// All of sbatch's words: the job is held until it is released. Its script is read from standard input.
std::vector<std::string> sbatch_words(const Submission& submission);
/// Holds the runners' secrets: it may be shown to nobody else. Slurm keeps it so that its owner and administrators alone can read it.
std::string job_script(const Submission& submission);

}  // namespace muster::engine::slurm
