#pragma once
// Reads the query of a request and gathers every fault, unknown names included, so that a mistyped filter never means "no filter".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "store/page.h"

namespace muster::api {

/// Usage as ObjectReader's: values are only good once finish() has succeeded. `request` must outlive it.
class QueryReader {
 public:
  explicit QueryReader(const http::Request& request) : request_(request) {}

  std::optional<std::string> text(std::string_view name);
  /// All values of what may be given more than once.
  std::vector<std::string> texts(std::string_view name);
  std::string required_text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
  std::int64_t required_integer(std::string_view name, std::int64_t low, std::int64_t high);
  /// "true" or "false"; false when absent.
  bool flag(std::string_view name);
  /// `limit` (1 to 1000, 100 when absent) and `cursor`.
  store::PageRequest page();

  void fault(std::string name, std::string detail, std::string hint = {});
  /// invalid with all faults.
  Result<void> finish();

 private:
  const http::Request& request_;
  std::vector<std::string> known_;
  std::vector<FieldError> faults_;
};

}  // namespace muster::api
