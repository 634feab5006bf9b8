#include "base/seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <new>

#include "base/hash.h"
#include "base/text.h"

namespace muster {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher new_cipher() {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!cipher) throw std::bad_alloc();
  return cipher;
}

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* as_bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

tl::unexpected<Error> openssl_failed(std::string_view what) { return fail(Code::internal, "the encryption library could not {}", what); }

}  // namespace

SealingKey::SealingKey(std::string bytes) : bytes_(std::move(bytes)), id_(hmac_sha256_hex(bytes_, "muster key id").substr(0, 16)) {}

Result<SealingKey> SealingKey::from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size() && is_sha256(hex); i += 2) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  if (bytes.size() != kKeyBytes) return fail(Code::invalid, "a key is 64 hex digits");
  return SealingKey(std::move(bytes));
}

Result<Sealed> SealingKey::seal(std::string_view text, std::string_view place) const {
  Sealed sealed{id_, std::string(kNonceBytes, '\0'), std::string(text.size() + kTagBytes, '\0')};
  if (RAND_bytes(as_bytes(sealed.nonce), kNonceBytes) != 1) return openssl_failed("give random bytes");
  const Cipher cipher = new_cipher();
  int written = 0;
  const bool done =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, as_bytes(std::string_view(bytes_)), as_bytes(sealed.nonce)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &written, as_bytes(place), static_cast<int>(place.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), as_bytes(sealed.bytes), &written, as_bytes(text), static_cast<int>(text.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), as_bytes(sealed.bytes) + written, &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, as_bytes(sealed.bytes) + text.size()) == 1;
  if (!done) return openssl_failed("encrypt");
  return sealed;
}

Result<std::string> SealingKey::open(const Sealed& sealed, std::string_view place) const {
  if (sealed.key_id != id_) return fail(Code::conflict, "it was encrypted with the key {}, and the key here is {}", sealed.key_id, id_);
  if (sealed.nonce.size() != kNonceBytes || sealed.bytes.size() < kTagBytes) return fail(Code::internal, "it is damaged");
  std::string text(sealed.bytes.size() - kTagBytes, '\0');
  std::string tag = sealed.bytes.substr(text.size());
  const Cipher cipher = new_cipher();
  int written = 0;
  const bool done = EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, as_bytes(std::string_view(bytes_)),
                                       as_bytes(std::string_view(sealed.nonce))) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), nullptr, &written, as_bytes(place), static_cast<int>(place.size())) == 1 &&
                    EVP_DecryptUpdate(cipher.get(), as_bytes(text), &written, as_bytes(std::string_view(sealed.bytes)),
                                      static_cast<int>(text.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, as_bytes(tag)) == 1 &&
                    EVP_DecryptFinal_ex(cipher.get(), as_bytes(text) + written, &written) == 1;
  if (!done) return fail(Code::internal, "it was changed since it was encrypted");
  return text;
}

}  // namespace muster
