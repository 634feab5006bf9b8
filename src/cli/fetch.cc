#include "cli/fetch.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/stream_hash.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

/// A local disk's error is not the server's fault, except that a full disk is a full disk.
tl::unexpected<Error> on_this_disk(Error error) {
  if (error.code == Code::internal) error.code = Code::invalid;
  return tl::unexpected(std::move(error));
}

Result<void> fetch_one(client::Api& api, const Fetch& file, const std::function<void(std::uint64_t)>& on_bytes) {
  if (auto made = make_folders(fs::absolute(file.target).parent_path()); !made) return on_this_disk(made.error());
  auto target = AtomicFile::create(file.target);
  if (!target) return on_this_disk(target.error());
  StreamHash hash;
  std::uint64_t received = 0;
  std::optional<Error> disk;
  const auto got = api.download(file.url_path, {}, [&](std::string_view bytes) -> Result<void> {
    if (auto written = target->write(bytes); !written) {
      disk = written.error();
      return tl::unexpected(written.error());
    }
    hash.update(bytes);
    received += bytes.size();
    on_bytes(received);
    return {};
  });
  if (disk) return on_this_disk(*disk);
  if (!got) return tl::unexpected(got.error());
  if (!file.sha256.empty() && hash.hex() != file.sha256) {
    return fail_hint(Code::internal, "try again; when it fails again, the server's copy is damaged",
                     "{} arrived damaged ({} bytes) and was not kept", file.name, received);
  }
  if (auto committed = target->commit(Durable::no); !committed) return on_this_disk(committed.error());
  return {};
}

}  // namespace

Result<void> fetch_files(Context& context, client::Api& api, const std::vector<Fetch>& files, Overwrite overwrite) {
  std::uint64_t total = 0;
  std::vector<std::string> taken;
  for (const Fetch& file : files) {
    total += file.size;
    std::error_code ignored;
    if (overwrite == Overwrite::no && fs::exists(fs::symlink_status(file.target, ignored))) taken.push_back(file.target.string());
  }
  if (!taken.empty()) {
    const std::size_t more = taken.size() > 5 ? taken.size() - 5 : 0;
    taken.resize(taken.size() - more);
    return fail_hint(Code::conflict, "choose another place with --to, or give --overwrite", "{} {} there already{}", join(taken, ", "),
                     taken.size() == 1 ? "is" : "are", more == 0 ? "" : fmt::format(", and {} more", more));
  }
  Progress progress(context.err, context.progress());
  std::uint64_t before = 0;
  for (const Fetch& file : files) {
    MUSTER_TRY(fetch_one(api, file, [&](std::uint64_t bytes) { progress.update("Downloading", before + bytes, total); }));
    before += file.size;
  }
  return {};
}

Result<std::string> fetch_listed(Context& context, client::Api& api, Json& entries,
                                 const std::function<std::string(const std::string& path)>& url_of, const fs::path& folder,
                                 Overwrite overwrite) {
  std::vector<Fetch> files;
  std::string text;
  for (Json& entry : entries) {
    const std::string path = text_at(entry, "path");
    Fetch file{url_of(path), path, static_cast<std::uint64_t>(number_at(entry, "size")), text_at(entry, "sha256"), {}};
    MUSTER_TRY_ASSIGN(file.target, target_below(folder, path));
    entry["file"] = file.target.lexically_normal().string();
    text += fmt::format("{}  ({})\n", printable(file.target.lexically_normal().string()), human_size(file.size));
    files.push_back(std::move(file));
  }
  MUSTER_TRY(fetch_files(context, api, files, overwrite));
  return text;
}

Result<fs::path> target_below(const fs::path& folder, const std::string& relative) {
  if (!is_safe_relative_path(relative)) return fail(Code::invalid, "the path \"{}\" would lead out of the folder", to_utf8(relative));
  return folder / relative;
}

}  // namespace muster::cli
