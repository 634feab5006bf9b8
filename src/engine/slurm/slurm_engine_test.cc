// The engine on a real Slurm of four nodes on this machine (tools/slurm_testbed.py).
#include "engine/slurm/slurm_engine.h"

#include <cstdlib>

#include "contract/engine_contract.h"
#include "support/script_world.h"
#include "support/slurm_testbed.h"

namespace muster::engine {
namespace {

class SlurmWorld final : public test::ScriptWorld {
 public:
  explicit SlurmWorld(std::string partition) : partition_(std::move(partition)) { test::use_slurm_testbed(); }
  std::unique_ptr<Engine> make(Listener listener) override { return make_slurm_engine(std::move(listener)); }
  Json engine_options() override { return {{"partition", partition_}, {"scratch", (folder() / "scratch").string()}}; }
  std::chrono::seconds patience() override { return std::chrono::seconds(60); }

 private:
  const std::string partition_;
};

EngineSubject slurm_on(const std::string& partition) {
  return {partition, [=] { return std::make_unique<SlurmWorld>(partition); }};
}
const auto kSlurmName = [](const auto& one) { return one.param.name; };

INSTANTIATE_TEST_SUITE_P(Slurm, EngineContract, ::testing::Values(slurm_on("cpu")), kSlurmName);
INSTANTIATE_TEST_SUITE_P(Slurm, WaitingEngineContract, ::testing::Values(slurm_on("closed")), kSlurmName);

}  // namespace
}  // namespace muster::engine
