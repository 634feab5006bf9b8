#pragma once
// The words by which podman or docker start a program in an image. Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment.h"

namespace muster::environment {

/// Whether its programs have to run in a container: it asks for an image, or brings a Dockerfile. Azure's own images
/// (mcr.microsoft.com/azureml/…) bring a system, CUDA and MPI, which are the machine's here.
bool needs_container(const model::EnvironmentDefinition& definition);

/// The image as podman and docker find it: with its registry, and where none is named, docker.io.
std::string image_reference(const model::ContainerDefinition& container);

/// What of the machine containers are given.
struct ContainerHost {
  std::vector<std::string> runtime;  ///< the program, an absolute path, and options that stand before its verb
  std::vector<std::string> limits;   ///< "--ulimit" and the like, as this machine needs them
  std::vector<std::string> devices;  ///< options that pass its GPUs
};
bool is_docker(const std::vector<std::string>& runtime);
/// For the GPUs that `device_files` (below /dev) and `cdi_files` (below /etc/cdi and /var/run/cdi) tell of.
std::vector<std::string> gpu_options(bool docker, const std::vector<std::string>& device_files, const std::vector<std::string>& cdi_files);

/// The prefix of commands (Prepared::prefix): everything up to the image, the definition's arguments last. Network, processes and (unless
/// `shm_size_bytes` is given) shared memory are the machine's, as outside of containers.
std::vector<std::string> container_prefix(const ContainerHost& host, const model::ContainerDefinition& container, const std::string& image,
                                          const std::vector<std::string>& mounts);

/// The label by which containers of a process group are found.
inline constexpr const char* kGroupLabel = "muster.group";

/// What one program more needs than all of its environment.
struct ContainerEntry {
  std::string group;                             ///< of processes
  std::string id_file;                           ///< gets the container's id; "" for none
  std::string folder;                            ///< working folder
  std::vector<std::string> mounts;               ///< folders and files, at the same place inside; ":ro" at the end where nothing is written
  std::map<std::string, std::string> variables;  ///< of the program
};
/// The command that starts `words` so. Values of variables do not stand in it, where everybody could read them, but are taken from its own
/// environment (client_variables).
std::vector<std::string> container_command(const std::vector<std::string>& prefix, const ContainerEntry& entry,
                                           const std::vector<std::string>& words);
/// The environment of that command: the machine's, with the program's variables.
std::map<std::string, std::string> client_variables(std::map<std::string, std::string> machine,
                                                    const std::map<std::string, std::string>& variables);
/// The program and its options, of a prefix.
std::vector<std::string> runtime_of(const std::vector<std::string>& prefix);

/// Whether a variable of the machine's means something on the machine alone: PATH, HOME, …
bool is_of_machine(std::string_view variable);

/// The Dockerfile's lines that mean something, without the white space at their ends.
std::vector<std::string> dockerfile_lines(std::string_view text);

/// What a failed build of a Dockerfile says: "step 3/5 (RUN false): exit status 1". Nothing when the output does not tell.
std::optional<std::string> failed_step(std::string_view output);

}  // namespace muster::environment
