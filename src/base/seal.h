#pragma once
// Texts encrypted with a key that lies elsewhere: AES-256-GCM. What was changed, or is another text's, does not open.

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

struct Sealed {
  std::string key_id;  ///< of the key that opens it
  std::string nonce;   ///< 12 bytes, random, of this one text
  std::string bytes;   ///< the encrypted text, and 16 bytes that vouch for it
};

/// A key of 32 bytes. Thread-safe.
class SealingKey {
 public:
  /// `hex`: 64 hex digits; invalid otherwise, without showing them.
  static Result<SealingKey> from_hex(std::string_view hex);

  /// Tells keys apart and says nothing about them: 16 hex digits.
  const std::string& id() const { return id_; }
  /// `place`: what the text belongs to. It opens for the same place alone.
  Result<Sealed> seal(std::string_view text, std::string_view place) const;
  /// conflict: another key sealed it; internal: it was changed, or belongs to another place.
  Result<std::string> open(const Sealed& sealed, std::string_view place) const;

 private:
  explicit SealingKey(std::string bytes);

  std::string bytes_;
  std::string id_;
};

}  // namespace muster
