#include "store/datastores.h"

#include "base/text.h"

namespace muster::store::datastores {
namespace {

constexpr std::string_view kFiles = "SELECT path, size, sha256, written_at, written_by FROM datastore_files ";
// The last character of Unicode: no path part starts with it.
constexpr std::string_view kAfterAll = "\xF4\x8F\xBF\xBF";

model::DatastoreFile read_file_row(const Row& row) {
  model::DatastoreFile file;
  file.path = row.text(0);
  file.size = static_cast<std::uint64_t>(row.integer(1));
  file.sha256 = row.text(2);
  file.written_at = row.integer(3);
  file.written_by = row.text(4);
  return file;
}

/// A file that is a folder of this path, or of which this path is a folder.
std::optional<std::string> file_in_the_way(Session& session, std::int64_t workspace_key, std::string_view datastore,
                                           std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (find(session, workspace_key, datastore, path.substr(0, slash))) return std::string(path.substr(0, slash));
  }
  std::optional<std::string> below;
  const std::string folder = std::string(path) + "/";
  session.query("SELECT path FROM datastore_files WHERE workspace_key = ? AND datastore = ? AND path > ? AND path < ? LIMIT 1",
                {workspace_key, datastore, folder, folder + std::string(kAfterAll)}, [&](const Row& row) { below = row.text(0); });
  return below;
}

}  // namespace

Result<void> put(Session& session, std::int64_t workspace_key, std::string_view datastore, const model::DatastoreFile& file) {
  if (const auto other = file_in_the_way(session, workspace_key, datastore, file.path)) {
    return fail_hint(Code::conflict, "choose another path, or remove that file",
                     "`{}` cannot be beside `{}`: one of them would have to be a folder", file.path, *other);
  }
  // A new row has a higher key, which is how the collector of blobs sees what came after it began (store/references.h).
  session.run("DELETE FROM datastore_files WHERE workspace_key = ? AND datastore = ? AND path = ?", {workspace_key, datastore, file.path});
  session.run(
      "INSERT INTO datastore_files (workspace_key, datastore, path, size, sha256, written_at, written_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {workspace_key, datastore, file.path, static_cast<std::int64_t>(file.size), file.sha256, file.written_at, file.written_by});
  return {};
}

std::optional<model::DatastoreFile> find(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view path) {
  std::optional<model::DatastoreFile> found;
  session.query(std::string(kFiles).append("WHERE workspace_key = ? AND datastore = ? AND path = ?"), {workspace_key, datastore, path},
                [&](const Row& row) { found = read_file_row(row); });
  return found;
}

Result<Page<model::DatastoreFile>> list(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view prefix,
                                        const PageRequest& request) {
  if (!is_utf8(request.cursor)) return fail_hint(Code::malformed, "start again without a cursor", "this is not a cursor of this listing");
  Page<model::DatastoreFile> page;
  session.query(
      std::string(kFiles).append("WHERE workspace_key = ? AND datastore = ? AND path >= ? AND path < ? AND path > ? ORDER BY path LIMIT ?"),
      {workspace_key, datastore, prefix, std::string(prefix).append(kAfterAll), request.cursor, request.limit + 1},
      [&](const Row& row) { page.items.push_back(read_file_row(row)); });
  if (page.items.size() > static_cast<std::size_t>(request.limit)) {
    page.items.resize(static_cast<std::size_t>(request.limit));
    page.next = page.items.back().path;
  }
  return page;
}

std::vector<model::DatastoreFile> at_or_below(Session& session, std::int64_t workspace_key, std::string_view datastore,
                                              std::string_view path, std::size_t most) {
  std::vector<model::DatastoreFile> files;
  if (auto file = find(session, workspace_key, datastore, path)) {
    files.push_back(std::move(*file));
    return files;
  }
  const std::string folder = path.empty() ? "" : std::string(path) + "/";
  session.query(std::string(kFiles).append("WHERE workspace_key = ? AND datastore = ? AND path >= ? AND path < ? ORDER BY path LIMIT ?"),
                {workspace_key, datastore, folder, folder + std::string(kAfterAll), static_cast<std::int64_t>(most) + 1},
                [&](const Row& row) { files.push_back(read_file_row(row)); });
  return files;
}

std::int64_t remove(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view path) {
  const std::string folder = std::string(path) + "/";
  return session.run("DELETE FROM datastore_files WHERE workspace_key = ? AND datastore = ? AND (path = ? OR (path > ? AND path < ?))",
                     {workspace_key, datastore, path, folder, folder + std::string(kAfterAll)});
}

void keep_inputs(Session& session, std::int64_t workspace_key, std::int64_t run_key, const model::RunInputs& inputs) {
  for (const auto& [name, input] : inputs) {
    if (input.snapshot_id.empty()) continue;  // an upload
    session.run("INSERT INTO run_inputs (run_key, name, workspace_key, snapshot_id) VALUES (?, ?, ?, ?)",
                {run_key, name, workspace_key, input.snapshot_id});
  }
}

}  // namespace muster::store::datastores
