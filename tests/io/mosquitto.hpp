// A real mosquitto for one test: started on a free loopback port with a configuration of its own,
// killed and removed with the object. Tests skip themselves, loudly, where the program is missing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace iometer::test {

class Mosquitto {
 public:
  static bool is_installed();

  // `configuration` follows "listener <port> 127.0.0.1"; files in it may be written to directory().
  Mosquitto();
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  // Gives the path.
  std::string write(const std::string& name, const std::string& content) const;
  // Returns when the port answers. Again after kill(): on the same port.
  void start(const std::string& configuration = "allow_anonymous true\n");
  void kill();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::string directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

// A port of the loopback address where nobody listens.
std::uint16_t free_port();

}  // namespace iometer::test
