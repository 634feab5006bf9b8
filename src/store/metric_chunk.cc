#include "store/metric_chunk.h"

#include <bit>
#include <cstring>

#include "store/compressed.h"
#include "store/session.h"

namespace muster::store {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are copied as they lie in memory");

constexpr std::size_t kHeader = 16;
constexpr std::size_t kFixed = 1 + 8 + 8 + 8;  // bytes a point, its text left out
constexpr std::uint8_t kHasStep = 1;
constexpr std::uint8_t kInteger = 2;
constexpr std::uint8_t kText = 4;

template <typename T>
void put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

template <typename T>
T get(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Differences wrap around, as unsigned numbers may: any two int64 have one.
std::uint64_t difference(std::int64_t value, std::int64_t before) {
  return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(before);
}
std::int64_t sum(std::int64_t before, std::uint64_t step) { return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + step); }

[[noreturn]] void damaged_chunk() { throw StoreFailure(Error{Code::internal, "database: a chunk of metric points is damaged", "", {}}); }

}  // namespace

std::string encode_chunk(std::span<const model::MetricPoint> points) {
  const std::size_t count = points.size();
  std::string bytes(kHeader + count * kFixed, '\0');
  bytes[0] = 1;
  put<std::uint64_t>(bytes.data() + 8, count);
  char* const flags = bytes.data() + kHeader;
  char* const times = flags + count;
  char* const steps = times + count * 8;
  char* const numbers = steps + count * 8;
  std::string texts;
  std::int64_t time = 0;
  std::int64_t step = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const model::MetricPoint& point = points[i];
    std::uint8_t flag = point.step ? kHasStep : 0;
    put(times + i * 8, difference(point.time, time));
    time = point.time;
    const std::int64_t this_step = point.step.value_or(step);
    put(steps + i * 8, difference(this_step, step));
    step = this_step;
    if (const auto* number = std::get_if<model::Number>(&point.value)) {
      if (number->integer) flag |= kInteger;
      put(numbers + i * 8, number->value);
    } else {
      flag |= kText;
      const std::string& text = std::get<std::string>(point.value);
      texts.resize(texts.size() + 4);
      put(texts.data() + texts.size() - 4, static_cast<std::uint32_t>(text.size()));
      texts += text;
    }
    flags[i] = static_cast<char>(flag);
  }
  bytes += texts;
  return compress(bytes);
}

void decode_chunk(std::string_view stored, std::vector<model::MetricPoint>& points) {
  const std::string bytes = decompress(stored);
  if (bytes.size() < kHeader || bytes[0] != 1) damaged_chunk();
  const auto count = get<std::uint64_t>(bytes.data() + 8);
  if (count > (bytes.size() - kHeader) / kFixed) damaged_chunk();
  const char* const flags = bytes.data() + kHeader;
  const char* const times = flags + count;
  const char* const steps = times + count * 8;
  const char* const numbers = steps + count * 8;
  std::string_view texts = std::string_view(bytes).substr(kHeader + count * kFixed);
  std::int64_t time = 0;
  std::int64_t step = 0;
  points.reserve(points.size() + count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto flag = static_cast<std::uint8_t>(flags[i]);
    model::MetricPoint& point = points.emplace_back();
    point.time = time = sum(time, get<std::uint64_t>(times + i * 8));
    step = sum(step, get<std::uint64_t>(steps + i * 8));
    if ((flag & kHasStep) != 0) point.step = step;
    if ((flag & kText) == 0) {
      point.value = model::Number{get<double>(numbers + i * 8), (flag & kInteger) != 0};
      continue;
    }
    if (texts.size() < 4) damaged_chunk();
    const auto length = get<std::uint32_t>(texts.data());
    texts.remove_prefix(4);
    if (length > texts.size()) damaged_chunk();
    point.value = std::string(texts.substr(0, length));
    texts.remove_prefix(length);
  }
  if (!texts.empty()) damaged_chunk();
}

}  // namespace muster::store
