#include "io/mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>

namespace iometer::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/mosquitto";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool answers(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(port);
  const bool connected =
      connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(socket);
  return connected;
}

}  // namespace

std::uint16_t free_port() {
  // Below those that the kernel gives to whoever asks for any: a broker leaves its port for a
  // while.
  std::random_device device;
  std::uniform_int_distribution<int> choice(10000, 19999);
  for (int i = 0; i < 100; ++i) {
    const auto port = static_cast<std::uint16_t>(choice(device));
    const auto address = loopback(port);
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool bound =
        bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(socket);
    if (bound) return port;
  }
  throw std::runtime_error("no free port");
}

bool Mosquitto::is_installed() { return access(kProgram, X_OK) == 0; }

Mosquitto::Mosquitto() : port_(free_port()) {
  auto name = (std::filesystem::temp_directory_path() / "iometer-mosquitto-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = name;
  // Started by root, mosquitto changes to its own user and must still read these.
  std::filesystem::permissions(directory_, std::filesystem::perms{0755});
}

Mosquitto::~Mosquitto() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Mosquitto::write(const std::string& name, const std::string& content) const {
  const auto path = directory_ + "/" + name;
  std::ofstream(path) << content;
  return path;
}

void Mosquitto::start(const std::string& configuration) {
  using namespace std::chrono_literals;
  const auto file = write("mosquitto.conf", "user root\nlistener " + std::to_string(port_) +
                                                " 127.0.0.1\n" + configuration);
  const auto log = directory_ + "/log";
  process_ = fork();
  if (process_ == 0) {
    const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(output, 1);
    dup2(output, 2);
    execl(kProgram, kProgram, "-c", file.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  for (int i = 0; i < 500; ++i) {
    if (answers(port_)) return;
    if (waitpid(process_, nullptr, WNOHANG) == process_) break;
    std::this_thread::sleep_for(20ms);
  }
  throw std::runtime_error("mosquitto did not start; its output is in " + log);
}

void Mosquitto::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace iometer::test
