#pragma once
// What is said of a run's status while it is followed.

#include <string>

#include "base/json.h"
#include "cli/context.h"

namespace muster::cli {

/// A line for a status that is new, on standard error: output that is piped somewhere stays the script's own.
class StatusLines {
 public:
  enum class Of { all, with_detail };  ///< with_detail: only those that say why nothing comes
  explicit StatusLines(const Context& context, Of of = Of::all) : context_(context), of_(of) {}

  /// `in_line`: whether the script's last line has no end yet.
  void show(const Json& run, bool& in_line);

 private:
  const Context& context_;
  const Of of_;
  std::string last_;
};

}  // namespace muster::cli
