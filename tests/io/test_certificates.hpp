// Certificates made for one test run: a CA that the clients are told to trust, one that they are
// not, and server certificates for names. Files in a temporary directory that goes with the object.
#pragma once

#include <string>

#include "io/fault_server.hpp"

namespace iometer::test {

class TestCertificates {
 public:
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  [[nodiscard]] std::string ca_file() const { return directory_ + "/ca.pem"; }
  [[nodiscard]] std::string other_ca_file() const { return directory_ + "/other-ca.pem"; }
  [[nodiscard]] FaultServer::Tls localhost() const { return of("localhost"); }  // and 127.0.0.1
  [[nodiscard]] FaultServer::Tls wrong_name() const { return of("wrong"); }

 private:
  [[nodiscard]] FaultServer::Tls of(const std::string& name) const {
    return {directory_ + "/" + name + ".pem", directory_ + "/" + name + ".key"};
  }
  std::string directory_;
};

}  // namespace iometer::test
