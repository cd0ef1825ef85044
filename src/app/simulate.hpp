// `iometer2mqtt simulate`: the simulator as a program of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace iometer::app {

struct SimulateArguments {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string partner_id;
  std::string secret_file;
  int installations = 1;
  int meters = 1;
  int devices = 1;
  std::string cadence = "10s";
  std::string obis_set = "full";
  std::string obis_format = "dec";
  std::uint64_t seed = 1;
  std::string certificate_file;
  std::string key_file;
  std::string sign_in = "any";
  std::string wsse_window = "5m";
  std::string transports = "graphql-transport-ws,graphql-ws,sse";
  std::string keep_alive = "0s";
  bool no_introspection = false;
  std::size_t default_page = 0;
  std::size_t max_page = 0;
  bool control = false;
  bool no_household = false;
};

// Prints where it listens, who may sign in and how an account is linked, then serves until SIGTERM
// or SIGINT. The exit code, or what is wrong with the arguments.
base::Result<int> run_simulate(const SimulateArguments& arguments);

}  // namespace iometer::app
