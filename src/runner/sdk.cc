#include "runner/sdk.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "runner/unpack.h"

extern "C" {
extern const char muster_sdk_begin[];  // NOLINT: defined by the assembler (cmake/sdk.cmake)
extern const char muster_sdk_end[];    // NOLINT
}

namespace muster::runner {
namespace fs = std::filesystem;

std::string_view embedded_sdk() { return {muster_sdk_begin, static_cast<std::size_t>(muster_sdk_end - muster_sdk_begin)}; }

Result<fs::path> unpack_sdk(const fs::path& home, std::string_view archive) {
  const fs::path target = home / "sdk" / sha256_hex(archive).substr(0, 16);
  std::error_code error;
  if (fs::is_directory(target, error)) return target;
  fs::path temporary = target;
  temporary += ".tmp-" + random_hex(6);
  MUSTER_TRY(make_folders(target.parent_path()));
  auto unpacked = unpack_tar(archive, temporary);
  if (!unpacked) {
    (void)remove_tree(temporary);  // the first error says more
    return tl::unexpected(std::move(unpacked).error());
  }
  fs::rename(temporary, target, error);  // refused when another was faster: its folder holds the same
  if (!error) return target;
  MUSTER_TRY(remove_tree(temporary));
  if (fs::is_directory(target)) return target;
  return tl::unexpected(system_error("rename to " + target.string(), error.value()));
}

}  // namespace muster::runner
