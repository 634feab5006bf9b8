#pragma once
// Certificates of servers: how one is known, and whose signature under one counts on this machine.

#include <string>
#include <vector>

struct x509_st;        // OpenSSL's X509
struct x509_store_st;  // and its X509_STORE

namespace muster {

/// SHA-256 of the certificate, 64 hex digits; "" when there is none.
std::string fingerprint_of(const x509_st* certificate);

/// Where distributions keep their authorities, of which the first that can be read is used: a static program's OpenSSL has the paths of the
/// system that it was built on. The SDK has the same list (tests/golden/network/authorities.json).
const std::vector<std::string>& authority_files();

/// Has the store trust the authorities that SSL_CERT_FILE and SSL_CERT_DIR name; without these variables OpenSSL's own and the machine's.
void trust_authorities(x509_store_st* store);

}  // namespace muster
