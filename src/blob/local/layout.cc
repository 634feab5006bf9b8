#include "blob/local/layout.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"

namespace muster::blob {
namespace fs = std::filesystem;
namespace {

/// Removes uploads that nobody finishes any more. A process killed between naming a blob and syncing its folder leaves its upload behind
/// (upload.cc removes it last), so after finding one everything is synced once: whatever we show as there must survive a power cut.
Result<void> clear_uploads(const Layout& layout) {
  std::error_code error;
  bool found = false;
  for (const fs::directory_entry& upload : fs::directory_iterator(layout.uploads(), error)) {
    if (!found) {
      found = true;
      MUSTER_TRY_ASSIGN(const Fd root, open_file(layout.root, O_RDONLY | O_DIRECTORY));
      if (::syncfs(root.get()) != 0) return tl::unexpected(system_error("sync " + layout.root.string(), errno));
    }
    MUSTER_TRY(remove_tree(upload.path()));
  }
  if (error) return tl::unexpected(system_error("list " + layout.uploads().string(), error.value()));
  return {};
}

}  // namespace

Result<void> prepare(const Layout& layout) {
  MUSTER_TRY(make_folders(layout.uploads()));
  MUSTER_TRY(make_folders(layout.fan()));
  MUSTER_TRY(sync_folder(layout.root));
  return clear_uploads(layout);
}

}  // namespace muster::blob
