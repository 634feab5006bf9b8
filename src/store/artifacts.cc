#include "store/artifacts.h"

#include "base/plural.h"
#include "base/text.h"

namespace muster::store::artifacts {
namespace {

constexpr std::string_view kColumns = "SELECT a.path, a.size, a.sha256, a.created_at, a.created_by, a.attempt FROM artifacts a ";
// The last character of Unicode: no path part starts with it.
constexpr std::string_view kHighest = "\xF4\x8F\xBF\xBF";

model::Artifact read(const Row& row) {
  model::Artifact artifact;
  artifact.path = row.text(0);
  artifact.size = static_cast<std::uint64_t>(row.integer(1));
  artifact.sha256 = row.text(2);
  artifact.created_at = row.integer(3);
  artifact.created_by = row.text(4);
  artifact.attempt = static_cast<int>(row.integer(5));
  return artifact;
}

/// Works on the artifacts of one attempt.
class AttemptArtifacts {
 public:
  struct Owner {
    std::optional<int> node_rank;  ///< which node left it; nothing when it was uploaded by name
    model::Artifact artifact;
  };

  AttemptArtifacts(Session& session, std::int64_t run_key, int attempt) : session_(session), run_key_(run_key), attempt_(attempt) {}

  std::optional<Owner> at(std::string_view path) const {
    std::optional<Owner> owner;
    session_.query(
        "SELECT path, size, sha256, created_at, created_by, attempt, node_rank FROM artifacts WHERE run_key = ? AND path = ? AND attempt = "
        "?",
        {run_key_, path, attempt_}, [&](const Row& row) {
          owner = Owner{row.is_null(6) ? std::nullopt : std::optional(static_cast<int>(row.integer(6))), read(row)};
        });
    return owner;
  }

  /// An artifact that is a folder of this path, or of which this path is a folder.
  std::optional<std::string> in_the_way(std::string_view path) const {
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      if (at(path.substr(0, slash))) return std::string(path.substr(0, slash));
    }
    std::optional<std::string> below;
    const std::string folder = std::string(path) + "/";
    session_.query("SELECT path FROM artifacts WHERE run_key = ? AND path > ? AND path < ? AND attempt = ? LIMIT 1",
                   {run_key_, folder, folder + std::string(kHighest), attempt_}, [&](const Row& row) { below = row.text(0); });
    return below;
  }

  /// Where a node's file of that name went, if the node reported it before.
  std::optional<std::string> path_of(int node_rank, std::string_view left_as) const {
    std::optional<std::string> path;
    session_.query("SELECT path FROM artifacts WHERE run_key = ? AND attempt = ? AND node_rank = ? AND left_as = ?",
                   {run_key_, attempt_, node_rank, left_as}, [&](const Row& row) { path = row.text(0); });
    return path;
  }

  void put(const model::Artifact& artifact, std::string_view path, std::optional<int> node_rank) {
    session_.run(
        "INSERT INTO artifacts (run_key, path, attempt, node_rank, left_as, size, sha256, created_at, created_by) VALUES (?, ?, ?, ?, ?, "
        "?, ?, ?, ?) "
        "ON CONFLICT (run_key, path, attempt) DO UPDATE SET node_rank = excluded.node_rank, left_as = excluded.left_as, size = "
        "excluded.size, sha256 = excluded.sha256, created_at = excluded.created_at, created_by = excluded.created_by",
        {run_key_, path, attempt_, node_rank ? Value(*node_rank) : Value(nullptr), node_rank ? Value(artifact.path) : Value(nullptr),
         static_cast<std::int64_t>(artifact.size), artifact.sha256, artifact.created_at, artifact.created_by});
  }

  void rename(std::string_view from, std::string_view to) {
    session_.run("UPDATE artifacts SET path = ? WHERE run_key = ? AND path = ? AND attempt = ?", {to, run_key_, from, attempt_});
  }

  /// outputs/x becomes outputs/node_2/x, or node_2_2, node_2_3 … where a file of the job's own has that name.
  std::string path_for_node(std::string_view path, int node_rank) const {
    constexpr std::string_view kOutputs = "outputs/";
    const bool below_outputs = path.starts_with(kOutputs);
    const std::string_view rest = below_outputs ? path.substr(kOutputs.size()) : path;
    for (int i = 1;; ++i) {
      const std::string suffix = i == 1 ? "" : fmt::format("_{}", i);
      std::string free = fmt::format("{}node_{}{}/{}", below_outputs ? kOutputs : "", node_rank, suffix, rest);
      if (!at(free) && !in_the_way(free)) return free;
    }
  }

 private:
  Session& session_;
  std::int64_t run_key_;
  int attempt_;
};

std::string moved(std::string_view path, int node_rank, std::string_view to) {
  return fmt::format("more than one node left `{}`; node {}'s is kept as `{}`", path, node_rank, to);
}

/// Records one file; a warning when it, or the one that was there, had to take another name.
std::optional<std::string> put_output(AttemptArtifacts& artifacts, int node_rank, const model::Artifact& file) {
  if (const auto earlier = artifacts.path_of(node_rank, file.path)) {
    artifacts.put(file, *earlier, node_rank);
    return std::nullopt;
  }
  const auto owner = artifacts.at(file.path);
  if (owner && owner->artifact.sha256 == file.sha256) return std::nullopt;
  if (owner && owner->node_rank && *owner->node_rank > node_rank) {
    const std::string aside = artifacts.path_for_node(file.path, *owner->node_rank);
    artifacts.rename(file.path, aside);
    artifacts.put(file, file.path, node_rank);
    return moved(file.path, *owner->node_rank, aside);
  }
  if (owner || artifacts.in_the_way(file.path)) {
    const std::string aside = artifacts.path_for_node(file.path, node_rank);
    artifacts.put(file, aside, node_rank);
    return moved(file.path, node_rank, aside);
  }
  artifacts.put(file, file.path, node_rank);
  return std::nullopt;
}

}  // namespace

Result<model::Artifact> put(Session& session, std::int64_t run_key, const model::Artifact& artifact) {
  AttemptArtifacts artifacts(session, run_key, artifact.attempt);
  if (const auto owner = artifacts.at(artifact.path)) {
    if (owner->artifact.sha256 == artifact.sha256) return owner->artifact;
    return fail_hint(Code::conflict, "artifacts are written once; choose another name", "the run has an artifact `{}` already",
                     artifact.path);
  }
  if (const auto other = artifacts.in_the_way(artifact.path)) {
    return fail_hint(Code::conflict, "choose another name",
                     "`{}` cannot be beside the artifact `{}`: one of them would have to be a folder", artifact.path, *other);
  }
  artifacts.put(artifact, artifact.path, std::nullopt);
  return artifact;
}

std::vector<std::string> put_outputs(Session& session, std::int64_t run_key, int attempt, int node_rank,
                                     const std::vector<model::Artifact>& files) {
  AttemptArtifacts artifacts(session, run_key, attempt);
  std::vector<std::string> warnings;
  for (const model::Artifact& file : files) {
    if (auto warning = put_output(artifacts, node_rank, file)) warnings.push_back(std::move(*warning));
  }
  return warnings;
}

Result<void> check_count(Session& session, std::int64_t run_key, std::int64_t most) {
  std::int64_t count = 0;
  session.query("SELECT count(*) FROM artifacts WHERE run_key = ?", {run_key}, [&](const Row& row) { count = row.integer(0); });
  if (count <= most) return {};
  return fail_hint(Code::invalid, "put many small files into one archive", "a run may have at most {}, and would have {}",
                   counted(static_cast<std::uint64_t>(most), "artifact"), count);
}

std::optional<model::Artifact> find(Session& session, std::int64_t run_key, std::string_view path) {
  std::optional<model::Artifact> found;
  session.query(std::string(kColumns).append("WHERE a.run_key = ? AND a.path = ? ORDER BY a.attempt DESC LIMIT 1"), {run_key, path},
                [&](const Row& row) { found = read(row); });
  return found;
}

Result<Page<model::Artifact>> list(Session& session, std::int64_t run_key, std::string_view prefix, const PageRequest& request) {
  if (!is_utf8(request.cursor)) return fail_hint(Code::malformed, "start again without a cursor", "this is not a cursor of this listing");
  Page<model::Artifact> page;
  session.query(
      std::string(kColumns).append(
          "WHERE a.run_key = ? AND a.path >= ? AND a.path < ? AND a.path > ? AND a.attempt = (SELECT max(o.attempt) FROM artifacts o "
          "WHERE o.run_key = a.run_key AND o.path = a.path) ORDER BY a.path LIMIT ?"),
      {run_key, prefix, std::string(prefix).append(kHighest), request.cursor, request.limit + 1},
      [&](const Row& row) { page.items.push_back(read(row)); });
  if (page.items.size() > static_cast<std::size_t>(request.limit)) {
    page.items.resize(static_cast<std::size_t>(request.limit));
    page.next = page.items.back().path;
  }
  return page;
}

}  // namespace muster::store::artifacts
