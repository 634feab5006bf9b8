#include "scheduler/run_folders.h"

#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/log.h"
#include "base/text.h"
#include "model/node_folder_name.h"
#include "scheduler/delay_after.h"
#include "scheduler/door.h"
#include "scheduler/run_machine.h"
#include "store/run_nodes.h"
#include "store/runs.h"

namespace muster::scheduler {
namespace {

namespace fs = std::filesystem;

/// Of an attempt, by the store.
struct Known {
  bool is_over = true;
  bool run_has_ended = true;  ///< or was deleted: no other attempt of it will begin
  std::vector<model::RunNode> nodes;
};

Result<fs::file_type> type_of(const fs::path& path) {
  std::error_code error;
  const auto type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::none) return tl::unexpected(system_error("look at " + path.string(), error.value()));
  return type;
}

std::optional<int> attempt_number(const std::string& name) {
  std::int64_t attempt = 0;
  if (!parse_int64(name, attempt) || attempt < 1 || attempt > INT32_MAX) return std::nullopt;
  return static_cast<int>(attempt);
}

}  // namespace

struct RunFolders::Inside {
  Inside(fs::path in, store::Store& from, Remove by) : root(std::move(in)), store(from), remove(std::move(by)) {}

  const fs::path root;
  store::Store& store;  ///< behind the door
  const Remove remove;
  Door door;

  Result<Known> look_up(const engine::AttemptId& id) {
    Result<Known> found = fail(Code::unavailable, "the server is ending");
    door.pass([&] {
      found = store.read([&](store::Session& session) -> Result<Known> {
        const auto run = store::runs::find_brief_by_name(session, id.run_id);
        if (!run) return Known{};
        Known known;
        known.run_has_ended = model::has_ended(run->status);
        known.is_over = known.run_has_ended || id.attempt < run->attempt;
        if (known.is_over) known.nodes = store::run_nodes::list(session, run->key, id.attempt);
        return known;
      });
    });
    return found;
  }

  /// What a runner could not collect stays, and what somebody wanted kept; also where the disk does not say whether it is.
  Result<void> clean_node(const fs::path& folder, const model::RunNode& node) const {
    if (node.status != model::NodeStatus::done || node.salvages >= kMostSalvages) return {};
    MUSTER_TRY_ASSIGN(const fs::file_type type, type_of(folder));
    if (type == fs::file_type::not_found) return {};
    MUSTER_TRY_ASSIGN(const fs::file_type mark, type_of(folder / model::kKeptMark));
    if (mark != fs::file_type::not_found) return {};
    log::info("scheduler", "removing {}, which its runner left after it had reported that all was done", folder.string());
    return remove(folder);
  }

  Result<void> clean(const engine::AttemptId& id) {
    const fs::path run_folder = root / id.run_id;
    const fs::path folder = run_folder / std::to_string(id.attempt);
    MUSTER_TRY_ASSIGN(const Known known, look_up(id));
    if (!known.is_over) return {};
    Result<void> outcome;
    for (const model::RunNode& node : known.nodes) {
      auto cleaned = clean_node(folder / model::node_folder_name(node.node_rank), node);
      if (outcome && !cleaned) outcome = std::move(cleaned);
    }
    MUSTER_TRY(std::move(outcome));
    // A node's folder that is still there holds what could not be collected: then the runners' logs stay as well.
    MUSTER_TRY_ASSIGN(const std::vector<std::string> names, list_if_there(folder));
    for (const std::string& name : names) {
      MUSTER_TRY_ASSIGN(const fs::file_type type, type_of(folder / name));
      if (type == fs::file_type::directory) return {};
    }
    MUSTER_TRY(remove(folder));
    std::error_code ignored;  // another attempt may have left something
    if (known.run_has_ended) fs::remove(run_folder, ignored);
    return {};
  }

  /// Adds every attempt that has a folder, and attempt 1 for a run's folder without any: its server was killed while it cleaned. An error
  /// when not all can be looked at.
  Result<void> find_all(std::vector<engine::AttemptId>& found) const {
    MUSTER_TRY_ASSIGN(const std::vector<std::string> runs, list_if_there(root));
    Result<void> outcome;
    for (const std::string& run_id : runs) {
      const auto type = type_of(root / run_id);
      if (type && *type != fs::file_type::directory) continue;
      const auto attempts = list_if_there(root / run_id);
      if (!attempts) {
        if (outcome) outcome = tl::unexpected(attempts.error());
        continue;
      }
      if (attempts->empty()) found.push_back({run_id, 1});
      for (const std::string& name : *attempts) {
        if (const auto attempt = attempt_number(name)) found.push_back({run_id, *attempt});
      }
    }
    return outcome;
  }
};

RunFolders::RunFolders(fs::path root, store::Store& store, After after, Remove remove)
    : inside_(std::make_shared<Inside>(std::move(root), store, std::move(remove))), after_(std::move(after)) {}

fs::path RunFolders::folder_of(const std::string& run_id, int attempt) const { return inside_->root / run_id / std::to_string(attempt); }

void RunFolders::keep(const model::Run& run) const {
  for (const model::RunNode& node : run.nodes) {
    const fs::path mark = folder_of(run.run_id, run.attempt) / model::node_folder_name(node.node_rank) / model::kKeptMark;
    std::error_code error;
    if (!fs::is_directory(mark.parent_path(), error)) continue;
    const auto marked = write_file(mark, "", 0644, Durable::yes);
    if (!marked) log::warning("scheduler", "{}", marked.error().detail);
  }
}

void RunFolders::clean(const engine::AttemptId& id) { clean(id, 0); }

void RunFolders::clean(const engine::AttemptId& id, int tries) {
  const auto what = [inside = inside_, id] { return inside->clean(id); };
  const auto again = [this, id, tries] { clean(id, tries + 1); };
  post(fmt::format("what attempt {} of run {} left cannot be removed", id.attempt, id.run_id), what, again, tries);
}

void RunFolders::clean_all() { clean_all(0); }

void RunFolders::clean_all(int tries) {
  const auto what = [this, inside = inside_] {
    std::vector<engine::AttemptId> all;
    auto found = inside->find_all(all);
    inside->door.pass([&] {
      for (const engine::AttemptId& id : all) clean(id);
    });
    return found;
  };
  post(
      "what runs left cannot be looked for", what, [this, tries] { clean_all(tries + 1); }, tries);
}

void RunFolders::post(std::string fault, std::function<Result<void>()> what, std::function<void()> again, int tries) {
  worker_.post("", [this, inside = inside_, fault = std::move(fault), what = std::move(what), again = std::move(again), tries] {
    const auto done = what();
    if (done) return;
    inside->door.pass([&] {
      const bool is_last = tries + 1 >= kMostTries;
      if (tries == 0) log::warning("scheduler", "{} now, and is tried again: {}", fault, done.error().detail);
      if (is_last) log::warning("scheduler", "{}; it is tried again when the server starts again: {}", fault, done.error().detail);
      if (!is_last) after_(delay_after(tries), again);
    });
  });
}

void RunFolders::stop(std::chrono::milliseconds patience) {
  worker_.stop(patience);
  inside_->door.close();
}

}  // namespace muster::scheduler
