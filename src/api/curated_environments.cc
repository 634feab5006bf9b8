#include "api/curated_environments.h"

#include <nlohmann/json.hpp>

#include "api/openapi.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "store/environments.h"

namespace muster::api {
namespace {

std::string names_of_curated() {
  std::vector<std::string> names;
  for (const auto& one : curated_environments()) names.push_back(one.definition.name);
  return join(names, ", ");
}

/// Whether they ask for the same, whatever they are called.
bool same_content(const model::EnvironmentDefinition& a, const model::EnvironmentDefinition& b) {
  return model::content_form(a) == model::content_form(b);
}

tl::unexpected<Error> refuse_name(std::string detail, std::string hint) {
  Error error{Code::invalid, "run: `environment.name`: " + detail, hint, {}};
  error.errors.push_back({"environment.name", std::move(detail), std::move(hint)});
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<model::EnvironmentRecord> read_curated(const CuratedFile& file) {
  MUSTER_TRY_ASSIGN(const Json json, yaml_to_json(file.yaml));
  model::EnvironmentRecord record;
  MUSTER_TRY_ASSIGN(record.definition, model::environment_from_json(json, ""));
  if (record.definition.name + ".yml" != file.name || !record.definition.version)
    return fail(Code::invalid, "{} must have its own name, and a version", file.name);
  record.hash = sha256_hex(model::content_form(record.definition));
  record.created_by = "muster";
  return record;
}

const std::vector<model::EnvironmentRecord>& curated_environments() {
  static const std::vector<model::EnvironmentRecord> all = [] {
    std::vector<model::EnvironmentRecord> found;
    for (const CuratedFile& file : curated_files()) {
      auto record = read_curated(file);
      if (record)
        found.push_back(std::move(*record));
      else
        log::error("environment", "the curated environment {}: {}", file.name, record.error().detail);
    }
    return found;
  }();
  return all;
}

const model::EnvironmentRecord* find_curated(std::string_view name) {
  for (const auto& one : curated_environments()) {
    if (one.definition.name == name) return &one;
  }
  return nullptr;
}

Result<std::optional<Meaning>> meaning_of(store::Session& session, std::int64_t workspace_key, const std::string& name) {
  if (auto override = store::environment_overrides::find(session, workspace_key, name)) {
    auto target = store::environments::find(session, workspace_key, override->with_name, override->with_version);
    if (target) return Meaning{std::move(*target), std::move(override)};
    return fail_hint(Code::not_found, fmt::format("`muster environment override {} --with OTHER` points it at another", name),
                     "the environment {} is pointed at {}, which is not there", name, override->with_name);
  }
  if (const auto* curated = find_curated(name)) return Meaning{*curated, std::nullopt};
  return std::nullopt;
}

Result<Meaning> environment_named(store::Session& session, std::int64_t workspace_key, const std::string& name,
                                  const std::optional<std::string>& version) {
  if (model::is_reserved_environment(name)) {
    MUSTER_TRY_ASSIGN(auto meaning, meaning_of(session, workspace_key, name));
    if (meaning && (!version || version == meaning->record.definition.version)) return std::move(*meaning);
  } else if (auto found = store::environments::find(session, workspace_key, name, version)) {
    return Meaning{std::move(*found), std::nullopt};
  }
  return fail_hint(Code::not_found, "`muster environment list` shows those there are", "there is no environment '{}'{}",
                   to_utf8(name.substr(0, 300)), version ? " with version " + to_utf8(version->substr(0, 40)) : "");
}

Result<Chosen> choose_environment(store::Session& session, std::int64_t workspace_key, const model::EnvironmentDefinition& asked) {
  if (!model::is_reserved_environment(asked.name)) return Chosen{asked, std::nullopt};
  MUSTER_TRY_ASSIGN(auto meaning, meaning_of(session, workspace_key, asked.name));
  if (!meaning) {
    return refuse_name(fmt::format("names that begin with AzureML are curated environments', and there is no {}", asked.name),
                       fmt::format("there are {}; `muster environment override {} --with OTHER` points the name at an environment of yours",
                                   names_of_curated(), asked.name));
  }
  const auto* curated = find_curated(asked.name);
  const bool as_it_is = same_content(asked, meaning->record.definition) || same_content(asked, model::EnvironmentDefinition{}) ||
                        (curated != nullptr && same_content(asked, curated->definition));
  if (!as_it_is) {
    return refuse_name(fmt::format("{} is curated and cannot be changed, and what is asked for differs from it", asked.name),
                       "give it a name of your own first: environment.clone(\"mine\")");
  }
  Chosen chosen{std::move(meaning->record.definition), std::nullopt};
  if (meaning->override) {
    chosen.notice = fmt::format("this workspace uses the environment {}, version {}, instead of {} (`muster environment override`)",
                                chosen.definition.name, chosen.definition.version.value_or(""), asked.name);
  }
  return chosen;
}

Result<void> check_may_register(const std::string& name) {
  if (!model::is_reserved_environment(name)) return {};
  Error error{Code::invalid, "", "register it under another name, as environment.clone(\"mine\") does", {}};
  error.errors.push_back({"name", "names that begin with AzureML are curated environments'", error.hint});
  error.detail = "environment: `name`: " + error.errors.front().detail;
  return tl::unexpected(std::move(error));
}

}  // namespace muster::api
