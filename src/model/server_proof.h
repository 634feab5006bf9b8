#pragma once
// How a server proves with each answer to a runner that it is the one that the run belongs to: another home's server at its address, or a
// proxy's error page, must not be taken for an answer. The key is given to the runner at its start and never sent. Pure.

#include <string>
#include <string_view>

namespace muster::model {

inline constexpr std::string_view kNonceHeader = "muster-nonce";  ///< of the request: random, another one each time
inline constexpr std::string_view kProofHeader = "muster-proof";  ///< of the answer

/// What the answer with that status to the request with that nonce carries.
std::string server_proof(std::string_view key, std::string_view nonce, int status);

}  // namespace muster::model
