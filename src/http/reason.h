#pragma once
// The words that go with a status.

#include <string_view>

namespace muster::http {

/// "Not Found" for 404; "Error" for a status that we never send.
std::string_view reason_phrase(int status);

}  // namespace muster::http
