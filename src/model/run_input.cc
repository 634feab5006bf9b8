#include "model/run_input.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kMostInputs = 100;
constexpr std::size_t kLongestInputName = 64;
constexpr std::size_t kMostPatterns = 100;
constexpr std::size_t kLongestPattern = 1'000;
constexpr std::size_t kMostDatasetTags = 50;
constexpr std::size_t kLongestDatasetText = 5'000;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

constexpr std::array<std::pair<RunInput::Mode, const char*>, 3> kModes{
    {{RunInput::Mode::mount, "mount"}, {RunInput::Mode::download, "download"}, {RunInput::Mode::upload, "upload"}}};

const char* to_word(RunInput::Mode mode) {
  return std::find_if(kModes.begin(), kModes.end(), [&](const auto& one) { return one.first == mode; })->second;
}

void read_patterns(ObjectReader& in, RunInput& input) {
  const Json* given = in.member("patterns");
  if (given == nullptr) return;
  if (!given->is_array() || given->empty() || given->size() > kMostPatterns)
    return in.fault("patterns", fmt::format("must be a list of 1 to {} texts", kMostPatterns));
  for (const Json& one : *given) {
    if (!one.is_string() || one.get_ref<const std::string&>().size() > kLongestPattern ||
        !is_safe_relative_path(one.get_ref<const std::string&>()))
      return in.fault("patterns", "must be relative paths without empty parts, '.' or '..', in which * ? and ** stand for others");
    input.patterns.push_back(one.get<std::string>());
  }
}

/// A letter or digit, then letters, digits, spaces and -_.: it becomes a folder of the datastore.
bool is_dataset_name(std::string_view name) {
  const auto follows = [](char c) { return is_word(c) || c == ' ' || c == '-' || c == '.'; };
  return !name.empty() && name.size() <= 255 && is_word(name.front()) && name.front() != '_' &&
         std::all_of(name.begin(), name.end(), follows);
}

Result<Registration> read_registration(const Json& json) {
  ObjectReader in(json);
  Registration registration{in.text("name"), in.text_or("description", ""), in.text_map_or_empty("tags")};
  if (in.has("name") && !is_dataset_name(registration.name))
    in.fault("name", "must be up to 255 letters, digits, spaces and -_., a letter or digit first");
  if (registration.description.size() > kLongestDatasetText)
    in.fault("description", fmt::format("must be at most {} bytes", kLongestDatasetText));
  if (registration.tags.size() > kMostDatasetTags) in.fault("tags", fmt::format("must be at most {}", kMostDatasetTags));
  MUSTER_TRY(in.finish("register"));
  return registration;
}

void read_upload(ObjectReader& in, RunInput& input) {
  input.overwrite = in.boolean_or("overwrite", false);
  const Json* registration = in.member("register");
  if (input.mode != RunInput::Mode::upload) {
    if (input.overwrite) in.fault("overwrite", "is of uploads alone");
    if (registration != nullptr) in.fault("register", "is of uploads alone");
    return;
  }
  if (input.path.empty()) in.fault("path", "must be given: an upload goes into a folder of the datastore");
  if (input.path == ".muster" || input.path.starts_with(".muster/")) in.fault("path", "must not be in .muster, which is the SDK's own");
  if (registration == nullptr) return;
  auto read = read_registration(*registration);
  if (read)
    input.registration = *std::move(read);
  else
    in.adopt("register", read.error());
}

Result<RunInput> read_input(const Json& json) {
  ObjectReader in(json);
  RunInput input;
  input.datastore = in.text("datastore");
  input.path = in.text_or("path", "");
  const std::string mode = in.text_or("mode", "mount");
  const auto* const known = std::find_if(kModes.begin(), kModes.end(), [&](const auto& one) { return mode == one.second; });
  if (known == kModes.end())
    in.fault("mode", "must be \"mount\", \"download\" or \"upload\"");
  else
    input.mode = known->first;
  if (!input.path.empty() && !is_safe_relative_path(input.path))
    in.fault("path", "must be a path in the datastore, without empty parts, '.' or '..'");
  read_patterns(in, input);
  read_upload(in, input);
  input.snapshot_id = in.text_or("snapshot_id", "");
  input.file = in.text_or("file", "");
  MUSTER_TRY(in.finish("input"));
  return input;
}

}  // namespace

void name_uploads(RunInputs& inputs, std::string_view run_id) {
  const auto fill = [](std::string& path, std::string_view word, std::string_view value) {
    for (std::size_t at = path.find(word); at != std::string::npos; at = path.find(word, at + value.size()))
      path.replace(at, word.size(), value);
  };
  for (auto& [name, input] : inputs) {
    if (input.mode != RunInput::Mode::upload) continue;
    fill(input.path, "{run-id}", run_id);
    fill(input.path, "{output-name}", name);
  }
}

std::optional<std::string> input_name_fault(std::string_view name) {
  const bool is_name = !name.empty() && name.size() <= kLongestInputName && std::all_of(name.begin(), name.end(), is_word) &&
                       !(name.front() >= '0' && name.front() <= '9');
  if (is_name) return std::nullopt;
  return fmt::format("is named '{}', and must be 1 to {} letters, digits and _, no digit first", to_utf8(name.substr(0, 100)),
                     kLongestInputName);
}

RunInputs read_inputs(ObjectReader& in) {
  RunInputs inputs;
  const Json* given = in.member("inputs");
  if (given == nullptr) return inputs;
  if (!given->is_object()) {
    in.fault("inputs", "must be an object: the name of each input, and what it is");
    return inputs;
  }
  if (given->size() > kMostInputs) in.fault("inputs", fmt::format("must be at most {}, not {}", kMostInputs, given->size()));
  for (const auto& [name, json] : given->items()) {
    if (const auto fault = input_name_fault(name)) {
      in.fault("inputs", *fault);
      continue;
    }
    auto input = read_input(json);
    if (input) {
      // What the server finds is not for a client to say.
      input->snapshot_id.clear();
      input->file.clear();
      inputs.emplace(name, *std::move(input));
    } else {
      in.adopt("inputs." + name, input.error());
    }
  }
  return inputs;
}

Json to_json(const RunInput& input) {
  Json json{{"datastore", input.datastore},
            {"path", input.path},
            {"mode", to_word(input.mode)},
            {"snapshot_id", text_or_null(input.snapshot_id)},
            {"file", text_or_null(input.file)}};
  if (!input.patterns.empty()) json["patterns"] = input.patterns;
  if (input.overwrite) json["overwrite"] = true;
  if (const auto& one = input.registration)
    json["register"] = {{"name", one->name}, {"description", one->description}, {"tags", one->tags}};
  return json;
}

Json to_json(const RunInputs& inputs) {
  Json json = Json::object();
  for (const auto& [name, input] : inputs) json[name] = to_json(input);
  return json;
}

Result<RunInputs> inputs_from_json(const Json& json) {
  RunInputs inputs;
  for (const auto& [name, one] : json.items()) {
    if (const auto fault = input_name_fault(name)) return fail(Code::invalid, "an input {}", *fault);
    MUSTER_TRY_ASSIGN(RunInput input, read_input(one));
    inputs.emplace(name, std::move(input));
  }
  return inputs;
}

}  // namespace muster::model
