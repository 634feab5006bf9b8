// What the client and the runner read of others: ignore files, event streams, addresses, archives.

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "client/git/git_url.h"
#include "client/snapshot/ignore_rules.h"
#include "client/sse_parser.h"
#include "client/uri.h"
#include "fuzz.h"
#include "runner/unpack.h"

namespace muster::fuzz {

/// Rules up to the first NUL, then paths; a rule in front of others never makes them throw or run away.
void ignore_file(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  client::IgnoreRules rules;
  rules.add(bytes.substr(0, end));
  for (const std::string_view path : split(bytes.substr(std::min(end + 1, bytes.size())), '\0')) {
    const bool itself = rules.ignores(path, client::EntryKind::file);
    if (itself && !rules.ignores_below(path, client::EntryKind::file)) std::abort();
    (void)rules.ignores_below(path, client::EntryKind::folder);
  }
}

/// However the stream is cut, the same events come out.
void server_events(std::string_view bytes) {
  const auto events_of = [&](std::size_t step) {
    std::string all;
    client::SseParser parser(4096);
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      const auto fed = parser.feed(bytes.substr(at, step), [&](const client::ServerEvent& event) -> Result<void> {
        all.append(event.name).append("\1").append(event.data).append("\2");
        return {};
      });
      if (!fed) return std::string("too large");
    }
    return all;
  };
  const std::string whole = events_of(std::max<std::size_t>(bytes.size(), 1));
  if (whole != events_of(1) || whole != events_of(3)) std::abort();
}

void url(std::string_view bytes) {
  (void)client::parse_server_url(bytes);
  const auto normal = client::normal_url(bytes);
  if (!normal) return;
  const auto again = client::normal_url(*normal);
  if (!again || *again != *normal) std::abort();
  (void)client::target_of("/p", {{std::string(bytes), std::string(bytes)}});
}

void git_url(std::string_view bytes) {
  const std::string shown = client::without_credentials(bytes);
  if (client::without_credentials(shown) != shown) std::abort();
}

/// A folder of its own, with a sibling that must stay as it is.
void archive(std::string_view bytes) {
  namespace fs = std::filesystem;
  static const fs::path& root = *new fs::path([] {
    std::string name = std::string(fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + "/muster-fuzz-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }());
  static const int cleaned = std::atexit([] { fs::remove_all(root); });
  (void)cleaned;
  (void)runner::unpack_tar(bytes, root / "inside");
  for (const auto& entry : fs::directory_iterator(root)) {
    if (entry.path().filename() != "inside") std::abort();
  }
  fs::remove_all(root / "inside");
}

}  // namespace muster::fuzz
