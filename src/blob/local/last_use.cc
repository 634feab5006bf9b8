#include "blob/local/last_use.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "blob/blob_store.h"
#include "blob/local/layout.h"

namespace muster::blob {

Result<bool> LastUse::note(std::string_view sha256, TimeUs used_at) {
  const TimeUs now = SystemClock().now_us();
  if (used_at > now - kUseResolution.count()) return true;
  const std::string name = Layout::name(sha256);
  const std::lock_guard lock(removing_);
  if (::utimensat(root_.get(), name.c_str(), nullptr, 0) == 0) return true;
  if (errno == ENOENT) return false;
  return tl::unexpected(system_error("note the use of the blob " + name, errno));
}

Result<bool> LastUse::remove_unless_used(std::string_view sha256, TimeUs since) {
  const std::string name = Layout::name(sha256);
  const std::lock_guard lock(removing_);
  struct stat found {};
  if (::fstatat(root_.get(), name.c_str(), &found, 0) == 0) {
    if (modified_at(found) >= since) return false;
    if (::unlinkat(root_.get(), name.c_str(), 0) == 0) return true;
  }
  if (errno == ENOENT) return false;
  return tl::unexpected(system_error("remove the blob " + name, errno));
}

}  // namespace muster::blob
