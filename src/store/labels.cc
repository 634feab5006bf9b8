#include "store/labels.h"

namespace muster::store::labels {

std::map<std::string, std::string> read(Session& session, const Table& table, std::int64_t owner) {
  std::map<std::string, std::string> values;
  session.query(fmt::format("SELECT name, value FROM {} WHERE {} = ? ORDER BY name", table.name, table.owner), {owner},
                [&](const Row& row) { values.emplace_hint(values.end(), row.text(0), row.text(1)); });
  return values;
}

void set(Session& session, const Table& table, std::int64_t owner, std::string_view name, std::string_view value) {
  session.run(
      fmt::format("INSERT INTO {0} ({1}, name, value) VALUES (?, ?, ?) ON CONFLICT ({1}, name) DO UPDATE SET value = excluded.value",
                  table.name, table.owner),
      {owner, name, value});
}

void set_all(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) set(session, table, owner, name, value);
}

void remove(Session& session, const Table& table, std::int64_t owner, std::string_view name) {
  session.run(fmt::format("DELETE FROM {} WHERE {} = ? AND name = ?", table.name, table.owner), {owner, name});
}

void patch(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::optional<std::string>>& changes) {
  for (const auto& [name, value] : changes) {
    if (value)
      set(session, table, owner, name, *value);
    else
      remove(session, table, owner, name);
  }
}

Result<void> add(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::string>& values) {
  const auto present = read(session, table, owner);
  for (const auto& [name, value] : values) {
    const auto at = present.find(name);
    if (at != present.end() && at->second != value) {
      return fail_hint(Code::conflict, "properties are written once; use a tag for what changes",
                       "the property `{}` is `{}` already and cannot become `{}`", name, at->second, value);
    }
  }
  set_all(session, table, owner, values);
  return {};
}

}  // namespace muster::store::labels
