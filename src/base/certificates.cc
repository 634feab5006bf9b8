#include "base/certificates.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "base/text.h"

namespace muster {

std::string fingerprint_of(const x509_st* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return "";
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

const std::vector<std::string>& authority_files() {
  static const std::vector<std::string> files{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                              "/etc/ssl/cert.pem"};
  return files;
}

void trust_authorities(x509_store_st* store) {
  X509_STORE_set_default_paths(store);
  const bool named = std::getenv("SSL_CERT_FILE") != nullptr || std::getenv("SSL_CERT_DIR") != nullptr;
  for (const std::string& file : authority_files()) {
    if (named || ::access(file.c_str(), R_OK) != 0) continue;
    X509_STORE_load_file(store, file.c_str());
    break;
  }
  ERR_clear_error();  // what cannot be read vouches for nobody, and that is said where it matters
}

}  // namespace muster
