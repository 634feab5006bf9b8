#include "runner/log_names.h"

#include <nlohmann/json.hpp>

namespace muster::runner {

std::string LogNames::name_of(const FileId& file, const std::string& path) {
  const auto known = names_.find(file);
  return known != names_.end() ? known->second : give(file, path);
}

std::string LogNames::next_generation(const FileId& file, const std::string& path) { return give(file, path); }

int LogNames::generations(const std::string& path) const {
  int count = 0;
  for (std::string name = path; used_.contains(name); name = fmt::format("{}.{}", path, count)) ++count;
  return count;
}

std::string LogNames::give(const FileId& file, const std::string& path) {
  std::string name = path;
  for (int generation = 1; used_.contains(name); ++generation) name = fmt::format("{}.{}", path, generation);
  used_.insert(name);
  names_[file] = name;
  return name;
}

Json LogNames::to_json() const {
  Json files = Json::array();
  for (const auto& [file, name] : names_)
    files.push_back({{"device", file.device}, {"inode", file.inode}, {"born", file.born}, {"name", name}});
  return {{"files", std::move(files)}, {"used", used_}};
}

Result<LogNames> LogNames::from_json(const Json& json) {
  ObjectReader in(json);
  LogNames names;
  const Json* files = in.member("files");
  for (std::string& name : in.texts_or_empty("used")) names.used_.insert(std::move(name));
  MUSTER_TRY(in.finish("names of logs"));
  if (files == nullptr || !files->is_array()) return fail(Code::malformed, "the names of logs have no `files`");
  for (const Json& item : *files) {
    ObjectReader one(item);
    const FileId file{static_cast<std::uint64_t>(one.integer("device", 0, INT64_MAX)),
                      static_cast<std::uint64_t>(one.integer("inode", 0, INT64_MAX)), one.integer_or("born", 0, INT64_MIN, INT64_MAX)};
    std::string name = one.text("name");
    MUSTER_TRY(one.finish("name of a log"));
    names.used_.insert(name);
    names.names_[file] = std::move(name);
  }
  return names;
}

}  // namespace muster::runner
