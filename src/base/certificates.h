#pragma once
// Whose signature under a server's certificate counts on this machine.

#include <string>
#include <vector>

struct x509_store_st;  // OpenSSL's X509_STORE

namespace muster {

/// Where distributions keep their authorities, of which the first that can be read is used: a static program's OpenSSL has the paths of the
/// system that it was built on. The SDK has the same list (tests/golden/network/authorities.json).
const std::vector<std::string>& authority_files();

/// Has the store trust the authorities that SSL_CERT_FILE and SSL_CERT_DIR name; without these variables OpenSSL's own and the machine's.
void trust_authorities(x509_store_st* store);

}  // namespace muster
