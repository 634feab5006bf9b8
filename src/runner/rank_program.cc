#include "runner/rank_program.h"

#include "base/file.h"
#include "base/hash.h"

extern "C" {
extern const char muster_rank_program_begin[];  // NOLINT: defined by the assembler (cmake/embed.cmake)
extern const char muster_rank_program_end[];    // NOLINT
}

namespace muster::runner {
namespace fs = std::filesystem;

std::string_view embedded_rank_program() {
  return {muster_rank_program_begin, static_cast<std::size_t>(muster_rank_program_end - muster_rank_program_begin)};
}

Result<fs::path> unpack_rank_program(const fs::path& home, std::string_view program) {
  const fs::path target = home / "rank" / sha256_hex(program).substr(0, 16) / "muster-rank";
  std::error_code error;
  if (fs::exists(target, error)) return target;
  MUSTER_TRY(make_folders(target.parent_path()));
  MUSTER_TRY(write_file(target, program, 0755, Durable::no));
  return target;
}

}  // namespace muster::runner
