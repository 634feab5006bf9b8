#include "cli/model/model_view.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"

namespace muster::cli {

std::string model_table(const Json& models, TimeUs now, std::size_t width, const Style& style) {
  Table table({{"MODEL", Column::Align::left, Column::Give::width},
               {"VERSION", Column::Align::right},
               {"SIZE", Column::Align::right, Column::Give::all},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"RUN", Column::Align::left, Column::Give::all},
               {"TAGS", Column::Align::left, Column::Give::all}});
  for (const Json& model : models) {
    table.add({{text_at(model, "name")},
               {std::to_string(number_at(model, "version"))},
               {human_size(static_cast<std::uint64_t>(number_at(model, "size")))},
               {ago(time_at(model, "created_at"), now)},
               {text_at(model, "run_id")},
               {pairs_text(member(model, "tags"))}});
  }
  return table.render(width, style);
}

std::string model_text(const Json& model, TimeUs now, std::size_t width, const Style& style) {
  std::string text = style.paint(text_at(model, "name"), Tone::strong) + fmt::format("  version {}\n", number_at(model, "version"));
  if (const std::string description = text_at(model, "description"); !description.empty()) text += description + "\n";
  text += "\n";
  const TimeUs created = time_at(model, "created_at");
  text += fmt::format("Created     {} ({}) by {}\n", ago(created, now), date_and_time(created), text_at(model, "created_by"));
  if (const std::string run = text_at(model, "run_id"); !run.empty()) text += fmt::format("From run    {}\n", run);
  const std::string framework = text_at(model, "framework");
  if (!framework.empty()) text += fmt::format("Framework   {} {}\n", framework, text_at(model, "framework_version"));
  if (const std::string tags = pairs_text(member(model, "tags")); !tags.empty()) text += fmt::format("Tags        {}\n", tags);
  if (const std::string properties = pairs_text(member(model, "properties")); !properties.empty())
    text += fmt::format("Properties  {}\n", properties);
  Table table({{"SIZE", Column::Align::right},
               {"FILE", Column::Align::left, Column::Give::width},
               {"SHA-256", Column::Align::left, Column::Give::all}});
  for (const Json& file : member(model, "files")) {
    table.add({{human_size(static_cast<std::uint64_t>(number_at(file, "size")))},
               {text_at(file, "path")},
               {text_at(file, "sha256").substr(0, 16), Tone::faint}});
  }
  return text + "\n" + table.render(width, style);
}

Result<ModelName> model_name(const std::string& typed, const std::string& version) {
  const std::size_t colon = typed.rfind(':');
  ModelName name{typed.substr(0, colon), version};
  const std::string named = colon == std::string::npos ? "" : typed.substr(colon + 1);
  if (!named.empty() && !version.empty() && named != version) {
    return fail(Code::invalid, "the model is named {} and --version says {}", to_utf8(typed), to_utf8(version));
  }
  if (!named.empty()) name.version = named;
  if (name.version.empty()) name.version = "latest";
  return name;
}

}  // namespace muster::cli
