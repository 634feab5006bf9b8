#include "api/room.h"

#include "base/file.h"
#include "base/text.h"

namespace muster::api {
namespace {

constexpr std::uint64_t kLeftForRecords = 1u << 20;

}  // namespace

Result<void> check_room(const Services& services, std::uint64_t bytes) {
  MUSTER_TRY_ASSIGN(const std::uint64_t free, free_bytes(services.info.home));
  if (free > kLeftForRecords && bytes <= free - kLeftForRecords) return {};
  return fail_hint(Code::disk_full, "free some space there",
                   "no room for {} in {}: it has {} free, and the last {} are kept for the database", human_size(bytes), services.info.home,
                   human_size(free), human_size(kLeftForRecords));
}

}  // namespace muster::api
