#include "api/label_patch.h"

#include "model/checks.h"

namespace muster::api {

std::map<std::string, std::optional<std::string>> read_label_patch(ObjectReader& in, std::string_view field) {
  auto patch = in.text_patch_or_empty(field);
  std::map<std::string, std::string> set;
  for (const auto& [key, value] : patch) set.emplace(key, value.value_or(""));
  model::check_tags(in, field, set);
  return patch;
}

std::map<std::string, std::string> read_labels(ObjectReader& in, std::string_view field) {
  auto labels = in.text_map_or_empty(field);
  model::check_tags(in, field, labels);
  return labels;
}

}  // namespace muster::api
