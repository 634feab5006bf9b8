#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "launch/job_variables.h"
#include "runner/patient_start.h"
#include "runner/persist.h"
#include "runner/steps/steps.h"
#include "runner/unpack.h"

namespace muster::runner::steps {
namespace {

/// The archive as a stream into the run folder: nothing is held, nothing is written twice. `own_fault` is set when the fault is this
/// node's, not the way's.
Result<void> fetch_once(client::Api& api, const std::string& path, const std::filesystem::path& folder, const std::stop_token& stop,
                        std::optional<Error>& own_fault) {
  const auto own = [&](Error error) {
    own_fault = error;
    return tl::unexpected(std::move(error));
  };
  if (auto removed = remove_tree(folder); !removed) return own(removed.error());
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return own(system_error("make a pipe", errno));
  Fd reading(pipe[0]);
  Fd writing(pipe[1]);
  (void)::fcntl(writing.get(), F_SETPIPE_SZ, 1 << 20);  // less switching between the two threads; fine when refused
  Result<std::size_t> count = 0;
  const auto unpack = [&count, &folder, &reading] {
    count = unpack_tar(reading.get(), folder);
    reading.reset();  // what is still being written finds nobody
  };
  auto unpacking = start_thread("the snapshot", stop, unpack);
  if (!unpacking) return own(std::move(unpacking).error());
  const auto streamed = api.stream(path, {}, [&](std::string_view bytes) { return write_all(writing.get(), bytes); });
  writing.reset();
  unpacking->join();
  // A stream that broke leaves a broken archive; an archive that could not be unpacked breaks the stream. The first is worth another try.
  if (!count && (streamed || count.error().code != Code::malformed)) return own(count.error());
  if (!streamed) return tl::unexpected(streamed.error());
  return {};
}

/// The files of a snapshot, as all that is in the folder.
Result<void> fetch(NodeRun& run, const std::string& snapshot_id, const std::filesystem::path& folder) {
  MUSTER_TRY_ASSIGN(const auto api, run.make_api(run.stop.asked_token()));
  const std::string path = api->in_workspace({"snapshots", snapshot_id, "archive"});
  std::optional<Error> own_fault;
  auto fetched = persist(run.stop.asked_token(), [&]() -> Result<void> {
    auto once = fetch_once(*api, path, folder, run.stop.asked_token(), own_fault);
    return own_fault ? Result<void>{} : std::move(once);
  });
  if (own_fault) return tl::unexpected(*own_fault);
  return fetched;
}

/// What an input promises of a mount: that nobody writes into a file by mistake. It is a copy, so that nothing else could be harmed.
Result<void> make_read_only(const std::filesystem::path& folder) {
  std::error_code error;
  for (auto at = std::filesystem::recursive_directory_iterator(folder, error); !error && at != std::filesystem::end(at);
       at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    const auto write = std::filesystem::perms::owner_write | std::filesystem::perms::group_write | std::filesystem::perms::others_write;
    std::filesystem::permissions(at->path(), write, std::filesystem::perm_options::remove, error);
  }
  if (error) return fail(Code::internal, "could not make the input in {} read-only: {}", folder.string(), error.message());
  return {};
}

}  // namespace

Result<void> fetch_snapshot(NodeRun& run) {
  if (run.order.snapshot_id)
    MUSTER_TRY(fetch(run, *run.order.snapshot_id, run.folder.root()));
  else
    MUSTER_TRY(remove_tree(run.folder.root()));
  return run.folder.make();
}

Result<void> fetch_inputs(NodeRun& run) {
  for (const auto& [name, input] : run.order.inputs) {
    const std::filesystem::path folder = launch::input_folder(run.folder.root(), name);
    if (input.mode == model::RunInput::Mode::upload) {
      MUSTER_TRY(make_folders(folder));
      continue;
    }
    MUSTER_TRY(fetch(run, input.snapshot_id, folder));
    if (input.mode == model::RunInput::Mode::mount) MUSTER_TRY(make_read_only(folder));
  }
  return {};
}

}  // namespace muster::runner::steps
