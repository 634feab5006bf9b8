#include "store/compressed.h"

#include <zstd.h>

#include <memory>

#include "store/session.h"

namespace muster::store {
namespace {

constexpr std::size_t kWorthCompressing = 256;
constexpr int kLevel = 1;  // on the writer thread: speed counts more than the last tenth of size

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

[[noreturn]] void damaged(std::string_view why) {
  throw StoreFailure(Error{Code::internal, fmt::format("database: damaged compressed bytes: {}", why), "", {}});
}

}  // namespace

std::string compress(std::string_view bytes) {
  if (bytes.size() >= kWorthCompressing) {
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    std::string stored(1 + ZSTD_compressBound(bytes.size()), 'z');
    const std::size_t size = ZSTD_compressCCtx(context.get(), stored.data() + 1, stored.size() - 1, bytes.data(), bytes.size(), kLevel);
    if (!ZSTD_isError(size) && size < bytes.size()) {
      stored.resize(1 + size);
      return stored;
    }
  }
  return std::string("r").append(bytes);
}

std::string decompress(std::string_view stored) {
  if (stored.empty()) damaged("nothing there");
  const std::string_view body = stored.substr(1);
  if (stored.front() == 'r') return std::string(body);
  if (stored.front() != 'z') damaged("unknown form");
  const unsigned long long size = ZSTD_getFrameContentSize(body.data(), body.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > (1ULL << 30)) damaged("no size");
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  std::string bytes(size, '\0');
  const std::size_t got = ZSTD_decompressDCtx(context.get(), bytes.data(), bytes.size(), body.data(), body.size());
  if (ZSTD_isError(got)) damaged(ZSTD_getErrorName(got));
  if (got != size) damaged("too short");
  return bytes;
}

}  // namespace muster::store
