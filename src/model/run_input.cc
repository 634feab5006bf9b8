#include "model/run_input.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kMostInputs = 100;
constexpr std::size_t kLongestInputName = 64;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

Result<RunInput> read_input(const Json& json) {
  ObjectReader in(json);
  RunInput input;
  input.datastore = in.text("datastore");
  input.path = in.text_or("path", "");
  const std::string mode = in.text_or("mode", "mount");
  if (mode != "mount" && mode != "download") in.fault("mode", "must be \"mount\" or \"download\"");
  input.mode = mode == "download" ? RunInput::Mode::download : RunInput::Mode::mount;
  if (!input.path.empty() && !is_safe_relative_path(input.path))
    in.fault("path", "must be a path in the datastore, without empty parts, '.' or '..'");
  input.snapshot_id = in.text_or("snapshot_id", "");
  input.file = in.text_or("file", "");
  MUSTER_TRY(in.finish("input"));
  return input;
}

}  // namespace

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
  return {{"datastore", input.datastore},
          {"path", input.path},
          {"mode", input.mode == RunInput::Mode::download ? "download" : "mount"},
          {"snapshot_id", text_or_null(input.snapshot_id)},
          {"file", text_or_null(input.file)}};
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
