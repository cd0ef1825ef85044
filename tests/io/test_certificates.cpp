#include "io/test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace iometer::test {
namespace {

struct Pair {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};
};

void extend(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
  if (extension == nullptr) throw std::runtime_error("a test certificate's extension failed");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// `issuer` null: a CA that signs itself; else a server certificate for `names`.
Pair make(const std::string& common_name, const char* names, const Pair* issuer) {
  Pair pair;
  auto* certificate = pair.certificate.get();
  X509_set_version(certificate, 2);
  static int serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_set_pubkey(certificate, pair.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  auto* signer = issuer != nullptr ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  extend(certificate, signer, NID_basic_constraints,
         issuer != nullptr ? "CA:FALSE" : "critical,CA:TRUE");
  if (names != nullptr) extend(certificate, signer, NID_subject_alt_name, names);
  X509_sign(certificate, issuer != nullptr ? issuer->key.get() : pair.key.get(), EVP_sha256());
  return pair;
}

void save(const Pair& pair, const std::string& path) {
  const auto write = [](const std::string& name, auto body) {
    std::FILE* file = std::fopen(name.c_str(), "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + name);
    body(file);
    std::fclose(file);
  };
  write(path + ".pem", [&](std::FILE* file) { PEM_write_X509(file, pair.certificate.get()); });
  write(path + ".key", [&](std::FILE* file) {
    PEM_write_PrivateKey(file, pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
}

}  // namespace

TestCertificates::TestCertificates() {
  auto name = (std::filesystem::temp_directory_path() / "iometer-certificates-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = name;
  const auto ca = make("iometer test CA", nullptr, nullptr);
  save(ca, directory_ + "/ca");
  save(make("another CA", nullptr, nullptr), directory_ + "/other-ca");
  save(make("localhost", "DNS:localhost,IP:127.0.0.1", &ca), directory_ + "/localhost");
  save(make("wrong.example", "DNS:wrong.example", &ca), directory_ + "/wrong");
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace iometer::test
