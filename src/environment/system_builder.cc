// An interpreter of the machine, used as it is.
#include "environment/builder.h"
#include "environment/plan.h"
#include "environment/spec.h"

namespace muster::environment {
namespace {

using Variables = std::map<std::string, std::string>;

class SystemBuilder final : public Builder {
 public:
  explicit SystemBuilder(Variables variables) : variables_(std::move(variables)) {}

  std::string_view kind() const override { return "system"; }
  std::optional<std::string> cannot_build(const model::EnvironmentDefinition& definition) const override {
    if (const auto faults = cannot_be_built(definition); !faults.empty()) return faults.front().detail;
    if (needs_container(definition)) return "starts no containers";
    const auto packages = packages_to_install(definition);
    if (packages.empty()) return std::nullopt;
    return fmt::format("installs no packages, and {} is asked for", packages.front());
  }
  Result<Plan> plan(const model::EnvironmentDefinition& definition) const override {
    return plan_of(definition, std::string(kind()), variables_);
  }
  bool makes_folder() const override { return false; }

  Result<Description> build(const BuildRequest&) const override { return fail(Code::internal, "there is nothing to build"); }
  Result<std::optional<Prepared>> prepared(const Plan& plan, const std::filesystem::path&, const Description*) const override {
    return Prepared{plan.hash, plan.builder, "", plan.interpreter, {}, {}, {}};
  }
  Result<Description> describe(const Prepared& prepared, std::chrono::steady_clock::time_point deadline) const override {
    return ask_interpreter(prepared, variables_, deadline);
  }
  Result<void> remove(const std::filesystem::path&) const override { return {}; }

 private:
  const Variables variables_;
};

}  // namespace

std::unique_ptr<const Builder> make_system_builder(Variables variables) { return std::make_unique<SystemBuilder>(std::move(variables)); }

}  // namespace muster::environment
