#include "store/page.h"

#include "base/text.h"

namespace muster::store {

Result<std::int64_t> key_cursor(const PageRequest& request, std::int64_t first) {
  if (request.cursor.empty()) return first;
  std::int64_t key = 0;
  if (parse_int64(request.cursor, key) && key >= 0) return key;
  return fail_hint(Code::malformed, "start again without a cursor", "`{}` is not a cursor of this listing",
                   to_utf8(request.cursor.substr(0, 100)));
}

}  // namespace muster::store
