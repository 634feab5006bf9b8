#pragma once
// Names of machines, and addresses, which are none.

#include <string>

namespace muster {

/// This machine's, as the kernel has it, which need not be a name that other machines know; "localhost" when there is none.
std::string host_name();

/// Whether it is an IPv4 or IPv6 address in numbers (without brackets), and no name.
bool is_ip_address(const std::string& host);

}  // namespace muster
