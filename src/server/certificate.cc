#include "server/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "base/certificates.h"
#include "base/file.h"
#include "base/host_name.h"

namespace muster::server {
namespace fs = std::filesystem;
namespace {

constexpr long kTenYears = 3650L * 24 * 3600;
constexpr std::size_t kLongestCommonName = 64;
constexpr std::size_t kLongestFile = 1u << 20;

struct Free {
  void operator()(BIO* one) const { BIO_free(one); }
  void operator()(X509* one) const { X509_free(one); }
  void operator()(EVP_PKEY* one) const { EVP_PKEY_free(one); }
  void operator()(X509_EXTENSION* one) const { X509_EXTENSION_free(one); }
  void operator()(X509_STORE* one) const { X509_STORE_free(one); }
  void operator()(X509_STORE_CTX* one) const { X509_STORE_CTX_free(one); }
  void operator()(STACK_OF(X509) * all) const { sk_X509_pop_free(all, X509_free); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> cannot_make() { return fail(Code::internal, "OpenSSL could not make a certificate"); }

std::string text_of(BIO* bytes) {
  char* at = nullptr;
  const long size = BIO_get_mem_data(bytes, &at);
  return {at, static_cast<std::size_t>(size)};
}

/// As an extension names them: "DNS:gpu-box,IP:127.0.0.1".
std::string alternative_names(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    const bool plain =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':'; });
    if (name.empty() || !plain) continue;
    all += (all.empty() ? "" : ",") + std::string(is_ip_address(name) ? "IP:" : "DNS:") + name;
  }
  return all;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The certificate and its key, as PEM.
Result<std::pair<std::string, std::string>> make(const std::vector<std::string>& names) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate(X509_new());
  std::uint64_t number = 0;
  if (key == nullptr || certificate == nullptr || RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) != 1)
    return cannot_make();
  X509* const made = certificate.get();
  const std::string common = names.empty() ? "muster" : names.front().substr(0, kLongestCommonName);
  X509_NAME* const subject = X509_get_subject_name(made);
  const bool good = X509_set_version(made, 2) == 1 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), number >> 1) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(made), -24L * 3600) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(made), kTenYears) != nullptr && X509_set_pubkey(made, key.get()) == 1 &&
                    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                                               static_cast<int>(common.size()), -1, 0) == 1 &&
                    X509_set_issuer_name(made, subject) == 1 && add_extension(made, NID_subject_alt_name, alternative_names(names)) &&
                    add_extension(made, NID_basic_constraints, "critical,CA:FALSE") && X509_sign(made, key.get(), EVP_sha256()) != 0;
  const Owned<BIO> certificate_text(BIO_new(BIO_s_mem()));
  const Owned<BIO> key_text(BIO_new(BIO_s_mem()));
  if (!good || PEM_write_bio_X509(certificate_text.get(), made) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return cannot_make();
  return std::pair{text_of(certificate_text.get()), text_of(key_text.get())};
}

/// Whether the certificate is for the host, as clients will ask.
bool is_for(X509* certificate, const std::string& host) {
  if (is_ip_address(host)) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

/// Whether this machine's authorities vouch for the first certificate of the file, by way of those that follow it.
bool is_vouched_for(X509* certificate, STACK_OF(X509) * others) {
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<X509_STORE_CTX> context(X509_STORE_CTX_new());
  if (store == nullptr || context == nullptr) return false;
  trust_authorities(store.get());
  return X509_STORE_CTX_init(context.get(), store.get(), certificate, others) == 1 && X509_verify_cert(context.get()) == 1;
}

Result<Certificate> read(const fs::path& file, const fs::path& key, const std::string& host) {
  MUSTER_TRY_ASSIGN(const std::string text, read_file(file, kLongestFile));
  const Owned<BIO> bytes(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Owned<X509> certificate(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
  std::string fingerprint = fingerprint_of(certificate.get());
  if (fingerprint.empty()) {
    return fail_hint(Code::invalid, "it must be a PEM file that begins with the server's certificate", "{} has no certificate",
                     file.string());
  }
  const Owned<STACK_OF(X509)> others(sk_X509_new_null());
  while (X509* next = PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr)) sk_X509_push(others.get(), next);
  ERR_clear_error();  // the file's end is one
  return Certificate{file, key, std::move(fingerprint), is_for(certificate.get(), host) && is_vouched_for(certificate.get(), others.get())};
}

}  // namespace

Result<Certificate> given_certificate(const fs::path& file, const fs::path& key, const std::string& host) { return read(file, key, host); }

Result<Certificate> own_certificate(const fs::path& folder, const std::vector<std::string>& names, const std::string& host) {
  const fs::path file = folder / "certificate.pem";
  const fs::path key = folder / "key.pem";
  std::error_code ignored;
  if (!fs::exists(file, ignored) || !fs::exists(key, ignored)) {
    MUSTER_TRY(make_folders(folder));
    MUSTER_TRY_ASSIGN(const auto made, make(names));
    fs::remove(file, ignored);  // one without its key would stand beside a key that is not its own
    MUSTER_TRY(write_file(key, made.second, 0600));
    MUSTER_TRY(write_file(file, made.first, 0644));  // last: a certificate without its key is made anew
  }
  return read(file, key, host);
}

}  // namespace muster::server
