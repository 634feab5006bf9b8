#include "client/tls.h"

#include <openssl/x509v3.h>

#include "base/certificates.h"
#include "base/host_name.h"

namespace muster::client {
namespace {

namespace ssl = boost::asio::ssl;

ssl::context make_context(bool with_authorities) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(ssl::verify_none);  // the outcome is looked at by check_certificate(), which can say it in words
  if (!with_authorities) return context;
  trust_authorities(SSL_CTX_get_cert_store(context.native_handle()));
  return context;
}

}  // namespace

ssl::context& client_tls(const HostPort& server) {
  if (!server.fingerprint.empty()) {
    static ssl::context pinned = make_context(false);
    return pinned;
  }
  static ssl::context verified = make_context(true);
  return verified;
}

bool expect_host(SSL* tls, const HostPort& server) {
  const std::string without_scope = server.host.substr(0, server.host.find('%'));
  if (is_ip_address(without_scope)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), without_scope.c_str()) == 1;
  }
  return SSL_set_tlsext_host_name(tls, server.host.c_str()) == 1 && SSL_set1_host(tls, server.host.c_str()) == 1;
}

std::string fingerprint_of(SSL* tls) { return muster::fingerprint_of(SSL_get0_peer_certificate(tls)); }

Result<void> check_certificate(SSL* tls, const HostPort& server) {
  const std::string seen = fingerprint_of(tls);
  const std::string url = server.url();
  if (!server.fingerprint.empty()) {
    if (seen == server.fingerprint) return {};
    return fail_hint(
        Code::unavailable,
        fmt::format("if its certificate was changed on purpose, `muster login {}` keeps the new one; else somebody else answers there",
                    url),
        "the server at {} has the certificate SHA256:{}, not the one that is known, SHA256:{}", url, seen, server.fingerprint);
  }
  const long verdict = SSL_get_verify_result(tls);
  if (verdict == X509_V_OK && !seen.empty()) return {};
  std::string hint = fmt::format("`muster login {}` shows its fingerprint and keeps it", url);
  if (verdict == X509_V_ERR_CERT_HAS_EXPIRED) hint = "the server needs a new certificate";
  if (verdict == X509_V_ERR_CERT_NOT_YET_VALID) hint = "is this machine's clock right?";
  if (verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH)
    hint = "use the name that the certificate was made for, or keep its fingerprint with `muster login " + url + "`";
  return fail_hint(Code::unavailable, hint, "the certificate of the server at {} is not trusted: {} (SHA256:{})", url,
                   X509_verify_cert_error_string(verdict), seen);
}

}  // namespace muster::client
