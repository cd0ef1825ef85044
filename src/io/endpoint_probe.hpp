// How far one gets to a server, step by step: name, TCP, TLS, and bytes both ways. For `check`,
// where the libraries that do the work only say that it failed. Blocking calls, one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/file_descriptor.hpp"

namespace iometer::io {

struct TlsPeer {
  std::string issuer;  // for people
  base::WallTime not_after;
};

class EndpointProbe {
 public:
  // An IPv6 address in its brackets, as in a URL. `patience` is for each address, and for each
  // answer; how long the name takes, the system's resolver says.
  EndpointProbe(std::string host, std::uint16_t port, std::chrono::seconds patience);

  // The addresses of the name.
  base::Result<std::vector<std::string>> resolve();
  // The address that took the connection, of those that resolve() gave; the error is the last
  // one's.
  base::Result<std::string> connect();
  // Verifies chain and host name as the bridge does. `ca_file` empty = the system's authorities.
  // The error says what is wrong with the certificate, or that nobody speaks TLS there. Once, after
  // connect().
  base::Result<TlsPeer> verify(const std::string& ca_file);

  // Over TLS after verify(), else in plain text.
  base::Status send(std::string_view bytes);
  // Exactly so many.
  base::Result<std::string> receive(std::size_t count);

 private:
  struct Tls;
  struct TlsDeleter {
    void operator()(Tls* tls) const;
  };
  std::string host_;  // without brackets
  std::uint16_t port_;
  std::chrono::seconds patience_;
  std::vector<std::string> addresses_;
  FileDescriptor socket_{-1};
  std::unique_ptr<Tls, TlsDeleter> tls_;
};

}  // namespace iometer::io
