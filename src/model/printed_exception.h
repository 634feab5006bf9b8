#pragma once
// An exception as a language runtime printed it, found again in a log.

#include <optional>
#include <string>
#include <string_view>

namespace muster::model {

struct PrintedException {
  std::string type;       ///< "ValueError", "torch.cuda.OutOfMemoryError", "std::runtime_error", "Fatal Python error"
  std::string message;    ///< may have several lines, may be empty
  std::string traceback;  ///< as it was printed, chained ones included, launchers' prefixes taken off; at most 64 KiB
  bool operator==(const PrintedException&) const = default;
};

/// The exception that ended the program whose log ends with `tail`: Python's (chained: the last of the chain; exception groups; syntax
/// errors), C++'s `terminate called …`, and Python's own fatal errors. Lines may carry what launchers put in front ("[rank0]: ",
/// "[1,3]<stderr>:"). When a launcher's own exception follows (torchrun's ChildFailedError), the one of its processes is meant. Nothing
/// when there is none. Pure; `tail` may start anywhere and hold any bytes; what comes back is UTF-8.
std::optional<PrintedException> find_exception(std::string_view tail);

/// Whether this is what a rank sees when a peer has died (connection reset, Gloo, NCCL, MPI abort, Horovod shut down), rather than a fault
/// of its own.
bool is_communication_error(const PrintedException& exception);

/// Whether the program could not listen on this TCP port because another has it (torch.distributed's store, Python's sockets that name the
/// port).
bool is_port_in_use(const PrintedException& exception, int port);

}  // namespace muster::model
