// Bodies of requests and answers: whatever parses can be shown, and each reader either refuses or gives what its own writer makes again.

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "client/work_order.h"
#include "fuzz.h"
#include "model/distribution.h"
#include "model/environment.h"
#include "model/rank_report.h"
#include "model/run.h"
#include "model/run_error.h"
#include "model/snapshot.h"
#include "rank/rank_record.h"
#include "runner/state.h"

namespace muster::fuzz {
namespace {

/// What was taken once is taken again in the form in which we give it, and means the same.
template <typename Read>
void check_again(const Json& given, Read&& read) {
  const auto first = read(given);
  if (!first) return;
  const Json shown = to_json(*first);
  const auto second = read(shown);
  if (!second || dump_json(to_json(*second)) != dump_json(shown)) std::abort();
}

}  // namespace

void json(std::string_view bytes) {
  const auto value = parse_json(bytes);
  if (!value) return;
  const std::string text = dump_json(*value);
  if (!is_utf8(text)) std::abort();
  const auto again = parse_json(text, {64u << 20, 64});
  if (!again || dump_json(*again) != text) std::abort();
}

void resources(std::string_view bytes) {
  const auto value = parse_json(bytes);
  if (!value) return;
  (void)model::run_spec_from_json(*value);
  (void)model::environment_from_json(*value, "environment");
  (void)model::distribution_from_json(*value, 2);
  (void)model::run_error_from_json(*value);
  (void)client::work_order_from_json(*value);
  check_again(*value, [](const Json& one) { return model::rank_report_from_json(one); });
  check_again(*value, [](const Json& one) { return runner::runner_state_from_json(one); });
}

void snapshot_manifest(std::string_view bytes) {
  const auto value = parse_json(bytes);
  if (!value) return;
  const auto snapshot = model::snapshot_from_json(*value);
  if (!snapshot) return;
  for (const model::SnapshotFile& file : snapshot->files) {
    if (!is_safe_relative_path(file.path)) std::abort();
  }
}

void rank_record(std::string_view bytes) {
  const auto record = rank::from_line(std::string(bytes));
  if (!record) return;
  const auto again = rank::from_line(rank::to_line(*record));
  if (!again || rank::to_line(*again) != rank::to_line(*record)) std::abort();
}

}  // namespace muster::fuzz
