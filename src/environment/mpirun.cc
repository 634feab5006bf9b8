#include "environment/mpirun.h"

#include "base/text.h"
#include "process/spawn.h"

namespace muster::environment {

Result<std::string> find_mpirun(const std::map<std::string, std::string>& variables) {
  const auto path = variables.find("PATH");
  const std::string_view places = path == variables.end() ? process::kUsualPath : std::string_view(path->second);
  // The first place that has one is the environment's own, if it has one. Debian's alternatives may give plain `mpirun` to another MPI,
  // whose options are others.
  for (const std::string_view place : split(places, ':')) {
    for (const char* name : {"mpirun.openmpi", "mpirun"}) {
      if (auto found = process::find_program(name, place)) return found;
    }
  }
  return fail_hint(Code::not_found, "install Open MPI (Debian: apt-get install openmpi-bin)", "there is no mpirun on the PATH '{}'",
                   places);
}

}  // namespace muster::environment
