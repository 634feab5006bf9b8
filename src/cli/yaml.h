#pragma once
// Reading YAML that people wrote: what is wrong in it is said with its line.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"
#include "base/text.h"

namespace muster::cli {

/// Thrown inside of read_yaml().
struct YamlFault {
  YAML::Mark where;
  std::string why;
  std::string hint = {};
};

/// The document, handed to `read`. invalid, with the line, for what is no YAML and for the YamlFault that `read` throws.
template <typename Read>
auto read_yaml(std::string_view text, Read read) -> Result<decltype(read(YAML::Node()))> {
  try {
    return read(YAML::Load(std::string(text)));
  } catch (const YamlFault& fault) {
    return fail_hint(Code::invalid, fault.hint, "line {}: {}", fault.where.line + 1, fault.why);
  } catch (const YAML::Exception& error) {
    return fail(Code::invalid, "it is not YAML: {}", to_utf8(error.what()));
  }
}

/// The text of a value, as it is written: `0.10` stays so.
std::string yaml_text(const YAML::Node& node, std::string_view what);
std::vector<std::string> yaml_texts(const YAML::Node& node, std::string_view what);

/// The members of a mapping. Each is asked for once, as what it must be; finish() refuses those that nobody asked for. A member that is
/// null is absent. Throws YamlFault.
class YamlFields {
 public:
  /// `what` names the mapping in errors: "resources"; "" for the whole file.
  YamlFields(const YAML::Node& node, std::string what);

  std::optional<std::string> text(const std::string& key);
  bool is_text(const std::string& key);
  std::optional<std::int64_t> number(const std::string& key, std::int64_t low, std::int64_t high);
  bool flag(const std::string& key, bool fallback);
  std::vector<std::string> texts(const std::string& key);
  std::map<std::string, std::string> pairs(const std::string& key);
  /// A mapping or a list; nothing when it is absent or empty.
  std::optional<YAML::Node> part(const std::string& key);
  /// These may be there, and mean nothing here.
  void pass_over(std::initializer_list<const char*> keys);
  void finish() const;

  YAML::Mark where(const std::string& key) const;

 private:
  std::string named(const std::string& key) const { return what_.empty() ? key : what_ + "." + key; }
  std::optional<YAML::Node> find(const std::string& key);

  YAML::Node node_;
  std::string what_;
  std::vector<std::string> known_;
};

}  // namespace muster::cli
