#pragma once
// podman or docker, as this machine has it: finding it, getting images, trying how a container starts here.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "environment/build_steps.h"
#include "environment/container.h"

namespace muster::environment {

/// The program's absolute path: podman, else docker, on these variables' PATH. not_found, with what to do, when there is neither.
Result<std::string> find_container_program(const std::map<std::string, std::string>& variables);

struct Image {
  std::string id;      ///< what containers are started of, whatever becomes of its name
  std::string digest;  ///< "sha256:…", as registries know it; "" for one that no registry has
  std::string path;    ///< its PATH; "" when it sets none
};

/// The image of that name, pulled unless it is there. invalid, with the program's words, when it cannot be had.
Result<Image> get_image(const BuildSteps& steps, const std::string& program, const std::string& reference);

/// What `run` has to be told on this machine: limits that the kernel lets a container have, runc where the default runtime starts nothing.
/// invalid, with the program's words, when nothing starts.
Result<ContainerHost> try_host(const BuildSteps& steps, const std::string& program, const std::string& image,
                               const std::map<std::string, std::string>& variables);

/// The image that a Dockerfile makes, with nothing in its context, under the name `tag`. invalid names the step that failed.
Result<Image> build_image(const BuildRequest& request, const BuildSteps& steps, const std::string& program, const std::string& dockerfile,
                          const std::string& tag, const std::map<std::string, std::string>& variables);

/// Ends and removes the containers of a process group, those that have ended too, whoever started them. Blocks, for a minute at most.
Result<void> remove_containers(const std::vector<std::string>& runtime, const std::string& group);

/// What a container's environment holds, as it was when it was built: {"image": {"id", "digest"}, "interpreter", "python_version",
/// "platform", "packages": {name: version}}; what its Python did not say is left out. Blocks on the disk.
Json contents_of_container(const Prepared& prepared);

/// Forgets a name of an image, and the image with its last one.
Result<void> remove_image(const std::string& program, const std::string& tag);

}  // namespace muster::environment
