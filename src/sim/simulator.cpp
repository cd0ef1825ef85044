#include "sim/simulator.hpp"

#include <fmt/format.h>

#include <thread>
#include <utility>

#include "sim/server.hpp"

namespace iometer::sim {

class Simulator::Impl {
 public:
  Impl(std::string origin, std::unique_ptr<Server> server)
      : origin_(std::move(origin)),
        server_(std::move(server)),
        thread_([this] { server_->run(); }) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    server_->stop();
    thread_.join();
  }

  [[nodiscard]] Server& server() const { return *server_; }
  [[nodiscard]] const std::string& origin() const { return origin_; }

 private:
  std::string origin_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

base::Result<std::unique_ptr<Simulator>> Simulator::start(SimulatorOptions options) {
  const auto* scheme = options.certificate_file.empty() ? "http" : "https";
  const auto host =
      options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
  auto server = Server::create(std::move(options));
  if (!server) return server.error();
  auto origin = fmt::format("{}://{}:{}", scheme, host, (*server)->port());
  auto impl = std::make_unique<Impl>(std::move(origin), *std::move(server));
  return std::unique_ptr<Simulator>(new Simulator(std::move(impl)));
}

Simulator::Simulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulator::~Simulator() = default;

std::uint16_t Simulator::port() const { return impl_->server().port(); }

std::string Simulator::url() const { return impl_->origin() + std::string(kQueryPath); }

base::Result<std::string> Simulator::control(std::string request) {
  return impl_->server().control(std::move(request));
}

}  // namespace iometer::sim
