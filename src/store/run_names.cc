#include "store/run_names.h"

namespace muster::store::run_names {

std::vector<std::string> list(Session& session, std::int64_t workspace_key, Kind kind, std::string_view prefix, std::size_t most) {
  const std::string_view table = kind == Kind::metric ? "run_metrics" : kind == Kind::parameter ? "run_parameters" : "run_tags";
  const auto next = [&](std::string_view sign, std::string_view than) {
    std::string name;
    session.query(fmt::format("SELECT name FROM {} WHERE workspace_key = ? AND name {} ? ORDER BY name LIMIT 1", table, sign),
                  {workspace_key, than}, [&](const Row& row) { name = row.text(0); });
    return name;
  };
  std::vector<std::string> names;
  for (std::string name = next(">=", prefix); !name.empty() && name.starts_with(prefix) && names.size() < most; name = next(">", name))
    names.push_back(name);
  return names;
}

}  // namespace muster::store::run_names
