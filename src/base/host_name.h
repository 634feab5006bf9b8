#pragma once
// This machine's name.

#include <string>

namespace muster {

/// As the kernel has it, which need not be a name that other machines know; "localhost" when there is none.
std::string host_name();

}  // namespace muster
