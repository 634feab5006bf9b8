// The fake that the scheduler is tested with is an engine like the others.
#include "contract/engine_contract.h"

namespace muster::engine {
namespace {

class FakeWorld final : public EngineWorld {
 public:
  FakeWorld(bool grants_nodes, bool has_nodes) {
    nodes_.grants_nodes = grants_nodes;
    nodes_.has_nodes = has_nodes;
  }
  std::unique_ptr<Engine> make(Listener listener) override { return nodes_.make(std::move(listener)); }
  std::vector<std::string> runner() override { return {"/bin/true"}; }
  void set_parts(std::vector<test::Part> parts) override { nodes_.parts.assign(parts.begin(), parts.end()); }
  void let_go() override { nodes_.let_go(); }
  std::vector<std::string> begun() override {
    std::vector<std::string> keys;
    for (const auto& one : nodes_.runners.get()) {
      if (one.has_begun) keys.push_back(one.key);
    }
    return keys;
  }
  std::string variable(const std::string& key, const std::string& name) override {
    for (const auto& one : nodes_.runners.get()) {
      if (one.key != key) continue;
      if (name == kNodeKeyVariable) return key;
      if (name == kScratchVariable) return one.attempt.scratch.string();
      const auto at = one.attempt.variables.find(name);
      return at == one.attempt.variables.end() ? "" : at->second;
    }
    return "";
  }

 private:
  test::FakeNodes nodes_;
};

EngineSubject fake(const std::string& name, bool grants_nodes, bool has_nodes) {
  return {name, [=] { return std::make_unique<FakeWorld>(grants_nodes, has_nodes); }};
}
const auto kFakeName = [](const auto& one) { return one.param.name; };

INSTANTIATE_TEST_SUITE_P(Fake, EngineContract, ::testing::Values(fake("pool", false, true), fake("manager", true, true)), kFakeName);
INSTANTIATE_TEST_SUITE_P(Fake, NodePoolContract, ::testing::Values(fake("pool", false, true)), kFakeName);
INSTANTIATE_TEST_SUITE_P(Fake, WaitingEngineContract, ::testing::Values(fake("manager", true, false)), kFakeName);

}  // namespace
}  // namespace muster::engine
