#pragma once
// Whom a client takes for the server: by a fingerprint that it was told, or by a certificate that an authority of this machine vouches for.
// Inside this room only.

#include <string>

#include <openssl/ssl.h>
#include <boost/asio/ssl/context.hpp>

#include "base/result.h"
#include "client/uri.h"

namespace muster::client {

/// TLS 1.2 or later; for a server without a known fingerprint with this machine's authorities (SSL_CERT_FILE, else where distributions
/// keep them). Lives as long as the process.
boost::asio::ssl::context& client_tls(const HostPort& server);

/// Before the handshake: the name that the server is asked by, and that its certificate must have. False for a name that none can have.
bool expect_host(SSL* tls, const HostPort& server);

/// After the handshake, before anything is sent. unavailable, saying what to do, when this is not the server that is meant.
Result<void> check_certificate(SSL* tls, const HostPort& server);

/// SHA-256 of the certificate that the other side has shown, 64 hex digits; "" without one.
std::string fingerprint_of(SSL* tls);

}  // namespace muster::client
