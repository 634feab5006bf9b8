// The program: libFuzzer with one of the targets. Without one named, it lists them.

#include "fuzz.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

struct Target {
  std::string_view name;
  void (*run)(std::string_view);
};
constexpr std::array kTargets{
    Target{"archive", muster::fuzz::archive},
    Target{"exception", muster::fuzz::exception},
    Target{"git_url", muster::fuzz::git_url},
    Target{"http_head", muster::fuzz::http_head},
    Target{"http_target", muster::fuzz::http_target},
    Target{"ignore_file", muster::fuzz::ignore_file},
    Target{"journal", muster::fuzz::journal},
    Target{"json", muster::fuzz::json},
    Target{"query", muster::fuzz::query},
    Target{"rank_record", muster::fuzz::rank_record},
    Target{"resources", muster::fuzz::resources},
    Target{"server_events", muster::fuzz::server_events},
    Target{"snapshot_manifest", muster::fuzz::snapshot_manifest},
    Target{"url", muster::fuzz::url},
};

void (*chosen)(std::string_view) = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* wanted = std::getenv("MUSTER_FUZZ_TARGET");
  for (const Target& target : kTargets) {
    if (wanted == nullptr) std::printf("%s\n", target.name.data());
    if (wanted != nullptr && target.name == wanted) chosen = target.run;
  }
  if (chosen != nullptr) return 0;
  if (wanted != nullptr) std::fprintf(stderr, "there is no target %s\n", wanted);
  std::exit(wanted == nullptr ? 0 : 2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen({reinterpret_cast<const char*>(data), size});
  return 0;
}
