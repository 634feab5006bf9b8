#include "rank/agent.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "launch/job_variables.h"
#include "rank/rank_record.h"

namespace muster::rank {
namespace {

int give_up(const std::string& what) {
  std::fprintf(stderr, "muster-rank agent: %s\n", what.c_str());
  return 125;
}

void enter_cgroup(const std::string& folder) {
  const int file = ::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return;  // the node's marker variable still tells whose process this is
  const ssize_t entered = ::write(file, "0", 1);
  (void)entered;
  ::close(file);
}

/// The fields of the node's line, tab-separated: name, run folder, process group, scratch folder, then its cgroup folders.
std::vector<std::string> node_line(const char* file, const std::string& node) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::size_t at = 0;
    while (true) {
      const std::size_t tab = line.find('\t', at);
      fields.push_back(line.substr(at, tab - at));
      if (tab == std::string::npos) break;
      at = tab + 1;
    }
    if (fields.size() >= 4 && fields[0] == node) return fields;
  }
  return {};
}

/// mpirun's are node 0's, and every node has its own.
void set_gpus(const std::string& ranks) {
  std::ifstream file(ranks + "/" + std::string(kGpus));
  std::string devices;
  if (file && std::getline(file, devices))
    ::setenv(kGpusVariable, devices.c_str(), 1);
  else
    ::unsetenv(kGpusVariable);
}

/// The number at the end of launch::mpi_node_name().
int node_rank_of(const std::string& name) { return std::atoi(name.c_str() + name.rfind('-') + 1); }

}  // namespace

int run_agent(const char* node, char** command) {
  const char* file = std::getenv("MUSTER_RANK_NODES");
  if (file == nullptr) return give_up("MUSTER_RANK_NODES is not set");
  const std::vector<std::string> fields = node_line(file, node);
  if (fields.empty()) return give_up(std::string("no node named ") + node + " in " + file);
  const std::string& run_folder = fields[1];
  for (std::size_t i = 4; i < fields.size(); ++i) enter_cgroup(fields[i]);
  if (::chdir(run_folder.c_str()) != 0) return give_up("enter " + run_folder + ": " + std::strerror(errno));
  const std::string ranks = run_folder + "/.muster/ranks";
  if (::access((ranks + "/" + std::string(kClosed)).c_str(), F_OK) == 0)
    return give_up(std::string(node) + " starts nothing more: the run is being ended");

  // Nodes that share a machine must not share Open MPI's session and shared-memory files, which are named by host and job alone.
  const std::string& scratch = fields[3];
  ::setenv("OMPI_MCA_orte_tmpdir_base", scratch.c_str(), 1);
  ::setenv("OMPI_MCA_btl_vader_backing_directory", scratch.c_str(), 1);
  ::setenv("MUSTER_RANK_FOLDER", ranks.c_str(), 1);
  set_gpus(ranks);
  // mpirun's own are node 0's, and are handed down to all that it starts.
  const char* inputs = std::getenv("MUSTER_INPUTS");
  for (const auto& [name, value] :
       launch::node_variables({node_rank_of(fields[0]), run_folder, fields[2], inputs == nullptr ? "" : inputs}))
    ::setenv(name.c_str(), value.c_str(), 1);

  // mpirun hands over what it would give to a remote shell: one command line, perhaps in several words.
  std::string line;
  for (char** word = command; *word != nullptr; ++word) line += (line.empty() ? "" : " ") + std::string(*word);
  ::execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
  return give_up(std::string("start /bin/sh: ") + std::strerror(errno));
}

}  // namespace muster::rank
