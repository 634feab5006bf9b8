#include "runner/persist.h"

namespace muster::runner {

Verdict verdict_on(Code code) {
  switch (code) {
    case Code::unavailable:
    case Code::timeout: return Verdict::away;
    case Code::disk_full:
    case Code::storage_failed: return Verdict::storage;
    case Code::unauthorized: return Verdict::over;
    case Code::internal: return Verdict::fault;
    case Code::malformed:
    case Code::forbidden:
    case Code::not_found:
    case Code::method_not_allowed:
    case Code::conflict:
    case Code::invalid:
    case Code::too_large: return Verdict::refused;
  }
  return Verdict::refused;
}

}  // namespace muster::runner
