#pragma once
// Logs of a followed run on standard output: bytes as they are for a single driver log, lines with their rank in front for several.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace muster::cli {

/// Which ranks' lines a path holds. Pure.
enum class LogKind {
  single,  ///< azureml-logs/70_driver_log.txt: the only rank's
  ranked,  ///< one of several ranks'
  other,   ///< building the environment, mpirun's own
};
LogKind log_kind(std::string_view path);

/// Turns pieces of logs into what is printed. Not thread-safe.
class LogPrinter {
 public:
  using Write = std::function<void(std::string_view)>;
  /// `out` gets the ranks' lines, `aside` those of other logs.
  LogPrinter(Write out, Write aside) : out_(std::move(out)), aside_(std::move(aside)) {}

  /// `label` stands in front of each line of a ranked log, e.g. "[rank 3] ".
  void print(const std::string& path, const std::string& label, std::string_view bytes);

  /// Prints lines that have not ended. Call once, at the end.
  void finish();

 private:
  struct Partial {
    std::string label;
    std::string line;
  };
  Write out_;
  Write aside_;
  std::map<std::string, Partial> partial_;
};

/// "[rank 3] " from a log event.
std::string log_label(const Json& event);

}  // namespace muster::cli
