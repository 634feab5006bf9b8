#include <algorithm>

#include "api/answers.h"
#include "api/blob_transfer.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/snapshot_of.h"
#include "base/text.h"
#include "model/snapshot_changes.h"

namespace muster::api {
namespace {

Result<http::Response> get_snapshot_file(Call& call) {
  MUSTER_TRY_ASSIGN(const model::Snapshot snapshot, snapshot_of(call, call.parameter("snapshot_id")));
  const std::string& path = call.parameter("path");
  const auto file =
      std::lower_bound(snapshot.files.begin(), snapshot.files.end(), path, [](const auto& one, const auto& at) { return one.path < at; });
  if (file != snapshot.files.end() && file->path == path) return send_blob(call, file->sha256, file->size);
  return fail_hint(Code::not_found, "GET snapshots/{snapshot_id} lists its files", "the snapshot has no file '{}'",
                   to_utf8(path.substr(0, 300)));
}

Result<http::Response> list_snapshot_changes(Call& call) {
  QueryReader query(call.request);
  const std::string from = query.required_text("from");
  const store::PageRequest asked = query.page();
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const model::Snapshot before, snapshot_of(call, from));
  MUSTER_TRY_ASSIGN(const model::Snapshot after, snapshot_of(call, call.parameter("snapshot_id")));
  store::Page<model::SnapshotChange> page;
  for (model::SnapshotChange& change : model::changes_between(before.files, after.files)) {
    if (change.path <= asked.cursor) continue;
    if (page.items.size() == static_cast<std::size_t>(asked.limit)) {
      page.next = page.items.back().path;
      break;
    }
    page.items.push_back(std::move(change));
  }
  return page_response("changes", page);
}

}  // namespace

void add_snapshot_file_routes(Routes& routes) {
  const std::string base = "/api/v1/workspaces/{workspace}/snapshots/{snapshot_id}";
  routes.add("GET", base + "/files/{path...}", {Users::reader, Runs::workspace}, get_snapshot_file);
  routes.add("GET", base + "/changes", {Users::reader, Runs::workspace}, list_snapshot_changes);
}

}  // namespace muster::api
