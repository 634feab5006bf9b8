#include "cli/exit_code.h"

namespace muster::cli {

Exit exit_of(Code code) {
  switch (code) {
    case Code::unavailable:
    case Code::timeout: return Exit::unreachable;
    case Code::internal:
    case Code::storage_failed:
    case Code::disk_full: return Exit::server_fault;
    case Code::malformed:
    case Code::unauthorized:
    case Code::forbidden:
    case Code::not_found:
    case Code::method_not_allowed:
    case Code::conflict:
    case Code::too_large:
    case Code::invalid: return Exit::refused;
  }
  return Exit::server_fault;
}

Exit exit_of_status(std::string_view run_status) { return run_status == "Completed" ? Exit::done : Exit::run_failed; }

}  // namespace muster::cli
