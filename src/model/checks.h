#pragma once
// Limits that several resources share, and the checks that hold them.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace muster::model {

/// Bytes of one argument, command line or variable's value. The kernel refuses to start a program with a longer one (MAX_ARG_STRLEN, 128
/// KiB, holds the variable's name and the final NUL too).
inline constexpr std::size_t kLongestWord = (128u << 10) - 512;

inline constexpr std::size_t kMostVariables = 1000;
inline constexpr std::size_t kMostVariableBytes = 512u << 10;  ///< with the arguments' 1 MiB below the kernel's 2 MiB for both
inline constexpr std::size_t kMostTags = 1000;
inline constexpr std::size_t kMostParameters = 1000;

/// Environment variables: names, number and sizes. Faults go to `in` under `field`.
void check_variables(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& variables);

/// A run's parameters. Faults go to `in` under `field`.
void check_parameters(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& parameters);

/// Tags or properties. Faults go to `in` under `field`.
void check_tags(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& tags);

}  // namespace muster::model
