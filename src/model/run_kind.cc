#include "model/run_kind.h"

#include <array>
#include <utility>

namespace muster::model {
namespace {

constexpr std::array<std::pair<RunKind, std::string_view>, 2> kKindNames{{
    {RunKind::job, "job"},
    {RunKind::interactive, "interactive"},
}};

}  // namespace

std::string_view to_string(RunKind kind) {
  for (const auto& [value, name] : kKindNames) {
    if (value == kind) return name;
  }
  return "job";
}

Result<RunKind> run_kind_from_string(std::string_view name) {
  std::string known;
  for (const auto& [value, kind_name] : kKindNames) {
    if (kind_name == name) return value;
    known += known.empty() ? "" : ", ";
    known += kind_name;
  }
  return fail_hint(Code::invalid, "the kinds are " + known, "there is no kind of run '{}'", name.substr(0, 64));
}

}  // namespace muster::model
