#pragma once
// What a job left in outputs/, or in the folder of a named output, as it will be recorded.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace muster::runner {

struct FoundOutput {
  std::string path;            ///< "outputs/model/net.pt"
  std::filesystem::path file;  ///< where its bytes are: links are resolved
  std::uint64_t size = 0;
};

/// Why an entry is not among what was found.
enum class LeftOut {
  by_rule,     ///< it is no output: a link that leads elsewhere, a socket, a name that is not UTF-8
  unreadable,  ///< it may be one: nothing else has it
};
using OnLeftOut = std::function<void(std::string warning, LeftOut why)>;

/// Every file below the folder of that name in `run_folder`, in order of their paths, which begin with `shown`. A link to a file inside the
/// run folder is taken as that file. `warn` hears of each entry that is left out and why: links that lead elsewhere, links to folders,
/// sockets, pipes and devices, unreadable files, names that are not UTF-8. Blocks on the disk.
std::vector<FoundOutput> find_outputs(const std::filesystem::path& run_folder, const std::filesystem::path& folder,
                                      const std::string& shown, const OnLeftOut& warn);

}  // namespace muster::runner
