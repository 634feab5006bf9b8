#include "blob/local/layout.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/folder_list.h"

namespace muster::blob {
namespace fs = std::filesystem;
namespace {

/// Removes uploads that nobody finishes any more. A process killed between naming a blob and syncing its folder leaves its upload behind
/// (upload.cc removes it last), so after finding one everything is synced once: whatever we show as there must survive a power cut.
Result<void> clear_uploads(const Layout& layout) {
  MUSTER_TRY_ASSIGN(const std::vector<std::string> uploads, list_folder(layout.uploads()));
  if (uploads.empty()) return {};
  MUSTER_TRY_ASSIGN(const Fd root, open_file(layout.root, O_RDONLY | O_DIRECTORY));
  if (::syncfs(root.get()) != 0) return tl::unexpected(system_error("sync " + layout.root.string(), errno));
  for (const std::string& upload : uploads) MUSTER_TRY(remove_tree(layout.uploads() / upload));
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
