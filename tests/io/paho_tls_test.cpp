#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "io/paho_lab.hpp"
#include "io/test_certificates.hpp"

using namespace iometer;
using io::PahoOptions;
using test::contains;
using test::Mosquitto;
using test::no_broker;
using test::options_for;
using test::PahoLab;
using test::publish_and_expect;
using test::TestCertificates;

namespace {

std::string content_of(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

// The listener's TLS lines; the key is copied where the broker may read it.
std::string tls_listener(const Mosquitto& broker, const test::FaultServer::Tls& tls) {
  const auto certificate = broker.write("server.pem", content_of(tls.certificate_file));
  const auto key = broker.write("server.key", content_of(tls.key_file));
  return "certfile " + certificate + "\nkeyfile " + key + "\nallow_anonymous true\n";
}

PahoOptions tls_options(const Mosquitto& broker, const std::string& ca_file) {
  auto options = options_for(broker);
  options.tls = true;
  options.ca_file = ca_file;
  return options;
}

}  // namespace

TEST_SUITE("io") {
  TEST_CASE("paho: TLS with the right authority") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto broker;
    broker.start(tls_listener(broker, certificates.localhost()));
    for (const auto* host : {"127.0.0.1", "localhost"}) {
      auto options = tls_options(broker, certificates.ca_file());
      options.host = host;
      PahoLab lab(options);
      lab.connect();
      publish_and_expect(lab, 1);
    }
  }

  TEST_CASE("paho: TLS with a wrong authority or a wrong name is refused, and the reason said") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto right_name;
    right_name.start(tls_listener(right_name, certificates.localhost()));
    Mosquitto wrong_name;
    wrong_name.start(tls_listener(wrong_name, certificates.wrong_name()));
    const auto refused = [](const PahoOptions& options, const std::string& reason) {
      PahoLab lab(options);
      const auto error = lab.fail_to_connect();
      CAPTURE(error.what);
      CHECK(error.kind == base::ErrorKind::kTransient);
      CHECK(contains(error.what, "TLS"));
      CHECK(contains(error.what, reason));
      CHECK(contains(error.what, "mqtt.ca_file"));
    };
    refused(tls_options(right_name, certificates.other_ca_file()), "unknown CA");
    refused(tls_options(right_name, ""), "unknown CA");
    refused(tls_options(wrong_name, certificates.ca_file()), "another host name");
    refused(tls_options(right_name, "/nonexistent/ca.pem"), "CA file cannot be read");
    // And not refused, to see that it is the certificate that decides.
    PahoLab lab(tls_options(right_name, certificates.ca_file()));
    lab.connect();
  }

  TEST_CASE("paho: TLS towards a plain listener, and plain towards a TLS one, fail") {
    if (no_broker()) return;
    const TestCertificates certificates;
    Mosquitto plain;
    plain.start();
    PahoLab tls_client(tls_options(plain, certificates.ca_file()));
    CHECK(contains(tls_client.fail_to_connect().what, "TLS"));
    Mosquitto tls;
    tls.start(tls_listener(tls, certificates.localhost()));
    PahoLab plain_client(options_for(tls));
    CHECK(plain_client.fail_to_connect().kind == base::ErrorKind::kTransient);
  }
}
