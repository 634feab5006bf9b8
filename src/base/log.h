#pragma once
// The log of our own processes: one JSON object a line {time, level, component, message, …}. Secrets are never passed to it.
// Levels: error = ours to mend, warning = somebody's input or machine, info = what an operator wants to know, debug = the rest.

#include <string_view>

#include <fmt/format.h>

namespace muster::log {

enum class Level { debug, info, warning, error };

/// Where lines go: a file, rotated at 16 MiB with three older ones kept, or standard error when `path` is empty. Call once, at start.
void open(std::string_view path, Level least);

/// Thread-safe; blocks on the file.
void write(Level level, std::string_view component, std::string_view message);

template <typename... Args>
void debug(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, component, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(std::string_view component, fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, component, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace muster::log
