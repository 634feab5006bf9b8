#include "base/log.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>

#define SPDLOG_FMT_EXTERNAL
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"

namespace muster::log {
namespace {

constexpr std::size_t kRotateBytes = 16u << 20;
constexpr std::size_t kKeptFiles = 3;

std::atomic<Level> least_level{Level::warning};

std::shared_ptr<spdlog::logger>& logger() {
  static auto instance = std::make_shared<spdlog::logger>("muster", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return instance;
}

}  // namespace

void open(std::string_view path, Level least) {
  least_level = least;
  if (!path.empty()) {
    logger() = std::make_shared<spdlog::logger>(
        "muster", std::make_shared<spdlog::sinks::rotating_file_sink_mt>(std::string(path), kRotateBytes, kKeptFiles));
  }
  logger()->set_pattern("%v");
  logger()->set_level(spdlog::level::trace);
  // Every line at once: a line that is lost when the process is killed is the one that was needed.
  logger()->flush_on(spdlog::level::trace);
}

void write(Level level, std::string_view component, std::string_view message) {
  if (level < least_level) return;
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warning", "error"};
  const Json line{{"time", to_rfc3339(SystemClock().now_us())},
                  {"level", kNames[static_cast<std::size_t>(level)]},
                  {"component", component},
                  {"message", message}};
  logger()->info(dump_json(line));
}

}  // namespace muster::log
