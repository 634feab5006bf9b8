#include "model/server_proof.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace muster::model {

std::string server_proof(std::string_view key, std::string_view nonce, int status) {
  return hmac_sha256_hex(key, fmt::format("{}:{}", status, nonce));
}

}  // namespace muster::model
